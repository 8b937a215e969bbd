import { parseFrequency } from "../time/frequency.ts";

const dayMicros = 86_400_000_000n;

/**
 * The usual season of a frequency in steps: a day for steps below a day, a week for days, a year for weeks, months and quarters; 1 where
 * the steps do not divide it.
 */
export function usualSeasonLength(frequency: string): number {
  const { kind, step } = parseFrequency(frequency);
  if (kind === "months") return 12n % step === 0n ? Number(12n / step) : 1;
  if (kind === "days") {
    if (step === 7n) return 52;
    return 7n % step === 0n ? Number(7n / step) : 1;
  }
  return dayMicros % step === 0n ? Number(dayMicros / step) : 1;
}
