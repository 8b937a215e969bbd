import { sumOf, sumOfDistances } from "../long-windows/long-sums.ts";
import { manyRows } from "../long-windows/long-windows.ts";
import { presentValues } from "./regular-series.ts";

/** Arithmetic mean. */
export function meanOf(values: Float64Array): number {
  return sumOf(values) / values.length;
}

/** Mean absolute deviation from the mean: a measure of spread whose own error is finite for heavy tails too. */
export function spreadOf(values: Float64Array, mean = meanOf(values)): number {
  return sumOfDistances(values, mean) / values.length;
}

/** How much less certain the mean of a sample in order of time is than that of independent values. */
export interface DesignEffect {
  /** The variance of the means of its blocks over what independent values would give, e.g. 3 where calm and wild stretches take turns. */
  readonly factor: number;
  /** Degrees of freedom of that estimate. */
  readonly degrees: number;
}

/** Fewer blocks say nothing about the variance between them. */
const fewestBlocks = 6;

/**
 * The design effect by batch means: blocks of about n^(2/3) rows, long enough that what lasts for days stays in a block. The factor is
 * as uncertain as its few degrees of freedom say, so a test that uses it must use these too.
 * Source: P. W. Glynn, D. L. Iglehart (1990), "Simulation output analysis using standardized time series", Math. Oper. Res. 15.
 * @param mean - Theirs.
 * @returns Factor 1 for samples too short for six blocks.
 */
export function designEffect(values: Float64Array, mean = meanOf(values)): DesignEffect {
  if (values.length > manyRows) {
    const sums = new BlockSums(values.length, mean);
    sums.add(values);
    return sums.designEffect();
  }
  let within = 0;
  for (let i = 0; i < values.length; i++) within += ((values[i] as number) - mean) ** 2;
  return designEffectOf(values.length, within, (from, end) => {
    let sum = 0;
    for (let i = from; i < end; i++) sum += (values[i] as number) - mean;
    return sum;
  });
}

/**
 * The same of values that are not held.
 * @param within - Sum of their squared deviations from their mean.
 * @param sumOf - Sum of the deviations of those from one on up to before another.
 */
export function designEffectOf(
  n: number,
  within: number,
  sumOf: (from: number, end: number) => number,
): DesignEffect {
  const { blocks, length } = blocksOf(n);
  if (blocks < fewestBlocks || within === 0) return { factor: 1, degrees: n - 1 };
  let between = 0;
  let total = 0;
  for (let block = 0; block < blocks; block++) {
    const sum = sumOf(block * length, (block + 1) * length);
    between += sum * sum;
    total += sum;
  }
  const factor = (between - total ** 2 / blocks) / (blocks - 1) / length / (within / n);
  return { factor, degrees: blocks - 1 };
}

/** Sums up values block by block as they come, as many as were announced; NaN do not count. */
export class BlockSums {
  readonly #n: number;
  readonly #mean: number;
  readonly #length: number;
  readonly #sums: number[] = [];
  #open = 0;
  #left: number;
  #within = 0;

  constructor(n: number, mean = 0) {
    this.#n = n;
    this.#mean = mean;
    this.#length = blocksOf(n).length;
    this.#left = this.#length;
  }

  add(values: Float64Array): void {
    for (let from = 0; from < values.length; ) {
      const end = Math.min(from + this.#left, values.length);
      const { sum, squares, count } = momentsAbout(this.#mean, values, from, end);
      this.#open += sum;
      this.#within += squares;
      this.#left -= count;
      from = end;
      if (this.#left > 0) continue;
      this.#sums.push(this.#open);
      this.#open = 0;
      this.#left = this.#length;
    }
  }

  designEffect(): DesignEffect {
    return designEffectOf(
      this.#n,
      this.#within,
      (from) => this.#sums[Math.round(from / this.#length)] as number,
    );
  }
}

function momentsAbout(mean: number, values: Float64Array, from: number, end: number) {
  // Two at a time: their additions do not wait for each other.
  let [sum, squares, otherSum, otherSquares] = [0, 0, 0, 0];
  let i = from;
  for (; i + 1 < end; i += 2) {
    const deviation = (values[i] as number) - mean;
    const other = (values[i + 1] as number) - mean;
    sum += deviation;
    squares += deviation * deviation;
    otherSum += other;
    otherSquares += other * other;
  }
  if (i < end) {
    const deviation = (values[i] as number) - mean;
    sum += deviation;
    squares += deviation * deviation;
  }
  sum += otherSum;
  squares += otherSquares;
  if (!Number.isNaN(sum)) return { sum, squares, count: end - from };
  const present = presentValues(values.subarray(from, end)).map((value) => value - mean);
  return {
    sum: present.reduce((a, b) => a + b, 0),
    squares: present.reduce((a, b) => a + b * b, 0),
    count: present.length,
  };
}

function blocksOf(n: number): { blocks: number; length: number } {
  const blocks = Math.floor(1.5 * Math.cbrt(n));
  return { blocks, length: Math.floor(n / blocks) };
}
