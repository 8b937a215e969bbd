import { TsopsError } from "../../errors.ts";
import { checkList, checkOptions, shown } from "../../options.ts";
import { civilFromDays, daysFromCivil, packedDay, packedMonth, packedYear } from "../../time/civil.ts";
import { wholeNumber } from "../check.ts";

/** Dates of days that are unlike others, and the days that they speak for. */
export interface HolidayDates {
  /** Days as the clocks of the panel's zone show them, `"2026-12-25"`, in any order. None only where `from` and `until` say so. */
  readonly dates: readonly string[];
  /** First day that the list speaks for. Default: the first day of the year of its first date. */
  readonly from?: string;
  /** Last such day. Default: the last day of the year of its last date. */
  readonly until?: string;
}

/** How holidays become features. */
export interface HolidayFeatureOptions {
  /** Names the features: `holiday`, `days_to_holiday`, `days_since_holiday`. Default `"holiday"`. */
  readonly name?: string;
  /** Most days that are counted to the next holiday and since the last one; more are told as so many. Default 7. */
  readonly within?: number;
}

/** Days that are unlike others. */
export interface Holidays extends HolidayDates, HolidayFeatureOptions {}

/** Holidays with every default filled in; dates sorted. JSON-serialisable. */
export type ResolvedHolidays = Required<Holidays>;

/** A holiday as libraries tell of it, e.g. `getHolidays(year)` of date-holidays. */
export interface HolidayEntry {
  /** Begins with the local day, `"2026-12-25 00:00:00"`. */
  readonly date: string;
  /** With both, a holiday of several days. */
  readonly start?: Date;
  readonly end?: Date;
}

/**
 * The dates that a function or a library gives year by year, for `holidays` of `reduce`. List years ahead: a forecast is refused beyond the last one.
 * @param source - Local days or entries of one year. A holiday of several days counts as so many dates.
 * @param years - First and last year.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 * @example
 * const calendar = new Holidays("DE"); // npm install date-holidays
 * const german = listHolidays((year) => calendar.getHolidays(year).filter(({ type }) => type === "public"), { from: 2015, until: 2035 });
 * reduce(gbdt(), { lags: [24], holidays: [german] });
 */
export function listHolidays(
  source: (year: number) => readonly (string | HolidayEntry)[],
  years: { readonly from: number; readonly until: number },
): Required<HolidayDates> {
  checkOptions("MODEL_PARAMETER_INVALID", "listHolidays()", years, { from: true, until: true });
  const from = wholeNumber("from", years.from, 1, 9999);
  const until = wholeNumber("until", years.until, from, 9999);
  const days = new Set<number>();
  for (let year = from; year <= until; year++)
    for (const entry of source(year)) {
      const { date, start, end } =
        typeof entry === "string" ? { date: entry, start: undefined, end: undefined } : entry;
      const first = dayOfDate(typeof date === "string" ? date.slice(0, 10) : date, `A holiday of ${year}`);
      const length =
        start === undefined || end === undefined
          ? 1
          : Math.max(1, Math.round((end.getTime() - start.getTime()) / 86_400_000));
      for (let i = 0; i < length; i++) days.add(first + i);
    }
  const last = daysFromCivil(until, 12, 31);
  const within = [...days].filter((day) => day >= daysFromCivil(from, 1, 1) && day <= last);
  return {
    dates: within.sort((a, b) => a - b).map(dateOfDay),
    from: dateOfDay(daysFromCivil(from, 1, 1)),
    until: dateOfDay(last),
  };
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolveHolidays(holidays: Holidays, option: string): ResolvedHolidays {
  checkOptions("MODEL_PARAMETER_INVALID", option, holidays, {
    name: true,
    dates: true,
    from: true,
    until: true,
    within: true,
  });
  return { ...resolveFeatureOptions(holidays, option), ...resolveDates(holidays, option) };
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolveFeatureOptions(
  options: HolidayFeatureOptions,
  option: string,
): Required<HolidayFeatureOptions> {
  const name = options.name ?? "holiday";
  if (typeof name !== "string" || name === "")
    throw invalid(
      `${option}.name must be a text, got ${shown(name)}.`,
      "Leave it out, or name the holidays.",
    );
  return { name, within: wholeNumber(`${option}.within`, options.within ?? 7) };
}

/** @throws TsopsError MODEL_PARAMETER_INVALID. */
export function resolveDates(list: HolidayDates, option: string): Required<HolidayDates> {
  checkList("MODEL_PARAMETER_INVALID", `${option}.dates`, list.dates);
  const days = [...new Set(list.dates.map((date, i) => dayOfDate(date, `${option}.dates[${i}]`)))].sort(
    (a, b) => a - b,
  );
  const bound = (name: "from" | "until", found: number | undefined, month: number, day: number): number => {
    const given = list[name];
    if (given !== undefined) return dayOfDate(given, `${option}.${name}`);
    if (found === undefined)
      throw invalid(
        `${option} lists no dates.`,
        'Give days as texts, e.g. dates: ["2026-12-25"]; where there are none, say from when until when: from and until.',
      );
    return daysFromCivil(packedYear(civilFromDays(found)), month, day);
  };
  const from = bound("from", days[0], 1, 1);
  const until = bound("until", days.at(-1), 12, 31);
  const [first = from, last = until] = [days[0], days.at(-1)];
  if (from > until)
    throw invalid(
      `${option} speaks for ${dateOfDay(from)} to ${dateOfDay(until)}, which is no day.`,
      "Let from be before until.",
    );
  if (from > first || until < last)
    throw invalid(
      `${option} speaks for ${dateOfDay(from)} to ${dateOfDay(until)}, but lists ${dateOfDay(from > first ? first : last)}.`,
      "Let from and until enclose all dates.",
    );
  return { dates: days.map(dateOfDay), from: dateOfDay(from), until: dateOfDay(until) };
}

/**
 * Days since 1970-01-01 of a date.
 * @throws TsopsError MODEL_PARAMETER_INVALID unless it is a day of the calendar.
 */
export function dayOfDate(date: unknown, what: string): number {
  const parts = typeof date === "string" ? /^(\d{4})-(\d{2})-(\d{2})$/.exec(date) : null;
  const [year, month, day] = (parts ?? []).slice(1).map(Number);
  const found = parts === null ? Number.NaN : daysFromCivil(year as number, month as number, day as number);
  if (parts === null || dateOfDay(found) !== date)
    throw invalid(
      `${what} is no day of the calendar: ${shown(date)}.`,
      'Write the day as clocks show it, e.g. "2026-12-25"; an instant falls on different days in different zones.',
    );
  return found;
}

/** A day since 1970-01-01 as text. */
export function dateOfDay(day: number): string {
  const date = civilFromDays(day);
  const padded = (value: number, width: number): string => String(value).padStart(width, "0");
  return `${padded(packedYear(date), 4)}-${padded(packedMonth(date), 2)}-${padded(packedDay(date), 2)}`;
}

/** MODEL_PARAMETER_INVALID. */
export function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
