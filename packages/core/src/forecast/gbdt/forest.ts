/**
 * Trees in flat arrays. Nodes and leaves of all trees are numbered through; a child (or root) `>= 0` is a node, `< 0` is the leaf
 * `~child`.
 */
export interface Forest {
  readonly roots: Int32Array;
  /** Column a node looks at. */
  readonly columns: Int32Array;
  /** Numeric: values up to it go left. Categorical: 8 times the row of `categorySets`. */
  readonly thresholds: Float64Array;
  readonly left: Int32Array;
  readonly right: Int32Array;
  /** 0: missing right, 1: missing left, 2: categorical. */
  readonly kinds: Uint8Array;
  /** 256 bits per categorical node: the bins that go left. */
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

/** Puts trees one after the other. */
export function joinTrees(trees: readonly Tree[]): Forest {
  const nodes = trees.reduce((sum, tree) => sum + tree.columns.length, 0);
  const leaves = trees.reduce((sum, tree) => sum + tree.leafValues.length, 0);
  const sets = trees.reduce((sum, tree) => sum + tree.categorySets.length, 0);
  const forest: Forest = {
    roots: new Int32Array(trees.length),
    columns: new Int32Array(nodes),
    thresholds: new Float64Array(nodes),
    left: new Int32Array(nodes),
    right: new Int32Array(nodes),
    kinds: new Uint8Array(nodes),
    categorySets: new Uint32Array(sets * 8),
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
    forest.left.set(tree.left.map(renumber), node);
    forest.right.set(tree.right.map(renumber), node);
    forest.kinds.set(tree.kinds, node);
    forest.gains.set(tree.gains, node);
    forest.thresholds.set(tree.thresholds, node);
    let treeSet = 0;
    tree.kinds.forEach((kind, at) => {
      if (kind !== 2) return;
      forest.thresholds[node + at] = set * 8;
      for (const bin of tree.categorySets[treeSet++]!)
        forest.categorySets[set * 8 + (bin >>> 5)]! |= 1 << (bin & 31);
      set++;
    });
    forest.leafValues.set(tree.leafValues, leaf);
    forest.leafRows.set(tree.leafRows, leaf);
    node += tree.columns.length;
    leaf += tree.leafValues.length;
  });
  return forest;
}

/**
 * Sum of the leaf values that one row reaches.
 * @param row - One value per column; categorical columns hold bins.
 */
export function scoreRow(forest: Forest, row: Float64Array): number {
  const { roots, columns, thresholds, left, right, kinds, categorySets, leafValues } = forest;
  let sum = 0;
  for (let tree = 0; tree < roots.length; tree++) {
    let node = roots[tree]!;
    while (node >= 0) {
      const value = row[columns[node]!]!;
      const threshold = thresholds[node]!;
      const kind = kinds[node]!;
      let goesLeft: boolean;
      if (kind === 2) goesLeft = ((categorySets[threshold + (value >>> 5)]! >>> (value & 31)) & 1) === 1;
      else goesLeft = value <= threshold || (kind === 1 && Number.isNaN(value));
      node = goesLeft ? left[node]! : right[node]!;
    }
    sum += leafValues[~node]!;
  }
  return sum;
}
