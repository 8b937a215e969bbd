import { childOf, type Forest } from "./forest.ts";

/** How far each column moved each score away from the expected one. */
export interface ShapValues {
  /** Expected score over the training rows, the same for every row. */
  readonly base: number;
  /**
   * One array per column, in the order of `featureNames`, with one value per row. `base` and the values of a row add up to its score: the
   * prediction, or what the model's link turns into it.
   */
  readonly values: readonly Float64Array[];
}

/**
 * Shapley values of all columns: exact, path-dependent TreeSHAP (Lundberg, Erion & Lee 2018, algorithm 2), in which the chance to go to a child is its
 * share of the training rows. O(trees x leaves x depth^2) per row.
 * @param sources - Values per column; categorical columns hold bins.
 */
export function shapValues(
  forest: Forest,
  baseline: number,
  sources: readonly Float64Array[],
  rows: number,
): ShapValues {
  const shares = childShares(forest);
  const walker = new ShapWalker(forest, shares, sources.length);
  const values = sources.map(() => new Float64Array(rows));
  const buffer = new Float64Array(sources.length);
  for (let row = 0; row < rows; row++) {
    for (let c = 0; c < buffer.length; c++) buffer[c] = sources[c]![row]!;
    const found = walker.explain(buffer);
    for (let c = 0; c < buffer.length; c++) values[c]![row] = found[c]!;
  }
  let base = baseline;
  for (const root of forest.roots) base += expected(forest, shares, root);
  return { base, values };
}

/** Share of a node's training rows that goes to its left and right child, at 2n and 2n + 1. */
function childShares({ children, leafRows }: Forest): Float64Array {
  const shares = new Float64Array(children.length);
  const counts = new Float64Array(children.length / 2);
  const countOf = (child: number): number => (child >= 0 ? counts[child]! : leafRows[~child]!);
  // Children come after their node.
  for (let node = counts.length - 1; node >= 0; node--) {
    const left = countOf(children[2 * node]!);
    const right = countOf(children[2 * node + 1]!);
    counts[node] = left + right;
    // Where no rows came by, nothing hangs on the shares, but they must add up to 1.
    shares[2 * node] = left + right === 0 ? 0.5 : left / (left + right);
    shares[2 * node + 1] = 1 - shares[2 * node]!;
  }
  return shares;
}

function expected(forest: Forest, shares: Float64Array, child: number): number {
  if (child < 0) return forest.leafValues[~child]!;
  return (
    shares[2 * child]! * expected(forest, shares, forest.children[2 * child]!) +
    shares[2 * child + 1]! * expected(forest, shares, forest.children[2 * child + 1]!)
  );
}

/**
 * Walks the trees with a path of the distinct columns asked so far. Per column: the share of rows that would go this way without knowing it (`zero`),
 * whether the row itself goes this way (`one`), and the weight of all subsets of a size. Each level of a tree has a stretch of its own.
 */
class ShapWalker {
  readonly #forest: Forest;
  readonly #shares: Float64Array;
  readonly #columns: Int32Array;
  readonly #zero: Float64Array;
  readonly #one: Float64Array;
  readonly #weight: Float64Array;
  readonly #result: Float64Array;
  #row: Float64Array = new Float64Array(0);

  constructor(forest: Forest, shares: Float64Array, columns: number) {
    this.#forest = forest;
    this.#shares = shares;
    const depth = 2 + forest.roots.reduce((most, root) => Math.max(most, depthOf(forest, root)), 0);
    const size = ((depth + 1) * (depth + 2)) / 2;
    this.#columns = new Int32Array(size);
    this.#zero = new Float64Array(size);
    this.#one = new Float64Array(size);
    this.#weight = new Float64Array(size);
    this.#result = new Float64Array(columns);
  }

