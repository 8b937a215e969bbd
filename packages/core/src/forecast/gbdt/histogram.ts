import type { BinnedMatrix } from "./binned-matrix.ts";
import type { PackedGradients } from "./packed-gradients.ts";
import type { Workspace } from "./workspace.ts";

/** Sums per histogram slot: packed gradients and counts, and weights where there are any. */
export interface Histogram {
  readonly packed: Float64Array;
  readonly weights: Float64Array | undefined;
}

/** Makes, fills and reuses the histograms of one matrix. */
export class Histograms {
  readonly #workspace: Workspace;
  readonly #matrix: BinnedMatrix;
  readonly #weighted: boolean;
  readonly #free: Histogram[] = [];

  constructor(workspace: Workspace, matrix: BinnedMatrix, weighted: boolean) {
    this.#workspace = workspace;
    this.#matrix = matrix;
    this.#weighted = weighted;
  }

  /** A histogram of the rows `rows[start..end)`. */
  build(gradients: PackedGradients, rows: Uint32Array, start: number, end: number): Histogram {
    const histogram = this.#take();
    this.#add(histogram.packed, gradients.packed, rows, start, end);
    if (histogram.weights !== undefined && gradients.weights !== undefined)
      this.#add(histogram.weights, gradients.weights, rows, start, end);
    return histogram;
  }

  /** Turns the histogram of a parent into that of one child by taking away the other child's. */
  subtract(parent: Histogram, child: Histogram): void {
    const { kernels } = this.#workspace;
    kernels.subtract(parent.packed, child.packed);
    if (parent.weights !== undefined && child.weights !== undefined)
      kernels.subtract(parent.weights, child.weights);
  }

  giveBack(histogram: Histogram): void {
    this.#free.push(histogram);
  }

  #take(): Histogram {
    const { slots } = this.#matrix;
    return (
      this.#free.pop() ?? {
        packed: this.#workspace.float64(slots),
        weights: this.#weighted ? this.#workspace.float64(slots) : undefined,
      }
    );
  }

  #add(sums: Float64Array, values: Float64Array, rows: Uint32Array, start: number, end: number): void {
    sums.fill(0);
    const { words, strides } = this.#matrix;
    this.#workspace.kernels.addRows(sums, words, strides, values, rows, start, end);
  }
}
