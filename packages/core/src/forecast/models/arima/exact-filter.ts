import type { ArmaPolynomials } from "./polynomials.ts";
import { stationaryStart } from "./stationary-start.ts";

/**
 * Runs series through the Kalman filter of a stationary ARMA process and writes the standardised one-step errors of each column.
 * @returns The sum of the logarithms of the errors' variances, in units of the innovations' variance; NaN where the process is not stationary.
 */
export type ExactFilter = (polynomials: ArmaPolynomials) => number;

/**
 * The filter in innovations form. Without gaps the difference of successive covariances of the state has rank 1, so they need not be
 * carried: O(r) a row instead of O(r^2) (Morf, Sidhu & Kailath 1974; Pearlman 1980). After the first rows q of the r numbers are enough. When the gains stand still, it
 * becomes the recursion of the residuals with the few lags that are not 0.
 * @param starts - The first row of each column that is not 0.
 */
export function exactFilter(
  columns: readonly Float64Array[],
  starts: Int32Array,
  errors: readonly Float64Array[],
): ExactFilter {
  const rows = (columns[0] as Float64Array).length;
  let room = 0;
  let ar = new Float64Array(0);
  let gains = ar;
  let changes = ar;
  let states: Float64Array[] = [];
  return ({ phi, theta }) => {
    const [p, q] = [phi.length, theta.length];
    const r = Math.max(p, q + 1);
    if (r + 1 > room) {
      room = r + 1;
      ar = new Float64Array(room);
      gains = new Float64Array(room);
      changes = new Float64Array(room);
      states = columns.map(() => new Float64Array(room));
    }
    ar.fill(0);
    ar.set(phi);
    let variance = stationaryStart({ phi, theta }, gains);
    if (!(variance > 0 && Number.isFinite(variance))) return Number.NaN;
    changes.set(gains);
    for (const state of states) state.fill(0);
    let scale = -1 / variance;
    let logs = 0;
    let product = 1;
    const warm = Math.min(r, rows);
    for (let t = 0; t < warm; t++) {
      const root = 1 / Math.sqrt(variance);
      for (let c = 0; c < columns.length; c++) {
        const out = errors[c] as Float64Array;
        if (t < (starts[c] as number)) {
          out[t] = 0;
          continue;
        }
        const state = states[c] as Float64Array;
        const predicted = state[0] as number;
        const error = ((columns[c] as Float64Array)[t] as number) - predicted;
        out[t] = error * root;
        const share = error / variance;
        for (let i = 0; i < r; i++)
          state[i] = (state[i + 1] as number) + (ar[i] as number) * predicted + (gains[i] as number) * share;
      }
      product *= variance;
      if (product > 1e200 || product < 1e-200) {
        logs += Math.log(product);
        product = 1;
      }
      const first = changes[0] as number;
      const ofGain = scale * first;
      const ofChange = first / variance;
      for (let i = 0; i < r; i++) {
        const moved = (changes[i + 1] as number) + (ar[i] as number) * first;
        const gain = gains[i] as number;
        changes[i] = moved - gain * ofChange;
        gains[i] = gain + moved * ofGain;
      }
      const next = variance + ofGain * first;
      scale *= variance / next;
      variance = next;
    }
    logs += Math.log(product);
    if (rows === warm) return logs;

    // From here on all lags of the autoregression are there, and only the moving average has a state to be estimated: q numbers.
    const arLags = lagsOf(phi);
    for (let c = 0; c < columns.length; c++) {
      const state = states[c] as Float64Array;
      const values = columns[c] as Float64Array;
      for (let k = 0; k < arLags.length; k++) {
        const lag = arLags[k] as number;
        for (let i = 0; i < Math.min(lag, q); i++)
          state[i] = (state[i] as number) - (phi[lag - 1] as number) * (values[warm + i - lag] as number);
      }
      state[q] = 0;
    }
    for (let i = 0; i < q; i++) gains[i] = (gains[i] as number) / variance - (ar[i] as number);
    changes[q] = 0;
    product = 1;
    let t = warm;
    for (let steadyRows = q === 0 ? 1 : 0; t < rows && steadyRows <= q; t++) {
      const root = 1 / Math.sqrt(variance);
      for (let c = 0; c < columns.length; c++) {
        const out = errors[c] as Float64Array;
        if (t < (starts[c] as number)) {
          out[t] = 0;
          continue;
        }
        const values = columns[c] as Float64Array;
        const state = states[c] as Float64Array;
        let error = (values[t] as number) - (state[0] as number);
        for (let k = 0; k < arLags.length; k++) {
          const lag = arLags[k] as number;
          error -= (ar[lag - 1] as number) * (values[t - lag] as number);
        }
        out[t] = error * root;
        for (let i = 0; i < q; i++) state[i] = (state[i + 1] as number) + (gains[i] as number) * error;
      }
      product *= variance;
      if (product > 1e200 || product < 1e-200) {
        logs += Math.log(product);
        product = 1;
      }
      if (steadyRows > 0) {
        steadyRows++;
        continue;
      }
      const first = changes[0] as number;
      const next = variance + scale * first * first;
      const keep = variance / next;
      const add = (scale * first) / next;
      let size = 0;
      for (let i = 0; i < q; i++) {
        const moved = changes[i + 1] as number;
        const gain = gains[i] as number;
        const change = moved - gain * first;
        changes[i] = change;
        gains[i] = gain * keep + moved * add;
        size += change * change;
      }
      scale *= keep;
      variance = next;
      if (size * -scale < 1e-20) steadyRows = 1;
    }
    logs += Math.log(product);
    if (t < rows) {
      logs += (rows - t) * Math.log(variance);
      finish(columns, starts, errors, phi, theta, variance, t);
    }
    return logs;
  };
}

/** The rows from `from` on, with gains that stand still. */
function finish(
  columns: readonly Float64Array[],
  starts: Int32Array,
  errors: readonly Float64Array[],
  phi: Float64Array,
  theta: Float64Array,
  variance: number,
  from: number,
): void {
  const arLags = lagsOf(phi);
  const maLags = lagsOf(theta);
  const root = 1 / Math.sqrt(variance);
  for (let c = 0; c < columns.length; c++) {
    const values = columns[c] as Float64Array;
    const out = errors[c] as Float64Array;
    const begin = Math.max(from, starts[c] as number);
    out.fill(0, from, begin);
    for (let t = begin; t < values.length; t++) {
      let expected = 0;
      for (let k = 0; k < arLags.length; k++) {
        const lag = arLags[k] as number;
        expected += (phi[lag - 1] as number) * (values[t - lag] as number);
      }
      let noise = 0;
      for (let k = 0; k < maLags.length; k++) {
        const lag = maLags[k] as number;
        noise += (theta[lag - 1] as number) * (out[t - lag] as number);
      }
      out[t] = ((values[t] as number) - expected) * root - noise;
    }
  }
}

/** Lags whose coefficient is not 0. */
export function lagsOf(polynomial: Float64Array): Int32Array {
  const lags: number[] = [];
  polynomial.forEach((value, i) => {
    if (value !== 0) lags.push(i + 1);
  });
  return Int32Array.from(lags);
}
