/** What one repeat of each case is, by the same names in every contender. */
export const work = {
  "read one entity a call": { count: 1000, unit: "entities" },
  "read 100 entities a call": { count: 10_000, unit: "entities" },
  "read one entity a call, with windows over 24 rows": { count: 1000, unit: "entities" },
  "write one row a call": { count: 1000, unit: "rows" },
  "write 1,000 rows a call": { count: 20_000, unit: "rows" },
};

export const entities = 1000;
/** 2026-01-01T00:00Z. */
export const start = 1_767_225_600_000_000n;
export const hour = 3_600_000_000n;
