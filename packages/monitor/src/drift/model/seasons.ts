import { parseFrequency, shown, TsopsError } from "@tsops/core";

const hourMicros = 3_600_000_000n;

/**
 * Season lengths in steps, ascending. "auto" takes day and week for steps up to an hour, the week for days, the year for months, as
 * far as the reference covers each at least three times. A season of 1 step is none.
 * @throws TsopsError MONITOR_INVALID when a given season does not fit twice into the reference.
 */
export function seasonsFor(
  season: "auto" | readonly number[],
  frequencyText: string,
  referenceLength: number,
): number[] {
  if (season === "auto") return usualSeasons(frequencyText).filter((length) => referenceLength >= 3 * length);
  // A season of one step repeats nothing, as on the command line.
  const seasons = [...new Set(season)].filter((length) => length !== 1).sort((a, b) => a - b);
  for (const length of seasons) {
    if (!Number.isInteger(length) || length < 2)
      throw new TsopsError("MONITOR_INVALID", `A season of ${shown(length)} steps is none.`, {
        hint: "Give whole numbers of steps from 2 on, e.g. [24, 168] for hourly data; [] or [1] for no season.",
      });
    if (referenceLength < 2 * length)
      throw new TsopsError(
        "MONITOR_INVALID",
        `A season of ${length} steps needs a reference of at least ${2 * length} steps, this one has ${referenceLength}.`,
        { hint: "Take a longer reference window or a shorter season." },
      );
  }
  return seasons;
}

function usualSeasons(frequencyText: string): number[] {
  const { kind, step } = parseFrequency(frequencyText);
  if (kind === "months") return step <= 12n && 12n % step === 0n && step < 12n ? [Number(12n / step)] : [];
  if (kind === "days") return step === 1n ? [7] : [];
  if (kind === "businessDays") return step === 1n ? [5] : [];
  const day = 24n * hourMicros;
  if (step > 12n * hourMicros || day % step !== 0n) return [];
  return [Number(day / step), Number((7n * day) / step)];
}
