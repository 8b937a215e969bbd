import { type Frequency, formatInstant, type Interval, subtractDuration } from "@tsops/core";
import { type QualityFinding, rowCounter } from "./finding.ts";

/** The rows of one series, by time; equal times in the order of the table. */
export interface TimedRows {
  /** Key for people; "" when there is only one series. */
  readonly name: string;
  readonly rows: Int32Array;
  readonly times: BigInt64Array;
  /** Revision of each row, where the table has one: rows that differ in it are no duplicates. */
  readonly revision: (row: number) => bigint | null;
}

/** How instants are written in findings. */
export type WriteInstant = (micros: bigint) => string;

/** Writes instants in a zone's clock. */
export function instantWriter(zone: string): WriteInstant {
  return (micros) => formatInstant(micros, { zone });
}

/** Rows that repeat key, time and revision of another. */
export function duplicateRows(series: readonly TimedRows[], column: string): QualityFinding | null {
  const found = rowCounter();
  for (const { rows, times, revision } of series) {
    let seen = new Set<bigint | null>();
    for (let i = 0; i < rows.length; i++) {
      if (i === 0 || times[i] !== times[i - 1]) seen = new Set();
      const known = revision(rows[i] as number);
      if (seen.has(known)) found.add(rows[i] as number);
      seen.add(known);
    }
  }
  return found.count === 0
    ? null
    : {
        check: "duplicates",
        column,
        severity: "error",
        count: found.count,
        rows: found.rows,
        sentence: `${found.count} rows repeat the key and ${column} of another row.`,
      };
}

/** Rows that stand after a later one of their series. */
export function unsortedRows(series: readonly TimedRows[], column: string): QualityFinding | null {
  const found = rowCounter();
  for (const { rows, times } of series) {
    const timeOf = new Map(Array.from(rows, (row, i) => [row, times[i] as bigint]));
    let latest: bigint | null = null;
    for (const row of Int32Array.from(rows).sort()) {
      const time = timeOf.get(row) as bigint;
      if (latest !== null && time < latest) found.add(row);
      else latest = time;
    }
  }
  return found.count === 0
    ? null
    : {
        check: "unsorted",
        column,
        severity: "info",
        count: found.count,
        rows: found.rows,
        sentence: `${found.count} rows come after a later one of their series. Nothing in tsops minds, other tools may.`,
      };
}

/** Rows whose time is not the start of a step. */
export function offGridRows(
  series: readonly TimedRows[],
  column: string,
  grid: Frequency,
): QualityFinding | null {
  const found = rowCounter();
  for (const { rows, times } of series)
    for (let i = 0; i < rows.length; i++)
      if (!grid.isOnGrid(times[i] as bigint)) found.add(rows[i] as number);
  return found.count === 0
    ? null
    : {
        check: "off_grid",
        column,
        severity: "warning",
        count: found.count,
        rows: found.rows,
        sentence: `${column} of ${found.count} rows is not the start of a ${grid.text} in ${grid.zone}.`,
      };
}

/**
 * Steps without a row, within each series or, when the interval is told, in it.
 * @returns Null without any. `rows` are the rows before the gaps.
 */
export function gapsBetween(
  series: readonly TimedRows[],
  column: string,
  grid: Frequency,
  within: Interval | undefined,
  write: WriteInstant,
): QualityFinding | null {
  const before = rowCounter();
  let steps = 0;
  let longest = { steps: 0, from: 0n, name: "" };
  const note = (row: number | null, from: number, to: number, name: string): void => {
    if (to <= from) return;
    steps += to - from;
    if (row === null) before.count++;
    else before.add(row);
    if (to - from > longest.steps) longest = { steps: to - from, from: grid.instantAt(from), name };
  };
  for (const { name, rows, times } of series) {
    const cells = grid.indexesOf(times);
    let next = within === undefined ? (cells[0] ?? 0) : firstCell(grid, within.start);
    let row: number | null = null;
    for (let i = 0; i < rows.length; i++) {
      const cell = cells[i] as number;
      if (within !== undefined && (times[i] as bigint) >= within.end) break;
      if (cell >= next) {
        note(row, next, cell, name);
        next = cell + 1;
      }
      row = rows[i] as number;
    }
    if (within !== undefined) note(row, next, firstCell(grid, within.end), name);
  }
  return steps === 0
    ? null
    : {
        check: "gaps",
        column,
        severity: "warning",
        count: steps,
        rows: before.rows,
        sentence: `${steps} steps of ${grid.text} have no row, in ${before.count} gaps; the longest has ${longest.steps} from ${write(longest.from)}${longest.name}.`,
      };
}

/** Series whose latest row is older than `maxAge`. */
export function staleSeries(
  series: readonly TimedRows[],
  column: string,
  { now, maxAge, zone }: { readonly now: bigint; readonly maxAge: string; readonly zone: string },
  write: WriteInstant,
): QualityFinding | null {
  const oldest = subtractDuration(now, maxAge, zone);
  const found = rowCounter();
  let stalest: { time: bigint; name: string } | null = null;
  for (const { name, rows, times } of series) {
    const time = times.at(-1);
    if (time === undefined || time >= oldest) continue;
    found.add(rows.at(-1) as number);
    if (stalest === null || time < stalest.time) stalest = { time, name };
  }
  return stalest === null
    ? null
    : {
        check: "staleness",
        column,
        severity: "error",
        count: found.count,
        rows: found.rows,
        sentence: `${found.count} of ${series.length} series have nothing newer than ${maxAge} before ${write(now)}; the oldest ends at ${write(stalest.time)}${stalest.name}.`,
      };
}

/** Rows whose time is after now. */
export function futureRows(
  series: readonly TimedRows[],
  column: string,
  now: bigint,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  let latest = now;
  for (const { rows, times } of series)
    for (let i = 0; i < rows.length; i++) {
      const time = times[i] as bigint;
      if (time <= now) continue;
      found.add(rows[i] as number);
      if (time > latest) latest = time;
    }
  return found.count === 0
    ? null
    : {
        check: "future",
        column,
        severity: "error",
        count: found.count,
        rows: found.rows,
        sentence: `${column} of ${found.count} rows is after ${write(now)}, up to ${write(latest)}: a clock or a zone is wrong.`,
      };
}

function firstCell(grid: Frequency, instant: bigint): number {
  const cell = grid.indexOf(instant);
  return grid.instantAt(cell) === instant ? cell : cell + 1;
}
