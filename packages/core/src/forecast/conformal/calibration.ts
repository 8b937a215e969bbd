import type { ForecastQuantile } from "../forecast.ts";
import { levelOfQuantile } from "../levels.ts";
import { type Adaptation, adapted, aimOf, emptyAdaptation } from "./adaptation.ts";
import { inOwnSizes, type ScoresBySeries, sizesOf } from "./error-sizes.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { boundsOnEachSide, conformalBound, poolsOf, scoresNeeded } from "./scores.ts";
import { smoothBounds } from "./smooth-bounds.ts";
import { independentScores, studentTails } from "./student-tails.ts";

/** What past errors tell about future ones: an immutable value. */
export interface Calibration extends ScoresBySeries {
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
  /** Per series how far from the forecast a bound may lie, unless an error was larger; null for any distance. */
  readonly reaches: Float64Array | null;
  /** By how much errors are larger by their place in a season of the calendar: of the grid's cells, by their number modulo the length; null where they are alike. */
  readonly seasonFactors: Float64Array | null;
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
    reaches: null,
    seasonFactors: null,
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

/**
 * Scores of one origin: outcome minus forecast in units of the spread; NaN where the outcome is missing.
 * @param expected - By how much errors are expected to be larger, row by row; null where they are alike.
 */
export function scoresOf(
  mean: Float64Array,
  outcomes: Float64Array,
  { spread }: ResolvedConformalOptions,
  floor: number,
  expected: Float64Array | null = null,
): Float64Array {
  return mean.map(
    (forecast, row) =>
      ((outcomes[row] as number) - forecast) / (spreadOf(forecast, spread, floor) * (expected?.[row] ?? 1)),
  );
}

/**
 * What held-out forecasts tell about their errors to come.
 * @param means - By origin, oldest first; series by series, steps ascending, as the outcomes.
 * @param history - What the series are like: per series the size of the scores of series like it, which counts beside its own, and how far a bound may lie from the forecast; null where nothing is known of that.
 */
export function calibrationOf(
  means: readonly Float64Array[],
  outcomes: readonly Float64Array[],
  options: ResolvedConformalOptions,
  seriesCount: number,
  history: Pick<Calibration, "typicalSizes" | "reaches"> = { typicalSizes: null, reaches: null },
): Calibration {
  const horizon = (means[0] as Float64Array).length / seriesCount;
  const sizes = means.map((mean) => mean.reduce((sum, value) => sum + Math.abs(value), 0) / mean.length);
  const floor = sizes.reduce((sum, size) => sum + size, 0) / sizes.length / 100;
  let calibration = {
    ...emptyCalibration(options, seriesCount, horizon),
    floor: floor > 0 ? floor : 1,
    ...history,
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
      const bounds = Array.from({ length: horizon }, (_, h) => boundAt(h + 1, level));
      for (let row = first * horizon; row < (first + count) * horizon; row++) {
        const score = (scores[row] as number) / (sizes[Math.floor(row / horizon)] as number);
        const { below, above } = bounds[row % horizon] as Bounds;
        if (Number.isNaN(score) || Number.isNaN(above)) continue;
        known++;
        if (score > above || -score > below) misses++;
      }
      if (known > 0) observed[group * options.levels.length + l] = misses / known;
    });
  });
  return { ...next, adaptation: adapted(calibration.adaptation, observed, options) };
}

/** Visits the series that share their scores: each alone, or all together. */
export function eachGroup(
  { seriesCount }: Calibration,
  { by }: ResolvedConformalOptions,
  visit: (group: number, firstSeries: number, count: number) => void,
): void {
  if (by !== "series") visit(0, 0, seriesCount);
  else for (let s = 0; s < seriesCount; s++) visit(s, s, 1);
}

/** How far below a forecast and above it an interval reaches, in what scores are measured in. */
interface Bounds {
  readonly below: number;
  readonly above: number;
}

/** The coverage that the scores of one side must tell: of a central interval for both alike, of all but its own tail for each. */
export function coverageOfSide({ sides }: ResolvedConformalOptions, level: number): number {
  return sides === "alike" ? level / 100 : (1 + level / 100) / 2;
}

