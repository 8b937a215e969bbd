import type { BinnedMatrix } from "./binned-matrix.ts";
import type { Histogram } from "./histogram.ts";
import type { Kernels } from "./kernels.ts";
import { type LeafTotals, shrink } from "./leaf-totals.ts";
import type { Bounds, Directions } from "./monotone.ts";

/** Limits and penalties of one tree, converted to histogram units. */
export interface SplitLimits {
  readonly minRows: number;
  readonly minWeight: number;
  readonly minGain: number;
  readonly l1: number;
  readonly l2: number;
  readonly countUnit: number;
  readonly categorical: {
    readonly smoothing: number;
    readonly l2: number;
    readonly minRows: number;
    readonly maxListed: number;
    readonly oneVsRestUpTo: number;
    readonly minGroupRows: number;
  };
}

/** The best split of a leaf. */
export interface Split {
  /** Decrease of the (second-order) loss, in squared histogram units. */
  readonly gain: number;
  /** Used column. */
  readonly column: number;
  /** Numeric: the last bin that goes left. */
  readonly bin: number;
  /** Numeric: whether missing values go left. */
  readonly missingLeft: boolean;
  /** Categorical: the bins that go left, all others go right. */
  readonly listed: readonly number[] | undefined;
  readonly left: LeafTotals;
  /** L2 penalty of the two new leaves. */
  readonly l2: number;
}

/** What a search reads: one leaf's histogram and totals. */
export interface SplitSearch {
  readonly matrix: BinnedMatrix;
  readonly histogram: Histogram;
  readonly totals: LeafTotals;
  readonly limits: SplitLimits;
  readonly columns: ColumnChoice;
  readonly kernels: Kernels;
  /** What the leaf's children may predict, in histogram units, and the columns' directions; absent without monotone constraints. */
  readonly bounds: Bounds | undefined;
  readonly directions: Directions | undefined;
}

/** The columns a tree may split on. */
export interface ColumnChoice {
  readonly numeric: Int32Array;
  readonly categorical: Int32Array;
  /** As `ScannedLeaf.table`, for the numeric ones. */
  readonly table: Int32Array;
  /** Space for a `scanResult`. */
  readonly result: Float64Array;
}

/** Gains that differ by less, as a share, are equal: which of them wins must not depend on how they were rounded. */
export const clearlyMore = 1 + 1e-10;

/** What the unsplit leaf reaches, and the gain over it that may be nothing but rounding. */
export function unsplitScore({ totals, limits }: SplitSearch): { score: number; noise: number } {
  const sum = shrink(totals.sum, limits.l1);
  const weight = totals.weight + limits.l2;
  const score = (sum * sum) / weight;
  return { score, noise: 1e-12 * (score + (limits.l1 * limits.l1) / weight) };
}
