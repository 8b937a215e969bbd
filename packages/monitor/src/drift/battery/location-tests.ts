import { fSurvival, studentTSurvival } from "@tsops/core";
import { fitWhitened } from "../long-windows/location-sums.ts";
import { type Autoregression, sandwich } from "../model/autoregression.ts";
import { invert, quadraticForm } from "../model/least-squares.ts";
import type { RegularSeries } from "../model/regular-series.ts";
import { type FittedWave, frequencyOfWave, type Wave, withoutWaves } from "../model/waves.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Level and waves of the current window's deviations by generalised least squares. */
export interface LocationFit {
  readonly level: number;
  readonly waves: readonly FittedWave[];
  /** Covariance of level and wave coefficients, row-major. */
  readonly covariance: Float64Array;
  /** Rows that were fitted. */
  readonly rows: number;
  /** Innovations of the current window less level and waves, once the level and some waves were taken off it; overwrites long windows. */
  residuals(taken: readonly FittedWave[]): Float64Array;
}

/** What the covariance of a location fit allows for. */
export interface InnovationNoise {
  /** Variance of the innovations at each position of the season. */
  readonly variances: Float64Array;
  /** Factor of the variance of a wave by its frequency, from correlation that the autoregression left. */
  readonly leftover: (frequency: number) => number;
  /** Factor of the variance of the level. */
  readonly lasting: number;
}

/**
 * Fits a constant and waves to the current window less its profile, all whitened by the reference's autoregression.
 * @param lead - The reference's last deviations, as many as the autoregression has lags, where the windows join up; else null.
 * @returns Null when the window is too short.
 */
export function fitLocation(
  lead: Float64Array | null,
  now: RegularSeries,
  model: Autoregression,
  waves: readonly Wave[],
  noise: InnovationNoise,
): LocationFit | null {
  const { phi } = model;
  const found = fitWhitened({ ...now, lead, phi, waves, variances: noise.variances });
  if (found === null) return null;
  const { fit, meat, rows } = found;
  const k = waves.length + 1;
  const factors = [1 / noise.lasting, ...waves.map((wave) => 1 / noise.leftover(frequencyOfWave(wave)))];
  // The profile itself was estimated from the reference.
  const inflation = 1 + rows / model.innovations.length;
  const covariance = sandwich(fit.inverse, meat, k).map(
    (value, at) =>
      (value * inflation) / Math.sqrt((factors[Math.floor(at / k)] as number) * (factors[at % k] as number)),
  );
  return {
    level: fit.coefficients[0] as number,
    waves: waves.map((wave, i) => ({ wave, coefficient: fit.coefficients[i + 1] as number })),
    covariance,
    rows,
    residuals: (taken) => found.residuals(taken.map(({ wave }) => wave)),
  };
}

/**
 * t test that the level is unchanged. The fitted level goes by where the window begins as much as by its mean: after one wrong day at the end of the reference it is the jump back from it. So the effect is the mean.
 * @param mean - Of the current window less its profile.
 */
export function levelTest({ level, covariance }: LocationFit, degrees: number, mean: number): TestOutcome {
  const statistic = level / Math.sqrt(covariance[0] as number);
  return {
    test: "level",
    statistic,
    pValue: Math.min(1, 2 * studentTSurvival(Math.abs(statistic), degrees)),
    effect: mean,
    meaning: "shift",
  };
}

/**
 * F test that the harmonics of the seasons are unchanged. The effect is the amplitude of the largest; of seasons longer than the window half the range that their waves have in it together, as waves of which it has a part alone may be
 * as large as they like and cancel.
 */
export function seasonTest(
  { waves, covariance }: LocationFit,
  degrees: number,
  { first, values }: RegularSeries,
): TestOutcome | null {
  const q = waves.length;
  const block = Float64Array.from(
    { length: q * q },
    (_, i) => covariance[(Math.floor(i / q) + 1) * (q + 1) + (i % q) + 1] as number,
  );
  const precision = q === 0 ? null : invert(block, q);
  if (precision === null) return null;
  const coefficients = Float64Array.from(waves, ({ coefficient }) => coefficient);
  const statistic = quadraticForm(precision, coefficients) / q;
  const isWhole = ({ wave }: FittedWave) => wave.season <= values.length;
  let amplitude = halfRange(
    waves.filter((fitted) => !isWhole(fitted)),
    first,
    values.length,
  );
  for (let i = 0; i < q; i += 2)
    if (isWhole(waves[i] as FittedWave))
      amplitude = Math.max(amplitude, Math.hypot(coefficients[i] as number, coefficients[i + 1] as number));
  return {
    test: "season",
    statistic,
    pValue: fSurvival(statistic, q, degrees),
    effect: amplitude,
    meaning: "pattern",
  };
}

/** Half the range of some waves together over slots from a grid index on. */
function halfRange(waves: readonly FittedWave[], first: number, length: number): number {
  if (waves.length === 0) return 0;
  const values = withoutWaves(new Float64Array(length), first, 0, waves);
  let [least, most] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    least = Math.min(least, value);
    most = Math.max(most, value);
  }
  return (most - least) / 2;
}
