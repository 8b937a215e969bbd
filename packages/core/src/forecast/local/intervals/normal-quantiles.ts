import { normalQuantile } from "../../../stats/distributions.ts";

/** Quantiles of a normal distribution round the mean of each step; NaN where the deviation is not known. */
export function normalQuantiles(
  mean: Float64Array,
  deviationOf: (step: number) => number,
  probabilities: readonly number[],
  values: readonly Float64Array[],
): void {
  const scores = scoresOf(probabilities);
  const deviations = new Float64Array(mean.length);
  for (let h = 0; h < mean.length; h++) deviations[h] = deviationOf(h + 1);
  for (let q = 0; q < scores.length; q++) {
    const own = values[q] as Float64Array;
    const score = scores[q] as number;
    for (let h = 0; h < mean.length; h++) own[h] = (mean[h] as number) + score * (deviations[h] as number);
  }
}

let last: { readonly probabilities: readonly number[]; readonly scores: readonly number[] } = {
  probabilities: [],
  scores: [],
};

/** Standard normal quantiles: found anew only where others are asked for, as one series after the other asks for the same. */
function scoresOf(probabilities: readonly number[]): readonly number[] {
  const isLast =
    probabilities.length === last.probabilities.length &&
    probabilities.every((probability, q) => probability === last.probabilities[q]);
  if (!isLast) last = { probabilities: [...probabilities], scores: probabilities.map(normalQuantile) };
  return last.scores;
}
