import { chiSquareSurvival } from "@tsops/core";
import { presentRuns } from "../long-windows/lag-products.ts";
import { type LagCovariances, lagCovariances } from "../long-windows/lag-sums.ts";
import { someRows } from "../long-windows/long-windows.ts";
import { completeRows } from "./autoregression.ts";
import { areConsecutive, dotsOver } from "./least-squares.ts";

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
  const { means, pairs } =
    (values.length > someRows ? lagCovariances(values, presentRuns(values), most) : null) ??
    autocovariances(values, rows, most);
  const correlations = means.map((value) => value / (means[0] as number));
  let statistic = 0;
  // A mean of so many products varies by 1 / pairs; without gaps that is n (n + 2) r^2 / (n - lag) with Ljung and Box's r, whose divisor is n.
  for (let lag = 1; lag <= most; lag++)
    statistic += (pairs[lag] as number) * (correlations[lag] as number) ** 2;
  return { pValue: chiSquareSurvival((statistic * (n + 2)) / n, most - parameters), correlations };
}

function autocovariances(filtered: Float64Array, rows: Int32Array, most: number): LagCovariances {
  const isWhole = areConsecutive(rows);
  const values = new Float64Array(most + filtered.length);
  const present = new Float64Array(isWhole ? 0 : values.length);
  for (const row of rows) {
    values[most + row] = filtered[row] as number;
    if (!isWhole) present[most + row] = 1;
  }
  const sums = productsByLag(values, rows, most);
  const pairs = isWhole ? sums.map((_, lag) => rows.length - lag) : productsByLag(present, rows, most);
  return { means: sums.map((sum, lag) => (pairs[lag] === 0 ? 0 : sum / (pairs[lag] as number))), pairs };
}

/** Sums of products with what lies 0 .. most steps before, in a series that begins with `most` zeros. */
function productsByLag(padded: Float64Array, rows: Int32Array, most: number): Float64Array {
  const lagged = Array.from({ length: most + 1 }, (_, lag) => padded.subarray(most - lag));
  return dotsOver(padded.subarray(most), lagged, rows);
}
