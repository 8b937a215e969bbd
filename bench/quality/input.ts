/** Rows of the reference and of the rows that are checked, in so many series, with so many columns of numbers. */
export const [rows, sites, numbers] = [1_000_000, 50, 10];

/** What one repeat of each case is. */
export const work = {
  "learn rules": { count: rows, unit: "rows" },
  "check against rules": { count: rows, unit: "rows" },
  "check without rules": { count: rows, unit: "rows" },
};
