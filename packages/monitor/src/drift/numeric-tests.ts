import { fSurvival, normalSurvival, studentTSurvival } from "@tsops/core";
import { type Autoregression, fitAutoregression, whiten } from "./autoregression.ts";
import { invert, leastSquares, quadraticForm } from "./least-squares.ts";
import { deseasonalise, positionOf, seasonalProfile } from "./profile.ts";
import type { RegularSeries } from "./regular-series.ts";
import { shapeTest } from "./shape-test.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Settings of the tests of one numeric column. */
export interface NumericOptions {
  /** Season lengths in steps, ascending; empty for none. The profile has the longest. */
  readonly seasons: readonly number[];
  readonly maxOrder: number;
  readonly seed: string;
}

/** Harmonics of each season that the season test looks at. */
const harmonics = 3;

/**
 * Tests whether the current window of a numeric series differs from the reference in level, seasonal pattern, scale, shape or
 * autocorrelation, allowing for season and autocorrelation: deviations from the reference's seasonal profile are whitened by an
 * autoregression fitted to the reference, and the tests look at the innovations.
 * @returns Null when the reference cannot carry the tests: it is constant, or too short for its seasons.
 */
export function numericTests(
  reference: RegularSeries,
  current: RegularSeries,
  options: NumericOptions,
): TestOutcome[] | null {
  const profile = seasonalProfile(reference, options.seasons.at(-1) ?? 1);
  const before = deseasonalise(reference, profile);
  const now = deseasonalise(current, profile);
  const model = fitAutoregression(before.values, options.maxOrder, profile.parameters);
  if (model === null) return null;

  const innovations = whitenedAfter(before, now, model.phi, (slot) => now.values[slot] as number, true);
  const step = (term: (slot: number) => number) => whitenedAfter(before, now, model.phi, term, false);
  const level = step(() => 1);
  const waves = wavesOf(options.seasons);
  const rows = Int32Array.from(innovations.keys()).filter(
    (slot) => !Number.isNaN(innovations[slot] as number),
  );
  const columns = [level, ...waves.map((wave) => step((slot) => waveAt(wave, now.first + slot)))];
  const fit = leastSquares(columns, innovations, rows);
  if (fit === null || fit.rows - columns.length < 2) return null;

  const variance = model.innovationVariance * (1 + rows.length / model.innovations.length);
  // The profile's own error stays in the current deviations, but was fitted away in the reference's.
  const expectedVariance = model.innovationVariance * (1 + profile.parameters / model.innovations.length);
  const rest = rows.length - columns.length;
  const currentVariance = fit.residualSumOfSquares / rest;
  const residuals = Float64Array.from(rows, (row) =>
    columns.reduce(
      (value, column, i) => value - (fit.coefficients[i] as number) * (column[row] as number),
      innovations[row] as number,
    ),
  );

  const outcomes: TestOutcome[] = [
    levelTest(fit.coefficients[0] as number, variance * (fit.inverse[0] as number), model.degrees),
    scaleTest(model, residuals, currentVariance / expectedVariance, rest, options.seasons[0] ?? 24),
    shapeTest(model.innovations, residuals, options.seed),
  ];
  if (waves.length > 0) outcomes.push(seasonTest(fit.coefficients, fit.inverse, variance, model.degrees));
  const autocorrelation = autocorrelationTest(model, now, fit.coefficients, waves);
  if (autocorrelation !== null) outcomes.push(autocorrelation);
  return outcomes;
}

/**
 * A term of the current window, whitened. The lags of its first slots come from the end of the reference when that joins up
 * (zero there for regressors: nothing had changed yet), and are missing otherwise.
 */
function whitenedAfter(
  before: RegularSeries,
  now: RegularSeries,
  phi: Float64Array,
  term: (slot: number) => number,
  isSeries: boolean,
): Float64Array {
  const order = phi.length;
  const joinsUp = before.first + before.values.length === now.first;
  const all = new Float64Array(order + now.values.length).fill(Number.NaN);
  if (joinsUp) all.set(isSeries ? before.values.subarray(-order) : new Float64Array(order));
  for (let slot = 0; slot < now.values.length; slot++) all[order + slot] = term(slot);
  return whiten(all, phi).subarray(order);
}

function levelTest(shift: number, variance: number, degrees: number): TestOutcome {
  const statistic = shift / Math.sqrt(variance);
  return {
    test: "level",
    statistic,
    pValue: Math.min(1, 2 * studentTSurvival(Math.abs(statistic), degrees)),
    effect: shift,
    meaning: "shift",
  };
}

