import { TsopsError } from "../errors.ts";
import { civilFromDays, daysFromCivil, daysInMonth, packedDay, packedMonth, packedYear } from "./civil.ts";
import { assertInstant, secondsOf } from "./instant.ts";
import { instantOfLocal } from "./local.ts";
import { resolveZone } from "./zone.ts";

/** A length of time that is the same everywhere, e.g. `"15m"`, `"24h"`, `"7d"` (a day is 24 hours). */
export interface FixedDuration {
  readonly kind: "fixed";
  readonly text: string;
  readonly micros: bigint;
}

/** A length that depends on the calendar: `"1mo"`, `"1y"`. */
export interface CalendarDuration {
  readonly kind: "calendar";
  readonly text: string;
  readonly months: number;
}

/** A parsed duration. */
export type Duration = FixedDuration | CalendarDuration;

const microsByUnit: Readonly<Record<string, bigint>> = {
  us: 1n,
  ms: 1_000n,
  s: 1_000_000n,
  m: 60_000_000n,
  h: 3_600_000_000n,
  d: 86_400_000_000n,
  w: 604_800_000_000n,
};
const monthsByUnit: Readonly<Record<string, number>> = { mo: 1, y: 12 };
const pattern = /^(\d+)(us|ms|s|m|h|d|w|mo|y)$/;
const maxMonths = 12 * 540_000;

/**
 * Reads a duration: a whole number and one unit of `us ms s m h d w` (fixed) or `mo y` (calendar).
 * As durations, days are 24 hours and weeks 168 hours; as frequencies they follow the local calendar.
 * @throws TsopsError DURATION_INVALID
 * @example parseDuration("15m"); //=> { kind: "fixed", text: "15m", micros: 900000000n }
 */
export function parseDuration(text: string): Duration {
  const match = typeof text === "string" ? pattern.exec(text) : null;
  if (match === null)
    throw new TsopsError(
      "DURATION_INVALID",
      `${typeof text === "string" ? JSON.stringify(text) : String(text)} is not a duration.`,
      { hint: hintFor(String(text)) },
    );
  const [, digits, unit] = match as unknown as [string, string, string];
  const months = monthsByUnit[unit];
  if (months !== undefined) {
    const total = Number(digits) * months;
    if (total > maxMonths) throw tooLong(text);
    return { kind: "calendar", text, months: total };
  }
  const micros = BigInt(digits) * (microsByUnit[unit] as bigint);
  if (micros > 2n ** 63n - 1n) throw tooLong(text);
  return { kind: "fixed", text, micros };
}

function hintFor(text: string): string {
  if (/^\d+ns$/.test(text)) return "tsops keeps microseconds: the finest unit is us.";
  if (/^-/.test(text)) return "Durations are not negative.";
  if (/^P/i.test(text)) return 'Write "15m" for "PT15M", "1d" for "P1D".';
  if (/^\d+[.,]\d+/.test(text)) return 'Use a smaller unit instead of a fraction: "90m" for "1.5h".';
  if (/^\d+(mo|[wdhmsy])\d+[a-z]+/.test(text)) return 'Use one unit: "90m" for "1h30m".';
  return 'Write a whole number and one of us, ms, s, m, h, d, w, mo, y: "15m", "24h", "7d", "1mo".';
}

function tooLong(text: string): TsopsError {
  return new TsopsError("DURATION_INVALID", `${text} is longer than all of representable time.`, {
    hint: "Leave the limit out if there is none.",
  });
}

/**
 * Microseconds of a fixed duration.
 * @throws TsopsError DURATION_INVALID when it is not one, or is a calendar duration.
 */
export function durationMicros(duration: string | Duration): bigint {
  const parsed = typeof duration === "object" && duration !== null ? duration : parseDuration(duration);
  if (parsed.kind === "fixed") return parsed.micros;
  throw new TsopsError("DURATION_INVALID", `${parsed.text} has no fixed length in microseconds.`, {
    hint: 'Use days here, e.g. "30d" or "365d".',
  });
}

/** Shortest text of a fixed duration, e.g. `"90m"`; weeks only when whole. */
export function formatDuration(micros: bigint): string {
  if (micros < 0n) throw new RangeError(`Durations are not negative, got ${micros} µs.`);
  if (micros === 0n) return "0s";
  for (const unit of ["w", "d", "h", "m", "s", "ms"]) {
    const size = microsByUnit[unit] as bigint;
    if (micros % size === 0n) return `${micros / size}${unit}`;
  }
  return `${micros}us`;
}

/**
 * The instant that lies a duration after `micros`. Months keep the local time of day in `zone` and end on the last
 * day of shorter months (31 January + 1mo = 28 or 29 February).
 * @throws TsopsError DURATION_INVALID, TIME_INVALID
 */
export function addDuration(micros: bigint, duration: string | Duration, zone = "UTC"): bigint {
  return shift(micros, duration, 1, zone);
}

/** The instant that lies a duration before `micros`; see `addDuration`. */
export function subtractDuration(micros: bigint, duration: string | Duration, zone = "UTC"): bigint {
  return shift(micros, duration, -1, zone);
}

function shift(micros: bigint, duration: string | Duration, sign: 1 | -1, zone: string): bigint {
  const parsed = typeof duration === "object" && duration !== null ? duration : parseDuration(duration);
  const result =
    parsed.kind === "fixed"
      ? micros + parsed.micros * BigInt(sign)
      : addMonths(micros, parsed.months * sign, zone);
  assertInstant(result);
  return result;
}

/** Moves an instant by months in a zone's calendar. */
export function addMonths(micros: bigint, months: number, zoneName: string): bigint {
  assertInstant(micros);
  const zone = resolveZone(zoneName);
  const seconds = secondsOf(micros);
  const local = seconds + zone.periodAt(seconds).offset;
  const days = Math.floor(local / 86_400);
  const date = civilFromDays(days);
  const monthNumber = packedYear(date) * 12 + packedMonth(date) - 1 + months;
  const year = Math.floor(monthNumber / 12);
  const month = monthNumber - year * 12 + 1;
  const day = Math.min(packedDay(date), daysInMonth(year, month));
  const moved = daysFromCivil(year, month, day) * 86_400 + (local - days * 86_400);
  if (moved === local) return micros;
  if (Math.abs(moved) > 9e12) assertInstant(BigInt(moved) * 1_000_000n);
  return BigInt(instantOfLocal(zone, moved) - seconds) * 1_000_000n + micros;
}
