import { TsopsError } from "../../errors.ts";
import type { ForecastQuantile } from "../forecast.ts";
import { boundsOfLevel } from "../levels.ts";
import type { SeriesFailure, SeriesKey } from "../panel.ts";
import { withFailures } from "../series-failures.ts";
import { type Adaptation, adapted, aimOf, emptyAdaptation } from "./adaptation.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { conformalBound, scorePools, scoresNeeded } from "./scores.ts";

/** What past errors tell about future ones: an immutable value. */
export interface Calibration {
  readonly horizon: number;
  readonly seriesCount: number;
  /** Scores by origin, oldest first; each series x horizon, NaN where the outcome is not known. */
  readonly origins: readonly Float64Array[];
  /** What the misses so far have changed: group by group, one entry per level. A group is a series, or all of them. */
  readonly adaptation: Adaptation;
  /** Forecasts of smaller size count as this large in the spread. */
  readonly floor: number;
}

/** A calibration without scores. */
export function emptyCalibration(
  options: ResolvedConformalOptions,
  seriesCount: number,
  horizon: number,
): Calibration {
  const groups = options.by === "series" ? seriesCount : 1;
  return {
    horizon,
    seriesCount,
    origins: [],
    adaptation: emptyAdaptation(options, groups),
    floor: 1,
  };
}

/** By how much errors are expected to be larger where the forecast is. */
export function spreadOf(forecast: number, kind: ResolvedConformalOptions["spread"], floor: number): number {
  if (kind === "constant") return 1;
  const size = Math.max(Math.abs(forecast), floor);
  return kind === "root" ? Math.sqrt(size) : size;
}

/** Scores of one origin: outcome minus forecast in units of the spread; NaN where the outcome is missing. */
export function scoresOf(
  mean: Float64Array,
  outcomes: Float64Array,
  { spread }: ResolvedConformalOptions,
  floor: number,
): Float64Array {
  return mean.map(
    (forecast, row) => ((outcomes[row] as number) - forecast) / spreadOf(forecast, spread, floor),
  );
}

/**
 * What held-out forecasts tell about their errors to come.
 * @param means - By origin, oldest first; series by series, steps ascending, as the outcomes.
 */
export function calibrationOf(
  means: readonly Float64Array[],
  outcomes: readonly Float64Array[],
  options: ResolvedConformalOptions,
  seriesCount: number,
): Calibration {
  const horizon = (means[0] as Float64Array).length / seriesCount;
  const sizes = means.map((mean) => mean.reduce((sum, value) => sum + Math.abs(value), 0) / mean.length);
  const floor = sizes.reduce((sum, size) => sum + size, 0) / sizes.length / 100;
  let calibration = {
    ...emptyCalibration(options, seriesCount, horizon),
    floor: floor > 0 ? floor : 1,
  };
  // The scores of the fit come before any interval was promised, so they do not adapt the miss rates.
  means.forEach((mean, fold) => {
    const scores = scoresOf(mean, outcomes[fold] as Float64Array, options, calibration.floor);
    calibration = withOrigin(calibration, scores, { ...options, adaptRate: 0 });
  });
  return calibration;
}

/**
 * Takes in the scores of one more origin: first the intervals in force learn from the share of the origin's steps that they missed; then the scores join the others,
 * and the oldest leave the window.
 */
export function withOrigin(
  calibration: Calibration,
  scores: Float64Array,
  options: ResolvedConformalOptions,
): Calibration {
  const { origins, horizon } = calibration;
  const kept = [...origins, scores].slice(-options.window);
  if (options.adaptRate === 0 || origins.length === 0) return { ...calibration, origins: kept };
  const sizes = sizesOf(calibration, options);
  const observed = new Float64Array(calibration.adaptation.missRates.length).fill(Number.NaN);
  eachGroup(calibration, options, (group, first, count) => {
    const boundAt = boundsOf(calibration, options, group, first, count);
    options.levels.forEach((level, l) => {
      let misses = 0;
      let known = 0;
      const bounds = Float64Array.from({ length: horizon }, (_, h) => boundAt(h + 1, level));
      for (let row = first * horizon; row < (first + count) * horizon; row++) {
        const score = Math.abs(scores[row] as number) / (sizes[Math.floor(row / horizon)] as number);
        const bound = bounds[row % horizon] as number;
        if (Number.isNaN(score) || Number.isNaN(bound)) continue;
        known++;
        if (score > bound) misses++;
      }
      if (known > 0) observed[group * options.levels.length + l] = misses / known;
    });
  });
  return { ...calibration, origins: kept, adaptation: adapted(calibration.adaptation, observed, options) };
}

