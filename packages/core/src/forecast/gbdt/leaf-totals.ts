/** Sums over the rows of a leaf in histogram units: gradients as q, weights as whole multiples (rows when unweighted). */
export interface LeafTotals {
  readonly count: number;
  readonly sum: number;
  readonly weight: number;
}

/** Soft threshold: what an L1 penalty leaves of a sum. */
export function shrink(sum: number, l1: number): number {
  if (sum > l1) return sum - l1;
  return sum < -l1 ? sum + l1 : 0;
}
