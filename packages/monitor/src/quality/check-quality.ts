import {
  type Column,
  type Columns,
  checkColumns,
  checkList,
  checkOptions,
  type Frequency,
  formatDuration,
  type Interval,
  isValid,
  parseFrequency,
  shown,
  type Table,
  TsopsError,
  toMicros,
} from "@tsops/core";
import { checkMicros } from "../micros.ts";
import { clockJumps } from "./clock-check.ts";
import {
  missingValues,
  nonFiniteValues,
  outOfRange,
  type RowsToCheck,
  type ToleratedNulls,
  type ValueRange,
} from "./column-checks.ts";
import { daylightSaving } from "./daylight-saving.ts";
import { type QualityFinding, sortFindings } from "./finding.ts";
import { otherFrequency } from "./frequency-check.ts";
import { frozenByRules, frozenFor, frozenUnusually } from "./frozen-values.ts";
import { keyDifferences, stoppedKeys, twinKeys } from "./key-checks.ts";
import { numberColumn } from "./number-series.ts";
import { columnNamed, type Roles, rolesOf } from "./roles.ts";
import { rounderValues } from "./rounding-check.ts";
import { checkRules, type QualityRules } from "./rules.ts";
import { checkRoles, schemaDifferences } from "./schema-checks.ts";
import { isNumeric } from "./series.ts";
import {
  duplicateRows,
  futureRows,
  gapsBetween,
  instantWriter,
  offGridRows,
  staleSeries,
  unsortedRows,
} from "./series-checks.ts";
import { newTexts } from "./text-checks.ts";
import { otherUnits } from "./unit-check.ts";
import {
  flippedSigns,
  saturatedValues,
  sentinelValues,
  unusualChanges,
  unusualValues,
} from "./value-checks.ts";
import { movedDays } from "./zone-jump.ts";

/** What is expected of the rows: as rules that were learnt of a reference, as told, or both, where what is told counts. */
export interface QualityOptions {
  /**
   * Says which columns are keys and times. With `availableAt`, rows that differ in it are revisions, no duplicates. Default: that of the
   * rules; without rules it has to be told.
   */
  readonly table?: Pick<Table, "keys" | "eventTime" | "availableAt">;
  /** What `learnQuality` learnt of a reference. */
  readonly rules?: QualityRules;
  /** The grid on which each series should have a row: finds gaps and times between the steps. Default: that of the rules. */
  readonly frequency?: string;
  /** Zone in which days and months are counted and instants are written. Default: that of the rules, else `"UTC"`. */
  readonly zone?: string;
  /** The interval [start, end) that should be complete. Default: from the first to the last row of each series. */
  readonly interval?: Interval;
  /** The present: finds rows after it and stale series. */
  readonly now?: bigint;
  /** A series whose latest row is older than this is stale, e.g. `"25h"`. Default: what the rules say, else three steps of the frequency. */
  readonly maxAge?: string;
  /** How hints name the options, for a command that has names of its own. */
  readonly optionNames?: { readonly maxAge: string };
  /** Rows after now are no finding, as in a table of plans or weather forecasts. Default false. */
  readonly allowFuture?: boolean;
  /** What values can be, by column: `{ users: { min: 0, max: 5000 }, sky: { oneOf: ["clear", "rain"] } }`. */
  readonly ranges?: Readonly<Record<string, ValueRange>>;
  /**
   * Finds values that stand still. By column: how long one value may last from its first row to its last, e.g. `{ users: "6h" }`, or false.
   * Columns that are not named, if they are float64 or int64, are held against the rules; without rules against themselves: a value other than 0 in
   * 12 rows or more, three times as many as chance makes of how often the column repeats itself. `false` turns it off for all.
   */
  readonly frozen?: false | Readonly<Record<string, string | false>>;
  /** Columns in which a null is an error, besides keys and event time. Default: those that are not nullable. */
  readonly required?: readonly string[];
  /** Share of nulls beyond which other columns get a warning instead of an info; for all or by column. Default: that of the rules, else 0.1. */
  readonly maxMissing?: number | Readonly<Record<string, number>>;
}

/** Everything that the checks look at. */
interface Checking extends RowsToCheck {
  readonly roles: Roles;
  readonly options: QualityOptions;
  readonly rules: QualityRules | null;
  readonly zone: string;
  readonly grid: Frequency | null;
}

