import { TsopsError } from "../../errors.ts";
import { calendarFields } from "../../time/calendar.ts";
import { daysFromCivil } from "../../time/civil.ts";
import type { Frequency } from "../../time/frequency.ts";
import type { FeatureContext, ReduceFeature } from "./feature.ts";
import { dateOfDay, dayOfDate, type ResolvedHolidays } from "./holidays.ts";
import { type AnyHolidays, requireRegions } from "./regional-holidays.ts";

const dayMicros = 86_400_000_000n;

/** Whether rows of a frequency lie within one day. */
export function isWithinDay({ kind, step }: Frequency): boolean {
  return kind === "fixed" ? step <= dayMicros : kind !== "months" && step === 1n;
}

/** The features of holidays. @throws TsopsError MODEL_PARAMETER_INVALID when they go by a column that the panel has not. */
export function holidayFeatures(
  holidays: AnyHolidays,
  { spec, isWithinDay: isDaily }: FeatureContext,
): ReduceFeature[] {
  requireRegions(holidays, spec);
  return namesOf(holidays.name, isDaily).map((feature) => ({
    name: feature,
    kind: "numeric",
    complete: 0,
    reach: 0,
    bind({ calendar }) {
      const values = calendar.get(feature) as Float64Array;
      return (t) => values[t] as number;
    },
  }));
}

function namesOf(name: string, isDaily: boolean): readonly string[] {
  return isDaily ? [name, `days_to_${name}`, `days_since_${name}`] : [name];
}

/**
 * Values of the features for successive rows of a grid. A row belongs to the local day that it begins on; a longer one counts the holidays from that
 * day on, up to the day that the next row begins on. A next holiday that the list cannot tell, because it ends before, is NaN, and so is a last one before its beginning.
 * @param isFit - Whether the rows are history that is learnt from, and not a forecast.
 * @throws TsopsError for rows outside of the days that the list speaks for: MODEL_PARAMETER_INVALID in a fit, FUTURE_VALUES_MISSING in a forecast.
 */
export function holidayColumns(
  holidays: ResolvedHolidays,
  times: BigInt64Array,
  frequency: Frequency,
  isFit: boolean,
): Map<string, Float64Array> {
  const isDaily = isWithinDay(frequency);
  const columns = namesOf(holidays.name, isDaily).map(
    (name) => [name, new Float64Array(times.length)] as const,
  );
  const days = localDays(times, frequency);
  refuseUncovered(holidays, days, isDaily, isFit);
  const listed = Int32Array.from(holidays.dates, (date) => dayOfDate(date, "A holiday"));
  const [first, last] = [dayOfDate(holidays.from, "from"), dayOfDate(holidays.until, "until")];
  const { within } = holidays;
  const [value, toNext, sinceLast] = columns.map(([, values]) => values);
  // Holidays before the day of the row; rows are in order, so it only grows.
  let before = 0;
  for (let i = 0; i < times.length; i++) {
    const day = days[i] as number;
    while (before < listed.length && (listed[before] as number) < day) before++;
    if (!isDaily) {
      let count = 0;
      while (before + count < listed.length && (listed[before + count] as number) < (days[i + 1] as number))
        count++;
      (value as Float64Array)[i] = count;
      continue;
    }
    const isHoliday = listed[before] === day;
    (value as Float64Array)[i] = isHoliday ? 1 : 0;
    const next = (listed[before] ?? Number.POSITIVE_INFINITY) - day;
    const since = isHoliday ? 0 : day - (listed[before - 1] ?? Number.NEGATIVE_INFINITY);
    (toNext as Float64Array)[i] = next <= within ? next : day + within <= last ? within : Number.NaN;
    (sinceLast as Float64Array)[i] = since <= within ? since : day - within >= first ? within : Number.NaN;
  }
  return new Map(columns);
}

/** The local day of each row, and of the row after the last. */
function localDays(times: BigInt64Array, frequency: Frequency): Int32Array {
  const { length } = times;
  const all = new BigInt64Array(length + 1);
  all.set(times);
  all[length] = frequency.add(times[length - 1] as bigint, 1);
  const { year, month, dayOfMonth } = calendarFields(all, frequency.zone);
  const days = new Int32Array(length + 1);
  for (let i = 0; i <= length; i++) {
    const isSame =
      i > 0 && dayOfMonth[i] === dayOfMonth[i - 1] && month[i] === month[i - 1] && year[i] === year[i - 1];
    days[i] = isSame
      ? (days[i - 1] as number)
      : daysFromCivil(year[i] as number, month[i] as number, dayOfMonth[i] as number);
  }
  return days;
}

function refuseUncovered(
  { name, from, until }: ResolvedHolidays,
  days: Int32Array,
  isDaily: boolean,
  isFit: boolean,
): void {
  const first = days[0] as number;
  const last = isDaily ? (days[days.length - 2] as number) : (days[days.length - 1] as number) - 1;
  const outside = first < dayOfDate(from, "from") ? first : last > dayOfDate(until, "until") ? last : null;
  if (outside === null) return;
  throw new TsopsError(
    isFit ? "MODEL_PARAMETER_INVALID" : "FUTURE_VALUES_MISSING",
    `The holidays "${name}" are listed from ${from} until ${until}, but ${isFit ? "the panel has rows of" : "the forecast reaches"} ${dateOfDay(outside)}.`,
    {
      hint: "List the dates of more years, some ahead of the last row, and fit again; where there are none, say so with from and until.",
      details: { holidays: name, from, until, found: dateOfDay(outside) },
    },
  );
}
