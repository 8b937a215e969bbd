import { fSurvival, studentTSurvival } from "@tsops/core";
import { type Autoregression, completeRows, sandwich, whiten } from "./autoregression.ts";
import { designEffect } from "./innovation-moments.ts";
import { dotsOver, invert, normalEquations, quadraticForm, solve, timesOver } from "./least-squares.ts";
import { positionsOf } from "./profile.ts";
import { presentValues, type RegularSeries } from "./regular-series.ts";
import type { TestOutcome } from "./test-outcome.ts";
import { frequencyOfWave, type Wave, waveValues } from "./waves.ts";

/** Level and waves of the current window's deviations by generalised least squares. */
export interface LocationFit {
  readonly level: number;
  readonly waves: readonly {
    readonly wave: Wave;
    readonly coefficient: number;
    readonly values: Float64Array;
  }[];
  /** Covariance of level and wave coefficients, row-major. */
  readonly covariance: Float64Array;
  /** Innovations of the current window less level and waves. */
  readonly residuals: Float64Array;
}

/** What the covariance of a location fit allows for. */
export interface InnovationNoise {
  /** Variance of the innovations at each position of the season. */
  readonly variances: Float64Array;
  /** Factor of the variance of a wave by its frequency, from correlation that the autoregression left. */
  readonly leftover: (frequency: number) => number;
}

/**
 * Fits a constant and waves to the current window less its profile, all whitened by the reference's autoregression.
 * @returns Null when the window is too short.
 */
export function fitLocation(
  before: RegularSeries,
  now: RegularSeries,
  model: Autoregression,
  waves: readonly Wave[],
  noise: InnovationNoise,
): LocationFit | null {
  const { phi } = model;
  const joinsUp = before.first + before.values.length === now.first;
  const values = waves.map((wave) => waveValues(wave, now.first, now.values.length));
  // Nothing had changed in the reference: the regressors are zero there.
  const zeros = joinsUp ? new Float64Array(phi.length) : null;
  const innovations = whitenedAfter(joinsUp ? before.values.subarray(-phi.length) : null, now.values, phi);
  const columns = [new Float64Array(now.values.length).fill(1), ...values].map((term) =>
    whitenedAfter(zeros, term, phi),
  );
  const rows = completeRows(innovations, 0);
  const fit = solve(normalEquations(columns, innovations, rows), columns.length);
  if (fit === null || rows.length - columns.length < 2) return null;
  const { coefficients } = fit;
  const residuals = presentValues(innovations);
  columns.forEach((column, i) => {
    const coefficient = coefficients[i] as number;
    for (let at = 0; at < rows.length; at++)
      residuals[at] = (residuals[at] as number) - coefficient * (column[rows[at] as number] as number);
  });

  const k = columns.length;
  // What lasts longer than the autoregression's order shows in batch means, and only ever widens the error.
  const lasting = Math.max(1, designEffect(model.innovations).factor);
  const factors = [1 / lasting, ...waves.map((wave) => 1 / noise.leftover(frequencyOfWave(wave)))];
  const meat = weightedGram(columns, rows, now.first, noise.variances);
  // The profile itself was estimated from the reference.
  const inflation = 1 + rows.length / model.innovations.length;
  const covariance = sandwich(fit.inverse, meat, k).map(
    (value, at) =>
      (value * inflation) / Math.sqrt((factors[Math.floor(at / k)] as number) * (factors[at % k] as number)),
  );
  return {
    level: coefficients[0] as number,
    waves: waves.map((wave, i) => ({
      wave,
      coefficient: coefficients[i + 1] as number,
      values: values[i] as Float64Array,
    })),
    covariance,
    residuals,
  };
}

/** t test that the level is unchanged. */
export function levelTest({ level, covariance }: LocationFit, degrees: number): TestOutcome {
  const statistic = level / Math.sqrt(covariance[0] as number);
  return {
    test: "level",
    statistic,
    pValue: Math.min(1, 2 * studentTSurvival(Math.abs(statistic), degrees)),
    effect: level,
    meaning: "shift",
  };
}

/** F test that the harmonics of the seasons are unchanged; the effect is the amplitude of the largest. */
export function seasonTest({ waves, covariance }: LocationFit, degrees: number): TestOutcome | null {
  const q = waves.length;
  const block = Float64Array.from(
    { length: q * q },
    (_, i) => covariance[(Math.floor(i / q) + 1) * (q + 1) + (i % q) + 1] as number,
  );
  const precision = q === 0 ? null : invert(block, q);
  if (precision === null) return null;
  const coefficients = Float64Array.from(waves, ({ coefficient }) => coefficient);
  const statistic = quadraticForm(precision, coefficients) / q;
  let amplitude = 0;
  for (let i = 0; i < q; i += 2)
    amplitude = Math.max(amplitude, Math.hypot(coefficients[i] as number, coefficients[i + 1] as number));
  return {
    test: "season",
    statistic,
    pValue: fSurvival(statistic, q, degrees),
    effect: amplitude,
    meaning: "pattern",
  };
}

/** Values whitened with the lags of the first ones taken from `lead`; these are missing without it. */
function whitenedAfter(lead: Float64Array | null, values: Float64Array, phi: Float64Array): Float64Array {
  const order = phi.length;
  const all = new Float64Array(order + values.length).fill(Number.NaN, 0, order);
  if (lead !== null) all.set(lead);
  all.set(values, order);
  return whiten(all, phi).subarray(order);
}

/** X'VX, with the variance of each row by its position in the season. */
function weightedGram(
  columns: readonly Float64Array[],
  rows: Int32Array,
  first: number,
  variances: Float64Array,
): Float64Array {
  const k = columns.length;
  const gram = new Float64Array(k * k);
  const length = (columns[0] as Float64Array).length;
  const weights = new Float64Array(length);
  const positions = positionsOf(first, length, variances.length);
  for (let slot = 0; slot < length; slot++) weights[slot] = variances[positions[slot] as number] as number;
  for (let i = 0; i < k; i++) {
    const weighted = timesOver(weights, columns[i] as Float64Array, rows);
    dotsOver(weighted, columns.slice(0, i + 1), rows).forEach((sum, j) => {
      gram[i * k + j] = sum;
      gram[j * k + i] = sum;
    });
  }
  return gram;
}
