import { createRandom } from "@tsops/core";
import type { TestOutcome } from "./test-outcome.ts";

/** Enough for a p-value of 1 % to be told from 5 %, at a cost of some milliseconds a column. */
const permutations = 399;

/**
 * Whether two samples of innovations have one shape once level and scale are taken out. The statistic is the Kolmogorov-Smirnov
 * distance of the standardised samples; its distribution comes from random splits of the pooled sample, each half standardised
 * in the same way, because the textbook one is far too conservative when the samples are standardised by their own fit.
 * @param seed - Same seed, same p-value.
 */
export function shapeTest(reference: Float64Array, current: Float64Array, seed: string): TestOutcome {
  const a = standardised(reference);
  const b = standardised(current);
  const statistic = distance(a, b);
  const random = createRandom(seed);
  const pooled = Float64Array.from([...a, ...b]);
  let atLeast = 0;
  for (let i = 0; i < permutations; i++) {
    random.shuffle(pooled);
    const split = distance(
      standardised(pooled.subarray(0, a.length)),
      standardised(pooled.subarray(a.length)),
    );
    if (split >= statistic - 1e-12) atLeast++;
  }
  return {
    test: "shape",
    statistic,
    pValue: (atLeast + 1) / (permutations + 1),
    effect: statistic,
    meaning: "distance of distributions",
  };
}

function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
  const deviation = Math.sqrt(variance) || 1;
  return values.map((value) => (value - mean) / deviation);
}

/** Two-sample Kolmogorov-Smirnov distance. */
function distance(a: Float64Array, b: Float64Array): number {
  const x = Float64Array.from(a).sort();
  const y = Float64Array.from(b).sort();
  let i = 0;
  let j = 0;
  let largest = 0;
  while (i < x.length && j < y.length) {
    const value = Math.min(x[i] as number, y[j] as number);
    while (i < x.length && (x[i] as number) === value) i++;
    while (j < y.length && (y[j] as number) === value) j++;
    largest = Math.max(largest, Math.abs(i / x.length - j / y.length));
  }
  return largest;
}
