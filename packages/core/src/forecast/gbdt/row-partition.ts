import { type Kernels, plainKernels } from "./kernels.ts";

/**
 * Row numbers grouped by leaf: leaf k owns `rows[starts[k]..ends[k])`, in ascending order. Splitting is stable and in place.
 */
export class RowPartition {
  readonly rows: Uint32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #columns: readonly Uint8Array[];
  readonly #spill: Uint32Array;
  readonly #divide: Kernels["divide"];

  /**
   * @param columns - Binned columns that rows are split by.
   * @param rows - Space for the most rows it may hold.
   * @param spill - As much again.
   * @param divide - The kernel that can work on these arrays.
   */
  constructor(
    columns: readonly Uint8Array[],
    leaves: number,
    rows: Uint32Array,
    spill: Uint32Array = new Uint32Array(rows.length),
    divide: Kernels["divide"] = plainKernels.divide,
  ) {
    this.#columns = columns;
    this.rows = rows;
    this.#spill = spill;
    this.#divide = divide;
    this.starts = new Int32Array(leaves);
    this.ends = new Int32Array(leaves);
  }

  /** Puts all given rows into leaf 0. */
  reset(rows: Uint32Array): void {
    this.rows.set(rows);
    this.starts[0] = 0;
    this.ends[0] = rows.length;
  }

  count(leaf: number): number {
    return this.ends[leaf]! - this.starts[leaf]!;
  }

  /** Keeps the rows of `leaf` whose bin has `goesLeft` 1 and moves the others to the new leaf `right`. */
  split(leaf: number, right: number, column: number, goesLeft: Uint8Array): void {
    const start = this.starts[leaf]!;
    const end = this.ends[leaf]!;
    const leftCount = this.#divide(this.rows, this.#spill, this.#columns[column]!, goesLeft, start, end);
    this.ends[leaf] = start + leftCount;
    this.starts[right] = start + leftCount;
    this.ends[right] = end;
  }

  /** Adds the value of each row's leaf to its score. */
  addLeafValues(leafValues: Float64Array, leaves: number, scores: Float64Array): void {
    for (let leaf = 0; leaf < leaves; leaf++)
      addTo(scores, this.rows, this.starts[leaf]!, this.ends[leaf]!, leafValues[leaf]!);
  }
}

function addTo(scores: Float64Array, rows: Uint32Array, start: number, end: number, value: number): void {
  for (let i = start; i < end; i++) scores[rows[i]!]! += value;
}
