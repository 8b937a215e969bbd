import { studentTQuantile } from "../../stats/distributions.ts";
import type { ResolvedConformalOptions } from "./options.ts";
import { poolsOf, scoresNeeded } from "./scores.ts";

/** How much errors of neighbouring steps are taken to have in common: m of them count as m / (1 + (m - 1) shared). */
const shared = 0.5;

/**
 * Bounds for groups that have fewer scores than a level needs, where an empirical quantile would stop at the largest score.
 *
 * Where the scores of the step and its neighbours, counted as independent ones, are enough for the coverage, the bound lies between the order statistics next to rank (n + 1) c. Otherwise it is that, as far as the scores go, or where it is larger Student's t
 * with as many degrees of freedom as a series has independent scores, times the root mean square of the scores: exact for normal errors around 0, as the
 * ratio of a new one to the root mean square of the others has this distribution.
 * @param own - Scores of the series of the group.
 * @param sizes - What the scores of each are measured in.
 * @param scoresAt - The pools that empirical bounds are taken from.
 */
export function studentTails(
  own: readonly Float64Array[],
  sizes: Float64Array,
  horizon: number,
  { by, neighbours }: Pick<ResolvedConformalOptions, "by" | "neighbours">,
  scoresAt: (step: number, needed: number) => Float64Array,
): (step: number, coverage: number) => number {
  const known = own.filter((scores) => scores.length > 0);
  const origins = known.reduce((sum, scores) => sum + scores.length / horizon, 0);
  const inSizes = own.map((scores, s) => {
    const size = sizes[s] as number;
    return size > 0 ? scores.map((score) => score / size) : scores.map(() => Number.NaN);
  });
  const measuredAt = poolsOf(inSizes, horizon, neighbours);
  return (step, coverage) => {
    const pool = scoresAt(step, 0);
    const steps = Math.min(horizon, step + neighbours) - Math.max(1, step - neighbours) + 1;
    const each = steps / (1 + (steps - 1) * shared);
    if (Math.min(origins * each, pool.length) >= scoresNeeded(coverage)) return between(pool, coverage);
    const measured = measuredAt(step, 1);
    const square = measured.reduce((sum, score) => sum + score * score, 0) / measured.length;
    // Series of other sizes say how the errors are spread, not how large a series' own are.
    const degrees = (by === "scaled" ? origins / known.length : origins) * each;
    const tail = studentTQuantile((1 + coverage) / 2, degrees) * Math.sqrt(square);
    return pool.length === 0 ? tail : Math.max(tail, between(pool, coverage));
  };
}

/** How many independent scores those of some series at a step in the middle and its neighbours count as. */
export function independentScores(own: readonly Float64Array[], horizon: number, neighbours: number): number {
  const origins = own.reduce((sum, scores) => sum + scores.length / horizon, 0);
  const steps = Math.min(horizon, 2 * neighbours + 1);
  return (origins * steps) / (1 + (steps - 1) * shared);
}

/** The order statistic of rank (n + 1) c, between two of them in proportion. */
function between(sorted: Float64Array, coverage: number): number {
  const rank = Math.min(Math.max((sorted.length + 1) * coverage, 1), sorted.length);
  const below = sorted[Math.floor(rank) - 1] as number;
  const above = sorted[Math.ceil(rank) - 1] as number;
  return below + (rank - Math.floor(rank)) * (above - below);
}
