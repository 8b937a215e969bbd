import { columnsFromArrays, float64, int64, nullable, table, timestamp, utf8 } from "@tsops/core";

/** Rows of the large table, rows of a small append, and how many of these there are. */
export const size = { large: 2_000_000, small: 24, appends: 300 };

/** What one repeat of each case is. The peer has the same names. */
export const work = {
  "append 2,000,000 rows": { count: size.large, unit: "rows" },
  "read 2,000,000 rows": { count: size.large, unit: "rows" },
  "append 24 rows, 300 times": { count: size.appends, unit: "appends" },
  "open and read 300 files of 24 rows": { count: size.small * size.appends, unit: "rows" },
  "compact 300 files of 24 rows": { count: size.appends, unit: "files" },
};

/** Readings of a thousand meters; a tenth of one column is null. */
export const meters = table({
  name: "meters",
  columns: { meter: utf8(), at: timestamp(), a: float64(), b: nullable(float64()), c: int64() },
  keys: ["meter"],
  eventTime: "at",
});

/** The rows from `start` on. */
export function meterRows(length: number, start = 0) {
  return columnsFromArrays(meters.columns, {
    meter: Array.from({ length }, (_, i) => `meter ${i % 1000}`),
    at: BigInt64Array.from({ length }, (_, i) => BigInt(start + i) * 1_000_000n),
    a: Float64Array.from({ length }, (_, i) => i / 7),
    b: Array.from({ length }, (_, i) => (i % 10 === 0 ? null : i / 3)),
    c: BigInt64Array.from({ length }, (_, i) => BigInt(i)),
  });
}
