import type { BinnedMatrix } from "./binned-matrix.ts";

/**
 * Gradients rounded to whole multiples of a power of two and packed with a row count: `q * countUnit + 1`. One addition of a Float64
 * then adds up gradient and count at once, and as all of it stays below 2^53 the sums are exact: they depend neither on the order of
 * rows nor on whether they were added up or got by subtraction.
 */
export interface PackedGradients {
  readonly packed: Float64Array;
  /** Power of two above the number of rows. */
  readonly countUnit: number;
  /** Gradient = q / scale. */
  scale: number;
  /** Weights as whole multiples of `1 / weightScale`; absent when all weights are 1. */
  readonly weights: Float64Array | undefined;
  readonly weightScale: number;
}

/** Buffers for `rows` rows, with the weights (if any) rounded once. */
export function createPackedGradients(rows: number, weights: Float64Array | undefined): PackedGradients {
  let countUnit = 2;
  while (countUnit <= rows) countUnit *= 2;
  const buffers = { packed: new Float64Array(rows), countUnit, scale: 1 };
  if (weights === undefined) return { ...buffers, weights: undefined, weightScale: 1 };
  let total = 0;
  for (let row = 0; row < rows; row++) total += weights[row]!;
  const weightScale = powerOfTwoBelow(2 ** 51 / total);
  return { ...buffers, weights: weights.map((weight) => Math.round(weight * weightScale)), weightScale };
}

/**
 * Packs the gradients of one tree.
 * @param absoluteSum - Sum of absolute gradients, greater than 0.
 */
export function packGradients(target: PackedGradients, gradients: Float64Array, absoluteSum: number): void {
  const { packed, countUnit } = target;
  const scale = powerOfTwoBelow(2 ** 51 / countUnit / absoluteSum);
  target.scale = scale;
  for (let row = 0; row < packed.length; row++)
    packed[row] = Math.floor(gradients[row]! * scale + 0.5) * countUnit + 1;
}

function powerOfTwoBelow(value: number): number {
  return 2 ** Math.floor(Math.log2(value));
}

/** Sums per histogram slot: packed gradients and counts, and weights where there are any. */
export interface Histogram {
  readonly packed: Float64Array;
  readonly weights: Float64Array | undefined;
}

/** Histograms in use and free ones to reuse. */
export class HistogramPool {
  readonly #slots: number;
  readonly #weighted: boolean;
  readonly #free: Histogram[] = [];

  constructor(slots: number, weighted: boolean) {
    this.#slots = slots;
    this.#weighted = weighted;
  }

  take(): Histogram {
    return (
      this.#free.pop() ?? {
        packed: new Float64Array(this.#slots),
        weights: this.#weighted ? new Float64Array(this.#slots) : undefined,
      }
    );
  }

  giveBack(histogram: Histogram): void {
    this.#free.push(histogram);
  }
}

/** Fills a histogram with the rows `rows[start..end)`. */
export function buildHistogram(
  histogram: Histogram,
  matrix: BinnedMatrix,
  gradients: PackedGradients,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  histogram.packed.fill(0);
  addRows(
    histogram.packed,
    matrix.words,
    matrix.wordsPerRow,
    matrix.strides,
    gradients.packed,
    rows,
    start,
    end,
  );
  if (histogram.weights === undefined || gradients.weights === undefined) return;
  histogram.weights.fill(0);
  addRows(
    histogram.weights,
    matrix.words,
    matrix.wordsPerRow,
    matrix.strides,
    gradients.weights,
    rows,
    start,
    end,
  );
}

function addRows(
  sums: Float64Array,
  words: Uint32Array,
  wordsPerRow: number,
  strides: Int32Array,
  values: Float64Array,
  rows: Uint32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const value = values[row]!;
    const first = row * wordsPerRow;
    let slot = 0;
    for (let w = 0; w < wordsPerRow; w++) {
      const word = words[first + w]!;
      const stride = strides[w]!;
      sums[slot + (word & 255)]! += value;
      slot += stride;
      sums[slot + ((word >>> 8) & 255)]! += value;
      slot += stride;
      sums[slot + ((word >>> 16) & 255)]! += value;
      slot += stride;
      sums[slot + (word >>> 24)]! += value;
      slot += stride;
    }
  }
}

/** Turns the histogram of a parent into that of one child by taking away the other child's. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  subtract(parent.packed, child.packed);
  if (parent.weights !== undefined && child.weights !== undefined) subtract(parent.weights, child.weights);
}

function subtract(from: Float64Array, what: Float64Array): void {
  for (let i = 0; i < from.length; i++) from[i]! -= what[i]!;
}
