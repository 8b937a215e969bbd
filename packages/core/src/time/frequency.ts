import { TsopsError } from "../errors.ts";
import { civilFromDays, daysFromCivil, packedMonth, packedYear } from "./civil.ts";
import { addMonths, parseDuration } from "./duration.ts";
import { assertInstant, secondsOf } from "./instant.ts";
import { instantOfLocal } from "./local.ts";
import { resolveZone, type Zone } from "./zone.ts";

/**
 * A regular grid of instants. Units up to hours are fixed steps of real time; days, business days, weeks, months and years follow the
 * local calendar of the zone, so a "1d" step may last 23 or 25 hours there, and a "1b" step from Friday to Monday three days. Cells are numbered: cell i is
 * [instantAt(i), instantAt(i + 1)). A date that a zone left out (2011-12-30 in Samoa) is a cell that lasts no time and holds no instant, so that seven cells are always a week.
 */
export interface Frequency {
  /** As written, e.g. `"1h"`. */
  readonly text: string;
  readonly zone: string;
  readonly kind: "fixed" | "days" | "businessDays" | "months";
  /** Microseconds, days, business days or months of one step, by kind. */
  readonly step: bigint;
  /** Number of the cell that holds an instant. */
  indexOf(micros: bigint): number;
  /** Start of a cell. */
  instantAt(index: number): bigint;
  /** Start of the cell that holds an instant. */
  floor(micros: bigint): bigint;
  /** Whether an instant is the start of a cell. */
  isOnGrid(micros: bigint): boolean;
  /** The instant `steps` steps later (earlier when negative). Instants off the grid keep their phase. */
  add(micros: bigint, steps: number): bigint;
  /** Number of grid points in [start, end): negative when end < start. */
  count(start: bigint, end: bigint): number;
  /** `length` instants, one step apart, the first at `start` (on the grid or not). */
  range(start: bigint, length: number): BigInt64Array;
  /** `indexOf` of many instants. */
  indexesOf(times: BigInt64Array): Float64Array;
}

/** A text as it is, if the type checker does not know it to be no frequency: whole numbers of a unit. What else is wrong (`"0h"`) is found when it runs. */
export type CheckedFrequency<Text extends string> = string extends Text
  ? Text
  : Text extends `${bigint}${"us" | "ms" | "s" | "m" | "h" | "d" | "b" | "w" | "mo" | "y"}`
    ? Text
    : `${bigint}${"m" | "h" | "d" | "b" | "w" | "mo" | "y"}`;

/** Where and from when a frequency counts. */
export interface FrequencyOptions {
  /** Zone or offset whose calendar it follows. Default `"UTC"`. */
  readonly zone?: string;
  /** Fixed steps only: an instant on the grid, for data at 15:07, 16:07, ... */
  readonly origin?: bigint;
}

// Monday 2000-01-03, as in DuckDB's and TimescaleDB's time_bucket; months count from January 2000 there as well.
const originDays = 10_959;
const originMonths = 2000 * 12;

/**
 * Reads a frequency: `"15m"`, `"1h"`, `"1d"`, `"1b"` (business days: Mondays to Fridays), `"1w"` (Mondays), `"1mo"`, `"3mo"`, `"1y"`. Steps are counted from Monday
 * 2000-01-03 00:00 local time (months and years: from 2000-01-01).
 * @throws TsopsError FREQUENCY_INVALID, TIME_INVALID (unknown zone)
 */
