import {
  civilFromDays,
  daysFromCivil,
  daysInMonth,
  packedDay,
  packedMonth,
  packedYear,
  weekdayOfDays,
} from "../../time/civil.ts";
import { secondsOf } from "../../time/instant.ts";
import { instantOfLocal } from "../../time/local.ts";
import { resolveZone, type Zone } from "../../time/zone.ts";

/** A way to number instants: neighbours on a regular grid are one step of whole numbers apart. */
export interface Scale {
  readonly kind: "fixed" | "days" | "businessDays" | "months" | "steps";
  /** In words, where the kind alone does not say it: `"last days"`. */
  readonly note: string | null;
  /** Null for an instant that is not on the scale: another time of day, a Sunday. */
  ordinalOf(instant: bigint): number | null;
  instantOf(ordinal: number): bigint;
}

const dayMicros = 86_400_000_000n;

/** Day number and microseconds of the day, by a zone's clocks. */
function localOf(zone: Zone, instant: bigint): { readonly day: number; readonly rest: bigint } {
  const local = instant + BigInt(zone.periodAt(secondsOf(instant)).offset) * 1_000_000n;
  const rest = ((local % dayMicros) + dayMicros) % dayMicros;
  return { day: Number((local - rest) / dayMicros), rest };
}

function instantOfDay(zone: Zone, day: number, rest: bigint): bigint {
  const seconds = Number(rest / 1_000_000n);
  return BigInt(instantOfLocal(zone, day * 86_400 + seconds)) * 1_000_000n + (rest % 1_000_000n);
}

/** Microseconds. */
export const fixedScale: Scale = {
  kind: "fixed",
  note: null,
  ordinalOf: Number,
  instantOf: BigInt,
};

/** Whole numbers that are no times. */
export const stepScale: Scale = { ...fixedScale, kind: "steps" };

/** Days at the time of day of the first instant. */
export function dayScale(zoneName: string, first: bigint): Scale {
  const zone = resolveZone(zoneName);
  const { rest } = localOf(zone, first);
  return {
    kind: "days",
    note: null,
    ordinalOf(instant) {
      const local = localOf(zone, instant);
      return local.rest === rest ? local.day : null;
    },
    instantOf: (day) => instantOfDay(zone, day, rest),
  };
}

/** Mondays to Fridays at the time of day of the first instant, without numbers for the days between. */
export function businessDayScale(zoneName: string, first: bigint): Scale {
  const days = dayScale(zoneName, first);
  // Day 4 was a Monday: 1970-01-05.
  return {
    kind: "businessDays",
    note: null,
    ordinalOf(instant) {
      const day = days.ordinalOf(instant);
      if (day === null) return null;
      const weekday = weekdayOfDays(day);
      return weekday > 4 ? null : 5 * ((day - weekday - 4) / 7) + weekday;
    },
    instantOf(ordinal) {
      const weekday = ((ordinal % 5) + 5) % 5;
      return days.instantOf(4 + (7 * (ordinal - weekday)) / 5 + weekday);
    },
  };
}

/**
 * Months by one day in each: the first, the last, or the same number (the last where a month is too short for it).
 * @returns Null when the instants have no such day.
 */
export function monthScale(zoneName: string, instants: Iterable<bigint>): Scale | null {
  const zone = resolveZone(zoneName);
  let rest: bigint | null = null;
  let most = 0;
  let allLast = true;
  for (const instant of instants) {
    const local = localOf(zone, instant);
    rest ??= local.rest;
    if (local.rest !== rest) return null;
    const date = civilFromDays(local.day);
    most = Math.max(most, packedDay(date));
    allLast &&= packedDay(date) === daysInMonth(packedYear(date), packedMonth(date));
  }
  if (rest === null) return null;
  // February alone ends on the 28th; what always is a last day is meant to be one.
  const day = allLast ? 31 : most;
  const time = rest;
  const scale: Scale = {
    kind: "months",
    note: allLast ? "last days" : day === 1 ? null : `day ${day}`,
    ordinalOf(instant) {
      const local = localOf(zone, instant);
      const date = civilFromDays(local.day);
      const [year, month] = [packedYear(date), packedMonth(date)];
      return local.rest === time && packedDay(date) === Math.min(day, daysInMonth(year, month))
        ? year * 12 + month - 1
        : null;
    },
    instantOf(ordinal) {
      const year = Math.floor(ordinal / 12);
      const month = ordinal - 12 * year + 1;
      return instantOfDay(zone, daysFromCivil(year, month, Math.min(day, daysInMonth(year, month))), time);
    },
  };
  for (const instant of instants) if (scale.ordinalOf(instant) === null) return null;
  return scale;
}
