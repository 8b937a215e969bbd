import { TsopsError } from "../errors.ts";
import { checkWord, type OptionNames, shown } from "../options.ts";
import type { Seed } from "../random.ts";
import { wholeNumber } from "./check.ts";
import type { PredictOptions } from "./forecaster.ts";
import { boundsOfLevel, checkLevels } from "./levels.ts";
import type { SeriesKey } from "./panel/panel.ts";

/** Which paths to draw. */
export interface PathOptions extends Omit<PredictOptions, "levels" | "quantiles"> {
  /** How many. Default 1000; at most as many as take two GiB: 268 million values over all series and steps. */
  readonly paths?: number;
  /** Same seed, same paths. Default 0. */
  readonly seed?: Seed;
  /** Stops the drawing; the event loop gets its turn meanwhile. */
  readonly signal?: AbortSignal;
}

export const pathOptionNames: OptionNames<PathOptions> = {
  horizon: true,
  keys: true,
  future: true,
  paths: true,
  seed: true,
  signal: true,
};

/** Path options with every default filled in. */
export interface ResolvedPathOptions {
  readonly paths: number;
  readonly seed: Seed;
  readonly signal: AbortSignal | undefined;
  /** What `predict` is told. */
  readonly predict: PredictOptions;
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolvePathOptions({
  paths = 1000,
  seed = 0,
  signal,
  ...predict
}: PathOptions): ResolvedPathOptions {
  if (!(typeof seed === "string" || Number.isFinite(seed)))
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `A seed is a finite number or a text, got ${shown(seed)}.`,
      { hint: 'Give seed: 1, or seed: "any text"; the same one draws the same paths.' },
    );
  return { paths: wholeNumber("paths", paths), seed, signal, predict };
}

/** Two GiB: what is drawn lies in memory at once, and so do its sums. */
const mostValues = 2 ** 28;

/** @throws TsopsError MODEL_PARAMETER_INVALID when the paths do not fit into the memory that they may take. */
export function refuseVastPaths(series: number, paths: number, horizon: number): void {
  const values = series * paths * horizon;
  if (values <= mostValues) return;
  const gib = (count: number) => Number(((8 * count) / 2 ** 30).toPrecision(3));
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `${paths} paths of ${series} series and ${horizon} steps take ${gib(values)} GiB; at most ${gib(mostValues)} GiB are drawn at once.`,
    {
      hint:
        series * horizon <= mostValues
          ? `Draw at most ${Math.floor(mostValues / (series * horizon))} paths, or those of some series at a time: samplePaths({ keys }).`
          : "Draw the paths of some series at a time: samplePaths({ keys }).",
      details: { paths, series, horizon, most: mostValues },
    },
  );
}

/** Draws of a quantity, e.g. of a sum over the horizon. */
export interface Draws {
  /** In the order of the paths. */
  readonly values: Float64Array;
  readonly mean: number;
  /**
   * The value below which this share of the draws lies, interpolated between two of them.
   * @param probability - In [0, 1].
   */
  quantile(probability: number): number;
  /** The central interval of a level in percent, from 1 to less than 100. */
  interval(level: number): readonly [lower: number, upper: number];
}

/** Paths of all series drawn together: path i of each series goes with path i of the others. */
export interface SamplePaths {
  readonly series: readonly SeriesKey[];
  /** Steps of a path. */
  readonly horizon: number;
  readonly paths: number;
  /** Series by series, path by path, steps ascending. */
  readonly values: Float64Array;
  /** Sums of each path: over the steps (one for each series), over the series (one for each step), or over both (one). */
  sums(over: "steps" | "series" | "all"): readonly Draws[];
}

/**
 * Paths that were drawn.
 * @param values - Series by series, path by path, steps ascending.
 */
export function samplePathsOf(
  series: readonly SeriesKey[],
  horizon: number,
  paths: number,
  values: Float64Array,
): SamplePaths {
  return {
    series,
    horizon,
    paths,
    values,
    sums: (over) => sums(values, series.length, paths, horizon, over),
  };
}

/** The sums of paths that lie series by series, path by path, steps ascending. */
function sums(
  values: Float64Array,
  seriesCount: number,
  paths: number,
  steps: number,
  over: "steps" | "series" | "all",
): Draws[] {
  checkWord("MODEL_PARAMETER_INVALID", "What sums are over", over, ["steps", "series", "all"]);
  const count = over === "steps" ? seriesCount : over === "series" ? steps : 1;
  const totals = Array.from({ length: count }, () => new Float64Array(paths));
  for (let s = 0; s < seriesCount; s++)
    for (let p = 0; p < paths; p++)
      for (let h = 0; h < steps; h++) {
        const total = totals[over === "steps" ? s : over === "series" ? h : 0] as Float64Array;
        total[p] = (total[p] as number) + (values[(s * paths + p) * steps + h] as number);
      }
  return totals.map(drawsOf);
}

function drawsOf(values: Float64Array): Draws {
  const sorted = values.slice().sort();
  const quantile = (probability: number): number => {
    if (!(typeof probability === "number" && probability >= 0 && probability <= 1))
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `A probability lies between 0 and 1, got ${shown(probability)}.`,
        { hint: "Give a share, not percent: 0.9 for what nine of ten lie below." },
      );
    const place = probability * (sorted.length - 1);
    const below = sorted[Math.floor(place)] as number;
    const above = sorted[Math.ceil(place)] as number;
    return below + (place - Math.floor(place)) * (above - below);
  };
  return {
    values,
    mean: values.reduce((sum, value) => sum + value, 0) / values.length,
    quantile,
    interval: (level) => {
      checkLevels([level]);
      const [low, high] = boundsOfLevel(level);
      return [quantile(low), quantile(high)];
    },
  };
}