export function parseFrequency(text: string, options: FrequencyOptions = {}): Frequency {
  const zone = resolveZone(options.zone ?? "UTC");
  const grid = createGrid(text, zone, options.origin);
  return {
    text,
    zone: zone.id,
    ...grid,
    floor: (micros) => grid.instantAt(grid.indexOf(micros)),
    isOnGrid: (micros) => grid.instantAt(grid.indexOf(micros)) === micros,
    count: (start, end) => cellsBefore(grid, end) - cellsBefore(grid, start),
    range(start, length) {
      const times = new BigInt64Array(length);
      for (let i = 0; i < length; i++) times[i] = grid.add(start, i);
      return times;
    },
    indexesOf(times) {
      const indexes = new Float64Array(times.length);
      let index = 0;
      let start = 0n;
      let end = 0n;
      for (let i = 0; i < times.length; i++) {
        const micros = times[i] as bigint;
        if (micros < start || micros >= end) {
          index = grid.indexOf(micros);
          start = grid.instantAt(index);
          end = grid.instantAt(index + 1);
        }
        indexes[i] = index;
      }
      return indexes;
    },
  };
}

type Grid = Pick<Frequency, "kind" | "step" | "indexOf" | "instantAt" | "add">;

/** Number of the first cell that starts at or after an instant. */
function cellsBefore(grid: Grid, micros: bigint): number {
  const index = grid.indexOf(micros);
  return grid.instantAt(index) === micros ? index : index + 1;
}

function createGrid(text: string, zone: Zone, origin: bigint | undefined): Grid {
  const [, businessDays] = /^(\d+)b$/.exec(text) ?? [];
  if (Number(businessDays) > 0) {
    if (origin !== undefined) throw originOfCalendar(text);
    return businessDayGrid(zone, Number(businessDays));
  }
  const duration = readStep(text);
  if (duration.kind === "calendar") {
    if (origin !== undefined) throw originOfCalendar(text);
    return monthGrid(zone, duration.months);
  }
  const day = 86_400_000_000n;
  const inDays = /[dw]$/.test(text);
  if (inDays && zone.fixedOffset === null) {
    if (origin !== undefined) throw originOfCalendar(text);
    return dayGrid(zone, Number(duration.micros / day));
  }
  const anchor = origin ?? BigInt(instantOfLocal(zone, originDays * 86_400)) * 1_000_000n;
  const grid = fixedGrid(duration.micros, anchor);
  return inDays ? { ...grid, kind: "days", step: duration.micros / day } : grid;
}

function readStep(text: string): ReturnType<typeof parseDuration> {
  let cause: unknown;
  try {
    const duration = parseDuration(text);
    if (duration.kind === "calendar" ? duration.months > 0 : duration.micros > 0n) return duration;
  } catch (error) {
    cause = error;
  }
  throw new TsopsError("FREQUENCY_INVALID", `${JSON.stringify(text)} is not a frequency.`, {
    hint: hintFor(text),
    cause,
  });
}

/** As pandas and R write them. */
const otherWords: Readonly<Record<string, readonly string[]>> = {
  "1m": ["min", "T", "minute"],
  "1h": ["H", "h", "hour", "hourly"],
  "1d": ["D", "d", "day", "daily"],
  "1b": ["B", "b", "business"],
  "1w": ["W", "w", "W-MON", "W-SUN", "week", "weekly"],
  "1mo": ["M", "MS", "ME", "month", "monthly"],
  "3mo": ["Q", "QS", "QE", "quarter", "quarterly"],
  "1y": ["Y", "YS", "YE", "A", "AS", "year", "yearly"],
};

function hintFor(text: string): string {
  const meant = Object.entries(otherWords).find(([, words]) => words.includes(text))?.[0];
  return meant === undefined
    ? 'Write a positive whole number and a unit: "15m", "1h", "1d", "1b" (Mondays to Fridays), "1w", "1mo".'
    : `Write "${meant}".`;
}

function originOfCalendar(text: string): TsopsError {
  return new TsopsError(
    "FREQUENCY_INVALID",
    `${text} follows the calendar, so it has no origin of its own.`,
    {
      hint: "Leave the origin out.",
    },
  );
}

