import { chiSquareSurvival } from "@tsops/core";
import { completeRows } from "./autoregression.ts";
import { presentRuns } from "./lag-products.ts";
import { lagCovariances } from "./lag-sums.ts";
import { areConsecutive, dotsOver } from "./least-squares.ts";
import { someRows } from "./long-windows.ts";

/** Lags looked at, at most: two days of quarters of an hour. Each costs a pass over the series. */
const mostLags = 192;

/** Whether values with a mean of zero are correlated over time. */
export interface LjungBox {
  readonly pValue: number;
  /** By lag, from 0 (which is 1) on. */
  readonly correlations: Float64Array;
}

/**
 * The Ljung-Box test that values are uncorrelated at all of some lags.
 * Source: G. M. Ljung, G. E. P. Box (1978), "On a measure of lack of fit in time series models", Biometrika 65.
 * @param values - On the grid, with a mean of zero; NaN is missing.
 * @param parameters - Coefficients that were fitted before; as many degrees of freedom are spent.
 * @returns Null when there are too few values or lags.
 */
export function ljungBox(values: Float64Array, lags: number, parameters: number): LjungBox | null {
  const rows = completeRows(values, 0);
  const n = rows.length;
  const most = Math.min(lags, mostLags, Math.floor(n / 4));
  if (most <= parameters) return null;
  const covariances =
    (values.length > someRows ? lagCovariances(values, presentRuns(values), most) : null) ??
    autocovariances(values, rows, most);
  const correlations = covariances.map((value) => value / (covariances[0] as number));
  let statistic = 0;
  for (let lag = 1; lag <= most; lag++) statistic += (correlations[lag] as number) ** 2 / (n - lag);
  return { pValue: chiSquareSurvival(statistic * n * (n + 2), most - parameters), correlations };
}

/** Mean product of the pairs that are both there, for lags 0 .. most. */
function autocovariances(filtered: Float64Array, rows: Int32Array, most: number): Float64Array {
  const isWhole = areConsecutive(rows);
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
