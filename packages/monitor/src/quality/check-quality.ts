import {
  type Column,
  type Columns,
  durationMicros,
  formatInstant,
  isValid,
  parseFrequency,
  type Table,
  TsopsError,
} from "@tsops/core";
import type { QualityCheck, QualityFinding, QualitySeverity } from "./finding.ts";
import { type SeriesRows, seriesRows } from "./series-rows.ts";

/** What is expected of the rows. */
export interface QualityOptions {
  /** Names keys and event time. */
  readonly table: Pick<Table, "name" | "keys" | "eventTime">;
  /** The grid on which each series should have a row: finds gaps. Absent: the series are irregular. */
  readonly frequency?: string;
  /** Zone or offset of the grid. Default `"UTC"`. */
  readonly zone?: string;
  /** The present, microseconds UTC: finds rows of the future and, with `maxAge`, stale series. */
  readonly now?: bigint;
  /** A series whose newest row is older than this is stale, e.g. `"2h"`. */
  readonly maxAge?: string;
  /** Least and greatest values that make sense, by column. */
  readonly ranges?: Readonly<Record<string, readonly [least: number, greatest: number]>>;
  /** Columns in which no value may be missing. Default: those that are not nullable; nulls elsewhere are `info`. */
  readonly required?: readonly string[];
}

const listed = 5;

/**
 * Looks for what is wrong with rows: missing and non-finite values, values out of range, duplicates, rows out of order, gaps, stale
 * series, rows of the future. A pure function: it changes nothing and refuses nothing, the findings say what to do about.
 * Rows of several series are told apart by the table's keys. O(n log n).
 * @returns Findings, errors first; none when all checks passed.
 * @throws TsopsError COLUMN_NOT_FOUND, MONITOR_INVALID (event time is no timestamp), FREQUENCY_INVALID, DURATION_INVALID
 */
export function checkQuality(columns: Columns, options: QualityOptions): QualityFinding[] {
  const { table } = options;
  for (const name of [
    table.eventTime,
    ...table.keys,
    ...Object.keys(options.ranges ?? {}),
    ...(options.required ?? []),
  ])
    if (!Object.hasOwn(columns.types, name))
      throw new TsopsError("COLUMN_NOT_FOUND", `The rows have no column "${name}".`, {
        hint: `They have ${Object.keys(columns.types).join(", ")}.`,
      });
  if (columns.length === 0)
    return [finding("empty", null, "error", [], 0, `There are no rows of ${table.name}.`)];
  const findings = Object.entries(columns.data).flatMap(([name, column]) =>
    columnFindings(name, column, columns, options),
  );
  const series = seriesRows(columns, table.keys, table.eventTime);
  findings.push(...orderFindings(series, columns, options));
  const rank: Record<QualitySeverity, number> = { error: 0, warning: 1, info: 2 };
  return findings.sort((a, b) => rank[a.severity] - rank[b.severity]);
}

function columnFindings(
  name: string,
  column: Column,
  { length, types }: Columns,
  { ranges = {}, required }: QualityOptions,
): QualityFinding[] {
  const findings: QualityFinding[] = [];
  const rowsWhere = (isBad: (row: number) => boolean) =>
    Array.from({ length }, (_, row) => row).filter((row) => isBad(row));
  const isPresent = (row: number) => isValid(column.valid, row);

  const missing = rowsWhere((row) => !isPresent(row));
  if (missing.length > 0) {
    const isRequired = required?.includes(name) ?? types[name]?.nullable !== true;
    findings.push(
      finding(
        "missing",
        name,
        isRequired ? "error" : "info",
        missing,
        missing.length,
        `${name} is missing in ${missing.length} of ${length} rows (${share(missing.length, length)}).`,
      ),
    );
  }
  if (column.kind === "utf8" || column.kind === "bool") return findings;
  if (column.kind === "float64") {
    const odd = rowsWhere((row) => isPresent(row) && !Number.isFinite(column.values[row]));
    if (odd.length > 0)
      findings.push(
        finding(
          "non_finite",
          name,
          "error",
          odd,
          odd.length,
          `${name} is NaN or infinite in ${odd.length} of ${length} rows, first ${column.values[odd[0] as number]} in row ${odd[0]}.`,
        ),
      );
  }
  const range = ranges[name];
  if (range !== undefined) {
    const [least, greatest] = range;
    const outside = rowsWhere((row) => {
      const value = Number(column.values[row]);
      return isPresent(row) && (value < least || value > greatest);
    });
    if (outside.length > 0)
      findings.push(
        finding(
          "range",
          name,
          "error",
          outside,
          outside.length,
          `${name} lies outside ${least} .. ${greatest} in ${outside.length} of ${length} rows, first ${column.values[outside[0] as number]} in row ${outside[0]}.`,
        ),
      );
  }
  return findings;
}