function eachGroup(
  { seriesCount }: Calibration,
  { by }: ResolvedConformalOptions,
  visit: (group: number, firstSeries: number, count: number) => void,
): void {
  if (by !== "series") visit(0, 0, seriesCount);
  else for (let s = 0; s < seriesCount; s++) visit(s, s, 1);
}

/** What the scores of each series are measured in: the mean size of its own, or 1 where series do not share in units of that. */
function sizesOf(
  { origins, seriesCount, horizon }: Calibration,
  { by }: ResolvedConformalOptions,
): Float64Array {
  if (by !== "scaled") return new Float64Array(seriesCount).fill(1);
  return Float64Array.from({ length: seriesCount }, (_, s) => {
    let [sum, known] = [0, 0];
    for (const scores of origins) {
      const own = totalOf(scores, s, horizon);
      sum += own.sum;
      known += own.known;
    }
    return known === 0 ? Number.NaN : sum / known;
  });
}

/**
 * Scores in units of the mean of the same series' scores at all *other* origins, as a score to come is in units of those there are. NaN where there are no others, or all of them are 0.
 */
function inOwnSizes(origins: readonly Float64Array[], horizon: number, count: number): Float64Array[] {
  const scaled = origins.map((scores) => new Float64Array(scores.length).fill(Number.NaN));
  for (let s = 0; s < count; s++) {
    const totals = origins.map((scores) => totalOf(scores, s, horizon));
    const sum = totals.reduce((all, own) => all + own.sum, 0);
    const known = totals.reduce((all, own) => all + own.known, 0);
    origins.forEach((scores, k) => {
      const own = totals[k] as { sum: number; known: number };
      const others = (sum - own.sum) / (known - own.known);
      for (let row = s * horizon; row < (s + 1) * horizon && others > 0; row++)
        (scaled[k] as Float64Array)[row] = Math.abs(scores[row] as number) / others;
    });
  }
  return scaled;
}

function totalOf(scores: Float64Array, series: number, horizon: number): { sum: number; known: number } {
  let [sum, known] = [0, 0];
  for (let row = series * horizon; row < (series + 1) * horizon; row++) {
    const score = Math.abs(scores[row] as number);
    if (Number.isNaN(score)) continue;
    sum += score;
    known++;
  }
  return { sum, known };
}

/** Gives the bound of a group's scores at a step, as it is now. */
function boundsOf(
  { horizon, origins, adaptation }: Calibration,
  options: ResolvedConformalOptions,
  group: number,
  firstSeries: number,
  count: number,
): (step: number, level: number) => number {
  const table = options.by === "scaled" ? inOwnSizes(origins, horizon, count) : origins;
  const scoresAt = scorePools({ horizon, origins: table }, firstSeries * horizon, count, options.neighbours);
  return (step, level) => {
    const { missRate, offset } = aimOf(adaptation, options, group, level);
    const scores = scoresAt(step, scoresNeeded(level / 100));
    const bound = conformalBound(scores, 1 - missRate);
    return offset === 0 ? bound : Math.max(0, bound + offset * (scores[scores.length - 1] as number));
  };
}

/**
 * @param series - The calibrated series, where those that lack scores could be left out.
 * @throws TsopsError MODEL_PARAMETER_INVALID when the scores of some group are too few for a level.
 */
