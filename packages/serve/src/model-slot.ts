import {
  type Columns,
  type FittedForecaster,
  forecasterFile,
  loadForecaster,
  type ModelVersion,
  type Registry,
  TsopsError,
} from "@tsops/core";
import { refuseFuture } from "./check-calls.ts";

/** One loaded model version with its up-to-date state. Replaced as a whole, never changed in place. */
export interface ModelSlot {
  readonly version: ModelVersion;
  readonly fitted: FittedForecaster;
}

/** What it takes to load a model version and bring it up to date. */
export interface SlotLoader {
  readonly registry: Pick<Registry, "readFiles">;
  load(files: Readonly<Record<string, Uint8Array>>): FittedForecaster;
  /** Rows observed after `since`, or null when nobody keeps them. */
  history(since: bigint, signal: AbortSignal): Promise<Columns | null>;
  /** Levels that every version must be able to give. */
  readonly levels: readonly number[];
  /** The present, which no row of the history is after. */
  now(): bigint;
}

/**
 * The versions that the aliases `champion` and, where it is asked for, `challenger` point at. A version that is both is no challenger.
 * @throws TsopsError SERVE_NO_CHAMPION; whatever the registry throws
 */
export async function lookUp(
  registry: Pick<Registry, "resolve">,
  model: string,
  shadow: boolean,
  signal: AbortSignal,
): Promise<{ readonly champion: ModelVersion; readonly challenger: ModelVersion | null }> {
  const champion = await championOf(registry, model, signal);
  const challenger = shadow ? await resolveOrNull(registry, model, "challenger", signal) : null;
  return { champion, challenger: challenger?.version === champion.version ? null : challenger };
}

async function championOf(
  registry: Pick<Registry, "resolve">,
  model: string,
  signal: AbortSignal,
): Promise<ModelVersion> {
  try {
    return await registry.resolve(model, "champion", { signal });
  } catch (cause) {
    if (TsopsError.is(cause, "MODEL_NOT_FOUND"))
      throw new TsopsError("SERVE_NO_CHAMPION", `There is no registered model "${model}".`, {
        hint: "Check the name with registry.listModels(), or register a version of it.",
        cause,
      });
    if (!TsopsError.is(cause, "ALIAS_NOT_FOUND")) throw cause;
    throw new TsopsError("SERVE_NO_CHAMPION", `Model "${model}" has no version with the alias "champion".`, {
      hint: `Run registry.setAlias("${model}", "champion", version), or let the gate promote one.`,
      cause,
    });
  }
}

/** The version that an alias points at; null when the alias or the model does not exist. */
async function resolveOrNull(
  registry: Pick<Registry, "resolve">,
  model: string,
  alias: string,
  signal: AbortSignal,
): Promise<ModelVersion | null> {
  try {
    return await registry.resolve(model, alias, { signal });
  } catch (error) {
    if (TsopsError.is(error, "ALIAS_NOT_FOUND") || TsopsError.is(error, "MODEL_NOT_FOUND")) return null;
    throw error;
  }
}

/**
 * Loads a version and lets it absorb what was observed since it was saved.
 * @throws TsopsError PANEL_INVALID for a history with rows of the future, MODEL_PARAMETER_INVALID for a model without intervals where levels were asked for, besides what the registry, `load` and `update` throw
 */
export async function loadSlot(
  loader: SlotLoader,
  version: ModelVersion,
  signal: AbortSignal,
): Promise<ModelSlot> {
  const files = await loader.registry.readFiles(version.name, version.version, { signal });
  const saved = loader.load(files);
  if (loader.levels.length > 0 && !saved.hasIntervals) throw withoutIntervals(version, saved, loader.levels);
  const rows = await loader.history(oldest(saved.lastTimes), signal);
  if (rows !== null) refuseFuture(rows, saved.spec, loader.now());
  return { version, fitted: rows === null || rows.length === 0 ? saved : saved.update(rows) };
}

function withoutIntervals(
  { name, version }: ModelVersion,
  { kind }: FittedForecaster,
  levels: readonly number[],
): TsopsError {
  return new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `deploy({ levels: [${levels.join(", ")}] }) asks for intervals, and version ${version} of "${name}", a ${kind}, has none.`,
    {
      hint: "Register a version whose forecaster is within conformal(...), or leave levels out to serve without intervals.",
      details: { model: name, version, kind, levels },
    },
  );
}

/** The instant up to which every series has been observed. */
function oldest(times: BigInt64Array): bigint {
  let least = times[0] ?? 0n;
  for (const time of times) if (time < least) least = time;
  return least;
}

/** Restores a built-in forecaster. @throws TsopsError MODEL_FORMAT_INVALID */
export function loadSaved(files: Readonly<Record<string, Uint8Array>>): FittedForecaster {
  const bytes = files[forecasterFile];
  if (bytes !== undefined) return loadForecaster(bytes);
  throw new TsopsError("MODEL_FORMAT_INVALID", `The model version holds no file ${forecasterFile}.`, {
    hint: "Pass `load` to deploy() to restore models that tsops did not save.",
    details: { files: Object.keys(files) },
  });
}