function fixedGrid(step: bigint, origin: bigint): Grid {
  return {
    kind: "fixed",
    step,
    indexOf(micros) {
      const distance = micros - origin;
      const quotient = distance / step;
      return Number(distance < 0n && quotient * step !== distance ? quotient - 1n : quotient);
    },
    instantAt: (index) => origin + step * BigInt(index),
    add: (micros, steps) => micros + step * BigInt(steps),
  };
}

function localSeconds(zone: Zone, micros: bigint): number {
  const seconds = secondsOf(micros);
  return seconds + zone.periodAt(seconds).offset;
}

function microsOfLocalDays(zone: Zone, days: number): bigint {
  const micros = BigInt(instantOfLocal(zone, days * 86_400)) * 1_000_000n;
  assertInstant(micros);
  return micros;
}

/**
 * The cell of an instant from a first guess by its local date. Where clocks go back over midnight, a local date occurs
 * twice and the guess may be a cell too early or late; the cells' starts decide.
 */
function settle(guess: number, micros: bigint, startOf: (index: number) => bigint): number {
  let index = guess;
  while (startOf(index) > micros) index--;
  while (startOf(index + 1) <= micros) index++;
  return index;
}

/** An instant on another day of the local calendar, at the same time of the day. */
function movedByDays(zone: Zone, micros: bigint, dayAfter: (day: number) => number): bigint {
  const seconds = secondsOf(micros);
  const local = seconds + zone.periodAt(seconds).offset;
  const day = Math.floor(local / 86_400);
  const moved = dayAfter(day) * 86_400 + (local - day * 86_400);
  return BigInt(instantOfLocal(zone, moved)) * 1_000_000n + (micros - BigInt(seconds) * 1_000_000n);
}

function dayGrid(zone: Zone, step: number): Grid {
  const instantAt = (index: number) => microsOfLocalDays(zone, originDays + index * step);
  return {
    kind: "days",
    step: BigInt(step),
    instantAt,
    indexOf(micros) {
      const days = Math.floor(localSeconds(zone, micros) / 86_400);
      return settle(Math.floor((days - originDays) / step), micros, instantAt);
    },
    add: (micros, steps) => (steps === 0 ? micros : movedByDays(zone, micros, (day) => day + steps * step)),
  };
}

function businessDayGrid(zone: Zone, step: number): Grid {
  const dayOf = (number: number) => {
    const week = Math.floor(number / 5);
    return originDays + 7 * week + (number - 5 * week);
  };
  /** Saturdays and Sundays belong to the Friday before. */
  const numberOf = (day: number) => {
    const week = Math.floor((day - originDays) / 7);
    return 5 * week + Math.min(4, day - originDays - 7 * week);
  };
  const instantAt = (index: number) => microsOfLocalDays(zone, dayOf(index * step));
  return {
    kind: "businessDays",
    step: BigInt(step),
    instantAt,
    indexOf(micros) {
      const day = Math.floor(localSeconds(zone, micros) / 86_400);
      return settle(Math.floor(numberOf(day) / step), micros, instantAt);
    },
    add(micros, steps) {
      if (steps === 0) return micros;
      return movedByDays(zone, micros, (day) => {
        const number = numberOf(day);
        // Back from a weekend, Friday is one step.
        const from = steps < 0 && dayOf(number) < day ? number + 1 : number;
        return dayOf(from + steps * step);
      });
    },
  };
}

function monthGrid(zone: Zone, step: number): Grid {
  const instantAt = (index: number) => {
    const month = originMonths + index * step;
    const year = Math.floor(month / 12);
    return microsOfLocalDays(zone, daysFromCivil(year, month - year * 12 + 1, 1));
  };
  return {
    kind: "months",
    step: BigInt(step),
    instantAt,
    indexOf(micros) {
      const date = civilFromDays(Math.floor(localSeconds(zone, micros) / 86_400));
      const month = packedYear(date) * 12 + packedMonth(date) - 1;
      return settle(Math.floor((month - originMonths) / step), micros, instantAt);
    },
    add: (micros, steps) => addMonths(micros, steps * step, zone.id),
  };
}
