import type { BinnedMatrix } from "./binned-matrix.ts";
import { type ColumnBins, missingBin } from "./bins.ts";
import { findSplit } from "./find-split.ts";
import type { Tree } from "./forest.ts";
import { type Histogram, Histograms } from "./histogram.ts";
import { scanResult } from "./kernels.ts";
import type { LeafTotals } from "./leaf-totals.ts";
import { type Bounds, boundedOutput, boundsOfSides, type Directions, unbounded } from "./monotone.ts";
import type { PackedGradients } from "./packed-gradients.ts";
import type { RowPartition } from "./row-partition.ts";
import { type ColumnChoice, clearlyMore, type Split, type SplitLimits } from "./split.ts";
import { spaceFor, type Workspace } from "./workspace.ts";

/** What growing one tree needs besides the matrix. */
export interface GrowInput {
  readonly gradients: PackedGradients;
  readonly limits: SplitLimits;
  readonly maxLeaves: number;
  readonly maxDepth: number;
  /** Used columns this tree may split on. */
  readonly columns: Int32Array;
  /** Rows the tree is fitted on. */
  readonly partition: RowPartition;
  /** Other groups of rows that are sent down the same tree (left out by sampling, held out for validation). */
  readonly followers: readonly RowPartition[];
  /** Of the used columns; absent without monotone constraints. */
  readonly directions: Directions | undefined;
}

/** A tree in terms of used columns and bins, before leaf values are known. */
export type TreeShape = Omit<Tree, "leafValues" | "leafRows" | "thresholds"> & {
  /** Last bin that goes left, per numeric node; -1 for categorical ones. */
  readonly bins: number[];
  /** L2 penalty per leaf. */
  readonly leafL2: number[];
};

interface Leaf {
  readonly totals: LeafTotals;
  readonly depth: number;
  readonly l2: number;
  /** Node and side whose child this leaf is; -1 for the root. */
  readonly parent: number;
  readonly isLeft: boolean;
  /** What it may predict, in histogram units; absent without monotone constraints. */
  readonly bounds: Bounds | undefined;
  histogram: Histogram | undefined;
  split: Split | undefined;
}

/** Bytes that a `TreeGrower` takes from a workspace at most. */
export function growerSpace(slots: number, columns: number, leaves: number, weighted: boolean): number {
  const histograms = leaves * (weighted ? 2 : 1);
  return (
    histograms * spaceFor(slots, 8) +
    spaceFor(2 * columns, 4) +
    spaceFor(scanResult.length, 8) +
    spaceFor(256, 1)
  );
}

/** Grows trees on one matrix, leaf by leaf in order of gain, reusing its buffers from tree to tree. */
export class TreeGrower {
  readonly #workspace: Workspace;
  readonly #matrix: BinnedMatrix;
  readonly #histograms: Histograms;
  readonly #table: Int32Array;
  readonly #result: Float64Array;
  readonly #goesLeft: Uint8Array;

  constructor(workspace: Workspace, matrix: BinnedMatrix, weighted: boolean) {
    this.#workspace = workspace;
    this.#matrix = matrix;
    this.#histograms = new Histograms(workspace, matrix, weighted);
    this.#table = workspace.int32(2 * matrix.bins.length);
    this.#result = workspace.float64(scanResult.length);
    this.#goesLeft = workspace.uint8(256);
  }

  /** Grows one tree and leaves the partitions divided by its leaves. */
  grow(input: GrowInput): TreeShape {
    const tree: TreeShape = {
      columns: [],
      left: [],
      right: [],
      kinds: [],
      categorySets: [],
      gains: [],
      bins: [],
      leafL2: [],
    };
    const columns = this.#choose(input.columns);
    const leaves: Leaf[] = [this.#root(input, columns)];
    while (leaves.length < input.maxLeaves) {
      const index = bestLeaf(leaves);
      if (index < 0) break;
      const isLast = leaves.length + 1 === input.maxLeaves;
      this.#splitLeaf(input, columns, tree, leaves, index, isLast);
    }
    for (const leaf of leaves) {
      if (leaf.histogram !== undefined) this.#histograms.giveBack(leaf.histogram);
      tree.leafL2.push(leaf.l2);
    }
    return tree;
  }

  #choose(columns: Int32Array): ColumnChoice {
    const { bins, offsets } = this.#matrix;
    const numeric = columns.filter((column) => bins[column]!.kind === "numeric");
    numeric.forEach((column, index) => {
      this.#table[2 * index] = offsets[column]!;
      this.#table[2 * index + 1] = missingBin(bins[column]!);
    });
    const categorical = columns.filter((column) => bins[column]!.kind === "categorical");
    return { numeric, categorical, table: this.#table, result: this.#result };
  }

  #root(input: GrowInput, columns: ColumnChoice): Leaf {
    const { partition, gradients } = input;
    const start = partition.starts[0]!;
    const end = partition.ends[0]!;
    const histogram = this.#histograms.build(gradients, partition.rows, start, end);
    const leaf: Leaf = {
      totals: sumOfRows(gradients, partition.rows, start, end),
      depth: 0,
      l2: input.limits.l2,
      parent: -1,
      isLeft: true,
      bounds: input.directions === undefined ? undefined : unbounded,
      histogram,
      split: undefined,
    };
    this.#search(input, columns, leaf);
    return leaf;
  }

