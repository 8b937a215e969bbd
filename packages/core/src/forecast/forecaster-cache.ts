import { LRUCache } from "lru-cache";
import { abortable, throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import { checkMethods, checkOptions, type OptionNames, shown } from "../options.ts";
import { wholeNumber } from "./check.ts";
import type { FittedForecaster } from "./forecaster.ts";
import { loadForecaster } from "./load-forecaster.ts";

/** How many fitted forecasters are held in memory, and where the others come from. At least one bound is needed. */
export interface ForecasterCacheOptions {
  /** The bytes that `FittedForecaster.save` wrote under a name: from a file, a registry's artifact, a table. */
  readonly load: (name: string) => Promise<Uint8Array> | Uint8Array;
  /** Bytes of saved forecasters that are held, at most; in memory each takes some more, see the docs. One that is larger alone is given and not held. */
  readonly maxBytes?: number;
  /** Forecasters that are held, at most. */
  readonly maxCount?: number;
  /** Restores a forecaster. Default `loadForecaster`; give your own where regressors are needed for it. */
  readonly restore?: (bytes: Uint8Array) => FittedForecaster;
}

/** What a cache holds, and how often it had what was asked for. */
export interface ForecasterCacheStats {
  readonly count: number;
  /** Of what is held, as saved. */
  readonly bytes: number;
  readonly hits: number;
  /** Loads that were begun. */
  readonly misses: number;
  /** Forecasters that had to go for others. */
  readonly evictions: number;
}

/** Fitted forecasters by name, the lately used ones in memory. */
export interface ForecasterCache {
  /**
   * The forecaster of a name, from memory or loaded. Several calls for one name wait for one load; a load that fails is tried again by the next call.
   * @throws TsopsError ABORTED when the signal fires while the call waits (the load goes on), MODEL_FORMAT_INVALID, and what `load` throws.
   */
  get(name: string, options?: { readonly signal?: AbortSignal }): Promise<FittedForecaster>;
  /**
   * Holds a forecaster, e.g. after an `update`: what is asked for next is this one. It is not saved anywhere.
   * @throws TsopsError MODEL_PARAMETER_INVALID when it is no fitted forecaster.
   */
  set(name: string, forecaster: FittedForecaster): void;
  /** Forgets a forecaster, e.g. when a new version of it was saved. A load under way is not held. */
  delete(name: string): void;
  readonly stats: ForecasterCacheStats;
}

const optionNames: OptionNames<ForecasterCacheOptions> = {
  load: true,
  maxBytes: true,
  maxCount: true,
  restore: true,
};

/**
 * Keeps thousands of fitted forecasters at hand in bounded memory: the least recently used goes when there are too many, and is loaded again when it is asked for.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 * @example
 * const cache = forecasterCache({ load: (shop) => readFile(`models/${shop}`), maxBytes: 200e6 });
 * const forecast = (await cache.get("shop 17")).predict({ levels: [80] });
 */
export function forecasterCache(options: ForecasterCacheOptions): ForecasterCache {
  checkOptions("MODEL_PARAMETER_INVALID", "forecasterCache()", options, optionNames);
  const { load, restore = loadForecaster, maxBytes, maxCount } = options;
  for (const [name, one] of Object.entries({ load, restore }))
    if (typeof one !== "function")
      throw new TsopsError("MODEL_PARAMETER_INVALID", `${name} is a function, got ${shown(one)}.`, {
        hint: `Give e.g. ${name === "load" ? "load: (id) => readFile(pathOf(id))" : "restore: loadForecaster"}.`,
      });
  if (maxBytes === undefined && maxCount === undefined)
    throw new TsopsError("MODEL_PARAMETER_INVALID", "forecasterCache() has no bound.", {
      hint: "Give maxBytes, maxCount or both.",
    });
  let hits = 0;
  let misses = 0;
  let evictions = 0;
  const held = new LRUCache<string, FittedForecaster>({
    // Bytes are counted also where only the number is bounded.
    maxSize:
      maxBytes === undefined
        ? Number.MAX_SAFE_INTEGER
        : wholeNumber("maxBytes", maxBytes, 1, Number.MAX_SAFE_INTEGER),
    ...(maxCount === undefined ? {} : { max: wholeNumber("maxCount", maxCount) }),
    dispose: (_forecaster, _name, reason) => {
      if (reason === "evict") evictions++;
    },
  });
  const underWay = new Map<string, Promise<FittedForecaster>>();
  const begin = (name: string): Promise<FittedForecaster> => {
    misses++;
    // A load that answers at once, such as readFileSync, does as well.
    const loading = (async () => load(name))().then((bytes) => {
      const forecaster = restore(bytes);
      // Unless it was set or deleted meanwhile.
      if (underWay.get(name) === loading) held.set(name, forecaster, { size: Math.max(1, bytes.length) });
      return forecaster;
    });
    const end = (): void => {
      if (underWay.get(name) === loading) underWay.delete(name);
    };
    loading.then(end, end);
    underWay.set(name, loading);
    return loading;
  };
  return {
    async get(name, { signal } = {}) {
      throwIfAborted(signal);
      const found = held.get(name);
      if (found !== undefined) {
        hits++;
        return found;
      }
      return abortable(underWay.get(name) ?? begin(name), signal);
    },
    set(name, forecaster) {
      checkMethods(
        "MODEL_PARAMETER_INVALID",
        "The forecaster of set()",
        forecaster,
        ["predict", "save"],
        "Give a fitted one: cache.set(name, fitted.update(rows)).",
      );
      underWay.delete(name);
      held.set(name, forecaster, { size: forecaster.save().length });
    },
    delete(name) {
      underWay.delete(name);
      held.delete(name);
    },
    get stats() {
      return { count: held.size, bytes: held.calculatedSize, hits, misses, evictions };
    },
  };
}
