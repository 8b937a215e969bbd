import {
  type Column,
  type Columns,
  checkList,
  checkOptions,
  type Interval,
  isValid,
  parseFrequency,
  shown,
  type Table,
  type TimestampColumn,
  TsopsError,
} from "@tsops/core";
import { type KeyColumn, keyReader } from "../key-reader.ts";
import { checkMicros } from "../micros.ts";
import { missingValues, nonFiniteValues, outOfRange, type ValueRange } from "./column-checks.ts";
import type { QualityFinding } from "./finding.ts";
import { frozenFor, frozenUnusually } from "./frozen-values.ts";
import {
  duplicateRows,
  futureRows,
  gapsBetween,
  instantWriter,
  offGridRows,
  staleSeries,
  type TimedRows,
  unsortedRows,
  type WriteInstant,
} from "./series-checks.ts";

/** What is expected of the rows. Checks whose expectation is not told are not made. */
export interface QualityOptions {
  /** Says which columns are keys and times. With `availableAt`, rows that differ in it are revisions, no duplicates. */
  readonly table: Pick<Table, "keys" | "eventTime" | "availableAt">;
  /** The grid on which each series should have a row: finds gaps and times between the steps. */
  readonly frequency?: string;
  /** Zone in which days and months are counted and instants are written. Default `"UTC"`. */
  readonly zone?: string;
  /** The interval [start, end) that should be complete. Default: from the first to the last row of each series. */
  readonly interval?: Interval;
  /** The present: finds rows after it and, with `maxAge`, stale series. */
  readonly now?: bigint;
  /** A series whose latest row is older than this is stale, e.g. `"25h"`. */
  readonly maxAge?: string;
  /** Rows after now are no finding, as in a table of plans or weather forecasts. Default false. */
  readonly allowFuture?: boolean;
  /** What values can be, by column: `{ users: { min: 0, max: 5000 }, sky: { oneOf: ["clear", "rain"] } }`. */
  readonly ranges?: Readonly<Record<string, ValueRange>>;
  /**
   * Finds values that stand still. By column: how long one value may last from its first row to its last, e.g. `{ users: "6h" }`, or false.
   * Columns that are not named, if they are float64 or int64, are held against themselves: a value other than 0 in 12 rows or more, three times
   * as many as chance makes of how often the column repeats itself. `false` turns it off for all.
   */
  readonly frozen?: false | Readonly<Record<string, string | false>>;
  /** Columns in which a null is an error, besides keys and event time. Default: those that are not nullable. */
  readonly required?: readonly string[];
  /** Share of nulls beyond which other columns get a warning instead of an info; for all or by column. Default 0.1. */
  readonly maxMissing?: number | Readonly<Record<string, number>>;
}

/**
 * What is wrong with the rows of a table, errors first: missing, non-finite, out-of-range and frozen values, duplicates, disorder, gaps,
 * stale series, rows from the future. An empty list is good news. A pure function: it changes nothing and refuses no row.
 * Series are told apart by the table's keys. O(n log n).
 * @throws TsopsError MONITOR_INVALID, COLUMN_NOT_FOUND, SCHEMA_MISMATCH (a range or role that does not fit its column), FREQUENCY_INVALID, DURATION_INVALID
 * @example checkQuality(rows, { table: demand, frequency: "1h", zone: "-05:00", ranges: { users: { min: 0 } } });
 */
export function checkQuality(columns: Columns, options: QualityOptions): QualityFinding[] {
  checkOptions("MONITOR_INVALID", "checkQuality()", options, {
    table: true,
    frequency: true,
    zone: true,
    interval: true,
    now: true,
    maxAge: true,
    allowFuture: true,
    ranges: true,
    required: true,
    maxMissing: true,
    frozen: true,
  });
  if (options.now !== undefined) checkMicros("now", options.now);
  if (options.required !== undefined) checkList("MONITOR_INVALID", "required", options.required);
  const { table, zone = "UTC", now, maxAge, interval, ranges = {} } = options;
  const { eventTime } = table;
  const time = timeColumn(columns, eventTime);
  const keys = table.keys.map((name) => keyColumn(columns, name));
  for (const [name, range] of Object.entries(ranges)) assertRange(columns, name, range);
  for (const name of options.required ?? []) columnNamed(columns, name);
  for (const name of Object.keys(options.frozen || {})) columnNamed(columns, name);
  const names = Object.keys(columns.types);
  const required = options.required ?? names.filter((name) => columns.types[name]?.nullable !== true);
  const needed = new Set<string>([...table.keys, eventTime, ...required]);
  const series = seriesOf(columns, table, time, keys);
  const write = instantWriter(zone);
  const grid = options.frequency === undefined ? null : parseFrequency(options.frequency, { zone });
  const findings = [
    columns.length === 0 ? emptyTable : null,
    ...names.map((name) => missingValues(columns, name, toleratedShare(options, name), needed.has(name))),
    ...names.map((name) => nonFiniteValues(columns, name)),
    ...Object.entries(ranges).map(([name, range]) => outOfRange(columns, name, range)),
    ...names.map((name) => frozenValues(columns, name, series, options, write)),
    duplicateRows(series, eventTime),
    unsortedRows(series, eventTime),
    grid === null ? null : offGridRows(series, eventTime, grid),
    grid === null ? null : gapsBetween(series, eventTime, grid, interval, write),
    now === undefined || maxAge === undefined
      ? null
      : staleSeries(series, eventTime, { now, maxAge, zone }, write),
    now === undefined || options.allowFuture === true ? null : futureRows(series, eventTime, now, write),
  ];
  const order = { error: 0, warning: 1, info: 2 };
  return findings.filter((finding) => finding !== null).sort((a, b) => order[a.severity] - order[b.severity]);
}

