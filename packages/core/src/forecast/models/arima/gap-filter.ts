import { type ExactFilter, lagsOf } from "./exact-filter.ts";
import type { ArmaPolynomials } from "./polynomials.ts";
import { stationaryStart } from "./stationary-start.ts";

/** Covariances below this share of an innovation's variance move nothing. */
const negligible = 1e-14;

/**
 * The filter of `exactFilter` for a series whose missing rows it passes over, as many as there are: O(r^2) a row (Jones 1980; Harvey & Pierse 1984). The errors are those of the
 * values that are there; in missing rows they are 0.
 *
 * Autoregression and differences are one polynomial here, and r = max(its degree, q + 1). What the last values say of the next one goes by the differenced columns, as if
 * fillers were values; the state is what that leaves out. Its covariance is that of the last innovation, whose weights are the moving average, and a `rest` that is 0 where
 * nothing is missing.
 * @param columns - Differenced, gaps filled with anything.
 * @param isMissing - 1 for the rows to pass over, else 0.
 * @param delta - y(t) = w(t) + sum delta(k) y(t-k), with w the differenced series.
 */
export function gapFilter(
  columns: readonly Float64Array[],
  isMissing: Uint8Array,
  delta: Float64Array,
  errors: readonly Float64Array[],
): ExactFilter {
  const rows = isMissing.length;
  let room = 0;
  let states: Float64Array[] = [];
  let rest = new Float64Array(0);
  let gains = rest;
  let news = new Int32Array(0);
  return ({ phi, theta }) => {
    const r = gapStateSize({ phi, theta }, delta);
    if (r > room) {
      room = r;
      states = columns.map(() => new Float64Array(rows + r));
      rest = new Float64Array(2 * r * (r + 2));
      gains = new Float64Array(r + 1);
      news = new Int32Array(r);
    }
    const weights = new Float64Array(r);
    weights[0] = 1;
    weights.set(theta, 1);
    const whole = withDifferences(phi, delta, r);
    const [arLags, maLags, wholeLags] = [lagsOf(phi), lagsOf(theta), lagsOf(whole)];
    if (!startRest(phi, weights, r, rest)) return Number.NaN;
    for (const state of states) state.fill(0);
    gains[r] = 0;

    // A row on, all of the rest's upper triangle lies a row and a column further: where it begins moves, and it stays where it is. What is new of it was part of the lower one,
    // which is never written.
    let origin = 0;
    let logs = 0;
    let product = 1;
    for (let t = 0; t < rows; t++) {
      if (origin + r * (r + 2) > rest.length) {
        rest.copyWithin(0, origin, origin + r * r);
        rest.fill(0, r * r);
        origin = 0;
      }
      let count = 0;
      for (let i = 0; i < r; i++) {
        const gain = (rest[origin + i] as number) + (weights[i] as number);
        gains[i] = gain;
        if (i > 0 && (gain > negligible || gain < -negligible)) news[count++] = i;
      }
      const variance = gains[0] as number;
      for (let a = 0; a < maLags.length; a++)
        for (let b = a; b < maLags.length; b++) {
          const [i, j] = [maLags[a] as number, maLags[b] as number];
          const at = origin + i * r + j;
          rest[at] = (rest[at] as number) + (weights[i] as number) * (weights[j] as number);
        }
      const isThere = isMissing[t] === 0;
      const root = isThere ? 1 / Math.sqrt(variance) : 0;
      for (let c = 0; c < columns.length; c++) {
        const state = states[c] as Float64Array;
        const value = (columns[c] as Float64Array)[t] as number;
        const error = value - (state[t] as number);
        (errors[c] as Float64Array)[t] = error * root;
        for (let k = 0; k < arLags.length; k++) {
          const lag = arLags[k] as number;
          state[t + lag] = (state[t + lag] as number) + (phi[lag - 1] as number) * value;
        }
        if (isThere) {
          const share = error / variance;
          for (let a = 0; a < count; a++) {
            const i = news[a] as number;
            state[t + i] = (state[t + i] as number) + (gains[i] as number) * share;
          }
        } else
          for (let k = 0; k < wholeLags.length; k++) {
            const lag = wholeLags[k] as number;
            state[t + lag] = (state[t + lag] as number) - (whole[lag - 1] as number) * error;
          }
      }
      if (isThere) {
        product *= variance;
        if (product > 1e200 || product < 1e-200) {
          logs += Math.log(product);
          product = 1;
        }
        if (2 * count < r) learnSome(rest, origin, r, gains, news, count);
        else learn(rest, origin, r, gains);
      }
      origin += r + 1;
      if (!isThere) passOver(rest, origin, r, gains, whole, wholeLags);
    }
    return logs + Math.log(product);
  };
}

