/**
 * The inner loops, in JavaScript. wasm/kernels.wat holds the same ones, more than twice as fast; both do the same arithmetic in the same
 * order, so that models do not depend on which of them ran.
 */
export interface Kernels {
  /** For every row `rows[start..end)` adds `values[row]` to the slot of its bin in every column. */
  addRows(
    sums: Float64Array,
    words: Uint32Array,
    strides: Int32Array,
    values: Float64Array,
    rows: Uint32Array,
    start: number,
    end: number,
  ): void;
  /**
   * Moves the rows `rows[start..end)` whose bin in `column` has `goesLeft` 1 to the front, both groups in their order, and returns how many they are. `spill` is as long as
   * `rows`.
   */
  divide(
    rows: Uint32Array,
    spill: Uint32Array,
    column: Uint8Array,
    goesLeft: Uint8Array,
    start: number,
    end: number,
  ): number;
  /** `from[i] -= what[i]`; lengths are multiples of 4. */
  subtract(from: Float64Array, what: Float64Array): void;
  /** The best threshold of one leaf over the columns of `leaf.table`, for rows without weights and no L1 penalty. */
  scanColumns(sums: Float64Array, leaf: ScannedLeaf, result: Float64Array): void;
}

/** A leaf that is searched for its best threshold. */
export interface ScannedLeaf {
  /** Per column: first histogram slot, number of bins of values (the next one is that of missing values). */
  readonly table: Int32Array;
  /** Columns in the table. */
  readonly columns: number;
  readonly rows: number;
  /** Sum of the leaf's gradients. */
  readonly sum: number;
  readonly minRows: number;
  readonly l2: number;
  readonly countUnit: number;
}

/** Where `scanColumns` puts what it found; `column` is an index in the table, -1 for none. */
export const scanResult = {
  gain: 0,
  sum: 1,
  count: 2,
  column: 3,
  bin: 4,
  missingLeft: 5,
  length: 6,
} as const;

/** The kernels in JavaScript. */
export const plainKernels: Kernels = {
  addRows(sums, words, strides, values, rows, start, end) {
    const wordsPerRow = strides.length;
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
  },

  /** Branch-free: every row is written to both sides, and only one of the two positions moves on. */
  divide(rows, spill, column, goesLeft, start, end) {
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
  },

  subtract(from, what) {
    for (let i = 0; i < from.length; i++) from[i]! -= what[i]!;
  },

  scanColumns(sums, leaf, result) {
    const best: Best = { gain: 0, sum: 0, count: 0, slot: 0 };
    result[scanResult.column] = -1;
    for (let index = 0; index < leaf.columns; index++) {
      const first = leaf.table[2 * index]!;
      const missingAt = first + leaf.table[2 * index + 1]!;
      const missing = sums[missingAt]!;
      const note = (missingLeft: boolean): void => {
        result[scanResult.column] = index;
        result[scanResult.bin] = best.slot - first;
        result[scanResult.missingLeft] = missingLeft ? 1 : 0;
      };
      const before = best.gain;
      scan(best, sums, leaf, first, missing === 0 ? missingAt - 1 : missingAt, 0);
      if (best.gain > before) note(missing === 0 && best.count * 2 >= leaf.rows);
      if (missing === 0) continue;
      const right = best.gain;
      scan(best, sums, leaf, first, missingAt - 1, missing);
      if (best.gain > right) note(true);
    }
    result[scanResult.gain] = best.gain;
    result[scanResult.sum] = best.sum;
    result[scanResult.count] = best.count;
  },
};

interface Best {
  gain: number;
  sum: number;
  count: number;
  slot: number;
}

/*
 * With a = W_left + l2 and b = W_right + l2, whose sum S is the same for every split of a leaf,
 *   G_left^2 / a + G_right^2 / b = (G_left b - G_right a)^2 / (a b S) + G^2 / S,
 * so splits of a leaf are ranked by the first numerator over a b. It needs one division, and it is exactly 0 (not a rounding error)
 * for a column that separates nothing.
 */
function scan(
  best: Best,
  sums: Float64Array,
  { rows, sum: total, minRows, l2, countUnit }: ScannedLeaf,
  from: number,
  to: number,
  packedBefore: number,
): void {
  const perUnit = 1 / countUnit;
  const maxLeft = rows - minRows;
  let packed = packedBefore;
  let bestGain = best.gain;
  for (let slot = from; slot < to; slot++) {
    packed += sums[slot]!;
    const sum = Math.floor(packed * perUnit);
    const count = packed - sum * countUnit;
    if (count < minRows) continue;
    if (count > maxLeft) break;
    const left = count + l2;
    const right = rows - count + l2;
    const difference = sum * right - (total - sum) * left;
    const gain = (difference * difference) / (left * right);
    if (gain > bestGain) {
      bestGain = gain;
      best.gain = gain;
      best.slot = slot;
      best.count = count;
      best.sum = sum;
    }
  }
}