const emptyTable: QualityFinding = {
  check: "empty",
  column: null,
  severity: "error",
  count: 0,
  rows: [],
  sentence: "The table has no rows.",
};

function frozenValues(
  columns: Columns,
  name: string,
  series: readonly TimedRows[],
  { frozen = {}, table, zone = "UTC" }: QualityOptions,
  write: WriteInstant,
): QualityFinding | null {
  if (frozen === false || table.keys.includes(name)) return null;
  const least = Object.hasOwn(frozen, name) ? frozen[name] : undefined;
  if (least === false) return null;
  return least === undefined
    ? frozenUnusually(columns, name, series, write)
    : frozenFor(columns, name, series, { least, zone }, write);
}

function toleratedShare({ maxMissing = 0.1 }: QualityOptions, name: string): number {
  if (typeof maxMissing === "number") return maxMissing;
  return Object.hasOwn(maxMissing, name) ? (maxMissing[name] as number) : 0.1;
}

/** The rows with key and time, by series and time. Without rows there is one empty series, whose gaps are the interval's. */
function seriesOf(
  columns: Columns,
  { keys: names, availableAt }: QualityOptions["table"],
  time: TimestampColumn,
  keys: readonly KeyColumn[],
): TimedRows[] {
  const known = availableAt === undefined ? null : timeColumn(columns, availableAt);
  const textOf = keyReader(names, keys);
  const byKey = new Map<string, number[]>();
  for (let row = 0; row < columns.length; row++) {
    if (!isValid(time.valid, row) || keys.some((key) => !isValid(key.valid, row))) continue;
    const text = textOf(row);
    const rows = byKey.get(text);
    if (rows === undefined) byKey.set(text, [row]);
    else rows.push(row);
  }
  if (byKey.size === 0) byKey.set("{}", []);
  return [...byKey].map(([text, rows]) => {
    const timeOf = (row: number) => time.values[row] as bigint;
    rows.sort((a, b) => (timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : a - b));
    return {
      name: byKey.size === 1 ? "" : ` of ${text}`,
      rows: Int32Array.from(rows),
      times: BigInt64Array.from(rows, timeOf),
      revision: (row) => (known !== null && isValid(known.valid, row) ? (known.values[row] as bigint) : null),
    };
  });
}

function columnNamed(columns: Columns, name: string): Column {
  const column = Object.hasOwn(columns.data, name) ? columns.data[name] : undefined;
  if (column === undefined)
    throw new TsopsError("COLUMN_NOT_FOUND", `There is no column "${name}" to check.`, {
      hint: `The columns are ${Object.keys(columns.types).join(", ")}.`,
    });
  return column;
}

function timeColumn(columns: Columns, name: string): TimestampColumn {
  const column = columnNamed(columns, name);
  if (column.kind === "timestamp") return column;
  throw new TsopsError("SCHEMA_MISMATCH", `The time column "${name}" is ${column.kind}.`, {
    hint: "A time is a timestamp.",
  });
}

function keyColumn(columns: Columns, name: string): KeyColumn {
  const column = columnNamed(columns, name);
  if (column.kind !== "float64") return column;
  throw new TsopsError("SCHEMA_MISMATCH", `The key column "${name}" is float64.`, {
    hint: "Keys are utf8, int64, bool or timestamp.",
  });
}

function assertRange(columns: Columns, name: string, range: ValueRange): void {
  const { kind } = columnNamed(columns, name);
  checkOptions(
    "MONITOR_INVALID",
    `The range of column "${name}"`,
    range as { min?: number; max?: number; oneOf?: unknown },
    {
      min: true,
      max: true,
      oneOf: true,
    },
  );
  if (!("oneOf" in range) && range.min !== undefined && range.max !== undefined && !(range.min <= range.max))
    throw new TsopsError(
      "MONITOR_INVALID",
      `The range of column "${name}" goes from ${shown(range.min)} to ${shown(range.max)}, so no value fits.`,
      { hint: "Swap min and max.", details: { column: name } },
    );
  const fits = "oneOf" in range ? kind === "utf8" : kind === "float64" || kind === "int64";
  if (!fits)
    throw new TsopsError("SCHEMA_MISMATCH", `The range of column "${name}" does not fit, as it is ${kind}.`, {
      hint: "Give min and max for float64 and int64 columns, { oneOf: [...] } for utf8.",
    });
}
