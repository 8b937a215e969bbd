import { chiSquareSurvival, normalQuantile } from "@tsops/core";
import type { Autoregression } from "../drift/autoregression.ts";
import { autoregressionAbout } from "../drift/autoregression-about.ts";
import { designEffect } from "../drift/innovation-moments.ts";
import { variancesByPosition } from "../drift/numeric-battery.ts";
import {
  deseasonalise,
  positionOf,
  positionsOf,
  type SeasonalProfile,
  seasonalProfile,
} from "../drift/profile.ts";
import { presentValues, type RegularSeries } from "../drift/regular-series.ts";
import { seasonsShown } from "../drift/season-choice.ts";
import { alternatives, type StreamingChange, shifts } from "./alternatives.ts";
import { type Capitals, noCapitals } from "./capital.ts";
import type { ModelSettings, OnlineModel } from "./online-model.ts";
import { type RankBins, rankBins } from "./rank-bins.ts";
import { seasonBets, sumsOf } from "./season-bets.ts";

/** A stream's settings and all numbers that change with its values. */
export interface StreamState {
  readonly seasons: readonly number[];
  readonly settings: ModelSettings;
  readonly model: OnlineModel;
  /** Spread of the innovations at each position of the shortest season, over that of all. */
  readonly scales: Float64Array;
  readonly bins: RankBins;
  /** Bets are taken to these powers, at most 1: less where the reference's rows tell less than independent ones would. */
  readonly powers: Readonly<Record<StreamingChange, number>>;
  readonly capitals: Capitals;
  /** What the bets on seasons have learnt: their sums, and the weight of the rows in them. */
  readonly waveSums: Float64Array;
  readonly waveWeights: Float64Array;
  /** How often ranks fell into each sixteenth, older ones counting less. */
  readonly recentRanks: Float64Array;
  /** Grid index of the last value or missing one, values so far, the e-value, and the index of the first alarm (NaN: none). */
  readonly clock: Float64Array;
}

/** How to fit a stream to a reference. */
export interface StreamOptions {
  /** Season lengths in steps, ascending. */
  readonly seasons: readonly number[];
  /** Leave out longer seasons that the reference does not show. */
  readonly choose: boolean;
  readonly maxOrder: number;
}

/** Leverages stop short of 1, where a residual says nothing about its innovation. */
const mostLeverage = 0.95;

/**
 * Fits profile and autoregression as the drift battery does, and ranks the reference's innovations, each over the error that a fitted
 * value of its leverage has.
 * @returns Null when the reference is too short or does not vary.
 */
export function fitStream(
  reference: RegularSeries,
  { seasons: all, choose, maxOrder }: StreamOptions,
): StreamState | null {
  const seasons = choose ? seasonsShown(reference, all, maxOrder) : all;
  const profile = seasonalProfile(reference, seasons.at(-1) ?? 1);
  const { values } = deseasonalise(reference, profile);
  const fit = autoregressionAbout(profile, values, maxOrder);
  if (fit === null) return null;
  const { phi } = fit;
  const inverse = fit.covariance.map((value) => value / fit.innovationVariance);
  const positions = positionsOf(reference.first, values.length, profile.seasonLength);
  const counts = countsOf(values, positions, profile.seasonLength);
  const scales = variancesByPosition(fit, reference.first, seasons[0] ?? 1).map((variance) =>
    Math.sqrt(variance / fit.innovationVariance),
  );
  const shortPositions = positionsOf(reference.first, values.length, scales.length);
  const standardised = presentValues(
    fit.filtered.map((innovation, slot) => {
      if (Number.isNaN(innovation)) return Number.NaN;
      const own = 1 / (counts[positions[slot] as number] as number) + leverage(values, slot, inverse);
      const scale = scales[shortPositions[slot] as number] as number;
      return innovation / Math.sqrt(1 - Math.min(own, mostLeverage)) / scale;
    }),
  );
  const deviation = Math.sqrt(
    standardised.reduce((sum, value) => sum + value * value, 0) / standardised.length,
  );
  if (!(deviation > 0)) return null;
  const level = profile.means.reduce((a, b) => a + b, 0) / profile.seasonLength;
  const bets = seasonBets(seasons);
  return {
    seasons,
    settings: { deviation, referenceRows: presentValues(values).length },
    model: {
      means: profile.means.slice(),
      counts,
      phi: phi.slice(),
      inverse,
      ...lastValues(reference, profile, phi.length),
      levels: Float64Array.of(0, level, level, level, 0),
      pastPhi: phi.slice(),
      recentPhi: phi.slice(),
    },
    scales,
    bins: rankBins(standardised),
    powers: powersOf(standardised, fit),
    capitals: noCapitals(shifts.length + alternatives.length + bets.length),
    waveSums: new Float64Array(sumsOf(bets)),
    waveWeights: new Float64Array(bets.length),
    recentRanks: new Float64Array(16),
    clock: Float64Array.of(reference.first + values.length - 1, 0, 1, Number.NaN),
  };
}

