import { createRandom } from "@tsops/core";
import type { TestOutcome } from "./test-outcome.ts";

/** Enough for a p-value of 1 % to be told from 5 %. */
const permutations = 399;

/**
 * Whether two samples of innovations have one shape once level and scale are taken out. The statistic is the Kolmogorov-Smirnov
 * distance of the standardised samples; its distribution comes from random splits of the pooled sample, each half standardised
 * in the same way, because the textbook one is far too conservative when the samples are standardised by their own fit.
 *
 * The pooled sample is sorted once: a split is a labelling of its places, so both halves of every split come out sorted.
 * @param seed - Same seed, same p-value.
 */
export function shapeTest(reference: Float64Array, current: Float64Array, seed: string): TestOutcome {
  const a = standardised(Float64Array.from(reference).sort(), new Float64Array(reference.length));
  const b = standardised(Float64Array.from(current).sort(), new Float64Array(current.length));
  const statistic = distance(a, b);
  const pooled = Float64Array.from([...a, ...b]).sort();
  const isCurrent = new Uint8Array(pooled.length).fill(1, a.length);
  const random = createRandom(seed);
  const halves = [new Float64Array(a.length), new Float64Array(b.length)] as const;
  let atLeast = 0;
  for (let i = 0; i < permutations; i++) {
    random.shuffle(isCurrent);
    let [first, second] = [0, 0];
    for (let place = 0; place < pooled.length; place++) {
      if (isCurrent[place] === 0) halves[0][first++] = pooled[place] as number;
      else halves[1][second++] = pooled[place] as number;
    }
    const split = distance(standardised(halves[0], halves[0]), standardised(halves[1], halves[1]));
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

/** Values less their mean, divided by their standard deviation, written to `to`. */
function standardised(values: Float64Array, to: Float64Array): Float64Array {
  let sum = 0;
  for (let i = 0; i < values.length; i++) sum += values[i] as number;
  const mean = sum / values.length;
  let squares = 0;
  for (let i = 0; i < values.length; i++) squares += ((values[i] as number) - mean) ** 2;
  const deviation = Math.sqrt(squares / (values.length - 1)) || 1;
  for (let i = 0; i < values.length; i++) to[i] = ((values[i] as number) - mean) / deviation;
  return to;
}

/** Two-sample Kolmogorov-Smirnov distance of sorted samples. */
function distance(x: Float64Array, y: Float64Array): number {
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
