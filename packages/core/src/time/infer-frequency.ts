import { TsopsError } from "../errors.ts";
import { civilFromDays, packedDay, packedMonth, packedYear, weekdayOfDays } from "./civil.ts";
import { formatDuration } from "./duration.ts";
import { type Frequency, parseFrequency } from "./frequency.ts";
import { secondsOf } from "./instant.ts";
import { resolveZone } from "./zone.ts";

/**
 * Finds the frequency on whose grid all instants lie, gaps allowed: the coarsest whose step occurs at least once.
 * First days of months at local midnight give months or years, other local midnights days, business days (ten or more, none on a weekend, and no more of them
 * missing than there) or weeks, the rest a fixed step. Order and repetitions do not matter.
 * @param times - Microseconds since 1970 UTC of one series; at least 3 distinct instants.
 * @param zone - Zone whose midnights count; `"UTC"` unless told.
 * @throws TsopsError FREQUENCY_INVALID when there are too few instants or no step fits.
 */
export function inferFrequency(times: BigInt64Array, zone = "UTC"): Frequency {
  const sorted = times.slice().sort();
  const distinct = sorted.filter((micros, i) => i === 0 || micros !== sorted[i - 1]);
  if (distinct.length < 3)
    throw new TsopsError(
      "FREQUENCY_INVALID",
      `A frequency needs at least 3 distinct instants, found ${distinct.length}.`,
      { hint: "Say the frequency." },
    );
  const origin = distinct[0] as bigint;
  const days = localMidnights(distinct, zone);
  if (days !== null) {
    const months = firstsOfMonths(days);
    const perMonth = months === null ? null : commonStep(months);
    if (perMonth !== null)
      return parseFrequency(perMonth % 12n === 0n ? `${perMonth / 12n}y` : `${perMonth}mo`, { zone });
    const perDay = commonStep(days);
    if (perDay === 1n && areBusinessDays(days)) return parseFrequency("1b", { zone });
    if (perDay !== null && resolveZone(zone).fixedOffset === null)
      return parseFrequency(perDay % 7n === 0n ? `${perDay / 7n}w` : `${perDay}d`, { zone });
  }
  const step = commonStep(distinct);
  if (step !== null) {
    const text = formatDuration(step);
    const plain = parseFrequency(text, { zone });
    return plain.isOnGrid(origin) ? plain : parseFrequency(text, { zone, origin });
  }
  const [smallest, largest] = extremes(distinct);
  throw new TsopsError(
    "FREQUENCY_INVALID",
    `The instants lie on no regular grid: neighbours are ${formatDuration(smallest)} to ${formatDuration(largest)} apart.`,
    { hint: "Say the frequency and put the data on its grid, for instance by aggregating." },
  );
}

/** The smallest difference of neighbours, when all others are multiples of it. */
function commonStep(ascending: BigInt64Array): bigint | null {
  const [smallest] = extremes(ascending);
  for (let i = 1; i < ascending.length; i++)
    if (((ascending[i] as bigint) - (ascending[i - 1] as bigint)) % smallest !== 0n) return null;
  return smallest;
}

function extremes(ascending: BigInt64Array): [smallest: bigint, largest: bigint] {
  let smallest = 2n ** 63n - 1n;
  let largest = 0n;
  for (let i = 1; i < ascending.length; i++) {
    const difference = (ascending[i] as bigint) - (ascending[i - 1] as bigint);
    if (difference < smallest) smallest = difference;
    if (difference > largest) largest = difference;
  }
  return [smallest, largest];
}

/** Local day numbers, or null unless every instant is a local midnight. */
function localMidnights(times: BigInt64Array, zoneName: string): BigInt64Array | null {
  const zone = resolveZone(zoneName);
  const days = new BigInt64Array(times.length);
  for (let i = 0; i < times.length; i++) {
    const micros = times[i] as bigint;
    const seconds = secondsOf(micros);
    const local = seconds + zone.periodAt(seconds).offset;
    if (BigInt(seconds) * 1_000_000n !== micros || local % 86_400 !== 0) return null;
    days[i] = BigInt(local / 86_400);
  }
  return days;
}

/** Two weeks of days without a Saturday or Sunday are no accident, unless most days are missing. */
function areBusinessDays(days: BigInt64Array): boolean {
  const span = Number((days[days.length - 1] as bigint) - (days[0] as bigint)) + 1;
  return (
    days.length >= 10 &&
    2 * days.length >= (5 / 7) * span &&
    days.every((day) => weekdayOfDays(Number(day)) < 5)
  );
}

/** Month numbers, or null unless every day is the first of its month. */
function firstsOfMonths(days: BigInt64Array): BigInt64Array | null {
  const months = new BigInt64Array(days.length);
  for (let i = 0; i < days.length; i++) {
    const date = civilFromDays(Number(days[i]));
    if (packedDay(date) !== 1) return null;
    months[i] = BigInt(packedYear(date) * 12 + packedMonth(date) - 1);
  }
  return months;
}
