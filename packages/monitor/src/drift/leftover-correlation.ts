import { chiSquareSurvival } from "@tsops/core";
import { completeRows } from "./autoregression.ts";
import { dotsOver } from "./least-squares.ts";

/** Innovations count as correlated when the Ljung-Box test has a p-value below this. */
const ljungBoxLevel = 0.01;
/** Lags looked at, at most: two days of quarters of an hour. Each costs a pass over the series. */
const mostLags = 192;

/**
 * What an autoregression left of the correlation: a function of frequency (radians per step) by which the variance of a wave fitted
 * to the innovations is larger than that of independent ones, at least 1. It is 1 everywhere while a Ljung-Box test finds nothing, and
 * else the spectral density of the innovations over its mean (Bartlett's window).
 * Source: G. M. Ljung, G. E. P. Box (1978), "On a measure of lack of fit in time series models", Biometrika 65.
 * @param filtered - Innovations on the grid; NaN is missing.
 * @param parameters - Order of the autoregression.
 */
export function leftoverCorrelation(
  filtered: Float64Array,
  lags: number,
  parameters: number,
): (frequency: number) => number {
  const rows = completeRows(filtered, 0);
  const n = rows.length;
  const most = Math.min(lags, mostLags, Math.floor(n / 4));
  if (most <= parameters) return () => 1;
  const covariances = autocovariances(filtered, rows, most);
  const correlations = covariances.map((value) => value / (covariances[0] as number));
  let statistic = 0;
  for (let lag = 1; lag <= most; lag++) statistic += (correlations[lag] as number) ** 2 / (n - lag);
  statistic *= n * (n + 2);
  if (!(chiSquareSurvival(statistic, most - parameters) < ljungBoxLevel)) return () => 1;
  return (frequency) => {
    let density = 1;
    for (let lag = 1; lag <= most; lag++)
      density += 2 * (1 - lag / (most + 1)) * (correlations[lag] as number) * Math.cos(frequency * lag);
    return Math.max(1, density);
  };
}

/** Mean product of the pairs that are both there, for lags 0 .. most. */
function autocovariances(filtered: Float64Array, rows: Int32Array, most: number): Float64Array {
  const from = rows[0] ?? 0;
  const isWhole = (rows.at(-1) ?? -1) - from + 1 === rows.length;
  const values = new Float64Array(most + filtered.length);
  const present = new Float64Array(isWhole ? 0 : values.length);
  for (const row of rows) {
    values[most + row] = filtered[row] as number;
    if (!isWhole) present[most + row] = 1;
  }
  const sums = productsByLag(values, rows, most);
  const pairs = isWhole ? sums.map((_, lag) => rows.length - lag) : productsByLag(present, rows, most);
  return sums.map((sum, lag) => (pairs[lag] === 0 ? 0 : sum / (pairs[lag] as number)));
}

/** Sums of products with what lies 0 .. most steps before, in a series that begins with `most` zeros. */
function productsByLag(padded: Float64Array, rows: Int32Array, most: number): Float64Array {
  const lagged = Array.from({ length: most + 1 }, (_, lag) => padded.subarray(most - lag));
  return dotsOver(padded.subarray(most), lagged, rows);
}