function orderFindings(
  series: readonly SeriesRows[],
  { length }: Columns,
  { table, frequency, zone, now, maxAge }: QualityOptions,
): QualityFinding[] {
  const grid = frequency === undefined ? null : parseFrequency(frequency, zone === undefined ? {} : { zone });
  const age = maxAge === undefined ? null : durationMicros(maxAge);
  const unsorted: number[] = [];
  const duplicates: number[] = [];
  const future: number[] = [];
  const beforeGap: number[] = [];
  const stale: { name: string; row: number; last: bigint }[] = [];
  let missingSteps = 0;
  for (const { name, rows, times } of series) {
    rows.forEach((row, i) => {
      const time = times[i] as bigint;
      if (now !== undefined && time > now) future.push(row);
      if (i === 0) return;
      const previous = times[i - 1] as bigint;
      if ((rows[i - 1] as number) > row) unsorted.push(row);
      if (time === previous) duplicates.push(row);
      else if (grid !== null) {
        const steps = grid.count(previous, time) - 1;
        if (steps > 0) {
          missingSteps += steps;
          beforeGap.push(rows[i - 1] as number);
        }
      }
    });
    const last = times.at(-1);
    if (last !== undefined && now !== undefined && age !== null && now - last > age)
      stale.push({ name, row: rows.at(-1) as number, last });
  }
  const findings: QualityFinding[] = [];
  const add = (
    check: QualityCheck,
    severity: QualitySeverity,
    rows: readonly number[],
    count: number,
    sentence: string,
  ) => {
    if (rows.length > 0) findings.push(finding(check, table.eventTime, severity, rows, count, sentence));
  };
  add(
    "duplicates",
    "error",
    duplicates,
    duplicates.length,
    `${duplicates.length} of ${length} rows repeat the key and time of another row, first in row ${duplicates[0]}.`,
  );
  add(
    "future",
    "error",
    future,
    future.length,
    `${future.length} of ${length} rows lie after ${now === undefined ? "" : formatInstant(now)}: a clock or a zone is wrong.`,
  );
  add(
    "gaps",
    "warning",
    beforeGap,
    missingSteps,
    `${missingSteps} steps of ${frequency} have no row, in ${beforeGap.length} gaps, the first after row ${beforeGap[0]}.`,
  );
  add(
    "staleness",
    "warning",
    stale.map(({ row }) => row),
    stale.length,
    `${stale.length} of ${series.length} series have no row for more than ${maxAge}, first ${stale[0]?.name} since ${formatInstant(stale[0]?.last ?? 0n)}.`,
  );
  add(
    "unsorted",
    "info",
    unsorted,
    unsorted.length,
    `${unsorted.length} of ${length} rows come after a later row of their series, first row ${unsorted[0]}.`,
  );
  return findings;
}

function finding(
  check: QualityCheck,
  column: string | null,
  severity: QualitySeverity,
  rows: readonly number[],
  count: number,
  sentence: string,
): QualityFinding {
  return { check, column, severity, count, rows: rows.slice(0, listed), sentence };
}

function share(part: number, whole: number): string {
  return `${Number(((100 * part) / whole).toPrecision(3))} %`;
}
