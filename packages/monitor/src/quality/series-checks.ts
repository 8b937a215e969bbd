import { type Frequency, formatInstant, type Interval, subtractDuration } from "@tsops/core";
import { counted, findingOf, type QualityFinding, rowCounter, type WriteInstant } from "./finding.ts";
import type { TimedRows } from "./series.ts";

/** Writes instants in a zone's clock. */
export function instantWriter(zone: string): WriteInstant {
  return (micros) => formatInstant(micros, { zone });
}

/** Rows that repeat key, time and revision of another. */
export function duplicateRows(
  series: readonly TimedRows[],
  column: string,
  isSame: (row: number, other: number) => boolean,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  let same = 0;
  for (const { rows, times, revision, key } of series) {
    let seen: Map<bigint | null, number> | null = null;
    for (let i = 1; i < rows.length; i++) {
      const time = times[i] as bigint;
      if (time !== times[i - 1]) {
        seen = null;
        continue;
      }
      const before = rows[i - 1] as number;
      seen ??= new Map([[revision(before), before]]);
      const row = rows[i] as number;
      const known = revision(row);
      const first = seen.get(known);
      if (first === undefined) {
        seen.set(known, row);
        continue;
      }
      found.add(row, time, key);
      if (isSame(row, first)) same++;
    }
  }
  if (found.count === 0) return null;
  const isReplay = same === found.count;
  return findingOf(found, write, {
    check: "duplicates",
    column,
    severity: "error",
    reason: "sums and counts take the same twice, and it is not said which row holds",
    sentence: `${counted(found.count, "row")} ${found.count === 1 ? "repeats" : "repeat"} the key and ${column} of another row.`,
    cause: isReplay
      ? "The same rows were written twice, as after a retry: all values are the same."
      : `Corrected values without a column that says when they became known, a column that is missing in the keys, or an hour that clocks repeat; ${same === 0 ? "no values are the same" : `in ${counted(same, "row")} all values are the same`}.`,
    hint: isReplay
      ? "Keep one of each; make the write idempotent."
      : "Declare availableAt for revisions, or the missing key.",
  });
}

/** Rows that stand after a later one of their series. */
export function unsortedRows(
  series: readonly TimedRows[],
  column: string,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  for (const { rows, times, isSorted, key } of series) {
    if (isSorted) continue;
    for (const place of backwardPlaces(rows, times))
      found.add(rows[place] as number, times[place] as bigint, key);
  }
  if (found.count === 0) return null;
  return findingOf(found, write, {
    check: "unsorted",
    column,
    severity: "info",
    reason: "nothing in tsops minds the order of rows",
    sentence: `${counted(found.count, "row")} ${found.count === 1 ? "comes" : "come"} after a later one of ${found.count === 1 ? "its" : "their"} series. Nothing in tsops minds, other tools may.`,
    cause: "Late rows, files that were put together, or several writers.",
    hint: `Sort by key and ${column} for tools that need it.`,
  });
}

/** Places of rows that stand in the table after a later one, in the order of the table. */
function backwardPlaces(rows: Int32Array, times: BigInt64Array): number[] {
  const places = Int32Array.from(rows, (_, i) => i).sort((a, b) => (rows[a] as number) - (rows[b] as number));
  const found: number[] = [];
  let latest: bigint | null = null;
  for (const place of places) {
    const time = times[place] as bigint;
    if (latest !== null && time < latest) found.push(place);
    else latest = time;
  }
  return found;
}

