import { dieboldMariano } from "@tsops/core";

/** What is summed of predictions: the columns of a join or of a backtest. */
interface Predicted {
  readonly time: BigInt64Array;
  readonly cutoff: BigInt64Array;
}

/** Sums over the rows of each cutoff, in order of the cutoffs. Errors within a cutoff depend on each other; their sums hardly do. */
export interface CutoffSums {
  readonly cutoffs: BigInt64Array;
  readonly sums: Float64Array;
  readonly rows: Int32Array;
  /** Neighbouring cutoffs that the same unforeseen event can reach: 1 when no horizon reaches over the next cutoff. */
  readonly overlap: number;
}

/** Sums a value over the rows of each cutoff. */
export function sumByCutoff(
  predicted: Predicted,
  rows: Int32Array,
  read: (row: number) => number,
): CutoffSums {
  const totals = new Map<bigint, { sum: number; rows: number; last: bigint }>();
  for (const row of rows) {
    const cutoff = predicted.cutoff[row] as bigint;
    const time = predicted.time[row] as bigint;
    const total = totals.get(cutoff);
    if (total === undefined) totals.set(cutoff, { sum: read(row), rows: 1, last: time });
    else {
      total.sum += read(row);
      total.rows++;
      if (time > total.last) total.last = time;
    }
  }
  const cutoffs = BigInt64Array.from(totals.keys()).sort();
  const ordered = Array.from(
    cutoffs,
    (cutoff) => totals.get(cutoff) as { sum: number; rows: number; last: bigint },
  );
  let overlap = 1;
  for (let i = 0, end = 0; i < cutoffs.length; i++) {
    end = Math.max(end, i);
    while (end < cutoffs.length && (cutoffs[end] as bigint) < (ordered[i] as { last: bigint }).last) end++;
    overlap = Math.max(overlap, end - i);
  }
  return {
    cutoffs,
    sums: Float64Array.from(ordered, ({ sum }) => sum),
    rows: Int32Array.from(ordered, ({ rows: count }) => count),
    overlap,
  };
}

/** How uncertain a mean is. */
export interface MeanVariance {
  readonly variance: number;
  /** Degrees of freedom of Student's t that goes with it. */
  readonly degrees: number;
}

/**
 * Variance of a mean over rows from the sums of their deviations by cutoff, autocorrelation allowed for: the cosine estimator that the
 * gate uses (Lazarus, Lewis, Stock & Watson 2018), whose transforms are fewer where horizons overlap.
 * @param deviations - Per cutoff, the sum over its rows of value minus mean.
 * @param rows - All rows.
 * @returns Null for fewer than 3 cutoffs, or when they all overlap.
 */
export function varianceOfRowMean(
  deviations: Float64Array,
  rows: number,
  overlap: number,
): MeanVariance | null {
  const n = deviations.length;
  if (n < 3 || overlap >= n) return null;
  const perRow = deviations.map((sum) => (sum * n) / rows);
  const { standardError, degrees } = dieboldMariano(perRow, new Float64Array(n), {
    horizon: overlap,
    kernel: "cosine",
  });
  return { variance: standardError ** 2, degrees };
}

/** Degrees of freedom of a sum of independent variances (Welch 1947; Satterthwaite 1946). */
export function combinedDegrees(parts: readonly MeanVariance[]): number {
  const total = parts.reduce((sum, { variance }) => sum + variance, 0);
  const spread = parts.reduce((sum, { variance, degrees }) => sum + variance ** 2 / degrees, 0);
  return total === 0 ? Math.min(...parts.map(({ degrees }) => degrees)) : total ** 2 / spread;
}
