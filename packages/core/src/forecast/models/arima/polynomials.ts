import { type ArimaOrder, differencedRows } from "./order.ts";

/** The polynomials of an order, multiplied out. A coefficient stands at its lag less one. */
export interface ArmaPolynomials {
  /** w(t) = sum phi(k) w(t-k) + e(t) + sum theta(k) e(t-k). */
  readonly phi: Float64Array;
  readonly theta: Float64Array;
}

/**
 * Coefficients of a stationary autoregression from any real numbers, by way of its partial autocorrelations (Monahan 1984; Jones 1980). With the
 * signs turned, those of an invertible moving average.
 */
export function stationaryFrom(x: Float64Array, from: number, count: number, out: Float64Array): void {
  const before = new Float64Array(count);
  for (let k = 0; k < count; k++) {
    const value = x[from + k] as number;
    const partial = value / Math.sqrt(1 + value * value);
    for (let j = 0; j < k; j++) before[j] = out[from + j] as number;
    for (let j = 0; j < k; j++)
      out[from + j] = (before[j] as number) - partial * (before[k - 1 - j] as number);
    out[from + k] = partial;
  }
}

/**
 * Coefficients in the order p, q, P, Q from a free vector of the same length.
 * The moving averages are those of 1 + theta B, so their signs are turned.
 */
export function coefficientsFrom(order: ArimaOrder, x: Float64Array, out: Float64Array): void {
  const { p, q, seasonalP, seasonalQ } = order;
  stationaryFrom(x, 0, p, out);
  stationaryFrom(x, p, q, out);
  stationaryFrom(x, p + q, seasonalP, out);
  stationaryFrom(x, p + q + seasonalP, seasonalQ, out);
  for (let i = p; i < p + q; i++) out[i] = -(out[i] as number);
  for (let i = p + q + seasonalP; i < p + q + seasonalP + seasonalQ; i++) out[i] = -(out[i] as number);
}

/** Room for the polynomials of an order. */
export function polynomialsOf(order: ArimaOrder): ArmaPolynomials {
  const { p, q, seasonalP, seasonalQ, seasonLength } = order;
  return {
    phi: new Float64Array(p + seasonalP * seasonLength),
    theta: new Float64Array(q + seasonalQ * seasonLength),
  };
}

/** Multiplies the polynomials of rows and of seasons. */
export function expand(order: ArimaOrder, coefficients: Float64Array, { phi, theta }: ArmaPolynomials): void {
  const { p, q, seasonalP, seasonalQ, seasonLength } = order;
  multiply(coefficients, 0, p, p + q, seasonalP, seasonLength, -1, phi);
  multiply(coefficients, p, q, p + q + seasonalP, seasonalQ, seasonLength, 1, theta);
}

function multiply(
  from: Float64Array,
  at: number,
  count: number,
  seasonalAt: number,
  seasonalCount: number,
  seasonLength: number,
  sign: number,
  out: Float64Array,
): void {
  out.fill(0);
  for (let i = 0; i < count; i++) out[i] = from[at + i] as number;
  for (let j = 0; j < seasonalCount; j++) {
    const lag = (j + 1) * seasonLength;
    const seasonal = from[seasonalAt + j] as number;
    out[lag - 1] = (out[lag - 1] as number) + seasonal;
    for (let i = 0; i < count; i++)
      out[lag + i] = (out[lag + i] as number) + sign * seasonal * (from[at + i] as number);
  }
}

/** y(t) = w(t) + sum delta(k) y(t-k), with w the differenced series. */
export function differencingOf(order: ArimaOrder): Float64Array {
  let polynomial = Float64Array.of(1);
  const apply = (lag: number) => {
    const next = new Float64Array(polynomial.length + lag);
    polynomial.forEach((value, i) => {
      next[i] = (next[i] as number) + value;
      next[i + lag] = (next[i + lag] as number) - value;
    });
    polynomial = next;
  };
  for (let i = 0; i < order.d; i++) apply(1);
  for (let i = 0; i < order.seasonalD; i++) apply(order.seasonLength);
  return polynomial.subarray(1).map((value) => -value);
}

/** The differenced series, shorter by the rows that the differences use up. */
export function differenced(order: ArimaOrder, y: Float64Array): Float64Array {
  let w = y;
  for (let i = 0; i < order.d; i++) w = difference(w, 1);
  for (let i = 0; i < order.seasonalD; i++) w = difference(w, order.seasonLength);
  return w.length === y.length ? y.slice(differencedRows(order)) : w;
}

/** y(t) - y(t - lag), shorter by the lag. */
export function difference(y: Float64Array, lag: number): Float64Array {
  const w = new Float64Array(Math.max(0, y.length - lag));
  for (let t = 0; t < w.length; t++) w[t] = (y[t + lag] as number) - (y[t] as number);
  return w;
}
