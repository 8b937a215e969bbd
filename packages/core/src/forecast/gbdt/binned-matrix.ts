import type { FeatureMatrix } from "../regressor.ts";
import { binColumn, binCount, type ColumnBins } from "./bins.ts";
import { spaceFor, type Workspace } from "./workspace.ts";

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
  /** One word per four columns, row-major. */
  readonly words: Uint32Array;
  /** Histogram slots per column, for each word of a row. */
  readonly strides: Int32Array;
  /** First histogram slot of used column c. */
  readonly offsets: Int32Array;
  /** Histogram slots in total. */
  readonly slots: number;
}

/** Bins the used columns; no words. `take` gives the space for a column. */
export function binColumns(
  x: FeatureMatrix,
  used: Int32Array,
  bins: readonly ColumnBins[],
  take: (rows: number) => Uint8Array,
): Uint8Array[] {
  return bins.map((columnBins, c) => binColumn(columnBins, x.columns[used[c]!]!.values, take(x.rows)));
}

/** Where bins lie in the words of a row and in a histogram. */
export interface RowLayout {
  /** Used columns in the order of their bytes in a row. */
  readonly order: readonly number[];
  readonly strides: readonly number[];
  /** First histogram slot of used column c. */
  readonly offsets: Int32Array;
  /** Histogram slots in total, a multiple of 4. */
  readonly slots: number;
}

/** Plans the words of a row. */
export function planRows(bins: readonly ColumnBins[]): RowLayout {
  const order = bins.map((_, c) => c).sort((a, b) => binCount(bins[b]!) - binCount(bins[a]!) || a - b);
  const strides: number[] = [];
  const offsets = new Int32Array(order.length);
  let slots = 0;
  order.forEach((column, place) => {
    if (place % 4 === 0) {
      strides.push(binCount(bins[column]!));
      slots += 4 * strides.at(-1)!;
    }
    offsets[column] = slots - (4 - (place % 4)) * strides.at(-1)!;
  });
  return { order, strides, offsets, slots };
}

/** Bytes that `packRows` takes from a workspace. */
export function matrixSpace({ strides }: RowLayout, rows: number): number {
  return spaceFor(rows * strides.length, 4) + spaceFor(strides.length, 4);
}

/** Arranges binned columns row by row as well. */
export function packRows(
  workspace: Workspace,
  layout: RowLayout,
  rows: number,
  bins: readonly ColumnBins[],
  columns: readonly Uint8Array[],
): BinnedMatrix {
  const words = workspace.uint32(rows * layout.strides.length);
  const strides = workspace.int32(layout.strides.length);
  strides.set(layout.strides);
  const bytes = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  layout.order.forEach((column, place) => {
    interleave(columns[column]!, bytes, place, layout.strides.length * 4);
  });
  return { rows, bins, columns, words, strides, offsets: layout.offsets, slots: layout.slots };
}

function interleave(source: Uint8Array, target: Uint8Array, start: number, step: number): void {
  for (let row = 0, at = start; row < source.length; row++, at += step) target[at] = source[row]!;
}