/** Gives the bounds of a group's scores at a step, as they are now. */
function boundsOf(
  calibration: Calibration,
  options: ResolvedConformalOptions,
  group: number,
  firstSeries: number,
  count: number,
): (step: number, level: number) => Bounds {
  const { horizon, scores: all, adaptation, typicalSizes } = calibration;
  const own = all.slice(firstSeries, firstSeries + count);
  const table =
    options.by === "scaled"
      ? own.map((scores, s) => inOwnSizes(scores, horizon, typicalSizes?.[firstSeries + s]))
      : own;
  if (options.sides === "each") {
    const signedAt = poolsOf(table, horizon, options.neighbours, (score) => score);
    return (step, level) => {
      const { missRate, offset } = aimOf(adaptation, options, group, level);
      const scores = signedAt(step, scoresNeeded(coverageOfSide(options, level)));
      const { below, above } = boundsOnEachSide(scores, 1 - missRate);
      const push = offset === 0 ? 0 : offset * Math.max(-(scores[0] as number), scores.at(-1) as number);
      return { below: below + push, above: above + push };
    };
  }
  const scoresAt = poolsOf(table, horizon, options.neighbours);
  const ownSizes = () => sizesOf(calibration, options).subarray(firstSeries, firstSeries + count);
  const tailAt =
    options.fewScores === "student" ? studentTails(own, ownSizes(), horizon, options, scoresAt) : () => null;
  const boundAt = (step: number, level: number): number => {
    const { missRate, offset } = aimOf(adaptation, options, group, level);
    const scores = scoresAt(step, scoresNeeded(level / 100));
    const bound = tailAt(step, 1 - missRate) ?? conformalBound(scores, 1 - missRate);
    return offset === 0 ? bound : Math.max(0, bound + offset * (scores[scores.length - 1] as number));
  };
  if (options.fewScores !== "student" || options.neighbours === 0)
    return (step, level) => alike(boundAt(step, level));
  const smooth = new Map<number, Float64Array>();
  const independent = independentScores(own, horizon, options.neighbours);
  return (step, level) => {
    const found = smooth.get(level);
    const bounds =
      found ??
      smoothBounds(
        Float64Array.from({ length: horizon }, (_, h) => boundAt(h + 1, level)),
        independent,
      );
    if (found === undefined) smooth.set(level, bounds);
    return alike(bounds[step - 1] as number);
  };
}

function alike(bound: number): Bounds {
  return { below: bound, above: bound };
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
  /** By how much errors are expected to be larger, for each value of the mean; null where they are alike. */
  readonly expected: Float64Array | null;
  /** What quantiles, ascending. */
  readonly probabilities: readonly number[];
}

/** Quantiles around a forecast, the median of which is its mean where both sides are alike; intervals of higher levels hold those of lower ones. */
export function quantilesAround({
  calibration,
  options,
  chosen,
  mean,
  steps,
  expected,
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
      const nothing = options.sides === "alike" ? 0 : Number.NEGATIVE_INFINITY;
      let widest: Bounds = { below: nothing, above: nothing };
      for (const level of ascending) {
        const bounds = level === 0 ? middleOf(options, boundAt, step) : boundAt(step, level);
        widest = {
          below: Math.max(widest.below, bounds.below),
          above: Math.max(widest.above, bounds.above),
        };
        const own = quantiles.filter((quantile) => quantile.level === level);
        for (const place of places) {
          const row = place * steps + step - 1;
          const center = mean[row] as number;
          const size = sizes[chosen[place] as number] as number;
          // A series that was always forecast exactly is so still.
          const spread = spreadOf(center, options.spread, calibration.floor) * (expected?.[row] ?? 1);
          const unit = size === 0 ? 0 : size * spread;
          const reach = reachOf(calibration, chosen[place] as number, spread);
          for (const { sign, values } of own) {
            const distance = Math.min(unit * (sign < 0 ? widest.below : widest.above), reach);
            const moved = unit === 0 ? 0 : sign < 0 ? -distance : distance;
            values[row] = clip(center + moved, options);
          }
        }
      }
    }
  });
  return quantiles.map(({ probability, values }) => ({ probability, values }));
}

/** How far a bound of a series may lie from its forecast: as far as its values have come, or its errors where these were larger. */
function reachOf({ reaches, scores }: Calibration, s: number, spread: number): number {
  if (reaches === null) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (const score of scores[s] as Float64Array) if (Math.abs(score) > largest) largest = Math.abs(score);
  return Math.max(reaches[s] as number, spread * largest);
}

/** Where the median lies: at the mean where both sides are alike, else in the middle of its two bounds. */
function middleOf(
  { sides }: ResolvedConformalOptions,
  boundAt: (step: number, level: number) => Bounds,
  step: number,
): Bounds {
  if (sides === "alike") return { below: 0, above: 0 };
  const { below, above } = boundAt(step, 0);
  return { below: (below - above) / 2, above: (above - below) / 2 };
}

/** The nearest value that the target can take. */
export function clip(
  value: number,
  { lowest, highest }: Pick<ResolvedConformalOptions, "lowest" | "highest">,
): number {
  return Math.min(Math.max(value, lowest ?? Number.NEGATIVE_INFINITY), highest ?? Number.POSITIVE_INFINITY);
}
