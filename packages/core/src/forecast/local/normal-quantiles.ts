import { normalQuantile } from "../../stats/distributions.ts";

/** Quantiles of a normal distribution round the mean of each step; NaN where the deviation is not known. */
export function normalQuantiles(
  mean: Float64Array,
  deviationOf: (step: number) => number,
  probabilities: readonly number[],
  values: readonly Float64Array[],
): void {
  const scores = probabilities.map(normalQuantile);
  for (let h = 0; h < mean.length; h++) {
    const deviation = deviationOf(h + 1);
    scores.forEach((score, q) => {
      (values[q] as Float64Array)[h] = (mean[h] as number) + score * deviation;
    });
  }
}
