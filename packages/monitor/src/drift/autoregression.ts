import { designEffect } from "./innovation-moments.ts";
import { dotsOver, type LeastSquares, multiply, normalEquations, solve, timesOver } from "./least-squares.ts";
import { presentValues } from "./regular-series.ts";

/** An autoregression without constant: d[t] = sum of phi[i] * d[t - 1 - i] + innovation. */
export interface Autoregression {
  readonly phi: Float64Array;
  /** Covariance of `phi`, row-major; holds where the innovations' variance changes with the season too. */
  readonly covariance: Float64Array;
  readonly innovationVariance: number;
  /** Degrees of freedom left for the innovation variance. */
  readonly degrees: number;
  /** Innovation of each slot; NaN where a value or one of its lags is missing. */
  readonly filtered: Float64Array;
  /** Innovations of the slots that have all their lags. */
  readonly innovations: Float64Array;
}

/** A wave that was taken out of the series before: 0 is a constant. Radians per step. */
export type RemovedWave = number;

/** What to fit. */
export interface AutoregressionOptions {
  /** Orders to choose from, ascending. */
  readonly orders: readonly number[];
  /** Degrees of freedom spent before: on a seasonal profile, a level, waves. */
  readonly parameters: number;
  /** What these took out of the series, which makes it look less persistent than it is. */
  readonly removed: readonly RemovedWave[];
}

/**
 * Fits autoregressions by least squares over the slots whose lags are all there, and takes the order with the least BIC. The
 * small-sample bias of the coefficients is corrected: Kendall's 2 phi / n, and what taking out waves does, frequency by frequency
 * (of which Kendall's 1 + phi for a constant is a case).
 * Source: M. G. Kendall (1954), "Note on bias in the estimation of autocorrelation", Biometrika 41; for the covariance
 * H. White (1980), "A heteroskedasticity-consistent covariance matrix estimator", Econometrica 48.
 * @returns Null when there are too few slots or no variation.
 */
export function fitAutoregression(
  deviations: Float64Array,
  { orders, parameters, removed }: AutoregressionOptions,
): Autoregression | null {
  const [least, most] = [orders[0] as number, orders.at(-1) as number];
  // Orders that gaps leave few rows for are not tried.
  const fewest = completeRows(deviations, least).length / 2;
  let maxOrder = most;
  while (maxOrder > least && completeRows(deviations, maxOrder).length < fewest) maxOrder--;
  const rows = completeRows(deviations, maxOrder);
  const lagged = Array.from({ length: maxOrder }, (_, i) => shifted(deviations, i + 1));
  const equations = normalEquations(lagged, deviations, rows);
  let best: { fit: LeastSquares; bic: number } | null = null;
  for (const order of orders.filter((order) => order <= maxOrder)) {
    const fit = solve(equations, order);
    if (fit === null || rows.length - order - parameters < 2) continue;
    const bic =
      rows.length * Math.log(fit.residualSumOfSquares / rows.length) + order * Math.log(rows.length);
    if (best === null || bic < best.bic) best = { fit, bic };
  }
  if (best === null) return null;
  const { coefficients, inverse, residualSumOfSquares } = best.fit;
  const phi = withoutBias(coefficients, inverse, residualSumOfSquares / rows.length, rows.length, removed);
  const filtered = whiten(deviations, phi);
  const innovations = presentValues(filtered);
  const degrees = innovations.length - phi.length - parameters;
  let squares = 0;
  for (const innovation of innovations) squares += innovation * innovation;
  const innovationVariance = squares / degrees;
  if (!(innovationVariance > 0) || degrees < 2) return null;
  const covariance = robustCovariance(lagged, filtered, rows, inverse, innovations.length / degrees);
  return { phi, covariance, innovationVariance, degrees, filtered, innovations };
}

