import { differenceIntegrals } from "./difference-integral.ts";
import { finiteSortedValues, type Sample } from "./sorted-sample.ts";

/**
 * Energy distance: the square root of 2 E|X - Y| - E|X - X'| - E|Y - Y'|, which is the square root of twice the integral of (F - G)^2; its unit
 * is the square root of the values'. 0 for equal samples. Equal to `scipy.stats.energy_distance` (1.17.1).
 *
 * Like `wasserstein` it has no level to compare with; for a decision use `driftTest`. O(n + m) for sorted samples, not the O(n m) of the definition.
 *
 * Source: G. J. Székely, M. L. Rizzo (2013), "Energy statistics: a class of statistics based on distances", J. Statist. Plann. Inference 143.
 * @throws TsopsError MONITOR_INVALID when a sample is empty or has NaN or infinite values.
 */
export function energyDistance(reference: Sample, current: Sample): number {
  const x = finiteSortedValues(reference, "The reference");
  const y = finiteSortedValues(current, "The current sample");
  return Math.sqrt(2 * differenceIntegrals(x, y).squared);
}
