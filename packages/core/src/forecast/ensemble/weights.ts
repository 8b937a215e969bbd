import type { HeldOut } from "./held-out.ts";
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
 * The weights, 0 or more and 1 together, under which the mixed errors have the least sum of squares. Exchanges weight between the pair of members that
 * gains most, each time to the best point, until nothing is gained: the method of Platt (1998) for a quadratic over a simplex.
 */
export function stackedWeights(errors: readonly (readonly number[])[]): Float64Array {
  const k = errors.length;
  const gram = errors.map((a) =>
    errors.map((b) => a.reduce((sum, error, i) => sum + error * (b[i] as number), 0)),
  );
  const at = (i: number, j: number): number => (gram[i] as number[])[j] as number;
  const weights = new Float64Array(k).fill(1 / k);
  const tolerance = 1e-12 * Math.max(...gram.map((_, i) => at(i, i)));
  for (let round = 0; round < 10_000; round++) {
    const slope = Array.from(weights, (_, i) =>
      weights.reduce((sum, weight, j) => sum + weight * at(i, j), 0),
    );
    let [to, from] = [0, -1];
    for (let i = 0; i < k; i++) {
      if ((slope[i] as number) < (slope[to] as number)) to = i;
      if ((weights[i] as number) > 0 && (from < 0 || (slope[i] as number) > (slope[from] as number)))
        from = i;
    }
    const gain = (slope[from] as number) - (slope[to] as number);
    if (!(gain > tolerance)) break;
    const curvature = at(from, from) + at(to, to) - 2 * at(from, to);
    const most = weights[from] as number;
    const moved = curvature > 0 ? Math.min(most, gain / curvature) : most;
    weights[to] = (weights[to] as number) + moved;
    weights[from] = moved === most ? 0 : most - moved;
  }
  return weights;
}
