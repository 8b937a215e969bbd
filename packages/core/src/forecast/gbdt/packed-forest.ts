import { type Forest, zeroBound } from "./forest.ts";

/**
 * Trees laid out to be walked: 16 bytes a node, leaves among them, and the two children of a node side by side, so that a step touches one line of the cache. Node n has its threshold in `numbers[2n]`
 * and, in the same memory, its column and kind in `words[4n + 2]` and the left child in `words[4n + 3]`. A leaf is its own child, whatever the row.
 */
export interface PackedForest {
  readonly roots: Int32Array;
  readonly numbers: Float64Array;
  readonly words: Int32Array;
  /** Per node; 0 but for leaves. */
  readonly leafValues: Float64Array;
  readonly categorySets: Uint32Array;
}

/** A word is the column, then a bit for leaves, then three for the kind. */
const [kindMask, leafBit, columnShift] = [7, 8, 4];

/** Lays trees out to be walked. */
export function packForest(forest: Forest): PackedForest {
  const count = forest.columns.length + forest.leafValues.length;
  const numbers = new Float64Array(2 * count);
  const words = new Int32Array(numbers.buffer);
  const leafValues = new Float64Array(count);
  const roots = new Int32Array(forest.roots.length);
  /** What lies at each place: a node, or a leaf as its complement. */
  const origins = new Int32Array(count);
  let end = 0;
  let place = 0;
  for (let tree = 0; tree < roots.length; tree++) {
    roots[tree] = end;
    origins[end++] = forest.roots[tree]!;
    for (; place < end; place++) {
      const node = origins[place]!;
      if (node < 0) {
        // Nothing is greater, and what is missing goes left: to the leaf itself.
        numbers[2 * place] = Number.POSITIVE_INFINITY;
        words[4 * place + 2] = leafBit | 1;
        words[4 * place + 3] = place;
        leafValues[place] = forest.leafValues[~node]!;
        continue;
      }
      numbers[2 * place] = forest.thresholds[node]!;
      words[4 * place + 2] = (forest.columns[node]! << columnShift) | forest.kinds[node]!;
      words[4 * place + 3] = end;
      origins[end++] = forest.children[2 * node]!;
      origins[end++] = forest.children[2 * node + 1]!;
    }
  }
  return { roots, numbers, words, leafValues, categorySets: forest.categorySets };
}

/**
 * Sum of the leaf values that one row reaches, tree after tree. Four trees are walked at a time, until all have come to a leaf and without branches on values: a step waits for memory, and the
 * processor can take the others meanwhile.
 * @param row - One value per column; categorical columns hold bins.
 */
export function scoreRow(forest: PackedForest, row: Float64Array): number {
  const { roots, words, leafValues } = forest;
  let sum = 0;
  let tree = 0;
  for (; tree + 3 < roots.length; tree += 4) {
    let a = roots[tree]!;
    let b = roots[tree + 1]!;
    let c = roots[tree + 2]!;
    let d = roots[tree + 3]!;
    let wordA = words[4 * a + 2]!;
    let wordB = words[4 * b + 2]!;
    let wordC = words[4 * c + 2]!;
    let wordD = words[4 * d + 2]!;
    while ((wordA & wordB & wordC & wordD & leafBit) === 0) {
      a = words[4 * a + 3]! + sideOf(forest, row, a, wordA);
      b = words[4 * b + 3]! + sideOf(forest, row, b, wordB);
      c = words[4 * c + 3]! + sideOf(forest, row, c, wordC);
      d = words[4 * d + 3]! + sideOf(forest, row, d, wordD);
      wordA = words[4 * a + 2]!;
      wordB = words[4 * b + 2]!;
      wordC = words[4 * c + 2]!;
      wordD = words[4 * d + 2]!;
    }
    sum += leafValues[a]!;
    sum += leafValues[b]!;
    sum += leafValues[c]!;
    sum += leafValues[d]!;
  }
  for (; tree < roots.length; tree++) {
    let node = roots[tree]!;
    let word = words[4 * node + 2]!;
    while ((word & leafBit) === 0) {
      node = words[4 * node + 3]! + sideOf(forest, row, node, word);
      word = words[4 * node + 2]!;
    }
    sum += leafValues[node]!;
  }
  return sum;
}

/** Where a row goes from a node: 0 for left, 1 for right. */
function sideOf(
  { numbers, categorySets }: PackedForest,
  row: Float64Array,
  node: number,
  word: number,
): number {
  const value = row[word >> columnShift]!;
  const threshold = numbers[2 * node]!;
  const kind = word & kindMask;
  // What is missing is no number: it is not greater, and goes right only by the kind 0.
  if (kind < 2) return +(value > threshold) | (+Number.isNaN(value) & (1 - kind));
  if (kind === 2) return 1 - ((categorySets[threshold + (value >>> 5)]! >>> (value & 31)) & 1);
  if (Number.isNaN(value) || Math.abs(value) <= zeroBound) return 4 - kind;
  return +(value > threshold);
}