/**
 * What is wrong with the rows of a table, errors first. Without rules, what the rows say of themselves: missing, non-finite and frozen values,
 * numbers that stand for no value, units, clocks and zones that change in between, values far from all others, duplicates, disorder, series that
 * stop. With a frequency also gaps, with `now` stale series and rows from the future, with ranges what lies outside. With the rules of a
 * reference (`learnQuality`) also schema, keys, texts, range, rate of change, sign, saturation and rounding. An empty list is good news.
 * A pure function: it changes nothing and refuses no row. The same rows give the same findings; but for `unsorted` and `clock_jump`, and the numbers
 * of the rows, their order does not matter. O(n log n).
 * @throws TsopsError MONITOR_INVALID, COLUMN_NOT_FOUND, SCHEMA_MISMATCH (a range or role that does not fit its column, rules of other keys),
 * FREQUENCY_INVALID, DURATION_INVALID
 * @example checkQuality(rows, { table: demand, frequency: "1h", zone: "-05:00", ranges: { users: { min: 0 } } });
 * @example checkQuality(today, { rules: learnQuality(lastMonth, { table: demand }), now });
 */
export function checkQuality(columns: Columns, options: QualityOptions): QualityFinding[] {
  const checking = prepare(columns, options);
  const { rules, write, grid } = checking;
  const { series, keyTexts, table } = checking.roles;
  const time = table.eventTime;
  const names = Object.keys(columns.types);
  const { keys } = table;
  const keyColumn = keys.length === 1 ? (keys[0] as string) : time;
  const jumps = clockJumps(series, time, grid, write);
  return sortFindings([
    columns.length === 0 ? emptyTable : null,
    ...(rules === null ? [] : schemaDifferences(columns, rules)),
    ...names.map((name) => missingValues(checking, name, toleratedNulls(checking, name))),
    ...names.map((name) => nonFiniteValues(checking, name, rules?.columns[name]?.nonFinite ?? null)),
    ...Object.entries(options.ranges ?? {}).map(([name, range]) => outOfRange(checking, name, range)),
    ...names.flatMap((name) => valueFindings(checking, name)),
    ...names.map((name) => frozenValues(checking, name)),
    ...(rules === null ? [] : keyDifferences(series, keyTexts, rules, keyColumn, write)),
    twinKeys(series, keyColumn, write),
    stoppedKeys(series, keyColumn, grid, write),
    duplicateRows(series, time, sameRows(columns), write),
    unsortedRows(series, time, write),
    ...timeFindings(checking, jumps),
  ]);
}

/** @throws TsopsError for options that make no sense */
function prepare(columns: Columns, options: QualityOptions): Checking {
  checkColumns("MONITOR_INVALID", "checkQuality()", columns);
  checkOptions("MONITOR_INVALID", "checkQuality()", options, {
    table: true,
    rules: true,
    frequency: true,
    zone: true,
    interval: true,
    now: true,
    maxAge: true,
    optionNames: true,
    allowFuture: true,
    ranges: true,
    required: true,
    maxMissing: true,
    frozen: true,
  });
  const rules = options.rules ?? null;
  if (rules !== null) checkRules(rules);
  if (options.now !== undefined) checkMicros("now", options.now);
  if (options.required !== undefined) checkList("MONITOR_INVALID", "required", options.required);
  const table = options.table ?? tableOf(rules);
  if (rules !== null) checkRoles(table, rules);
  const zone = options.zone ?? rules?.zone ?? "UTC";
  const roles = rolesOf(columns, table);
  for (const [name, range] of Object.entries(options.ranges ?? {})) assertRange(columns, name, range);
  for (const name of options.required ?? []) columnNamed(columns, name);
  for (const name of Object.keys(options.frozen || {})) columnNamed(columns, name);
  const { time } = roles;
  return {
    columns,
    roles,
    options,
    rules,
    zone,
    timeOf: (row) => (isValid(time.valid, row) ? (time.values[row] as bigint) : null),
    write: instantWriter(zone),
    grid: gridOf(options, rules, zone),
  };
}

function tableOf(rules: QualityRules | null): Roles["table"] {
  if (rules === null)
    throw new TsopsError(
      "MONITOR_INVALID",
      "Neither `table` nor `rules` say which columns are keys and time.",
      {
        hint: 'Give table: { keys: ["site"], eventTime: "at" }, or rules of learnQuality().',
      },
    );
  const { keys, eventTime, availableAt } = rules;
  return { keys, eventTime, ...(availableAt === null ? {} : { availableAt }) };
}

function gridOf({ frequency }: QualityOptions, rules: QualityRules | null, zone: string): Frequency | null {
  if (frequency !== undefined) return parseFrequency(frequency, { zone });
  if (rules === null || rules.frequency === null) return null;
  return parseFrequency(rules.frequency, {
    zone,
    ...(rules.origin === null ? {} : { origin: toMicros(rules.origin) }),
  });
}

