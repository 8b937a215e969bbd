/** What one repeat of each case is. */
export const work = {
  "metrics, one a call": { count: 500, unit: "metrics" },
  "metrics in batches of 1,000": { count: 20_000, unit: "metrics" },
};
