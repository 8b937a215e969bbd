import { leastSquares } from "./least-squares.ts";

/** An autoregression without constant: d[t] = sum of phi[i] * d[t - 1 - i] + innovation. */
export interface Autoregression {
  readonly phi: Float64Array;
  /** Covariance of `phi` divided by the innovation variance: (D'D)^-1, row-major. */
  readonly inverse: Float64Array;
  readonly innovationVariance: number;
  /** Degrees of freedom left for the innovation variance. */
  readonly degrees: number;
  /** Innovations of the slots that have all their lags. */
  readonly innovations: Float64Array;
}

/**
 * Fits AR(p) for p = 1 .. maxOrder by least squares over the slots whose lags are all there, and takes the order with the least
 * BIC. The small-sample bias of the persistence is corrected by Kendall's (1 + 3 phi) / n.
 * Source: M. G. Kendall (1954), "Note on bias in the estimation of autocorrelation", Biometrika 41.
 * @param parameters - Degrees of freedom spent before, on the seasonal profile.
 * @returns Null when there are too few slots or no variation.
 */
export function fitAutoregression(
  deviations: Float64Array,
  maxOrder: number,
  parameters: number,
  orders: readonly number[] = Array.from({ length: maxOrder }, (_, i) => i + 1),
): Autoregression | null {
  const rows = completeRows(deviations, maxOrder);
  const lagged = Array.from({ length: maxOrder }, (_, i) => shifted(deviations, i + 1));
  let best: { fit: NonNullable<ReturnType<typeof leastSquares>>; bic: number } | null = null;
  for (const order of orders) {
    const fit = leastSquares(lagged.slice(0, order), deviations, rows);
    if (fit === null || rows.length - order - parameters < 2) continue;
    const bic =
      rows.length * Math.log(fit.residualSumOfSquares / rows.length) + order * Math.log(rows.length);
    if (best === null || bic < best.bic) best = { fit, bic };
  }
  if (best === null) return null;
  const phi = correctBias(best.fit.coefficients, rows.length);
  const innovations = innovationsOf(deviations, phi);
  const degrees = innovations.length - phi.length - parameters;
  const innovationVariance = innovations.reduce((sum, e) => sum + e * e, 0) / degrees;
  if (!(innovationVariance > 0) || degrees < 2) return null;
  return { phi, inverse: best.fit.inverse, innovationVariance, degrees, innovations };
}

function correctBias(phi: Float64Array, rows: number): Float64Array {
  const persistence = phi.reduce((a, b) => a + b, 0);
  const target = Math.min(persistence + (1 + 3 * persistence) / rows, Math.max(persistence, 0.999));
  return phi.map((value, i) => (i === 0 ? value + target - persistence : value));
}

/** A series filtered by an autoregression; NaN where a lag is missing. */
export function whiten(values: Float64Array, phi: Float64Array): Float64Array {
  return values.map((value, slot) => {
    let rest = value;
    for (let i = 0; i < phi.length; i++) rest -= (phi[i] as number) * (values[slot - 1 - i] ?? Number.NaN);
    return rest;
  });
}

function innovationsOf(deviations: Float64Array, phi: Float64Array): Float64Array {
  return whiten(deviations, phi).filter((value) => !Number.isNaN(value));
}

function completeRows(values: Float64Array, lags: number): Int32Array {
  const rows: number[] = [];
  let present = 0;
  values.forEach((value, slot) => {
    present = Number.isNaN(value) ? 0 : present + 1;
    if (present > lags) rows.push(slot);
  });
  return Int32Array.from(rows);
}

function shifted(values: Float64Array, by: number): Float64Array {
  const result = new Float64Array(values.length).fill(Number.NaN);
  result.set(values.subarray(0, values.length - by), by);
  return result;
}
