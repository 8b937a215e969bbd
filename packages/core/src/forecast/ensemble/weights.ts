import type { HeldOut } from "../held-out.ts";
import { solvePositive } from "../local/optimise/cholesky.ts";
import type { ResolvedEnsembleOptions } from "./options.ts";

/**
 * Weights of the members, series by series; those of one series are 0 or more and 1 together. Errors are divided by the mean absolute outcome of
 * their series, so that none counts more because its unit is small.
 */
export function learnWeights(
  heldOut: HeldOut,
  { combine, by, power }: ResolvedEnsembleOptions,
  seriesCount: number,
  horizon: number,
): Float64Array {
  const memberCount = heldOut.means.length;
  const groups = by === "series" ? seriesCount : 1;
  const weights = new Float64Array(seriesCount * memberCount);
  for (let group = 0; group < groups; group++) {
    const series = groups === 1 ? Array.from({ length: seriesCount }, (_, s) => s) : [group];
    const errors = scaledErrors(heldOut, series, horizon);
    const own = combine === "stacked" ? stackedWeights(errors) : inverseErrors(errors, power as number);
    for (const s of series) weights.set(own, s * memberCount);
  }
  return weights;
}

/** Per member the scaled errors of all known outcomes of the series, in one order. */
function scaledErrors({ outcomes, means }: HeldOut, series: readonly number[], horizon: number): number[][] {
  const errors: number[][] = means.map(() => []);
  for (const s of series) {
    const rows = { from: s * horizon, until: (s + 1) * horizon };
    let size = 0;
    let count = 0;
    for (const fold of outcomes)
      for (const outcome of fold.subarray(rows.from, rows.until)) {
        if (Number.isNaN(outcome)) continue;
        size += Math.abs(outcome);
        count++;
      }
    if (count === 0) continue;
    const scale = size > 0 ? size / count : 1;
    outcomes.forEach((fold, f) => {
      for (let row = rows.from; row < rows.until; row++) {
        const outcome = fold[row] as number;
        if (Number.isNaN(outcome)) continue;
        means.forEach((own, m) => {
          (errors[m] as number[]).push((((own[f] as Float64Array)[row] as number) - outcome) / scale);
        });
      }
    });
  }
  return errors;
}

/** In proportion to (1 / mean absolute error)^power; members without any error share everything. */
function inverseErrors(errors: readonly (readonly number[])[], power: number): Float64Array {
  const means = errors.map((own) =>
    own.length === 0 ? 1 : own.reduce((sum, error) => sum + Math.abs(error), 0) / own.length,
  );
  const least = Math.min(...means);
  const raw = means.map((mean) => (least === 0 ? Number(mean === 0) : (least / mean) ** power));
  const sum = raw.reduce((a, b) => a + b, 0);
  return Float64Array.from(raw, (value) => value / sum);
}

/**
 * The weights, 0 or more and 1 together, under which the mixed errors have the least sum of squares: the point of the members' convex hull
 * that is nearest to 0, by the method of Wolfe (1976), which ends after finitely many steps. Members that are exact mixtures of others are
 * told apart by a ridge of 1e-13.
 */
export function stackedWeights(errors: readonly (readonly number[])[]): Float64Array {
  const k = errors.length;
  const gram = errors.map((a) =>
    errors.map((b) => a.reduce((sum, error, i) => sum + error * (b[i] as number), 0)),
  );
  const at = (i: number, j: number): number => (gram[i] as number[])[j] as number;
  const scale = Math.max(...gram.map((_, i) => at(i, i)));
  const weights = new Float64Array(k);
  if (!(scale > 0)) return weights.fill(1 / k);
  const all = Array.from({ length: k }, (_, i) => i);
  let members = [all.reduce((best, i) => (at(i, i) < at(best, best) ? i : best))];
  weights[members[0] as number] = 1;
  for (let round = 0; round < 100 * k; round++) {
    const slope = all.map((i) => weights.reduce((sum, weight, j) => sum + weight * at(i, j), 0));
    const loss = slope.reduce((sum, value, i) => sum + value * (weights[i] as number), 0);
    const next = all.reduce((best, i) => ((slope[i] as number) < (slope[best] as number) ? i : best));
    if (members.includes(next) || !((slope[next] as number) < loss - 1e-15 * scale)) break;
    members.push(next);
    members = towardsLeast(weights, members, (i, j) => at(i, j) / scale);
  }
  return weights;
}

/** Moves the weights to the least sum of squares of these members alone; gives those that have weight in the end. */
function towardsLeast(
  weights: Float64Array,
  given: readonly number[],
  gram: (i: number, j: number) => number,
): number[] {
  let members = [...given];
  for (;;) {
    const size = members.length;
    // With 1 added to each product, the solution is the wanted one but for its sum.
    const matrix = Float64Array.from({ length: size * size }, (_, at) => {
      const [row, column] = [Math.floor(at / size), at % size];
      const product = gram(members[row] as number, members[column] as number);
      return 1 + product + (row === column ? 1e-13 : 0);
    });
    const wanted = new Float64Array(size).fill(1);
    if (!solvePositive(matrix, size, wanted)) return members;
    const sum = wanted.reduce((a, b) => a + b, 0);
    for (let m = 0; m < size; m++) wanted[m] = (wanted[m] as number) / sum;
    // The first weight that would fall below 0 stops the move.
    let [share, first] = [1, -1];
    members.forEach((member, m) => {
      const [from, to] = [weights[member] as number, wanted[m] as number];
      if (to > 0 || from / (from - to) >= share) return;
      [share, first] = [from / (from - to), m];
    });
    members.forEach((member, m) => {
      const from = weights[member] as number;
      weights[member] = Math.max(0, from + share * ((wanted[m] as number) - from));
    });
    if (first < 0) return members;
    weights[members[first] as number] = 0;
    members = members.filter((_, m) => m !== first);
  }
}
