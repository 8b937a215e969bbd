import type { ArmaPolynomials } from "./polynomials.ts";

/**
 * The first prediction of a stationary series: variance of a value, and covariances of the next state with it, in units of the
 * innovations' variance. Autocovariances of the autoregression come from its partial autocorrelations in O(p^2).
 * @param gains - Room for max(p, q + 1) numbers.
 * @returns The variance; NaN where the autoregression is not stationary.
 */
export function stationaryStart({ phi, theta }: ArmaPolynomials, gains: Float64Array): number {
  const [p, q] = [phi.length, theta.length];
  const psi = new Float64Array(q + 1);
  psi[0] = 1;
  for (let j = 1; j <= q; j++) {
    let sum = theta[j - 1] as number;
    for (let k = 1; k <= Math.min(j, p); k++) sum += (phi[k - 1] as number) * (psi[j - k] as number);
    psi[j] = sum;
  }
  gains.fill(0);
  for (let i = 0; i < q; i++) {
    let sum = 0;
    for (let k = i + 1; k <= q; k++) sum += (theta[k - 1] as number) * (psi[k - i - 1] as number);
    gains[i] = sum;
  }
  const products = new Float64Array(q + 1);
  const weight = (j: number) => (j === 0 ? 1 : (theta[j - 1] as number));
  for (let s = 0; s <= q; s++) {
    let sum = 0;
    for (let j = 0; j + s <= q; j++) sum += weight(j) * weight(j + s);
    products[s] = sum;
  }
  if (p === 0) return products[0] as number;
  const pure = autoregressiveCovariances(phi, p + q);
  if (pure === null) return Number.NaN;
  const covariances = new Float64Array(p);
  for (let h = 0; h < p; h++) {
    let sum = (products[0] as number) * (pure[h] as number);
    for (let s = 1; s <= q; s++)
      sum += (products[s] as number) * ((pure[h + s] as number) + (pure[Math.abs(h - s)] as number));
    covariances[h] = sum;
  }
  for (let i = 0; i < p; i++) {
    let sum = gains[i] as number;
    for (let k = i + 1; k <= p; k++) sum += (phi[k - 1] as number) * (covariances[k - i - 1] as number);
    gains[i] = sum;
  }
  return covariances[0] as number;
}

/** Autocovariances at the lags 0 ... count - 1 of an autoregression with innovations of variance 1; null where it is not stationary. */
function autoregressiveCovariances(phi: Float64Array, count: number): Float64Array | null {
  const p = phi.length;
  // Row k - 1 holds the coefficients of order k that lead to phi.
  const orders = new Float64Array(p * p);
  orders.set(phi, (p - 1) * p);
  let variance = 1;
  for (let k = p; k >= 1; k--) {
    const row = (k - 1) * p;
    const partial = orders[row + k - 1] as number;
    const rest = 1 - partial * partial;
    if (!(rest > 1e-14)) return null;
    variance /= rest;
    for (let j = 0; j < k - 1; j++)
      orders[row - p + j] =
        ((orders[row + j] as number) + partial * (orders[row + k - 2 - j] as number)) / rest;
  }
  const covariances = new Float64Array(Math.max(count, p + 1));
  covariances[0] = variance;
  let error = variance;
  for (let k = 1; k <= p; k++) {
    const partial = orders[(k - 1) * p + k - 1] as number;
    let sum = partial * error;
    for (let j = 1; j < k; j++)
      sum += (orders[(k - 2) * p + j - 1] as number) * (covariances[k - j] as number);
    covariances[k] = sum;
    error *= 1 - partial * partial;
  }
  for (let h = p + 1; h < covariances.length; h++) {
    let sum = 0;
    for (let k = 1; k <= p; k++) sum += (phi[k - 1] as number) * (covariances[h - k] as number);
    covariances[h] = sum;
  }
  return covariances;
}
