import { panel } from "../src/forecast/panel/build-panel.ts";
import { float64, nullable, timestamp } from "../src/schema/column-type.ts";
import type { Columns } from "../src/schema/columns.ts";
import { columnsFromArrays } from "../src/schema/from-arrays.ts";

/** Hourly rows `at`, `y` of one series, the first of them `from` hours after 1970. */
export function hourlyRows(y: readonly (number | null)[], from = 0): Columns {
  return columnsFromArrays(
    { at: timestamp(), y: nullable(float64()) },
    { at: BigInt64Array.from(y, (_, i) => 3_600_000_000n * BigInt(from + i)), y },
  ) as Columns;
}

/** The same from 1970 on, as a panel. */
export function hourlyPanel(y: readonly (number | null)[]) {
  return panel(hourlyRows(y), { time: "at", target: "y", frequency: "1h" });
}