export function requireScores(
  calibration: Calibration,
  options: ResolvedConformalOptions,
  levels: readonly number[],
  series: readonly SeriesKey[] = [],
): void {
  const { origins, horizon, seriesCount } = calibration;
  const code = "MODEL_PARAMETER_INVALID";
  const failed = (places: readonly number[], message: string): SeriesFailure[] =>
    series.length === 0 ? [] : places.map((s) => ({ key: series[s] as SeriesKey, code, message }));
  const unknown = Array.from(sizesOf(calibration, options).entries()).flatMap(([s, size]) =>
    Number.isNaN(size) ? [s] : [],
  );
  const [first] = unknown;
  if (first !== undefined) {
    const lack =
      "has no known outcome in the calibration, so that nothing is known of the size of its errors.";
    throw withFailures(
      new TsopsError(code, `Series ${first + 1} of ${seriesCount} ${lack}`, {
        hint: "Leave it out, or use more folds.",
        details: { series: first, count: unknown.length },
      }),
      failed(unknown, `It ${lack}`),
    );
  }
  const knownOf: number[] = [];
  eachGroup(calibration, options, (group, start, count) => {
    let known = 0;
    for (const scores of origins)
      for (let row = start * horizon; row < (start + count) * horizon; row++)
        if (!Number.isNaN(scores[row] as number)) known++;
    knownOf[group] = known;
  });
  for (const level of levels) {
    const needed = scoresNeeded(level / 100);
    const groups = knownOf.flatMap((known, group) => (known < needed ? [group] : []));
    if (groups.length === 0) continue;
    const known = knownOf[groups[0] as number] as number;
    const needs = `An interval of ${level} % needs ${needed} scores`;
    throw withFailures(
      new TsopsError(
        code,
        `${needs}; the calibration has ${known} from ${origins.length} origins of ${horizon} steps.`,
        {
          hint: 'Use more folds, a lower level, or by: "panel" to pool the series.',
          details: { level, needed, known },
        },
      ),
      options.by === "series" ? failed(groups, `${needs}, and the calibration has fewer.`) : [],
    );
  }
}

/** A forecast that is to get intervals. */
export interface Centre {
  readonly calibration: Calibration;
  readonly options: ResolvedConformalOptions;
  /** Which series of the calibration the forecast is of, ascending. */
  readonly chosen: readonly number[];
  /** Of the chosen series, `steps` values each. */
  readonly mean: Float64Array;
  readonly steps: number;
  readonly levels: readonly number[];
}

/** Bounds of the levels around a forecast, by ascending probability; intervals of higher levels hold those of lower ones. */
export function quantilesAround({
  calibration,
  options,
  chosen,
  mean,
  steps,
  levels,
}: Centre): ForecastQuantile[] {
  const ascending = [...new Set(levels)].sort((a, b) => a - b);
  const bounds = new Map<number, Float64Array>();
  for (const level of ascending)
    for (const probability of boundsOfLevel(level)) bounds.set(probability, new Float64Array(mean.length));
  const sizes = sizesOf(calibration, options);
  const placeOf = new Map(chosen.map((s, place) => [s, place]));
  eachGroup(calibration, options, (group, first, count) => {
    const places = Array.from({ length: count }, (_, i) => placeOf.get(first + i)).filter(
      (place) => place !== undefined,
    );
    if (places.length === 0) return;
    const boundAt = boundsOf(calibration, options, group, first, count);
    for (let step = 1; step <= steps; step++) {
      let widest = 0;
      for (const level of ascending) {
        widest = Math.max(widest, boundAt(step, level));
        const [low, high] = boundsOfLevel(level).map(
          (probability) => bounds.get(probability) as Float64Array,
        );
        for (const place of places) {
          const row = place * steps + step - 1;
          const center = mean[row] as number;
          const size = sizes[chosen[place] as number] as number;
          // A series that was always forecast exactly is so still.
          const half = size === 0 ? 0 : widest * size * spreadOf(center, options.spread, calibration.floor);
          (low as Float64Array)[row] = clip(center - half, options);
          (high as Float64Array)[row] = clip(center + half, options);
        }
      }
    }
  });
  return [...bounds].sort(([a], [b]) => a - b).map(([probability, values]) => ({ probability, values }));
}

/** The nearest value that the target can take. */
export function clip(
  value: number,
  { lowest, highest }: Pick<ResolvedConformalOptions, "lowest" | "highest">,
): number {
  return Math.min(Math.max(value, lowest ?? Number.NEGATIVE_INFINITY), highest ?? Number.POSITIVE_INFINITY);
}
