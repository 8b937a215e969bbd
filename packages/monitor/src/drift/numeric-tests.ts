import { autocorrelationTest } from "./autocorrelation-test.ts";
import { type Autoregression, fitAutoregression } from "./autoregression.ts";
import { leftoverCorrelation } from "./leftover-correlation.ts";
import { fitLocation, levelTest, seasonTest } from "./location-tests.ts";
import { deseasonalise, frequenciesOf, positionsOf, seasonalProfile } from "./profile.ts";
import type { RegularSeries } from "./regular-series.ts";
import { scaleTest } from "./scale-test.ts";
import { seasonsShown } from "./season-choice.ts";
import { shapeTest } from "./shape-test.ts";
import { withoutSpikes } from "./spikes.ts";
import type { TestOutcome } from "./test-outcome.ts";
import { wavesOf } from "./waves.ts";

/** Settings of the tests of one numeric column. */
export interface NumericOptions {
  /** Season lengths in steps, ascending; empty for none. The profile has the longest. */
  readonly seasons: readonly number[];
  /** Leave out longer seasons that the reference does not show. */
  readonly choose: boolean;
  readonly maxOrder: number;
}

/** Length of the blocks of time, and half of the lags of the Ljung-Box test, without a season. */
const usualBlock = 24;

/**
 * Tests whether the current window of a numeric series differs from the reference in level, seasonal pattern, scale, shape or
 * autocorrelation, allowing for season and autocorrelation: deviations from the reference's seasonal profile are whitened by an
 * autoregression fitted to the reference, and the tests look at the innovations.
 * @returns Null when the reference cannot carry the tests: it is constant, or too short for its seasons.
 */
export function numericTests(
  reference: RegularSeries,
  current: RegularSeries,
  { seasons: all, choose, maxOrder }: NumericOptions,
): TestOutcome[] | null {
  const seasons = choose ? seasonsShown(reference, all, maxOrder) : all;
  const profile = seasonalProfile(reference, seasons.at(-1) ?? 1);
  const [before, now] = withoutSpikes(
    deseasonalise(reference, profile),
    deseasonalise(current, profile),
    seasons[0] ?? 1,
  );
  const { parameters, seasonLength } = profile;
  const model = fitAutoregression(before.values, {
    orders: Array.from({ length: maxOrder }, (_, i) => i + 1),
    parameters,
    removed: frequenciesOf(seasonLength),
  });
  if (model === null) return null;

  const block = seasons[0] ?? usualBlock;
  const location = fitLocation(before, now, model, wavesOf(seasons), {
    variances: variancesByPosition(model, before.first, seasons[0] ?? 1),
    leftover: leftoverCorrelation(model.filtered, 2 * block, model.phi.length),
  });
  if (location === null) return null;
  const { residuals, waves, level } = location;

  const n = model.innovations.length;
  // The profile's own error stays in the current deviations, but was fitted away in the reference's.
  const expectedRatio = Math.sqrt(
    ((1 + parameters / n) * (1 - (1 + waves.length) / residuals.length)) / (model.degrees / n),
  );
  return [
    levelTest(location, model.degrees),
    seasonTest(location, model.degrees),
    scaleTest(model.innovations, residuals, expectedRatio),
    shapeTest(model.innovations, residuals),
    autocorrelationTest(model, now.values, level, waves),
  ].filter((outcome) => outcome !== null);
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
  const positions = positionsOf(first, model.filtered.length, seasonLength);
  for (let slot = 0; slot < positions.length; slot++) {
    const value = model.filtered[slot] as number;
    if (Number.isNaN(value)) continue;
    const position = positions[slot] as number;
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
