import { parseFrequency } from "../../time/frequency.ts";

const dayMicros = 86_400_000_000n;

/**
 * The usual season of a frequency in steps: a day for steps below a day, a week for days and business days, a year for weeks, months and quarters; 1 where
 * the steps do not divide it.
 */
export function usualSeasonLength(frequency: string): number {
  const { kind, step } = parseFrequency(frequency);
  if (kind === "months") return 12n % step === 0n ? Number(12n / step) : 1;
  if (kind === "businessDays") return 5n % step === 0n ? Number(5n / step) : 1;
  if (kind === "days") {
    if (step === 7n) return 52;
    return 7n % step === 0n ? Number(7n / step) : 1;
  }
  return dayMicros % step === 0n ? Number(dayMicros / step) : 1;
}

/** Day and week, week and year, year: whole numbers of steps that a frequency makes worth asking for, ascending; `findSeasons` says which the series go with. */
export function seasonsOfFrequency(frequency: string, zone = "UTC"): readonly number[] {
  const { kind, step } = parseFrequency(frequency, { zone });
  const whole = (lengths: readonly number[]) =>
    lengths.map((length) => length / Number(step)).filter((length) => Number.isInteger(length) && length > 1);
  if (kind === "months") return whole([12]);
  if (kind === "days") return step === 7n ? [52] : whole([7, 365]);
  // A week, and the trading days of a month.
  if (kind === "businessDays") return whole([5, 21]);
  const [minute, hour, day] = [60e6, 3600e6, 86_400e6];
  // Below a minute a day is too many steps to repeat.
  return whole(Number(step) < minute ? [minute, hour] : [day, 7 * day]).filter((length) => length <= 11_000);
}

/** Steps of a year, rounded; 1 where a step is as long or longer. */
export function rowsOfYear(frequency: string): number {
  const { kind, step } = parseFrequency(frequency);
  const yearSteps = {
    months: 12,
    days: 365.25,
    businessDays: (365.25 * 5) / 7,
    fixed: 365.25 * Number(dayMicros),
  }[kind];
  return Math.max(1, Math.round(yearSteps / Number(step)));
}