/** Numbers in the state of `gapFilter`. */
export function gapStateSize({ phi, theta }: ArmaPolynomials, delta: Float64Array): number {
  return Math.max(phi.length + delta.length, theta.length + 1);
}

/** Takes off the rest what a value tells of it: an outer product, two rows at a time. */
function learn(rest: Float64Array, origin: number, r: number, gains: Float64Array): void {
  const variance = gains[0] as number;
  let i = 1;
  for (; i + 1 < r; i += 2) {
    const one = (gains[i] as number) / variance;
    const other = (gains[i + 1] as number) / variance;
    let at = origin + i * r + i;
    rest[at] = (rest[at] as number) - one * (gains[i] as number);
    at++;
    let below = at + r;
    for (let j = i + 1; j < r; j++, at++, below++) {
      const gain = gains[j] as number;
      rest[at] = (rest[at] as number) - one * gain;
      rest[below] = (rest[below] as number) - other * gain;
    }
  }
  if (i < r) {
    const at = origin + i * r + i;
    rest[at] = (rest[at] as number) - ((gains[i] as number) / variance) * (gains[i] as number);
  }
}

/** The same where the value tells only of some numbers of the state. */
function learnSome(
  rest: Float64Array,
  origin: number,
  r: number,
  gains: Float64Array,
  news: Int32Array,
  count: number,
): void {
  const variance = gains[0] as number;
  for (let a = 0; a < count; a++) {
    const i = news[a] as number;
    const share = (gains[i] as number) / variance;
    for (let b = a; b < count; b++) {
      const j = news[b] as number;
      const at = origin + i * r + j;
      rest[at] = (rest[at] as number) - share * (gains[j] as number);
    }
  }
}

/** Adds what the filler of a missing row leaves unknown of the next ones. */
function passOver(
  rest: Float64Array,
  origin: number,
  r: number,
  gains: Float64Array,
  whole: Float64Array,
  lags: Int32Array,
): void {
  const variance = gains[0] as number;
  for (let k = 0; k < lags.length; k++) {
    const i = (lags[k] as number) - 1;
    const by = whole[i] as number;
    for (let j = 0; j < r; j++) {
      const at = origin + (i < j ? i * r + j : j * r + i);
      rest[at] = (rest[at] as number) + (i === j ? 2 : 1) * by * (gains[j + 1] as number);
    }
    for (let l = k; l < lags.length; l++) {
      const j = (lags[l] as number) - 1;
      const at = origin + i * r + j;
      rest[at] = (rest[at] as number) + by * (whole[j] as number) * variance;
    }
  }
}

/** Autoregression and differences as one polynomial. */
function withDifferences(phi: Float64Array, delta: Float64Array, size: number): Float64Array {
  const whole = new Float64Array(size);
  whole.set(phi);
  delta.forEach((one, j) => {
    if (one === 0) return;
    whole[j] = (whole[j] as number) + one;
    phi.forEach((other, i) => {
      whole[i + j + 1] = (whole[i + j + 1] as number) - one * other;
    });
  });
  return whole;
}

/**
 * The rest before the first row: the covariance of a stationary state, from its covariances with the first value, less that of the innovation.
 * @returns false where the autoregression is not stationary.
 */
function startRest(phi: Float64Array, weights: Float64Array, r: number, rest: Float64Array): boolean {
  const theta = weights.subarray(1);
  const gains = new Float64Array(r);
  const variance = stationaryStart({ phi, theta }, gains);
  if (!(variance > 0 && Number.isFinite(variance))) return false;
  const ar = (i: number) => (i < phi.length ? (phi[i] as number) : 0);
  const first = (i: number) => (i < r ? (gains[i - 1] as number) - ar(i - 1) * variance : 0);
  rest.fill(0);
  for (let i = r - 1; i >= 0; i--)
    for (let j = r - 1; j >= i; j--)
      rest[i * r + j] =
        ar(i) * ar(j) * variance +
        ar(i) * first(j + 1) +
        ar(j) * first(i + 1) +
        (j + 1 < r
          ? (rest[(i + 1) * r + j + 1] as number) + (weights[i + 1] as number) * (weights[j + 1] as number)
          : 0);
  return true;
}
