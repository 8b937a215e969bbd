import { columnsFromArrays, float64, nullable, table, timestamp, utf8 } from "@tsops/core";

/** Rows of the table. */
export const rows = 2_000_000;

/** The cases, the same for all contenders. */
export const out = "rows out, by (event time, keys)";
export const into = "rows in, logged and indexed";

/** What one repeat of each case is. */
export const work = { [out]: { count: rows, unit: "rows" }, [into]: { count: rows, unit: "rows" } };

/** Readings of a thousand meters, a minute apart. */
export const readings = table({
  name: "readings",
  columns: { meter: utf8(), at: timestamp(), a: float64(), b: nullable(float64()) },
  keys: ["meter"],
  eventTime: "at",
});

/** All rows, in the order of a scan. */
export function allReadings() {
  const meters = Array.from({ length: 1000 }, (_, i) => `meter ${i}`).sort();
  return columnsFromArrays(readings.columns, {
    meter: {
      kind: "utf8",
      codes: Int32Array.from({ length: rows }, (_, i) => i % 1000),
      dictionary: meters,
      valid: null,
    },
    at: BigInt64Array.from(
      { length: rows },
      (_, i) => 1_704_067_200_000_000n + BigInt(Math.floor(i / 1000)) * 60_000_000n,
    ),
    a: Float64Array.from({ length: rows }, (_, i) => i / 7),
    b: Array.from({ length: rows }, (_, i) => (i % 10 === 0 ? null : i / 3)),
  });
}
