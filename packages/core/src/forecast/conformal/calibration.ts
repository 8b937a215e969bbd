import { TsopsError } from "../../errors.ts";
import type { ForecastQuantile } from "../forecast.ts";
import { levelOfQuantile } from "../levels.ts";
import type { SeriesFailure, SeriesKey } from "../panel.ts";
import { withFailures } from "../series-failures.ts";
import { type Adaptation, adapted, aimOf, emptyAdaptation } from "./adaptation.ts";
import { inOwnSizes, sizesOf, totalOf } from "./error-sizes.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { conformalBound, poolsOf, scoresNeeded } from "./scores.ts";
import { studentTails } from "./student-tails.ts";

/** What past errors tell about future ones: an immutable value. */
export interface Calibration {
  readonly horizon: number;
  readonly seriesCount: number;
  /**
   * The latest origins of each series that have a known outcome, oldest first: one horizon of scores each, NaN where the outcome is not known. Series have their own, so
   * that one without news keeps what it has, and takes nothing from the others.
   */
  readonly scores: readonly Float64Array[];
  /** What the misses so far have changed: group by group, one entry per level. A group is a series, or all of them. */
  readonly adaptation: Adaptation;
  /** Forecasts of smaller size count as this large in the spread. */
  readonly floor: number;
  /** Per series the size of the scores of series like it, where `by: "scaled"` compares them; null where nothing is known of that. */
  readonly typicalSizes: Float64Array | null;
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
    scores: Array.from({ length: seriesCount }, () => new Float64Array(0)),
    adaptation: emptyAdaptation(options, groups),
    floor: 1,
    typicalSizes: null,
  };
}

