import { differenceIntegrals } from "./difference-integral.ts";
import { finiteSortedValues, type Sample } from "./sorted-sample.ts";

/**
 * Wasserstein-1 (earth mover's) distance: how far values have to be moved on average to make one sample the other, in the values' unit; the
 * integral of |F - G|. 0 for equal samples; a shift of all values by d gives d. Equal to `scipy.stats.wasserstein_distance` (1.17.1).
 *
 * It has no level to compare with: two samples of one distribution are about its standard deviation / sqrt(rows) apart, and
 * autocorrelated rows, which count as fewer, more. For a decision use `driftTest`. O(n + m) for sorted samples.
 *
 * Source: S. S. Vallender (1974), "Calculation of the Wasserstein distance between probability distributions on the line", Theory Probab. Appl. 18.
 * @throws TsopsError MONITOR_INVALID when a sample is empty or has NaN or infinite values.
 */
export function wasserstein(reference: Sample, current: Sample): number {
  const x = finiteSortedValues(reference, "The reference");
  const y = finiteSortedValues(current, "The current sample");
  return differenceIntegrals(x, y).absolute;
}
