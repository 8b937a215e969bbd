import { TsopsError } from "../errors.ts";
import { shown } from "../options.ts";
import type { Frequency } from "./frequency.ts";
import { parseFrequency } from "./frequency.ts";
import { formatInstant } from "./instant.ts";

/** A half-open stretch of time [start, end), microseconds since 1970 UTC. Empty when start = end. */
export interface Interval {
  readonly start: bigint;
  readonly end: bigint;
}

/**
 * Makes an interval.
 * @throws TsopsError TIME_INVALID when it would end before it starts.
 */
export function interval(start: bigint, end: bigint): Interval {
  if (end < start)
    throw new TsopsError(
      "TIME_INVALID",
      `The interval ends (${formatInstant(end)}) before it starts (${formatInstant(start)}).`,
      { hint: "Swap the two instants." },
    );
  return { start, end };
}

/**
 * Refuses what a caller without types may give for an interval, and one that ends before it starts: either would be an empty answer.
 * @param name - What it is called where it was given.
 * @throws TsopsError TIME_INVALID
 */
export function checkInterval(name: string, given: Interval): void {
  const { start, end } = given;
  if (typeof start !== "bigint" || typeof end !== "bigint")
    throw new TsopsError(
      "TIME_INVALID",
      `${name} is from ${shown(start)} to ${shown(end)}; microseconds as bigint are needed.`,
      { hint: `Make it of dates and texts: interval(toMicros("2026-01-01T00:00Z"), toMicros(date)).` },
    );
  interval(start, end);
}

/** Whether an instant lies in [start, end). */
export function intervalContains({ start, end }: Interval, micros: bigint): boolean {
  return micros >= start && micros < end;
}

/** Whether two intervals share an instant. Empty intervals overlap nothing. */
export function intervalsOverlap(a: Interval, b: Interval): boolean {
  return a.start < b.end && b.start < a.end && a.start < a.end && b.start < b.end;
}

/** The instants that both intervals hold, or null when there are none. */
export function intersectIntervals(a: Interval, b: Interval): Interval | null {
  if (!intervalsOverlap(a, b)) return null;
  return { start: a.start > b.start ? a.start : b.start, end: a.end < b.end ? a.end : b.end };
}

/**
 * Cuts an interval at the grid points of a frequency, in order. First and last piece are shorter when the interval does
 * not start or end on the grid. `zone` is used when the frequency is text.
 * @throws TsopsError FREQUENCY_INVALID
 */
export function splitInterval(whole: Interval, frequency: string | Frequency, zone = "UTC"): Interval[] {
  const grid = typeof frequency === "string" ? parseFrequency(frequency, { zone }) : frequency;
  const pieces: Interval[] = [];
  let start = whole.start;
  for (let index = grid.indexOf(whole.start) + 1; start < whole.end; index++) {
    const cut = grid.instantAt(index);
    const end = cut < whole.end ? cut : whole.end;
    pieces.push({ start, end });
    start = end;
  }
  return pieces;
}
