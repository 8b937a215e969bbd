import { lagsOf } from "./exact-filter.ts";
import type { ArmaPolynomials } from "./polynomials.ts";

/** Errors of an ARMA process when those before the first row with all its lags are taken for 0. */
export function conditionalErrors(w: Float64Array, { phi, theta }: ArmaPolynomials, out: Float64Array): void {
  const arLags = lagsOf(phi);
  const maLags = lagsOf(theta);
  const first = Math.min(phi.length, w.length);
  out.fill(0, 0, first);
  for (let t = first; t < w.length; t++) {
    let error = w[t] as number;
    for (let k = 0; k < arLags.length; k++) {
      const lag = arLags[k] as number;
      error -= (phi[lag - 1] as number) * (w[t - lag] as number);
    }
    for (let k = 0; k < maLags.length; k++) {
      const lag = maLags[k] as number;
      if (lag <= t) error -= (theta[lag - 1] as number) * (out[t - lag] as number);
    }
    out[t] = error;
  }
}
