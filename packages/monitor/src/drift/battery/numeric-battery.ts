import { manyRows, thinned } from "../long-windows/long-windows.ts";
import { giveBack } from "../long-windows/scratch-arrays.ts";
import type { Autoregression } from "../model/autoregression.ts";
import { autoregressionAbout } from "../model/autoregression-about.ts";
import { designEffect, meanOf } from "../model/innovation-moments.ts";
import { leftoverCorrelation } from "../model/leftover-correlation.ts";
import { deseasonalise, positionOf, type SeasonalProfile, seasonalProfile } from "../model/profile.ts";
import { presentView, type RegularSeries } from "../model/regular-series.ts";
import { pullInSpikes, spikeLimits } from "../model/spikes.ts";
import { standardise } from "../model/standardised.ts";
import { wavesFor, withoutWaves } from "../model/waves.ts";
import { autocorrelationTest, wavesToTakeOut } from "./autocorrelation-test.ts";
import { fitLocation, type InnovationNoise, levelTest, seasonTest } from "./location-tests.ts";
import { scaleTest } from "./scale-test.ts";
import { shapeTest } from "./shape-test.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Length of the blocks of time, and half of the lags of the Ljung-Box test, without a season. */
const usualBlock = 24;

/** What the battery found, and the reference's autoregression that it looked through. */
export interface BatteryResult {
  readonly outcomes: readonly TestOutcome[];
  readonly model: Autoregression;
  /** The reference's seasonal profile. */
  readonly profile: SeasonalProfile;
  /** Gives up the model (its innovations are overwritten before, in long windows), so that its arrays can be used again. */
  giveBack(): void;
}

/**
 * Tests whether the current window of a numeric series differs from the reference in level, seasonal pattern, scale, shape or
 * autocorrelation, allowing for season and autocorrelation: deviations from the reference's seasonal profile are whitened by an
 * autoregression fitted to the reference, and the tests look at the innovations. p-values are those of large samples.
 * @param seasons - Season lengths in steps, ascending; empty for none. The profile has the longest.
 * @param options - `inPlace` overwrites the values of both windows rather than taking memory of their size.
 * @returns Null when the reference cannot carry the tests: it is constant, or too short for its seasons.
 */
export function numericBattery(
  reference: RegularSeries,
  current: RegularSeries,
  seasons: readonly number[],
  maxOrder: number,
  { inPlace = false } = {},
): BatteryResult | null {
  const profile = seasonalProfile(reference, seasons.at(-1) ?? 1);
  const before = deseasonalise(reference, profile, inPlace);
  const limits = spikeLimits(before, seasons[0] ?? 1);
  pullInSpikes(before, limits);
  const { parameters } = profile;
  const isLong = before.values.length > manyRows;
  const model = autoregressionAbout(profile, before.values, maxOrder, true);
  if (model === null) return null;

  const joinsUp = before.first + before.values.length === current.first;
  // Innovations of long windows overwrite the deviations: memory has the size of the windows, and is given back as soon as it can be.
  const lead = joinsUp ? before.values.slice(-model.phi.length) : null;
  const block = seasons[0] ?? usualBlock;
  const mean = meanOf(model.innovations);
  const part = thinned({ first: 0, values: model.filtered }, 1).values;
  const noise: InnovationNoise = {
    variances: variancesByPosition(model, before.first, seasons[0] ?? 1),
    leftover: leftoverCorrelation(part, 2 * block, model.phi.length),
    // What lasts longer than the autoregression's order shows in batch means, and only ever widens the error.
    lasting: Math.max(1, designEffect(model.innovations, mean).factor),
  };
  if (part !== model.filtered) giveBack(part);
  // The covariance is the last that needs the deviations, and samples of long windows have no more to do with their values.
  void model.covariance;
  const sample = standardise(model.innovations, { mean });
  if (!inPlace) giveBack(before.values);
  const now = deseasonalise(current, profile, inPlace);
  pullInSpikes(now, limits);
  const present = presentView(now.values);
  const meanNow = meanOf(present);
  const location = fitLocation(lead, now, model, wavesFor(seasons, present.length), noise);
  if (location === null) return null;
  const { rows, waves, level } = location;
  const n = model.innovations.length;
  // The profile's own error stays in the current deviations, but was fitted away in the reference's.
  const expectedRatio = Math.sqrt(
    ((1 + parameters / n) * (1 - (1 + waves.length) / rows)) / (model.degrees / n),
  );
  const taken = wavesToTakeOut(waves, now.values.length);
  const rest = withoutWaves(now.values, now.first, level, taken);
  const autocorrelation = autocorrelationTest(model, rest, taken);
  const samples = [sample, standardise(location.residuals(taken), { inOrder: false })] as const;
  const outcomes = [
    levelTest(location, model.degrees, meanNow),
    seasonTest(location, model.degrees, now),
    scaleTest(...samples, expectedRatio),
    shapeTest(...samples),
    autocorrelation,
  ];
  giveBack(...samples.map(({ pointOf }) => pointOf));
  return {
    outcomes: outcomes.filter(
      (outcome): outcome is TestOutcome => outcome !== null && !Number.isNaN(outcome.pValue),
    ),
    model,
    profile,
    giveBack: () => giveBack(isLong ? null : model.filtered, inPlace ? null : now.values),
  };
}

/** Rows at one position of the season that its own variance needs to count as much as the variance of all. */
const rowsForHalf = 10;

/** Variance of the innovations at each position of the season, drawn towards that of all where there are few. */
export function variancesByPosition(
  model: Autoregression,
  first: number,
  seasonLength: number,
): Float64Array {
  const sums = new Float64Array(seasonLength);
  const counts = new Float64Array(seasonLength);
  const { filtered } = model;
  let position = positionOf(first, seasonLength) - 1;
  for (let slot = 0; slot < filtered.length; slot++) {
    if (++position === seasonLength) position = 0;
    const value = filtered[slot] as number;
    if (Number.isNaN(value)) continue;
    sums[position] = (sums[position] as number) + value * value;
    counts[position] = (counts[position] as number) + 1;
  }
  const inflation = model.innovations.length / model.degrees;
  return sums.map(
    (sum, position) =>
      (sum * inflation + rowsForHalf * model.innovationVariance) /
      ((counts[position] as number) + rowsForHalf),
  );
}
