import type { FeatureMatrix } from "../regressor.ts";
import { binColumn, binCount, type ColumnBins } from "./bins.ts";

/**
 * Binned columns in both layouts: column by column for partitioning rows, and row by row, four bins to a 32-bit word, for building
 * histograms (one pass over a row updates all columns). Columns are put in words by falling bin count, so that narrow columns share
 * words and need little histogram space.
 */
export interface BinnedMatrix {
  readonly rows: number;
  /** Learnt bins per used column. */
  readonly bins: readonly ColumnBins[];
  /** Bins of used column c in row order. */
  readonly columns: readonly Uint8Array[];
  /** `rows x wordsPerRow`, row-major. */
  readonly words: Uint32Array;
  readonly wordsPerRow: number;
  /** Histogram slots per column of each word. */
  readonly strides: Int32Array;
  /** First histogram slot of used column c. */
  readonly offsets: Int32Array;
  /** Histogram slots in total. */
  readonly slots: number;
}

/** Bins the used columns; no words. */
export function binColumns(x: FeatureMatrix, used: Int32Array, bins: readonly ColumnBins[]): Uint8Array[] {
  return bins.map((columnBins, c) => binColumn(columnBins, x.columns[used[c]!]!.values, x.rows));
}

/** Arranges binned columns row by row as well. */
export function packRows(
  rows: number,
  bins: readonly ColumnBins[],
  columns: readonly Uint8Array[],
): BinnedMatrix {
  const order = bins.map((_, c) => c).sort((a, b) => binCount(bins[b]!) - binCount(bins[a]!) || a - b);
  const wordsPerRow = Math.ceil(order.length / 4);
  const bytesPerRow = wordsPerRow * 4;
  const strides = new Int32Array(wordsPerRow);
  const offsets = new Int32Array(order.length);
  const bytes = new Uint8Array(rows * bytesPerRow);
  let slots = 0;
  for (let word = 0; word < wordsPerRow; word++) {
    const stride = binCount(bins[order[word * 4]!]!);
    strides[word] = stride;
    for (let lane = 0; lane < 4; lane++) {
      const column = order[word * 4 + lane];
      if (column === undefined) continue;
      offsets[column] = slots + lane * stride;
      interleave(columns[column]!, bytes, word * 4 + lane, bytesPerRow);
    }
    slots += 4 * stride;
  }
  return { rows, bins, columns, words: new Uint32Array(bytes.buffer), wordsPerRow, strides, offsets, slots };
}

function interleave(source: Uint8Array, target: Uint8Array, start: number, step: number): void {
  for (let row = 0, at = start; row < source.length; row++, at += step) target[at] = source[row]!;
}
