import { createRandom } from "@tsops/core";
import { type BatteryResult, numericBattery } from "../battery/numeric-battery.ts";
import type { DriftTestName, TestOutcome } from "../battery/test-outcome.ts";
import { simes } from "../combine.ts";
import { deseasonalise } from "../model/profile.ts";
import type { RegularSeries } from "../model/regular-series.ts";
import { noiseOf, nullWindows } from "./null-windows.ts";

/** A column whose combined p-value is above this has nothing to decide. */
export const worthASecondLook = 0.25;
/** Windows without a change that are looked at: some, and more where these do not settle it. */
export const looks = [50, 150];
/** A combined p-value that more windows would not bring back. */
export const settled = 1e-5;
/** Steps of both windows together up to which the p-values of large samples are doubted; beyond, looking again would take seconds. */
const longest = 10_000;
/** The part of the p-values from which the fall of their distribution towards 0 is told. */
const tail = 0.25;
/** How many p-values of an exact test the fit begins with. */
const exact = 20;

/** Whether windows are so short that the p-values of large samples are doubted. */
export function mayBeCalibrated(reference: RegularSeries, current: RegularSeries): boolean {
  return reference.values.length + current.values.length <= longest;
}

/**
 * Outcomes with p-values that hold at the lengths of these windows and for this noise. The battery looks at pairs of windows in which
 * nothing changed, and what it finds there tells what its p-values mean. Columns that have nothing to decide keep theirs.
 * Source: P. Bühlmann (1997), "Sieve bootstrap for time series", Bernoulli 3.
 */
export function calibrated(
  { outcomes, model, profile }: BatteryResult,
  reference: RegularSeries,
  current: RegularSeries,
  seasons: readonly number[],
  maxOrder: number,
): readonly TestOutcome[] {
  const worth = (all: readonly TestOutcome[]) =>
    all.length > 0 && simes(all.map(({ pValue }) => pValue)) <= worthASecondLook;
  if (!mayBeCalibrated(reference, current) || !worth(outcomes)) return outcomes;
  // Seeded by the data: a report repeats, and what one series draws says nothing about the next.
  const random = createRandom(outcomes.map(({ statistic }) => statistic).join());
  const found = new Map<DriftTestName, number[]>(outcomes.map(({ test }) => [test, []]));
  // As large as those of values that were not fitted.
  const growth = Math.sqrt(model.innovations.length / model.degrees);
  // With its spikes: they come as often where nothing changed.
  const seasonLength = seasons[0] ?? 1;
  const noise = noiseOf(deseasonalise(reference, profile).values, model.phi, seasonLength, growth);
  const draw = nullWindows(reference, current, noise, seasonLength);
  let result = outcomes;
  for (const more of looks) {
    for (let i = 0; i < more; i++) {
      const [before, now] = draw(random);
      for (const { test, pValue } of numericBattery(before, now, seasons, maxOrder)?.outcomes ?? [])
        found.get(test)?.push(pValue);
    }
    result = outcomes.map((outcome) => ({
      ...outcome,
      pValue: calibratedPValue(outcome.pValue, found.get(outcome.test) as number[]),
    }));
    if (!worth(result) || simes(result.map(({ pValue }) => pValue)) < settled) break;
  }
  return result;
}

/**
 * The chance of a p-value as small as `pValue` where nothing changed. Above a quarter it is counted; below, it is taken to fall as a
 * power, whose exponent is fitted to the p-values below a quarter (maximum likelihood) and taken 0.4 of its standard error low. Beyond
 * the smallest of them that is expected it is taken a whole standard error low, and falls no faster than the p-value itself: an
 * exponent of 1.2 that came by chance would make a hundred thousandth of what is a ten thousandth.
 * @param whenNothingChanged - What the test gave for windows without a change.
 * Source: B. M. Hill (1975), "A simple general approach to inference about the tail of a distribution", Annals of Statistics 3.
 */
export function calibratedPValue(pValue: number, whenNothingChanged: readonly number[]): number {
  const n = whenNothingChanged.length + exact;
  if (pValue >= tail) {
    const below = whenNothingChanged.filter((value) => value < pValue).length;
    return Math.min(1, (below + pValue * exact) / n);
  }
  const below = whenNothingChanged.filter((value) => value < tail);
  const count = below.length + tail * exact;
  const logarithms = below.reduce((sum, value) => sum + Math.log(tail / Math.max(value, 1e-300)), 0);
  const fitted = count / (logarithms + tail * exact);
  const near = fitted * (1 - 0.4 / Math.sqrt(count));
  const far = Math.min(1, fitted * (1 - 1 / Math.sqrt(count)));
  const share = pValue / tail;
  const least = 1 / count;
  return (count / n) * Math.max(share, least) ** near * Math.min(1, share / least) ** far;
}