/** F test that the harmonics of the seasons are unchanged; the effect is the largest deviation that they make up. */
function seasonTest(
  coefficients: Float64Array,
  inverse: Float64Array,
  variance: number,
  degrees: number,
): TestOutcome {
  const k = coefficients.length;
  const q = k - 1;
  const block = Float64Array.from(
    { length: q * q },
    (_, i) => inverse[(Math.floor(i / q) + 1) * k + (i % q) + 1] as number,
  );
  const precision = invert(block, q) ?? new Float64Array(q * q);
  const statistic = quadraticForm(precision, coefficients.subarray(1)) / (q * variance);
  let amplitude = 0;
  for (let i = 1; i < k; i += 2)
    amplitude = Math.max(amplitude, Math.hypot(coefficients[i] as number, coefficients[i + 1] as number));
  return {
    test: "season",
    statistic,
    pValue: fSurvival(statistic, q, degrees),
    effect: amplitude,
    meaning: "pattern",
  };
}

/**
 * Log ratio of innovation variances. Its standard error comes from the fourth moments or, where calm and wild stretches take turns
 * in the reference, from how much the variance differs between its blocks, whichever is larger.
 */
function scaleTest(
  model: Autoregression,
  residuals: Float64Array,
  ratio: number,
  rest: number,
  blockLength: number,
): TestOutcome {
  const blocks = blockLength * varianceOfBlocks(model.innovations, blockLength);
  const spread =
    Math.max(kurtosis(model.innovations) - 1, blocks) / model.degrees +
    Math.max(kurtosis(residuals) - 1, blocks) / Math.max(rest, 1);
  const statistic = Math.log(ratio) / Math.sqrt(spread);
  return {
    test: "scale",
    statistic,
    pValue: Number.isNaN(statistic) ? 1 : Math.min(1, 2 * normalSurvival(Math.abs(statistic))),
    effect: Math.sqrt(ratio),
    meaning: "ratio of standard deviations",
  };
}

/** Variance between blocks of the mean square, relative to its mean; 0 when there are too few blocks to tell. */
function varianceOfBlocks(innovations: Float64Array, blockLength: number): number {
  const count = Math.floor(innovations.length / blockLength);
  if (count < 8) return 0;
  const squares = Array.from({ length: count }, (_, block) => {
    let sum = 0;
    for (let i = block * blockLength; i < (block + 1) * blockLength; i++)
      sum += (innovations[i] as number) ** 2;
    return sum / blockLength;
  });
  const mean = squares.reduce((a, b) => a + b, 0) / count;
  return squares.reduce((sum, value) => sum + (value / mean - 1) ** 2, 0) / (count - 1);
}

function kurtosis(values: Float64Array): number {
  const n = values.length;
  const mean = values.reduce((a, b) => a + b, 0) / n;
  let second = 0;
  let fourth = 0;
  for (const value of values) {
    second += (value - mean) ** 2;
    fourth += (value - mean) ** 4;
  }
  return (n * fourth) / second ** 2;
}

/** Cycles of a season that the current window needs, so that taking out its waves does not take out the noise's slow part too. */
const cyclesToFit = 4;

/**
 * Wald test that the autoregression of the current window has the reference's coefficients. The window's own level and the waves
 * of its short seasons are taken out first; taking out waves as long as the window would bias its persistence down.
 */
function autocorrelationTest(
  model: Autoregression,
  now: RegularSeries,
  coefficients: Float64Array,
  waves: readonly Wave[],
): TestOutcome | null {
  const order = model.phi.length;
  const fitted = waves.map(({ season }) => season * cyclesToFit <= now.values.length);
  const adjusted = now.values.map((value, slot) =>
    waves.reduce(
      (rest, wave, i) =>
        fitted[i] === true ? rest - (coefficients[i + 1] as number) * waveAt(wave, now.first + slot) : rest,
      value - (coefficients[0] as number),
    ),
  );
  const fit = fitAutoregression(adjusted, order, 1 + fitted.filter(Boolean).length, [order]);
  if (fit === null) return null;
  const difference = fit.phi.map((value, i) => value - (model.phi[i] as number));
  const covariance = fit.inverse.map(
    (value, i) => value * fit.innovationVariance + (model.inverse[i] as number) * model.innovationVariance,
  );
  const precision = invert(covariance, order);
  if (precision === null) return null;
  const statistic = quadraticForm(precision, difference) / order;
  return {
    test: "autocorrelation",
    statistic,
    pValue: fSurvival(statistic, order, fit.degrees),
    effect: difference.reduce((a, b) => a + b, 0),
    meaning: "change of persistence",
  };
}

/** One regressor of the season test. */
interface Wave {
  readonly season: number;
  readonly harmonic: number;
  readonly phase: "cos" | "sin";
}

function wavesOf(seasons: readonly number[]): Wave[] {
  return seasons.flatMap((season) =>
    Array.from({ length: Math.min(harmonics, Math.floor((season - 1) / 2)) }, (_, k) => k + 1).flatMap(
      (harmonic): Wave[] => [
        { season, harmonic, phase: "cos" },
        { season, harmonic, phase: "sin" },
      ],
    ),
  );
}

function waveAt({ season, harmonic, phase }: Wave, index: number): number {
  return Math[phase]((2 * Math.PI * harmonic * positionOf(index, season)) / season);
}