/** A design effect counts when independent rows would give it with a probability below this. */
const designLevel = 0.05;

/**
 * How much of the standard error of its persistence an autoregression is taken to be off by: what stays of it among the innovations
 * looks like a level that wanders.
 */
const trustedErrors = 0.3;

/**
 * The powers that keep bets fair where innovations still depend on each other: a product of n factors, of which only one in f is worth
 * a new row, must not grow faster than a product of n / f.
 */
function powersOf(standardised: Float64Array, { phi, covariance }: Autoregression): StreamState["powers"] {
  const scores = normalScores(standardised);
  const power = (values: Float64Array) => {
    const { factor, degrees } = designEffect(values);
    return factor > 1 && chiSquareSurvival(factor * degrees, degrees) < designLevel ? 1 / factor : 1;
  };
  const location = power(scores);
  const spread = power(scores.map((score) => score * score));
  const persistence = phi.reduce((a, b) => a + b, 0);
  const error = Math.sqrt(
    Math.max(
      0,
      covariance.reduce((a, b) => a + b, 0),
    ),
  );
  const slow = 1 + (trustedErrors * error) / Math.max(1 - persistence, error, Number.MIN_VALUE);
  return { level: location / slow ** 2, season: 1, scale: spread, shape: Math.min(location, spread) };
}

/** Normal scores of the ranks of a sample within itself. */
function normalScores(values: Float64Array): Float64Array {
  const order = Float64Array.from(values.keys()).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const scores = new Float64Array(values.length);
  order.forEach((row, rank) => {
    scores[row] = normalQuantile((rank + 0.5) / values.length);
  });
  return scores;
}

function countsOf(values: Float64Array, positions: Int32Array, seasonLength: number): Float64Array {
  const counts = new Float64Array(seasonLength);
  for (let slot = 0; slot < values.length; slot++) {
    if (Number.isNaN(values[slot])) continue;
    const position = positions[slot] as number;
    counts[position] = (counts[position] as number) + 1;
  }
  return counts;
}

/** Quadratic form of the lags of a slot. */
function leverage(values: Float64Array, slot: number, inverse: Float64Array): number {
  const order = Math.sqrt(inverse.length);
  let form = 0;
  for (let i = 0; i < order; i++)
    for (let j = 0; j < order; j++)
      form +=
        (inverse[i * order + j] as number) *
        (values[slot - 1 - i] as number) *
        (values[slot - 1 - j] as number);
  return form;
}

/** The last values of the reference, the latest first; the profile's where they are missing. */
function lastValues(
  reference: RegularSeries,
  profile: SeasonalProfile,
  order: number,
): Pick<OnlineModel, "lags" | "lagErrors"> {
  const lags = new Float64Array(order);
  const lagErrors = new Float64Array(order);
  for (let i = 0; i < order; i++) {
    const slot = reference.values.length - 1 - i;
    const value = reference.values[slot] as number;
    const isMissing = Number.isNaN(value);
    const position = positionOf(reference.first + slot, profile.seasonLength);
    lags[i] = isMissing ? (profile.means[position] as number) : value;
    lagErrors[i] = isMissing ? 1 : 0;
  }
  return { lags, lagErrors };
}
