import { bool, type Columns, columnsFromArrays, float64, parseFrequency, timestamp, utf8 } from "@tsops/core";
import type { Process } from "./processes.ts";

/** A Monday and the first of a month. */
const start = 1_704_067_200_000_000n; // 2024-01-01T00:00Z

/** Instants of so many rows. */
export const timesOf = (step: string, rows: number): BigInt64Array => parseFrequency(step).range(start, rows);

/** Rows of a simulated series as columns `at` and `y`. */
export function columnsOf(
  at: BigInt64Array,
  values: ReturnType<Process["make"]>,
  from: number,
  to: number,
): Columns {
  const times = at.slice(from, to);
  const y = values.slice(from, to);
  if (y instanceof Float64Array)
    return columnsFromArrays({ at: timestamp(), y: float64() }, { at: times, y });
  return typeof y.find((value) => value !== null) === "boolean"
    ? columnsFromArrays({ at: timestamp(), y: bool() }, { at: times, y: y as boolean[] })
    : columnsFromArrays({ at: timestamp(), y: utf8() }, { at: times, y: y as string[] });
}
