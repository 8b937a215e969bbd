/**
 * Row numbers grouped by leaf: leaf k owns `rows[starts[k]..ends[k])`, in ascending order. Splitting is stable and in place.
 */
export class RowPartition {
  readonly rows: Uint32Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  readonly #columns: readonly Uint8Array[];
  readonly #spill: Uint32Array;

  /**
   * @param columns - Binned columns that rows are split by.
   * @param rows - Space for the most rows it may hold.
   */
  constructor(columns: readonly Uint8Array[], rows: Uint32Array, leaves: number) {
    this.#columns = columns;
    this.rows = rows;
    this.#spill = new Uint32Array(rows.length);
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
    const leftCount = divide(this.rows, this.#spill, this.#columns[column]!, goesLeft, start, end);
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

/** Branch-free: every row is written to both sides, and only one of the two positions moves on. */
function divide(
  rows: Uint32Array,
  spill: Uint32Array,
  column: Uint8Array,
  goesLeft: Uint8Array,
  start: number,
  end: number,
): number {
  let left = start;
  let right = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    const toLeft = goesLeft[column[row]!]!;
    rows[left] = row;
    spill[right] = row;
    left += toLeft;
    right += 1 - toLeft;
  }
  rows.set(spill.subarray(0, right), left);
  return left - start;
}

function addTo(scores: Float64Array, rows: Uint32Array, start: number, end: number, value: number): void {
  for (let i = start; i < end; i++) scores[rows[i]!]! += value;
}
