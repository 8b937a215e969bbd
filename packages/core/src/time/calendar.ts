import {
  civilFromDays,
  daysFromCivil,
  isLeapYear,
  packedDay,
  packedMonth,
  packedYear,
  weekdayOfDays,
} from "./civil.ts";
import { assertInstant, secondsOf } from "./instant.ts";
import { resolveZone } from "./zone.ts";

/** Local calendar fields of n instants, one array each, all of length n. */
export interface CalendarFields {
  readonly year: Int32Array;
  /** 1..12. */
  readonly month: Uint8Array;
  /** 1..31. */
  readonly dayOfMonth: Uint8Array;
  /** 1..366. */
  readonly dayOfYear: Uint16Array;
  /** ISO 8601 week, 1..53; the first days of January may lie in week 52 or 53. */
  readonly week: Uint8Array;
  /** Monday = 0 .. Sunday = 6. */
  readonly weekday: Uint8Array;
  /** 0..23. */
  readonly hour: Uint8Array;
  /** 0..59. */
  readonly minute: Uint8Array;
}

/**
 * Calendar fields of many instants as the clocks of a zone show them. Fastest when neighbours are close in time: zone
 * rules are looked up once per offset period, dates once per run of rows of one day.
 * @param times - Microseconds since 1970 UTC.
 * @param zone - `"UTC"`, an offset or an IANA name.
 * @throws TsopsError TIME_INVALID for an unknown zone or an instant outside years -271821 .. 275760.
 */
export function calendarFields(times: BigInt64Array, zone = "UTC"): CalendarFields {
  const rules = resolveZone(zone);
  const { length } = times;
  const fields = {
    year: new Int32Array(length),
    month: new Uint8Array(length),
    dayOfMonth: new Uint8Array(length),
    dayOfYear: new Uint16Array(length),
    week: new Uint8Array(length),
    weekday: new Uint8Array(length),
    hour: new Uint8Array(length),
    minute: new Uint8Array(length),
  };
  let period = rules.periodAt(0);
  let day = Number.NaN;
  let year = 0;
  let month = 0;
  let dayOfMonth = 0;
  let dayOfYear = 0;
  let week = 0;
  let weekday = 0;
  for (let i = 0; i < length; i++) {
    const micros = times[i] as bigint;
    const seconds = secondsOf(micros);
    if (seconds < period.start || seconds >= period.end) {
      assertInstant(micros);
      period = rules.periodAt(seconds);
    }
    const local = seconds + period.offset;
    const days = Math.floor(local / 86_400);
    if (days !== day) {
      assertInstant(micros);
      day = days;
      const date = civilFromDays(days);
      year = packedYear(date);
      month = packedMonth(date);
      dayOfMonth = packedDay(date);
      dayOfYear = days - daysFromCivil(year, 1, 1) + 1;
      weekday = weekdayOfDays(days);
      week = isoWeek(year, dayOfYear, weekday);
    }
    const secondOfDay = local - days * 86_400;
    fields.year[i] = year;
    fields.month[i] = month;
    fields.dayOfMonth[i] = dayOfMonth;
    fields.dayOfYear[i] = dayOfYear;
    fields.week[i] = week;
    fields.weekday[i] = weekday;
    fields.hour[i] = Math.floor(secondOfDay / 3600);
    fields.minute[i] = Math.floor(secondOfDay / 60) % 60;
  }
  return fields;
}

/** Number of the week whose Thursday lies in it, counted in the Thursday's year. */
function isoWeek(year: number, dayOfYear: number, weekday: number): number {
  const week = Math.floor((dayOfYear - weekday + 9) / 7);
  if (week < 1) return weeksOfYear(year - 1);
  return week > weeksOfYear(year) ? 1 : week;
}

function weeksOfYear(year: number): number {
  const newYear = weekdayOfDays(daysFromCivil(year, 1, 1));
  return newYear === 3 || (newYear === 2 && isLeapYear(year)) ? 53 : 52;
}
