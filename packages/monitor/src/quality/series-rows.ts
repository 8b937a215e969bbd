import { type Columns, isValid, TsopsError } from "@tsops/core";

/** The rows of one series in order of time. Rows without a time are left out. */
export interface SeriesRows {
  /** Its key values, for people. */
  readonly name: string;
  readonly rows: readonly number[];
  /** Time of each of `rows`, microseconds UTC, ascending; equal times in order of the rows. */
  readonly times: readonly bigint[];
}

/** Rows by series, in order of their first rows. @throws TsopsError MONITOR_INVALID when the time is no timestamp. */
export function seriesRows(columns: Columns, keys: readonly string[], time: string): SeriesRows[] {
  const column = columns.data[time];
  if (column?.kind !== "timestamp")
    throw new TsopsError("MONITOR_INVALID", `The event time "${time}" is ${column?.kind}, not a timestamp.`);
  const bySeries = new Map<string, number[]>();
  for (let row = 0; row < columns.length; row++) {
    if (!isValid(column.valid, row)) continue;
    const name = keys.map((key) => `${key} ${keyText(columns, key, row)}`).join(", ");
    const rows = bySeries.get(name);
    if (rows === undefined) bySeries.set(name, [row]);
    else rows.push(row);
  }
  return [...bySeries].map(([name, rows]) => {
    const timeOf = (row: number) => column.values[row] as bigint;
    rows.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : a - b));
    return { name: name === "" ? "the series" : name, rows, times: rows.map(timeOf) };
  });
}

function keyText(columns: Columns, key: string, row: number): string {
  const column = columns.data[key];
  if (column === undefined || !isValid(column.valid, row)) return "null";
  return column.kind === "utf8"
    ? JSON.stringify(column.dictionary[column.codes[row] as number])
    : String(column.values[row]);
}
