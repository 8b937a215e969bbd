import type { Column } from "../../schema/columns.ts";
import type { Instants } from "./instants.ts";

/**
 * Feature rows of one or many keys by position: the rows of a key are adjacent and ordered by (event time, available at
 * with null lowest, ingest sequence), so the later position wins among rows of one time.
 */
export interface OrderedRows {
  /** Event time by position. */
  readonly time: Instants;
  /** Available at by position, null rows after every instant; null when the join goes by event time only. */
  readonly available: Instants | null;
  /** Row of `columns` by position; null: the same number. */
  readonly row: Int32Array | null;
  readonly columns: Readonly<Record<string, Column>>;
  /** Makes `lastKnown` logarithmic; without it the rows are walked back one by one. */
  readonly availableIndex?: AvailableIndex;
}

/** Spine rows of one key and the feature rows they meet: positions [start, end) of `rows`. */
export interface KeyRows {
  readonly rows: OrderedRows;
  readonly start: number;
  readonly end: number;
  /** Row numbers of the spine. */
  readonly spineRows: Int32Array;
  /** `rows` as each last-non-null feature sees them (its null rows never known), by joined name; without it they are walked. */
  readonly nonNull?: ReadonlyMap<string, OrderedRows>;
}

/** First position in [start, end) whose time is at least `bound`, or `end`. */
export function firstAtOrAfter(time: Instants, start: number, end: number, bound: number | bigint): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] as number | bigint) < bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** First position in [start, end) whose time is after `bound`, or `end`. */
export function firstAfter(time: Instants, start: number, end: number, bound: number | bigint): number {
  let low = start;
  let high = end;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((time[middle] as number | bigint) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Last position in [start, end) that was available at `known`, or -1. */
export function lastKnown(rows: OrderedRows, start: number, end: number, known: number | bigint): number {
  const { available, availableIndex } = rows;
  if (available === null) return end > start ? end - 1 : -1;
  const walkTo = availableIndex === undefined ? start : Math.max(start, end - 8);
  for (let position = end - 1; position >= walkTo; position--)
    if ((available[position] as number | bigint) <= known) return position;
  return availableIndex === undefined || walkTo === start ? -1 : availableIndex.last(start, walkTo, known);
}

/** Finds the last of many rows that was available at some instant, in logarithmic time, however late rows came. */
export interface AvailableIndex {
  /** Last position in [start, end) that was available at `known`, or -1. */
  last(start: number, end: number, known: number | bigint): number;
}

/** A tree of minima over `available`: O(n) to build, 2n values. */
export function availableIndex(available: Instants): AvailableIndex {
  let leaves = 1;
  while (leaves < available.length) leaves *= 2;
  const tree = treeOf(available, leaves);
  return {
    last(start, end, known) {
      if (end <= start) return -1;
      let node = end - 1 + leaves;
      while ((tree[node] as number | bigint) > known) {
        // Up until a left neighbour exists, then to it: everything right of it was ruled out.
        while ((node & 1) === 0) node >>= 1;
        if (node === 1) return -1;
        node--;
      }
      while (node < leaves) node = (tree[2 * node + 1] as number | bigint) <= known ? 2 * node + 1 : 2 * node;
      const position = node - leaves;
      return position >= start ? position : -1;
    },
  };
}

function treeOf(available: Instants, leaves: number): Instants {
  if (available instanceof Float64Array) {
    const tree = new Float64Array(2 * leaves).fill(Number.POSITIVE_INFINITY);
    tree.set(available, leaves);
    for (let i = leaves - 1; i > 0; i--) tree[i] = Math.min(tree[2 * i] as number, tree[2 * i + 1] as number);
    return tree;
  }
  const tree = new BigInt64Array(2 * leaves).fill(2n ** 63n - 1n);
  tree.set(available, leaves);
  for (let i = leaves - 1; i > 0; i--) {
    const left = tree[2 * i] as bigint;
    const right = tree[2 * i + 1] as bigint;
    tree[i] = left < right ? left : right;
  }
  return tree;
}
