import type { CategoryCounts } from "../statistics/categories.ts";

/** Counts of the most frequent categories. */
export interface CategorySketch {
  /** A text and how many rows have it. */
  add(category: string, rows: number): void;
  merge(other: CategorySketch): void;
  /** Rows of each kept category: too low by `error` at most. */
  readonly counts: CategoryCounts;
  /** Rows by which a count may be too low; 0 while there are no more categories than there is room for. */
  readonly error: number;
}

/** Categories that are counted each. */
export const roomForCategories = 1_000;

/**
 * Counts categories exactly up to a thousand of them. Beyond, the least frequent ones make room, and the counts of all others become that much
 * less (a summary of Misra and Gries, which merges as it is: P. K. Agarwal et al. 2012, "Mergeable summaries", PODS): every category of more than
 * `error` rows is still there.
 */
export function categorySketch(counts: CategoryCounts = new Map(), lost = 0): CategorySketch {
  const own = new Map(counts);
  let error = lost;

  function shrink(): void {
    if (own.size <= roomForCategories) return;
    const least = Float64Array.from(own.values()).sort()[own.size - roomForCategories - 1] as number;
    error += least;
    for (const [category, rows] of own)
      if (rows > least) own.set(category, rows - least);
      else own.delete(category);
  }

  return {
    add(category, rows) {
      own.set(category, (own.get(category) ?? 0) + rows);
      // Making room costs as much as all categories: so not for each.
      if (own.size > 2 * roomForCategories) shrink();
    },
    merge(other) {
      for (const [category, rows] of other.counts) own.set(category, (own.get(category) ?? 0) + rows);
      error += other.error;
      shrink();
    },
    get counts() {
      shrink();
      return own;
    },
    get error() {
      shrink();
      return error;
    },
  };
}
