/** Weighted average of the target over the given rows. */
export function weightedAverage(
  y: Float64Array,
  weights: Float64Array | undefined,
  rows: Uint32Array,
): number {
  let sum = 0;
  let total = 0;
  for (const row of rows) {
    const weight = weights?.[row] ?? 1;
    sum += weight * y[row]!;
    total += weight;
  }
  return sum / total;
}

/** Weighted mean of a loss over all rows. */
export function weightedMean(
  y: Float64Array,
  scores: Float64Array,
  weights: Float64Array | undefined,
  of: (target: number, score: number) => number,
): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    const weight = weights?.[row] ?? 1;
    sum += weight * of(y[row]!, scores[row]!);
    total += weight;
  }
  return sum / total;
}
