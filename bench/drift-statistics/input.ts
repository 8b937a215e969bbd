import { createRandom } from "@tsops/core";

/** Rows of the reference and of the current window. */
export const rows = 1_000_000;

/** What one repeat of each case is, by the same names in every contender. */
export const work = {
  "sort 1,000,000 values": { count: rows, unit: "values" },
  "Kolmogorov-Smirnov and Wasserstein, both windows unsorted": { count: 2 * rows, unit: "values" },
  "Kolmogorov-Smirnov and Wasserstein, reference kept sorted": { count: 2 * rows, unit: "values" },
  "Kolmogorov-Smirnov and Wasserstein, both sorted": { count: 2 * rows, unit: "values" },
  "energy distance, reference kept sorted": { count: 2 * rows, unit: "values" },
  "Cramér-von Mises, reference kept sorted": { count: 2 * rows, unit: "values" },
};

/** The two windows one after the other: log-normal values with a heavy tail, the current ones slightly larger. */
export function windows(): Float64Array {
  const random = createRandom("drift-statistics");
  return Float64Array.from({ length: 2 * rows }, (_, i) => Math.exp(random.normal(i < rows ? 0 : 0.002)));
}