const emptyTable: QualityFinding = {
  check: "empty",
  column: null,
  key: null,
  severity: "error",
  reason: "there is nothing to work with",
  count: 0,
  rows: [],
  from: null,
  to: null,
  sentence: "The table has no rows.",
  cause: "The query or the file found nothing: a filter, a path, or a job that did not run.",
  hint: "Look at where the rows are read.",
};

function toleratedNulls({ columns, roles, options, rules }: Checking, name: string): ToleratedNulls {
  const { table } = roles;
  const { maxMissing, required } = options;
  const learnt = rules?.columns[name]?.missing ?? null;
  const told =
    typeof maxMissing === "object" && Object.hasOwn(maxMissing, name) ? maxMissing[name] : maxMissing;
  const isNeeded =
    table.keys.includes(name) ||
    name === table.eventTime ||
    (required?.includes(name) ?? columns.types[name]?.nullable !== true);
  return {
    most: typeof told === "number" ? told : (learnt?.most ?? 0.1),
    usual: typeof told === "number" ? null : (learnt?.usual ?? null),
    isNeeded,
  };
}

/** What is wrong with the values of one column. Each check leaves those out that one before it has explained. */
function valueFindings(checking: Checking, name: string): readonly (QualityFinding | null)[] {
  const { columns, roles, rules, options, zone, write, timeOf } = checking;
  const { table, series } = roles;
  const column = columns.data[name] as Column;
  const learnt = rules?.columns[name] ?? null;
  if (table.keys.includes(name) || (rules !== null && learnt === null)) return [];
  if (column.kind === "utf8")
    return [learnt?.texts ? newTexts(columns, name, learnt.texts, timeOf, write) : null];
  if (!isNumeric(column) || (rules !== null && learnt?.numbers == null)) return [];
  const numbers = numberColumn(columns, name, series, rules, write);
  const isRanged = Object.hasOwn(options.ranges ?? {}, name);
  return [
    sentinelValues(numbers),
    flippedSigns(numbers),
    movedDays(numbers, zone),
    ...otherUnits(numbers),
    ...saturatedValues(numbers),
    rounderValues(numbers),
    isRanged ? null : unusualValues(numbers),
    unusualChanges(numbers),
  ];
}

function frozenValues(
  { columns, roles, options, rules, zone, write }: Checking,
  name: string,
): QualityFinding | null {
  const { series, table } = roles;
  const { frozen = {} } = options;
  if (frozen === false || table.keys.includes(name)) return null;
  const least = Object.hasOwn(frozen, name) ? frozen[name] : undefined;
  if (least === false) return null;
  if (least !== undefined) return frozenFor(columns, name, series, { least, zone }, write);
  const numbers = rules?.columns[name]?.numbers;
  return numbers != null && isNumeric(columns.data[name] as Column)
    ? frozenByRules(columns, name, series, numbers, write)
    : frozenUnusually(columns, name, series, write);
}

function timeFindings(
  { roles, options, rules, grid, zone, write }: Checking,
  jumps: readonly (QualityFinding | null)[],
): readonly (QualityFinding | null)[] {
  const { series, table } = roles;
  const time = table.eventTime;
  const { now, interval } = options;
  const [besideGrid] = jumps;
  const maxAge = options.maxAge ?? rules?.maxAge ?? (grid === null ? null : threeSteps(grid));
  const isTold = options.maxAge !== undefined;
  return [
    ...jumps,
    daylightSaving(series, time, zone, write),
    // Rows of a clock that was moved are beside the grid for that reason.
    grid === null || besideGrid != null ? null : offGridRows(series, time, grid, write),
    grid === null ? null : otherFrequency(series, time, grid, write),
    grid === null ? null : gapsBetween(series, time, grid, interval, write),
    now === undefined || maxAge === null
      ? null
      : staleSeries(
          series,
          time,
          { now, maxAge, maxAgeName: options.optionNames?.maxAge ?? "maxAge", isTold, zone },
          write,
        ),
    now === undefined || options.allowFuture === true ? null : futureRows(series, time, now, write),
  ];
}

function threeSteps({ kind, step }: Frequency): string {
  if (kind === "fixed") return formatDuration(3n * step);
  return kind === "days" ? `${3n * step}d` : `${3n * step}mo`;
}

/** Whether two rows have the same values in all columns. */
function sameRows(columns: Columns): (row: number, other: number) => boolean {
  const all = Object.values(columns.data) as Column[];
  return (row, other) =>
    all.every((column) => {
      const isHere = isValid(column.valid, row);
      if (!isHere || !isValid(column.valid, other)) return isHere === isValid(column.valid, other);
      return column.kind === "utf8"
        ? column.codes[row] === column.codes[other]
        : Object.is(column.values[row], column.values[other]);
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
