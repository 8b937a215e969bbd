import { resolveZone } from "@tsops/core";
import type { DayPattern } from "./rules.ts";
import type { TimedRows } from "./series.ts";

/** Hours of a day. */
export const hours = 24;
/** Days with fewer hours are left out. */
const leastHours = 18;
/** Fewer days give no pattern, and days that follow it less are not judged. */
const leastDays = 5;
const leastCorrelation = 0.4;

/** The mean of each hour of one day, standardised over the day; 0 for hours without a value. */
export interface Day {
  /** Days since 1970 of the zone's calendar. */
  readonly number: number;
  readonly isWeekend: boolean;
  readonly shape: Float64Array;
  /** Place of its first row in the series. */
  readonly first: number;
}

/** Cuts a series into days of the zone's calendar; NaN is left out. */
export function daysOf({ times }: Pick<TimedRows, "times">, values: Float64Array, zone: string): Day[] {
  const local = localHours(times, zone);
  const days: Day[] = [];
  const sums = new Float64Array(hours);
  const counts = new Float64Array(hours);
  let current = Number.NaN;
  let first = 0;
  const close = () => {
    const shape = standardise(sums, counts);
    // 1970-01-01 was a Thursday.
    if (shape !== null) days.push({ number: current, isWeekend: (current + 3) % 7 >= 5, shape, first });
    sums.fill(0);
    counts.fill(0);
  };
  for (let i = 0; i < times.length; i++) {
    const place = local[i] as number;
    const day = Math.floor(place / hours);
    if (day !== current) {
      if (!Number.isNaN(current)) close();
      current = day;
      first = i;
    }
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    const hour = place - day * hours;
    sums[hour] = (sums[hour] as number) + value;
    counts[hour] = (counts[hour] as number) + 1;
  }
  if (!Number.isNaN(current)) close();
  return days;
}

/** Hours since 1970 of the zone's clock, by the times that they were read off: they are the same for each column of a series. */
const hoursOfTimes = new WeakMap<BigInt64Array, { readonly zone: string; readonly hours: Float64Array }>();

function localHours(times: BigInt64Array, zone: string): Float64Array {
  const kept = hoursOfTimes.get(times);
  if (kept?.zone === zone) return kept.hours;
  const { periodAt } = resolveZone(zone);
  const found = new Float64Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const seconds = Math.floor(Number(times[i]) / 1e6);
    found[i] = Math.floor((seconds + periodAt(seconds).offset) / 3600);
  }
  hoursOfTimes.set(times, { zone, hours: found });
  return found;
}

/** @returns Null for a day with too few hours, or without a change. */
function standardise(sums: Float64Array, counts: Float64Array): Float64Array | null {
  const means = sums.map((sum, hour) => sum / (counts[hour] as number));
  let [present, total] = [0, 0];
  for (const mean of means)
    if (!Number.isNaN(mean)) {
      present++;
      total += mean;
    }
  if (present < leastHours) return null;
  const centred = means.map((mean) => (Number.isNaN(mean) ? 0 : mean - total / present));
  return scaled(centred);
}

/** A vector of length 1, so that a product of two is their correlation; null for zeros. */
function scaled(vector: Float64Array): Float64Array | null {
  let squares = 0;
  for (const value of vector) squares += value * value;
  const length = Math.sqrt(squares);
  return length > 1e-12 ? vector.map((value) => value / length) : null;
}

/** Correlation of a day with a pattern whose hours are moved: `shift` 2 is a day that looks two hours late. */
export function correlation(shape: ArrayLike<number>, pattern: ArrayLike<number>, shift = 0): number {
  let sum = 0;
  for (let hour = 0; hour < hours; hour++)
    sum += (shape[(hour + shift + hours) % hours] as number) * (pattern[hour] as number);
  return sum;
}

/** The pattern that days have in common: medians by hour, so that a few odd days do not count. Null where there is none. */
export function patternOf(days: readonly Day[]): DayPattern | null {
  if (days.length < leastDays) return null;
  const week = days.filter((day) => !day.isWeekend);
  const end = days.filter((day) => day.isWeekend);
  const weekday = medianShape(week.length >= 3 ? week : days);
  const weekend = medianShape(end.length >= 3 ? end : days);
  if (weekday === null || weekend === null) return null;
  let sum = 0;
  for (const { shape, isWeekend } of days) sum += correlation(shape, isWeekend ? weekend : weekday);
  const mean = sum / days.length;
  if (mean < leastCorrelation) return null;
  const shapes = { weekday: rounded(weekday), weekend: rounded(weekend) };
  return { ...shapes, correlation: Number(mean.toFixed(4)), wander: wanderOf(days, shapes) };
}

/** Days in a row that are compared with the pattern. */
const together = 3;

/** Hours by which days in a row look early or late, but for one in a hundred. */
export function wanderOf(days: readonly Day[], shapes: Pick<DayPattern, "weekday" | "weekend">): number {
  const shifts: number[] = [];
  for (let from = 0; from + together <= days.length; from++) {
    const group = days.slice(from, from + together);
    if ((group.at(-1) as Day).number - (group[0] as Day).number !== together - 1) continue;
    let best = { shift: 0, sum: Number.NEGATIVE_INFINITY };
    for (let shift = 1 - hours / 2; shift <= hours / 2; shift++) {
      let sum = 0;
      for (const { shape, isWeekend } of group)
        sum += correlation(shape, isWeekend ? shapes.weekend : shapes.weekday, shift);
      if (sum > best.sum) best = { shift, sum };
    }
    shifts.push(Math.abs(best.shift));
  }
  shifts.sort((a, b) => a - b);
  return shifts[Math.floor(0.99 * (shifts.length - 1))] ?? 0;
}

function medianShape(days: readonly Day[]): Float64Array | null {
  const shape = new Float64Array(hours);
  // A few hundred days tell as much as all.
  const stride = Math.ceil(days.length / 400);
  const kept = days.filter((_, i) => i % stride === 0);
  for (let hour = 0; hour < hours; hour++) {
    const sorted = Float64Array.from(kept, (day) => day.shape[hour] as number).sort();
    const middle = sorted.length >> 1;
    shape[hour] =
      sorted.length % 2 === 1
        ? (sorted[middle] as number)
        : ((sorted[middle] as number) + (sorted[middle - 1] as number)) / 2;
  }
  return scaled(shape);
}

function rounded(shape: Float64Array): number[] {
  return Array.from(shape, (value) => Number(value.toFixed(4)));
}
