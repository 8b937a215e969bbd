import { type Frequency, formatDuration, inferFrequency, parseFrequency } from "@tsops/core";
import type { TimedRows } from "./series.ts";

/** How often rows come: a frequency, and an instant of its grid where the grid does not begin at whole steps. */
export interface FoundFrequency {
  readonly frequency: string;
  readonly origin: bigint | null;
}

/** Rows of one series that are looked at. */
const mostRows = 20_000;

/**
 * The frequency that most rows of the longest series keep to, whatever a few others do.
 * @returns Null for rows that come irregularly, or too few.
 */
export function findFrequency(series: readonly TimedRows[], zone: string): FoundFrequency | null {
  const longest = series.reduce((most, other) => (other.rows.length > most.rows.length ? other : most));
  const times = distinct(longest.times.subarray(0, mostRows));
  if (times.length < 4) return null;
  const strict = strictFrequency(times, zone);
  if (strict !== null) return strict;
  const { step, share } = commonestStep(times);
  if (share < 0.5) return null;
  const text = formatDuration(step);
  const grid = parseFrequency(text, { zone });
  const phase = commonestPhase(times, step);
  if (grid.isOnGrid(phase)) return { frequency: text, origin: null };
  const isCalendar = /[dw]$/.test(text) && grid.kind === "days" && !isFixed(zone);
  return isCalendar ? null : { frequency: text, origin: phase };
}

/** A grid on which all rows lie, if it is not much finer than they are. */
function strictFrequency(times: BigInt64Array, zone: string): FoundFrequency | null {
  let found: Frequency;
  try {
    found = inferFrequency(times, zone);
  } catch {
    return null;
  }
  const first = times[0] as bigint;
  const cells = found.count(first, times.at(-1) as bigint);
  if (cells > 3 * times.length) return null;
  const isPlain = parseFrequency(found.text, { zone }).isOnGrid(first);
  return { frequency: found.text, origin: isPlain ? null : first };
}

function isFixed(zone: string): boolean {
  return zone === "UTC" || /^[+-]/.test(zone);
}

function distinct(times: BigInt64Array): BigInt64Array {
  return times.filter((time, i) => i === 0 || time !== times[i - 1]);
}

/** The difference of neighbours that occurs most, and its share. */
function commonestStep(times: BigInt64Array): { readonly step: bigint; readonly share: number } {
  const steps = Array.from(
    { length: times.length - 1 },
    (_, i) => (times[i + 1] as bigint) - (times[i] as bigint),
  );
  const { value, count } = commonest(steps);
  return { step: value, share: count / steps.length };
}

function commonestPhase(times: BigInt64Array, step: bigint): bigint {
  const { value } = commonest(Array.from(times, (time) => ((time % step) + step) % step));
  return times.find((time) => ((time % step) + step) % step === value) as bigint;
}

function commonest(values: readonly bigint[]): { readonly value: bigint; readonly count: number } {
  const counts = new Map<bigint, number>();
  let best = { value: values[0] as bigint, count: 0 };
  for (const value of values) {
    const count = (counts.get(value) ?? 0) + 1;
    counts.set(value, count);
    if (count > best.count) best = { value, count };
  }
  return best;
}
