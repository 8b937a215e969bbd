import { createRandom } from "@tsops/core";
import { simes } from "./combine.ts";
import { type BatteryResult, numericBattery } from "./numeric-battery.ts";
import { nullWindows } from "./null-windows.ts";
import type { RegularSeries } from "./regular-series.ts";
import type { DriftTestName, TestOutcome } from "./test-outcome.ts";

/** A column whose combined p-value is above this has nothing to decide. */
const worthASecondLook = 0.25;
/** Windows without a change that are looked at: some, and more where these do not settle it. */
const looks = [50, 150];
/** A combined p-value that more windows would not bring back. */
const settled = 1e-5;
/** Steps of both windows together up to which large-sample p-values are doubted. */
const longest = 20_000;
/** The part of the null distribution whose shape tells how its tail falls. */
const tail = 0.25;

/**
 * p-values that hold at the lengths of these windows and for this noise. The battery looks at pairs of windows in which nothing changed;
 * the p-values that it gives there tell what its p-values mean here: within the lower quarter, the chance of one below u is taken as
 * F(tail) (u / tail)^a with F counted and a fitted (maximum likelihood), so that small ones stay small.
 * Source: P. Bühlmann (1997), "Sieve bootstrap for time series", Bernoulli 3; B. M. Hill (1975), "A simple general approach to inference
 * about the tail of a distribution", Annals of Statistics 3, for the exponent.
 */
export function calibrated(
  { outcomes, model, shocks }: BatteryResult,
  reference: RegularSeries,
  current: RegularSeries,
  seasons: readonly number[],
  maxOrder: number,
): readonly TestOutcome[] {
  if (reference.values.length + current.values.length > longest) return outcomes;
  if (outcomes.length === 0 || simes(outcomes.map(({ pValue }) => pValue)) > worthASecondLook) return outcomes;
  const found = new Map<DriftTestName, number[]>();
  // By the data, so that a report repeats, but what one series draws says nothing about the next.
  const random = createRandom(outcomes.map(({ statistic }) => statistic).join());
  let result = outcomes;
  for (const upTo of looks) {
    for (let i = 0; i < upTo; i++) {
      const [before, now] = nullWindows(reference, current, model, shocks, seasons[0] ?? 1, random);
      for (const { test, pValue } of numericBattery(before, now, seasons, maxOrder)?.outcomes ?? [])
        found.set(test, [...(found.get(test) ?? []), pValue]);
    }
    result = outcomes.map((outcome) => ({
      ...outcome,
      pValue: calibratedPValue(outcome.pValue, found.get(outcome.test) ?? []),
    }));
    const combined = simes(result.map(({ pValue }) => pValue));
    if (combined < settled || combined > worthASecondLook) break;
  }
  return result;
}

/** The chance of a p-value this small where nothing changed, from p-values of that kind. */
export function calibratedPValue(pValue: number, whenNothingChanged: readonly number[]): number {
  const n = whenNothingChanged.length;
  if (n === 0) return pValue;
  const below = whenNothingChanged.filter((value) => value < tail);
  // Draws towards the uniform distribution, of which the sample is taken to hold a few values more.
  const share = (below.length + tail * prior) / (n + prior);
  if (pValue >= tail) {
    const between = whenNothingChanged.filter((value) => value < pValue).length;
    return Math.min(1, (between + pValue * prior) / (n + prior));
  }
  const logs = below.reduce((sum, value) => sum + Math.log(tail / Math.max(value, 1e-300)), 0);
  const exponent = (below.length + tail * prior) / (logs + tail * prior);
  return share * (pValue / tail) ** exponent;
}

const prior = 20;
