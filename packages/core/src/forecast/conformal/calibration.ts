import { TsopsError } from "../../errors.ts";
import type { ForecastQuantile } from "../forecast.ts";
import { boundsOfLevel } from "../levels.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { conformalBound, scorePools, scoresNeeded } from "./scores.ts";

/** What past errors tell about future ones: an immutable value. */
export interface Calibration {
  readonly horizon: number;
  readonly seriesCount: number;
  /** Scores by origin, oldest first; each series x horizon, NaN where the outcome is not known. */
  readonly origins: readonly Float64Array[];
  /** Miss rates now aimed at: group by group, one per level. A group is a series, or all of them. */
  readonly missRates: Float64Array;
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
    missRates: Float64Array.from({ length: groups * options.levels.length }, (_, i) =>
      nominalMissRate(options.levels[i % options.levels.length] as number),
    ),
    floor: 1,
  };
}

function nominalMissRate(level: number): number {
  return (100 - level) / 100;
}

/** By how much errors are expected to be larger where the forecast is. */
export function spreadOf(forecast: number, kind: ResolvedConformalOptions["spread"], floor: number): number {
  if (kind === "constant") return 1;
  const size = Math.max(Math.abs(forecast), floor);
  return kind === "root" ? Math.sqrt(size) : size;
}

/** Scores of one origin: errors in units of the spread; NaN where the outcome is missing. */
export function scoresOf(
  mean: Float64Array,
  outcomes: Float64Array,
  { spread }: ResolvedConformalOptions,
  floor: number,
): Float64Array {
  return mean.map(
    (forecast, row) => Math.abs((outcomes[row] as number) - forecast) / spreadOf(forecast, spread, floor),
  );
}

/**
 * Takes in the scores of one more origin: first the miss rates learn from whether the intervals in force held them, as in adaptive
 * conformal inference (Gibbs & Candes 2021, NeurIPS: alpha <- alpha + rate (nominal - missed)), with the share of
 * misses over the origin's steps; then the scores join the others, and the oldest leave the window.
 */
export function withOrigin(
  calibration: Calibration,
  scores: Float64Array,
  options: ResolvedConformalOptions,
): Calibration {
  const { origins, missRates } = calibration;
  const kept = [...origins, scores].slice(-options.window);
  if (options.adaptRate === 0 || origins.length === 0) return { ...calibration, origins: kept };
  const next = missRates.slice();
  eachGroup(calibration, options, (group, first, count) => {
    const boundAt = boundsOf(calibration, options, first, count);
    options.levels.forEach((level, l) => {
      const at = group * options.levels.length + l;
      let misses = 0;
      let known = 0;
      const bounds = new Float64Array(calibration.horizon);
      for (let step = 1; step <= calibration.horizon; step++)
        bounds[step - 1] = boundAt(step, level, 1 - (missRates[at] as number));
      for (let row = first * calibration.horizon; row < (first + count) * calibration.horizon; row++) {
        const score = scores[row] as number;
        const bound = bounds[row % calibration.horizon] as number;
        if (Number.isNaN(score) || Number.isNaN(bound)) continue;
        known++;
        if (score > bound) misses++;
      }
      if (known === 0) return;
      const nominal = nominalMissRate(level);
      const moved = (missRates[at] as number) + options.adaptRate * (nominal - misses / known);
      next[at] = Math.min(Math.max(moved, nominal / 25), (1 + nominal) / 2);
    });
  });
  return { ...calibration, origins: kept, missRates: next };
}

function eachGroup(
  { seriesCount }: Calibration,
  { by }: ResolvedConformalOptions,
  visit: (group: number, firstSeries: number, count: number) => void,
): void {
  if (by === "panel") visit(0, 0, seriesCount);
  else for (let s = 0; s < seriesCount; s++) visit(s, s, 1);
}

/** Gives the bound of a group's scores at a step. */
function boundsOf(
  { horizon, origins }: Calibration,
  { neighbours }: ResolvedConformalOptions,
  firstSeries: number,
  count: number,
): (step: number, level: number, coverage: number) => number {
  const scoresAt = scorePools({ horizon, origins }, firstSeries * horizon, count, neighbours);
  return (step, level, coverage) => conformalBound(scoresAt(step, scoresNeeded(level / 100)), coverage);
}

/**
 * @throws TsopsError MODEL_PARAMETER_INVALID when the scores of some group are too few for a level.
 */
export function requireScores(
  calibration: Calibration,
  options: ResolvedConformalOptions,
  levels: readonly number[],
): void {
  eachGroup(calibration, options, (_, first, count) => {
    let known = 0;
    for (const scores of calibration.origins)
      for (let row = first * calibration.horizon; row < (first + count) * calibration.horizon; row++)
        if (!Number.isNaN(scores[row] as number)) known++;
    for (const level of levels) {
      const needed = scoresNeeded(level / 100);
      if (known >= needed) continue;
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `An interval of ${level} % needs ${needed} scores; the calibration has ${known} from ${calibration.origins.length} origins of ${calibration.horizon} steps.`,
        {
          hint: 'Use more folds, a lower level, or by: "panel" to pool the series.',
          details: { level, needed, known },
        },
      );
    }
  });
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
  const placeOf = new Map(chosen.map((s, place) => [s, place]));
  eachGroup(calibration, options, (group, first, count) => {
    const places = Array.from({ length: count }, (_, i) => placeOf.get(first + i)).filter(
      (place) => place !== undefined,
    );
    if (places.length === 0) return;
    const boundAt = boundsOf(calibration, options, first, count);
    for (let step = 1; step <= steps; step++) {
      let widest = 0;
      for (const level of ascending) {
        const coverage = 1 - missRateAt(calibration, options, group, level);
        widest = Math.max(widest, boundAt(step, level, coverage));
        const [low, high] = boundsOfLevel(level).map(
          (probability) => bounds.get(probability) as Float64Array,
        );
        for (const place of places) {
          const row = place * steps + step - 1;
          const center = mean[row] as number;
          const half = widest * spreadOf(center, options.spread, calibration.floor);
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

/**
 * The miss rate to aim at for a level: what it adapted to; for levels that do not adapt themselves, in between those of their neighbours (0 and
 * 1 at the ends), so that they move along.
 */
function missRateAt(
  { missRates }: Calibration,
  { levels }: ResolvedConformalOptions,
  group: number,
  level: number,
): number {
  const nominal = nominalMissRate(level);
  const own = levels.map((tracked, l) => ({
    nominal: nominalMissRate(tracked),
    aimed: missRates[group * levels.length + l] as number,
  }));
  const points = [{ nominal: 0, aimed: 0 }, ...own.reverse(), { nominal: 1, aimed: 1 }];
  const above = points.findIndex((point) => point.nominal >= nominal);
  const right = points[above] as (typeof points)[number];
  if (right.nominal === nominal) return right.aimed;
  const left = points[above - 1] as (typeof points)[number];
  const share = (nominal - left.nominal) / (right.nominal - left.nominal);
  return left.aimed + share * (right.aimed - left.aimed);
}
