import { conformalBound, scorePools, scoresNeeded } from "../conformal/scores.ts";
import { boundsOfLevel } from "../levels.ts";
import type { ScoredFold } from "./scored-fold.ts";

const neighbours = 1;
/** Earlier folds whose errors count, as many as `conformal` keeps unless told: those of long ago say little about those to come. */
const leastWindow = 40;

/**
 * Bounds of central intervals for each fold from the absolute errors of earlier ones, as far as they were known at its cutoff; by
 * probability, NaN where there are too few.
 */
export function intervalsFromEarlierFolds(
  folds: readonly ScoredFold[],
  horizon: number,
  levels: readonly number[],
): Map<number, Float64Array>[] {
  const window = Math.max(leastWindow, ...levels.map((level) => scoresNeeded(level / 100)));
  return folds.map((fold, index) => {
    const whole = folds.filter(({ time }) => (time[horizon - 1] as bigint) <= fold.cutoff).length;
    const recent = folds.slice(Math.max(0, whole - window), index);
    const bounds = new Map(
      levels.flatMap((level) =>
        boundsOfLevel(level).map((probability) => [probability, new Float64Array(fold.y.length)] as const),
      ),
    );
    fold.seriesIds.forEach((id, s) => {
      const origins = recent.map((earlier) => errorsKnownAt(earlier, id, horizon, fold.cutoff));
      const scoresAt = scorePools({ horizon, origins }, 0, 1, neighbours);
      for (const level of levels) {
        const [low, high] = boundsOfLevel(level);
        const needed = scoresNeeded(level / 100);
        for (let step = 1; step <= horizon; step++) {
          const scores = scoresAt(step, needed);
          const bound = scores.length < needed ? Number.NaN : conformalBound(scores, level / 100);
          const row = s * horizon + step - 1;
          (bounds.get(low) as Float64Array)[row] = (fold.mean[row] as number) - bound;
          (bounds.get(high) as Float64Array)[row] = (fold.mean[row] as number) + bound;
        }
      }
    });
    return bounds;
  });
}

/** Absolute errors of one series in one fold by step; NaN where the outcome was not known at the instant, or is missing. */
function errorsKnownAt(fold: ScoredFold, seriesId: number, horizon: number, instant: bigint): Float64Array {
  const errors = new Float64Array(horizon).fill(Number.NaN);
  const s = fold.seriesIds.indexOf(seriesId);
  if (s < 0) return errors;
  for (let h = 0; h < horizon; h++) {
    const row = s * horizon + h;
    if ((fold.time[row] as bigint) <= instant)
      errors[h] = Math.abs((fold.y[row] as number) - (fold.mean[row] as number));
  }
  return errors;
}