/** Rows whose time is not the start of a step. */
export function offGridRows(
  series: readonly TimedRows[],
  column: string,
  grid: Frequency,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  for (const { rows, times, key } of series)
    for (let i = 0; i < rows.length; i++)
      if (!grid.isOnGrid(times[i] as bigint)) found.add(rows[i] as number, times[i] as bigint, key);
  if (found.count === 0) return null;
  return findingOf(found, write, {
    check: "off_grid",
    column,
    severity: "warning",
    reason: "a panel takes such rows into the step before, or refuses them",
    sentence: `${column} of ${counted(found.count, "row")} is not the start of a ${grid.text} in ${grid.zone}.`,
    cause: "Times of the measurement instead of the step, another zone, or a clock that is off.",
    hint: "Round the times to the step, or say the zone or frequency that they have.",
  });
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
  let [first, last] = [null as bigint | null, null as bigint | null];
  let steps = 0;
  let longest = { steps: 0, from: 0n, name: "" };
  const note = (row: number | null, from: number, to: number, name: string, key: string): void => {
    if (to <= from) return;
    steps += to - from;
    if (row === null) before.count++;
    else before.add(row, null, key);
    const [start, end] = [grid.instantAt(from), grid.instantAt(to)];
    if (first === null || start < first) first = start;
    if (last === null || end > last) last = end;
    if (to - from > longest.steps) longest = { steps: to - from, from: grid.instantAt(from), name };
  };
  for (const { name, key, rows, times } of series) {
    const cells = grid.indexesOf(times);
    let next = within === undefined ? (cells[0] ?? 0) : firstCell(grid, within.start);
    let row: number | null = null;
    for (let i = 0; i < rows.length; i++) {
      const cell = cells[i] as number;
      if (within !== undefined && (times[i] as bigint) >= within.end) break;
      if (cell >= next) {
        note(row, next, cell, name, key);
        next = cell + 1;
      }
      row = rows[i] as number;
    }
    if (within !== undefined) note(row, next, firstCell(grid, within.end), name, key);
  }
  if (steps === 0) return null;
  before.first = first;
  before.last = last;
  return findingOf(before, write, {
    check: "gaps",
    column,
    severity: "warning",
    reason: "models need the steps, and have to guess them",
    count: steps,
    sentence: `${counted(steps, "step")} of ${grid.text} ${steps === 1 ? "has" : "have"} no row, in ${counted(before.count, "gap")}; the longest has ${longest.steps} from ${write(longest.from)}${longest.name}.`,
    cause: "The source was away, rows came late or were refused, or a clock was set forward.",
    hint: "Load the rows again; else say how gaps are to be filled.",
  });
}

/** How old the latest row of a series can be. */
export interface Freshness {
  readonly now: bigint;
  readonly maxAge: string;
  /** How hints name the option. */
  readonly maxAgeName: string;
  /** Whether `maxAge` was told, and not taken from the frequency or a reference. */
  readonly isTold: boolean;
  readonly zone: string;
}

/** Series whose latest row is older than `maxAge`. */
export function staleSeries(
  series: readonly TimedRows[],
  column: string,
  { now, maxAge, maxAgeName, isTold, zone }: Freshness,
  write: WriteInstant,
): QualityFinding | null {
  const oldest = subtractDuration(now, maxAge, zone);
  const found = rowCounter();
  let stalest: { time: bigint; name: string } | null = null;
  for (const { name, key, rows, times } of series) {
    const time = times.at(-1);
    if (time === undefined || time >= oldest) continue;
    found.add(rows.at(-1) as number, time, key);
    if (stalest === null || time < stalest.time) stalest = { time, name };
  }
  if (stalest === null) return null;
  const isMost = 2 * found.count >= series.length;
  return findingOf(found, write, {
    check: "staleness",
    column,
    severity: isTold || isMost ? "error" : "warning",
    reason: isTold
      ? "it is older than was told to be the most"
      : isMost
        ? "most series are older than how often their rows come allows"
        : "a few series can have ended",
    sentence: `${found.count} of ${series.length} series have nothing newer than ${maxAge} before ${write(now)}; the oldest ends at ${write(stalest.time)}${stalest.name}.`,
    cause: "The source or the job that loads it has stopped, or is late.",
    hint: `Look at the job that loads it; raise ${maxAgeName} if rows always come this late.`,
  });
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
  for (const { rows, times, key } of series)
    for (let i = firstAfter(times, now); i < rows.length; i++) {
      const time = times[i] as bigint;
      found.add(rows[i] as number, time, key);
      if (time > latest) latest = time;
    }
  if (found.count === 0) return null;
  const ahead = latest - now;
  const hour = 3_600_000_000n;
  const isHours = ahead <= 14n * hour;
  return findingOf(found, write, {
    check: "future",
    column,
    severity: "error",
    reason: "what has not happened yet would be learnt as if it were known",
    sentence: `${column} of ${counted(found.count, "row")} is after ${write(now)}, up to ${write(latest)}: a clock or a zone is wrong.`,
    cause: isHours
      ? "Wall-clock times that were read as UTC, or a clock that is ahead."
      : "Dates with month and day exchanged, seconds taken for milliseconds, or plans among measurements.",
    hint: "Say the zone of the times, or allowFuture for tables of plans and forecasts.",
  });
}

/** Place of the first time after an instant. */
function firstAfter(times: BigInt64Array, instant: bigint): number {
  let place = times.length;
  while (place > 0 && (times[place - 1] as bigint) > instant) place--;
  return place;
}

function firstCell(grid: Frequency, instant: bigint): number {
  const cell = grid.indexOf(instant);
  return grid.instantAt(cell) === instant ? cell : cell + 1;
}