  #splitLeaf(
    input: GrowInput,
    columns: ColumnChoice,
    tree: TreeShape,
    leaves: Leaf[],
    index: number,
    isLast: boolean,
  ): void {
    const leaf = leaves[index]!;
    const split = leaf.split!;
    const right = leaves.length;
    const bins = this.#matrix.bins[split.column]!;
    markLeft(this.#goesLeft, split, bins);
    input.partition.split(index, right, split.column, this.#goesLeft);
    for (const follower of input.followers) follower.split(index, right, split.column, this.#goesLeft);

    const node = tree.columns.length;
    if (leaf.parent >= 0) (leaf.isLeft ? tree.left : tree.right)[leaf.parent] = node;
    tree.columns.push(split.column);
    tree.bins.push(split.bin);
    tree.left.push(~index);
    tree.right.push(~right);
    tree.kinds.push(split.listed !== undefined ? 2 : split.missingLeft ? 1 : 0);
    if (split.listed !== undefined) tree.categorySets.push(split.listed);
    tree.gains.push(
      (split.gain / (input.gradients.scale * input.gradients.scale)) * input.gradients.weightScale,
    );

    const rightTotals = difference(leaf.totals, split.left);
    const [leftBounds, rightBounds] = childBounds(input, leaf.bounds, split, rightTotals);
    const child = (totals: LeafTotals, isLeft: boolean, bounds: Bounds | undefined): Leaf => ({
      totals,
      depth: leaf.depth + 1,
      l2: split.l2,
      parent: node,
      isLeft,
      bounds,
      histogram: undefined,
      split: undefined,
    });
    const leftLeaf = child(split.left, true, leftBounds);
    const rightLeaf = child(rightTotals, false, rightBounds);
    leaves[index] = leftLeaf;
    leaves.push(rightLeaf);

    const parentHistogram = leaf.histogram!;
    leaf.histogram = undefined;
    const [small, large, smallIndex] =
      leftLeaf.totals.count <= rightLeaf.totals.count
        ? [leftLeaf, rightLeaf, index]
        : [rightLeaf, leftLeaf, right];
    if (isLast || !isSplittable(input, large)) {
      this.#histograms.giveBack(parentHistogram);
      return;
    }
    const { partition } = input;
    const start = partition.starts[smallIndex]!;
    const end = partition.ends[smallIndex]!;
    small.histogram = this.#histograms.build(input.gradients, partition.rows, start, end);
    this.#histograms.subtract(parentHistogram, small.histogram);
    large.histogram = parentHistogram;
    this.#search(input, columns, leftLeaf);
    this.#search(input, columns, rightLeaf);
  }

  /** Finds the leaf's split; without one its histogram is free for others. */
  #search(input: GrowInput, columns: ColumnChoice, leaf: Leaf): void {
    const histogram = leaf.histogram!;
    if (isSplittable(input, leaf))
      leaf.split = findSplit({
        matrix: this.#matrix,
        histogram,
        totals: leaf.totals,
        limits: input.limits,
        columns,
        kernels: this.#workspace.kernels,
        bounds: leaf.bounds,
        directions: input.directions,
      });
    if (leaf.split !== undefined) return;
    this.#histograms.giveBack(histogram);
    leaf.histogram = undefined;
  }
}

function childBounds(
  { directions, limits }: GrowInput,
  bounds: Bounds | undefined,
  split: Split,
  right: LeafTotals,
): readonly [Bounds, Bounds] | readonly [] {
  if (bounds === undefined) return [];
  return boundsOfSides(
    bounds,
    directions?.[split.column] ?? 0,
    boundedOutput(split.left, limits.l1, split.l2, bounds),
    boundedOutput(right, limits.l1, split.l2, bounds),
  );
}

function isSplittable(input: GrowInput, leaf: Leaf): boolean {
  return leaf.depth < input.maxDepth && leaf.totals.count >= 2 * input.limits.minRows;
}

/** The leaf with the greatest gain; of equal ones the first. */
function bestLeaf(leaves: readonly Leaf[]): number {
  let best = -1;
  let gain = 0;
  leaves.forEach((leaf, index) => {
    if (leaf.split !== undefined && leaf.split.gain > gain * clearlyMore) {
      best = index;
      gain = leaf.split.gain;
    }
  });
  return best;
}

function markLeft(goesLeft: Uint8Array, split: Split, bins: ColumnBins): void {
  goesLeft.fill(0);
  if (split.listed !== undefined) {
    for (const bin of split.listed) goesLeft[bin] = 1;
    return;
  }
  goesLeft.fill(1, 0, split.bin + 1);
  goesLeft[missingBin(bins)] = split.missingLeft ? 1 : 0;
}

function sumOfRows(gradients: PackedGradients, rows: Uint32Array, start: number, end: number): LeafTotals {
  const { packed, weights, countUnit } = gradients;
  let sums = 0;
  let weight = 0;
  for (let i = start; i < end; i++) {
    const row = rows[i]!;
    sums += packed[row]!;
    if (weights !== undefined) weight += weights[row]!;
  }
  const sum = Math.floor(sums / countUnit);
  const count = end - start;
  return { count, sum, weight: weights === undefined ? count : weight };
}

function difference(whole: LeafTotals, part: LeafTotals): LeafTotals {
  return { count: whole.count - part.count, sum: whole.sum - part.sum, weight: whole.weight - part.weight };
}