/** The coefficients with their expected error taken off; persistence is not corrected beyond 0.999. */
function withoutBias(
  phi: Float64Array,
  inverse: Float64Array,
  variance: number,
  rows: number,
  removed: readonly RemovedWave[],
): Float64Array {
  const order = phi.length;
  const persistence = phi.reduce((a, b) => a + b, 0);
  const lost = new Float64Array(order);
  for (const wave of removed) {
    const transfer = (lag: number) =>
      phi.reduce((rest, value, j) => rest - value * Math.cos((lag - 1 - j) * wave), Math.cos(lag * wave));
    const quadrature = phi.reduce((rest, value, j) => rest + value * Math.sin((j + 1) * wave), 0);
    const power = variance / (transfer(0) ** 2 + quadrature ** 2);
    const waves = wave === 0 || Math.abs(wave - Math.PI) < 1e-9 ? 1 : 2;
    for (let i = 0; i < order; i++) lost[i] = (lost[i] as number) + waves * power * transfer(i + 1);
  }
  const bias = multiply(inverse, lost);
  bias[0] = (bias[0] as number) + (2 * persistence) / rows;
  const corrected = phi.map((value, i) => value + (bias[i] as number));
  const excess = corrected.reduce((a, b) => a + b, 0) - Math.max(persistence, 0.999);
  if (excess > 0) corrected[0] = (corrected[0] as number) - excess;
  return corrected;
}

function robustCovariance(
  lagged: readonly Float64Array[],
  filtered: Float64Array,
  rows: Int32Array,
  inverse: Float64Array,
  inflation: number,
): Float64Array {
  const order = Math.sqrt(inverse.length);
  const meat = new Float64Array(order * order);
  const squares = filtered.map((value) => value ** 2);
  for (let i = 0; i < order; i++) {
    const weighted = timesOver(squares, lagged[i] as Float64Array, rows);
    meat.set(dotsOver(weighted, lagged.slice(0, order), rows), i * order);
  }
  const lasting = Math.max(1, designEffect(influencesOnSum(lagged, filtered, rows, inverse)).factor);
  return sandwich(inverse, meat, order).map((value) => value * inflation * lasting);
}

/** What each row does to the sum of the coefficients, up to a factor: persistent and nervous stretches that take turns show in it. */
function influencesOnSum(
  lagged: readonly Float64Array[],
  filtered: Float64Array,
  rows: Int32Array,
  inverse: Float64Array,
): Float64Array {
  const order = Math.sqrt(inverse.length);
  const weights = multiply(inverse, new Float64Array(order).fill(1));
  const influences = new Float64Array(rows.length);
  for (let at = 0; at < rows.length; at++) {
    const row = rows[at] as number;
    let sum = 0;
    for (let i = 0; i < order; i++)
      sum += (weights[i] as number) * ((lagged[i] as Float64Array)[row] as number);
    influences[at] = sum * (filtered[row] as number);
  }
  return influences;
}

/** B M B for symmetric row-major matrices. */
export function sandwich(bread: Float64Array, meat: Float64Array, n: number): Float64Array {
  const times = (a: Float64Array, b: Float64Array) =>
    Float64Array.from({ length: n * n }, (_, at) => {
      let sum = 0;
      for (let k = 0; k < n; k++)
        sum += (a[Math.floor(at / n) * n + k] as number) * (b[k * n + (at % n)] as number);
      return sum;
    });
  return times(times(bread, meat), bread);
}

/** A series filtered by an autoregression; NaN where a lag is missing. */
export function whiten(values: Float64Array, phi: Float64Array): Float64Array {
  const result = new Float64Array(values.length).fill(Number.NaN, 0, phi.length);
  for (let slot = phi.length; slot < values.length; slot++) {
    let rest = values[slot] as number;
    for (let i = 0; i < phi.length; i++) rest -= (phi[i] as number) * (values[slot - 1 - i] as number);
    result[slot] = rest;
  }
  return result;
}

/** The slots that have a value and `lags` values right before it. */
export function completeRows(values: Float64Array, lags: number): Int32Array {
  const rows = new Int32Array(values.length);
  let count = 0;
  let present = 0;
  for (let slot = 0; slot < values.length; slot++) {
    present = Number.isNaN(values[slot]) ? 0 : present + 1;
    if (present > lags) rows[count++] = slot;
  }
  return rows.subarray(0, count);
}

function shifted(values: Float64Array, by: number): Float64Array {
  const result = new Float64Array(values.length).fill(Number.NaN);
  if (by < values.length) result.set(values.subarray(0, values.length - by), by);
  return result;
}
