import { type Frequency, formatDuration } from "@tsops/core";
import { counted, findingOf, type QualityFinding, rowCounter, type WriteInstant } from "./finding.ts";
import { medianGap, type TimedRows } from "./series.ts";

/** Rows that have to be moved by the same time. */
const leastRows = 5;
/** Times that go back so often in one series are a table without order. */
const mostBackward = 3;

/** From one row on, times are moved by a constant: beside the grid, or back to times that were there before. */
export function clockJumps(
  series: readonly TimedRows[],
  column: string,
  grid: Frequency | null,
  write: WriteInstant,
): readonly (QualityFinding | null)[] {
  return [
    grid === null || grid.kind !== "fixed" ? null : besideGrid(series, column, grid, write),
    setBack(series, column, write),
  ];
}

/** The grid of a series moves: until a row all times have one phase, from it on another. */
function besideGrid(
  series: readonly TimedRows[],
  column: string,
  grid: Frequency,
  write: WriteInstant,
): QualityFinding | null {
  const found = rowCounter();
  let moved: { phase: bigint; at: bigint; name: string } | null = null;
  for (const { rows, times, key, name } of series) {
    const phaseOf = (i: number) => (times[i] as bigint) - grid.floor(times[i] as bigint);
    for (let i = 0; i < times.length; ) {
      const phase = phaseOf(i);
      let to = i + 1;
      while (to < times.length && phaseOf(to) === phase) to++;
      const isMoved = phase !== 0n && to - i >= leastRows && (i > 0 || to < times.length);
      if (isMoved) {
        for (let j = i; j < to; j++) found.add(rows[j] as number, times[j] as bigint, key);
        moved ??= { phase, at: times[i] as bigint, name };
      }
      i = to;
    }
  }
  if (moved === null) return null;
  const late = 2n * moved.phase <= grid.step;
  const by = formatDuration(late ? moved.phase : grid.step - moved.phase);
  return findingOf(found, write, {
    check: "clock_jump",
    column,
    severity: "error",
    reason: "every later row is at a wrong time",
    sentence: `${column} of ${counted(found.count, "row")} is ${by} ${late ? "after" : "before"} the step of ${grid.text}, from ${write(moved.at)}${moved.name} on; other rows are on it.`,
    cause: "The clock of the source was set, or drifted and was not.",
    hint: `Move these times by ${by}, if the rows are otherwise right.`,
  });
}

/** In the order of the table, times go back once and go on from there. */
function setBack(series: readonly TimedRows[], column: string, write: WriteInstant): QualityFinding | null {
  const found = rowCounter();
  let told: { by: bigint; at: bigint; name: string } | null = null;
  for (const { rows, times, key, name, isSorted } of series) {
    if (isSorted) continue;
    const order = Int32Array.from(rows, (_, i) => i).sort(
      (a, b) => (rows[a] as number) - (rows[b] as number),
    );
    const timeAt = (i: number) => times[order[i] as number] as bigint;
    const step = BigInt(medianGap(times)) || 1n;
    const backward: number[] = [];
    for (let i = 1; i < order.length && backward.length <= mostBackward; i++)
      if (timeAt(i) < timeAt(i - 1)) backward.push(i);
    if (backward.length > mostBackward) continue;
    for (const [n, from] of backward.entries()) {
      const to = backward[n + 1] ?? order.length;
      const by = timeAt(from - 1) + step - timeAt(from);
      // An old file put behind a newer one is no clock, nor are late rows, behind which times leap to where they were.
      if (to - from < leastRows || BigInt(from) * step < by || !isEven(timeAt, from, to, step)) continue;
      if (leapsBack(timeAt, from, to, step)) continue;
      for (let i = from; i < to; i++) found.add(rows[order[i] as number] as number, timeAt(i), key);
      told ??= { by, at: timeAt(from), name };
    }
  }
  if (told === null) return null;
  const [by, hour] = [told.by, 3_600_000_000n];
  return findingOf(found, write, {
    check: "clock_jump",
    column,
    severity: "error",
    reason: "two rows claim one time, and every later row may be at a wrong one",
    sentence: `${column} goes back by ${formatDuration(by)} to ${write(told.at)}${told.name} and on from there, in ${counted(found.count, "row")}.`,
    cause:
      by === hour
        ? "Clocks went back by an hour: the times are those of a wall clock. Or rows were written twice."
        : "The clock of the source was set back, or rows were written twice.",
    hint:
      by === hour
        ? "Say the zone of the times, so that both hours are told apart."
        : "Compare the values of the repeated times: equal ones were written twice.",
  });
}

/** Whether times from row `from` on reach again those before it by more than a step. */
function leapsBack(timeAt: (i: number) => bigint, from: number, to: number, step: bigint): boolean {
  for (let i = from + 1; i < to; i++)
    if (timeAt(i) > timeAt(from - 1)) return timeAt(i) - timeAt(i - 1) > step;
  return false;
}

function isEven(timeAt: (i: number) => bigint, from: number, to: number, step: bigint): boolean {
  let even = 0;
  for (let i = from + 1; i < to; i++) if (timeAt(i) - timeAt(i - 1) === step) even++;
  return even >= 0.8 * (to - from - 1);
}