/** Origins whose scores there are, of the series that has most. */
export function originsOf({ scores, horizon }: Calibration): number {
  return scores.reduce((most, own) => Math.max(most, own.length / horizon), 0);
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
 * @param typicalSizes - Per series the size of the scores of series like it, which counts beside its own; null for its own alone.
 */
export function calibrationOf(
  means: readonly Float64Array[],
  outcomes: readonly Float64Array[],
  options: ResolvedConformalOptions,
  seriesCount: number,
  typicalSizes: Float64Array | null = null,
): Calibration {
  const horizon = (means[0] as Float64Array).length / seriesCount;
  const sizes = means.map((mean) => mean.reduce((sum, value) => sum + Math.abs(value), 0) / mean.length);
  const floor = sizes.reduce((sum, size) => sum + size, 0) / sizes.length / 100;
  let calibration = {
    ...emptyCalibration(options, seriesCount, horizon),
    floor: floor > 0 ? floor : 1,
    typicalSizes,
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
 * and the oldest of the same series leave the window.
 * @param scores - Series by series; NaN where nothing is known.
 */
export function withOrigin(
  calibration: Calibration,
  scores: Float64Array,
  options: ResolvedConformalOptions,
): Calibration {
  const { horizon } = calibration;
  const isKnown = (s: number): boolean =>
    !scores.subarray(s * horizon, (s + 1) * horizon).every(Number.isNaN);
  const next = {
    ...calibration,
    scores: calibration.scores.map((own, s) => {
      if (!isKnown(s)) return own;
      const kept = own.subarray(Math.max(0, own.length - (options.window - 1) * horizon));
      const joined = new Float64Array(kept.length + horizon);
      joined.set(kept);
      joined.set(scores.subarray(s * horizon, (s + 1) * horizon), kept.length);
      return joined;
    }),
  };
  if (options.adaptRate === 0) return next;
  const sizes = sizesOf(calibration, options);
  const observed = new Float64Array(calibration.adaptation.missRates.length).fill(Number.NaN);
  eachGroup(calibration, options, (group, first, count) => {
    if (scores.subarray(first * horizon, (first + count) * horizon).every(Number.isNaN)) return;
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
  return { ...next, adaptation: adapted(calibration.adaptation, observed, options) };
}

function eachGroup(
  { seriesCount }: Calibration,
  { by }: ResolvedConformalOptions,
  visit: (group: number, firstSeries: number, count: number) => void,
): void {
  if (by !== "series") visit(0, 0, seriesCount);
  else for (let s = 0; s < seriesCount; s++) visit(s, s, 1);
}

/** Gives the bound of a group's scores at a step, as it is now. */
function boundsOf(
  calibration: Calibration,
  options: ResolvedConformalOptions,
  group: number,
  firstSeries: number,
  count: number,
): (step: number, level: number) => number {
  const { horizon, scores: all, adaptation, typicalSizes } = calibration;
  const own = all.slice(firstSeries, firstSeries + count);
  const table =
    options.by === "scaled"
      ? own.map((scores, s) => inOwnSizes(scores, horizon, typicalSizes?.[firstSeries + s]))
      : own;
  const scoresAt = poolsOf(table, horizon, options.neighbours);
  const sizes = sizesOf(calibration, options).subarray(firstSeries, firstSeries + count);
  const tailAt =
    options.fewScores === "student" ? studentTails(own, sizes, horizon, options, scoresAt) : () => null;
  return (step, level) => {
    const { missRate, offset } = aimOf(adaptation, options, group, level);
    const scores = scoresAt(step, scoresNeeded(level / 100));
    const bound = tailAt(step, 1 - missRate) ?? conformalBound(scores, 1 - missRate);
    return offset === 0 ? bound : Math.max(0, bound + offset * (scores[scores.length - 1] as number));
  };
}

/**
 * @param chosen - Series that must have scores enough. Default: all.
 * @param series - The calibrated series, where those that lack scores could be left out.
 * @throws TsopsError MODEL_PARAMETER_INVALID when the scores of some group are too few for a level.
 */
export function requireScores(
  calibration: Calibration,
  options: ResolvedConformalOptions,
  levels: readonly number[],
  chosen: readonly number[] = calibration.scores.map((_, s) => s),
  series: readonly SeriesKey[] = [],
): void {
  const code = "MODEL_PARAMETER_INVALID";
  const failed = (places: readonly number[], message: string): SeriesFailure[] =>
    series.length === 0 ? [] : places.map((s) => ({ key: series[s] as SeriesKey, code, message }));
  const sizes = sizesOf(calibration, options);
  const unknown = chosen.filter((s) => Number.isNaN(sizes[s]));
  const [first] = unknown;
  if (first !== undefined) {
    const lack =
      "has no known outcome in the calibration, so that nothing is known of the size of its errors.";
    throw withFailures(
      new TsopsError(code, `Series ${first + 1} of ${calibration.seriesCount} ${lack}`, {
        hint: "Leave it out, or use more folds.",
        details: { series: first, count: unknown.length },
      }),
      failed(unknown, `It ${lack}`),
    );
  }
  if (options.fewScores === "student") return;
  const groups: { readonly first: number; readonly known: number }[] = [];
  eachGroup(calibration, options, (_, start, count) => {
    if (!chosen.some((s) => s >= start && s < start + count)) return;
    const known = calibration.scores
      .slice(start, start + count)
      .reduce((sum, scores) => sum + totalOf(scores).known, 0);
    groups.push({ first: start, known });
  });
  for (const level of levels) {
    const needed = scoresNeeded(level / 100);
    const lacking = groups.filter(({ known }) => known < needed);
    const [group] = lacking;
    if (group === undefined) continue;
    const needs = `An interval of ${level} % needs ${needed} scores`;
    throw withFailures(
      new TsopsError(
        code,
        `${needs}; the calibration has ${group.known} from ${originsOf(calibration)} origins of ${calibration.horizon} steps.`,
        {
          hint: 'Use more folds, a lower level, or by: "panel" to pool the series.',
          details: { level, needed, known: group.known },
        },
      ),
      options.by === "series"
        ? failed(
            lacking.map((one) => one.first),
            `${needs}, and the calibration has fewer.`,
          )
        : [],
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
  /** What quantiles, ascending. */
  readonly probabilities: readonly number[];
}

/** Quantiles around a forecast, the median of which is its mean; intervals of higher levels hold those of lower ones. */
export function quantilesAround({
  calibration,
  options,
  chosen,
  mean,
  steps,
  probabilities,
}: Centre): ForecastQuantile[] {
  const quantiles = probabilities.map((probability) => ({
    probability,
    level: levelOfQuantile(probability),
    sign: Math.sign(probability - 0.5),
    values: new Float64Array(mean.length),
  }));
  const ascending = [...new Set(quantiles.map(({ level }) => level))].sort((a, b) => a - b);
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
        if (level > 0) widest = Math.max(widest, boundAt(step, level));
        const own = quantiles.filter((quantile) => quantile.level === level);
        for (const place of places) {
          const row = place * steps + step - 1;
          const center = mean[row] as number;
          const size = sizes[chosen[place] as number] as number;
          // A series that was always forecast exactly is so still.
          const half = size === 0 ? 0 : widest * size * spreadOf(center, options.spread, calibration.floor);
          for (const { sign, values } of own)
            values[row] = clip(sign === 0 ? center : center + sign * half, options);
        }
      }
    }
  });
  return quantiles.map(({ probability, values }) => ({ probability, values }));
}

/** The nearest value that the target can take. */
export function clip(
  value: number,
  { lowest, highest }: Pick<ResolvedConformalOptions, "lowest" | "highest">,
): number {
  return Math.min(Math.max(value, lowest ?? Number.NEGATIVE_INFINITY), highest ?? Number.POSITIVE_INFINITY);
}