  /** Shapley values of one row, valid until the next call. */
  explain(row: Float64Array): Float64Array {
    this.#row = row;
    this.#result.fill(0);
    for (const root of this.#forest.roots) this.#walk(root, 0, 0, 1, 1, -1);
    return this.#result;
  }

  /**
   * @param from - Where the path of the parent begins.
   * @param length - Its length, which is also the place of what is added here.
   */
  #walk(child: number, from: number, length: number, zero: number, one: number, column: number): void {
    // No subset of the columns leads here.
    if (zero === 0 && one === 0) return;
    const start = from + length;
    this.#copy(from, start, length);
    this.#extend(start, length, zero, one, column);
    if (child < 0) {
      const value = this.#forest.leafValues[~child]!;
      for (let i = 1; i <= length; i++)
        this.#result[this.#columns[start + i]!]! +=
          this.#unwoundSum(start, length, i) * (this.#one[start + i]! - this.#zero[start + i]!) * value;
      return;
    }
    const { children, columns } = this.#forest;
    const asked = columns[child]!;
    let last = length;
    let zeroBefore = 1;
    let oneBefore = 1;
    for (let i = 1; i <= length; i++) {
      if (this.#columns[start + i] !== asked) continue;
      zeroBefore = this.#zero[start + i]!;
      oneBefore = this.#one[start + i]!;
      this.#unwind(start, length, i);
      last--;
      break;
    }
    const taken = childOf(this.#forest, this.#row, child);
    for (const side of [0, 1]) {
      const next = children[2 * child + side]!;
      const share = this.#shares[2 * child + side]!;
      this.#walk(next, start, last + 1, share * zeroBefore, next === taken ? oneBefore : 0, asked);
    }
  }

  #copy(from: number, to: number, length: number): void {
    this.#columns.copyWithin(to, from, from + length);
    this.#zero.copyWithin(to, from, from + length);
    this.#one.copyWithin(to, from, from + length);
    this.#weight.copyWithin(to, from, from + length);
  }

  #extend(start: number, length: number, zero: number, one: number, column: number): void {
    const weight = this.#weight;
    this.#columns[start + length] = column;
    this.#zero[start + length] = zero;
    this.#one[start + length] = one;
    weight[start + length] = length === 0 ? 1 : 0;
    for (let i = length - 1; i >= 0; i--) {
      weight[start + i + 1]! += (one * weight[start + i]! * (i + 1)) / (length + 1);
      weight[start + i] = (zero * weight[start + i]! * (length - i)) / (length + 1);
    }
  }

  /** Takes the path's element `index` out again. */
  #unwind(start: number, length: number, index: number): void {
    const weight = this.#weight;
    const zero = this.#zero[start + index]!;
    const one = this.#one[start + index]!;
    let next = weight[start + length]!;
    for (let i = length - 1; i >= 0; i--) {
      const kept = weight[start + i]!;
      if (one === 0) weight[start + i] = (kept * (length + 1)) / (zero * (length - i));
      else {
        weight[start + i] = (next * (length + 1)) / ((i + 1) * one);
        next = kept - (weight[start + i]! * zero * (length - i)) / (length + 1);
      }
    }
    const from = start + index + 1;
    const to = start + length + 1;
    this.#columns.copyWithin(from - 1, from, to);
    this.#zero.copyWithin(from - 1, from, to);
    this.#one.copyWithin(from - 1, from, to);
  }

  /** Sum of the weights of the path without its element `index`. */
  #unwoundSum(start: number, length: number, index: number): number {
    const zero = this.#zero[start + index]!;
    const one = this.#one[start + index]!;
    let next = this.#weight[start + length]!;
    let sum = 0;
    for (let i = length - 1; i >= 0; i--) {
      const weight = this.#weight[start + i]!;
      if (one === 0) sum += (weight * (length + 1)) / (zero * (length - i));
      else {
        const part = (next * (length + 1)) / ((i + 1) * one);
        sum += part;
        next = weight - (part * zero * (length - i)) / (length + 1);
      }
    }
    return sum;
  }
}

function depthOf(forest: Forest, child: number): number {
  if (child < 0) return 0;
  const { children } = forest;
  return 1 + Math.max(depthOf(forest, children[2 * child]!), depthOf(forest, children[2 * child + 1]!));
}
