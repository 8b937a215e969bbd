/**
 * Trees in flat arrays. Nodes and leaves of all trees are numbered through; a child (or root) `>= 0` is a node, `< 0` is the leaf
 * `~child`.
 */
export interface Forest {
  readonly roots: Int32Array;
  /** Column a node looks at. */
  readonly columns: Int32Array;
  /** Numeric: values up to it go left. Categorical: where its part of `categorySets` begins. */
  readonly thresholds: Float64Array;
  /** Left and right child of node n at 2n and 2n + 1. */
  readonly children: Int32Array;
  /** 0: missing right, 1: missing left, 2: categorical, 3: missing and zero right, 4: missing and zero left. */
  readonly kinds: Uint8Array;
  /** The bins that go left, as bits, per categorical node; all take as many words. */
  readonly categorySets: Uint32Array;
  /** Decrease of the training loss by a node's split. */
  readonly gains: Float64Array;
  readonly leafValues: Float64Array;
  /** Training rows per leaf. */
  readonly leafRows: Uint32Array;
}

/** One grown tree; children as in `Forest`, numbered within the tree. Node 0 is the root. */
export interface Tree {
  readonly columns: number[];
  readonly thresholds: number[];
  readonly left: number[];
  readonly right: number[];
  readonly kinds: number[];
  /** Bins that go left, per categorical node, in the order of nodes. */
  readonly categorySets: (readonly number[])[];
  readonly gains: number[];
  readonly leafValues: Float64Array;
  readonly leafRows: Uint32Array;
}

/** Numbers up to this size count as zero in nodes of the kinds 3 and 4: LightGBM's bound, a float. */
export const zeroBound = Math.fround(1e-35);

/**
 * Puts trees one after the other.
 * @param bins - Most bins of a categorical column, those for missing and other values included.
 */
export function joinTrees(trees: readonly Tree[], bins = 256): Forest {
  const setWords = Math.ceil(bins / 32);
  const nodes = trees.reduce((sum, tree) => sum + tree.columns.length, 0);
  const leaves = trees.reduce((sum, tree) => sum + tree.leafValues.length, 0);
  const sets = trees.reduce((sum, tree) => sum + tree.categorySets.length, 0);
  const forest: Forest = {
    roots: new Int32Array(trees.length),
    columns: new Int32Array(nodes),
    thresholds: new Float64Array(nodes),
    children: new Int32Array(nodes * 2),
    kinds: new Uint8Array(nodes),
    categorySets: new Uint32Array(sets * setWords),
    gains: new Float64Array(nodes),
    leafValues: new Float64Array(leaves),
    leafRows: new Uint32Array(leaves),
  };
  let node = 0;
  let leaf = 0;
  let set = 0;
  trees.forEach((tree, index) => {
    const renumber = (child: number): number => (child >= 0 ? child + node : child - leaf);
    forest.roots[index] = renumber(tree.columns.length === 0 ? -1 : 0);
    forest.columns.set(tree.columns, node);
    for (let at = 0; at < tree.columns.length; at++) {
      forest.children[2 * (node + at)] = renumber(tree.left[at]!);
      forest.children[2 * (node + at) + 1] = renumber(tree.right[at]!);
    }
    forest.kinds.set(tree.kinds, node);
    forest.gains.set(tree.gains, node);
    forest.thresholds.set(tree.thresholds, node);
    let treeSet = 0;
    tree.kinds.forEach((kind, at) => {
      if (kind !== 2) return;
      forest.thresholds[node + at] = set * setWords;
      for (const bin of tree.categorySets[treeSet++]!)
        forest.categorySets[set * setWords + (bin >>> 5)]! |= 1 << (bin & 31);
      set++;
    });
    forest.leafValues.set(tree.leafValues, leaf);
    forest.leafRows.set(tree.leafRows, leaf);
    node += tree.columns.length;
    leaf += tree.leafValues.length;
  });
  return forest;
}

/** The child of a node that a row goes to. */
export function childOf(forest: Forest, row: Float64Array, node: number): number {
  const value = row[forest.columns[node]!]!;
  const threshold = forest.thresholds[node]!;
  const kind = forest.kinds[node]!;
  let right: number;
  // Comparisons with NaN are false: the first sends it right, the second left.
  if (kind === 0) right = 1 - +(value <= threshold);
  else if (kind === 1) right = +(value > threshold);
  else if (kind === 2) right = 1 - ((forest.categorySets[threshold + (value >>> 5)]! >>> (value & 31)) & 1);
  else if (Number.isNaN(value) || Math.abs(value) <= zeroBound) right = 4 - kind;
  else right = +(value > threshold);
  return forest.children[2 * node + right]!;
}
