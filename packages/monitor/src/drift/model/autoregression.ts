import { countComplete, lagEquations, presentRuns } from "../long-windows/lag-products.ts";
import { sumOfSquares } from "../long-windows/long-sums.ts";
import { manyRows, someRows, thinned } from "../long-windows/long-windows.ts";
import { giveBack, scratchNumbers } from "../long-windows/scratch-arrays.ts";
import { BlockSums, type DesignEffect, designEffect } from "./innovation-moments.ts";
import {
  type LeastSquares,
  multiply,
  type NormalEquations,
  normalEquations,
  solve,
} from "./least-squares.ts";
import { presentValues, presentView } from "./regular-series.ts";

/** An autoregression without constant: d[t] = sum of phi[i] * d[t - 1 - i] + innovation. */
export interface Autoregression {
  readonly phi: Float64Array;
  /** Covariance of `phi`, row-major; holds where the innovations' variance changes with the season too. */
  readonly covariance: Float64Array;
  readonly innovationVariance: number;
  /** Degrees of freedom left for the innovation variance. */
  readonly degrees: number;
  /** Innovation of each slot; NaN where a value or one of its lags is missing. Made when it is asked for where the fit may overwrite. */
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
  /** Whether innovations, once they are asked for, may overwrite the deviations of a long series. Default false. */
  readonly mayOverwrite?: boolean;
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
  { orders, parameters, removed, mayOverwrite = false }: AutoregressionOptions,
): Autoregression | null {
  const [least, most] = [orders[0] as number, orders.at(-1) as number];
  const runs = presentRuns(deviations);
  // Orders that gaps leave few rows for are not tried.
  const fewest = countComplete(runs, least) / 2;
  let maxOrder = most;
  while (maxOrder > least && countComplete(runs, maxOrder) < fewest) maxOrder--;
  const equations = equationsOf(deviations, runs, maxOrder);
  const { rows } = equations;
  let best: { fit: LeastSquares; bic: number } | null = null;
  for (const order of orders.filter((order) => order <= maxOrder)) {
    const fit = solve(equations, order);
    if (fit === null || rows - order - parameters < 2) continue;
    const bic = rows * Math.log(fit.residualSumOfSquares / rows) + order * Math.log(rows);
    if (best === null || bic < best.bic) best = { fit, bic };
  }
  if (best === null) return null;
  const { coefficients, inverse, residualSumOfSquares } = best.fit;
  const phi = withoutBias(coefficients, inverse, residualSumOfSquares / rows, rows, removed);
  const found: Fit = { deviations, runs, phi, lags: maxOrder, inverse, parameters };
  return mayOverwrite && deviations.length > manyRows ? overwriting(found) : whole(found);
}

/** A fit, as far as what it leaves needs it. */
interface Fit {
  readonly deviations: Float64Array;
  /** Where they have values, as `presentRuns` gives it. */
  readonly runs: Int32Array;
  readonly phi: Float64Array;
  /** Values right before a slot without which it is left out. */
  readonly lags: number;
  readonly inverse: Float64Array;
  readonly parameters: number;
}

function whole(fit: Fit): Autoregression | null {
  const { deviations, runs, phi, parameters } = fit;
  const filtered = whiten(deviations, phi);
  const innovations = presentOf(filtered, runs, phi.length);
  const degrees = innovations.length - phi.length - parameters;
  const innovationVariance = sumOfSquares(innovations) / degrees;
  if (!(innovationVariance > 0) || degrees < 2) return null;
  let covariance: Float64Array | undefined;
  return {
    phi,
    // Takes as long as all the rest, and most fits are only looked through.
    get covariance() {
      covariance ??= robustCovariance(
        fit,
        deviations.length > manyRows ? momentsOf(fit).onSum : designEffect(influencesOnSum(fit, filtered)),
        innovations.length / degrees,
        filtered,
      );
      return covariance;
    },
    innovationVariance,
    degrees,
    filtered,
    innovations,
  };
}

/** The same of a long series, up to rounding, without memory of its size. */
function overwriting(fit: Fit): Autoregression | null {
  const { deviations, runs, phi, parameters } = fit;
  const rows = countComplete(runs, phi.length);
  const degrees = rows - phi.length - parameters;
  const { squares, onSum } = momentsOf(fit);
  const innovationVariance = squares / degrees;
  if (!(innovationVariance > 0) || degrees < 2) return null;
  const covariance = robustCovariance(fit, onSum, rows / degrees);
  let filtered: Float64Array | undefined;
  let innovations: Float64Array | undefined;
  return {
    phi,
    covariance,
    innovationVariance,
    degrees,
    get filtered() {
      filtered ??= whitenInPlace(deviations, phi);
      return filtered;
    },
    get innovations() {
      innovations ??= presentOf(this.filtered, runs, phi.length);
      return innovations;
    },
  };
}

/** Innovations of the slots that have all their lags. */
function presentOf(filtered: Float64Array, runs: Int32Array, order: number): Float64Array {
  return runs.length === 2 ? filtered.subarray((runs[0] as number) + order, runs[1]) : presentView(filtered);
}

function equationsOf(deviations: Float64Array, runs: Int32Array, order: number): NormalEquations {
  if (deviations.length > someRows) return lagEquations(deviations, runs, order);
  return normalEquations(lagsOf(deviations, order), deviations, completeRows(deviations, order));
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
  const cosines = new Float64Array(order + 1);
  for (const wave of removed) {
    for (let lag = 0; lag <= order; lag++) cosines[lag] = Math.cos(lag * wave);
    const transfer = (lag: number) => {
      let rest = cosines[lag] as number;
      for (let j = 0; j < order; j++) rest -= (phi[j] as number) * (cosines[Math.abs(lag - 1 - j)] as number);
      return rest;
    };
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
  fit: Fit,
  { factor }: DesignEffect,
  inflation: number,
  filtered: Float64Array | null = null,
): Float64Array {
  const lasting = Math.max(1, factor);
  return sandwich(fit.inverse, meatOf(fit, filtered), fit.phi.length).map(
    (value) => value * inflation * lasting,
  );
}

/** Sums of products of lags, times the squared innovation; of very long series from a part of the rows. */
function meatOf({ deviations, runs, phi, lags }: Fit, filtered: Float64Array | null): Float64Array {
  const order = phi.length;
  const part = thinned({ first: 0, values: deviations }, 1).values;
  const isWhole = part === deviations;
  const meat = new Float64Array(order * order);
  const partRuns = isWhole ? runs : presentRuns(part);
  const innovations = isWhole && filtered !== null ? filtered : whiten(part, phi);
  addMeat(meat, part, partRuns, innovations, lags, order);
  if (innovations !== filtered) giveBack(innovations);
  if (isWhole) return meat;
  giveBack(part);
  const share = countComplete(partRuns, lags) / countComplete(runs, lags);
  return meat.map((sum) => sum / share);
}

function addMeat(
  meat: Float64Array,
  values: Float64Array,
  runs: Int32Array,
  innovations: Float64Array,
  lags: number,
  order: number,
): void {
  for (let at = 0; at < runs.length; at += 2)
    for (let slot = (runs[at] as number) + lags; slot < (runs[at + 1] as number); slot++) {
      const square = (innovations[slot] as number) ** 2;
      for (let i = 0; i < order; i++) {
        const weighted = square * (values[slot - 1 - i] as number);
        for (let j = 0; j < order; j++) {
          const place = i * order + j;
          meat[place] = (meat[place] as number) + weighted * (values[slot - 1 - j] as number);
        }
      }
    }
}

/** What each row does to the sum of the coefficients, up to a factor: persistent and nervous stretches that take turns show in it. */
function influencesOnSum(fit: Fit, filtered: Float64Array): Float64Array {
  const { deviations, lags } = fit;
  const weights = weightsOnSum(fit);
  const influences = new Float64Array(deviations.length);
  addLags(influences, deviations, weights, 0);
  for (let slot = 0; slot < influences.length; slot++)
    influences[slot] = (influences[slot] as number) * (filtered[slot] as number);
  // Rows without all the lags that were asked for were left out of the fit.
  if (lags > weights.length) leaveOutIncomplete(influences, deviations, lags);
  return presentView(influences);
}

function weightsOnSum({ inverse, phi }: Fit): Float64Array {
  return multiply(inverse, new Float64Array(phi.length).fill(1));
}

/** The sum of squared innovations and the design effect of the influences on the sum of the coefficients, whose mean is as good as zero; neither is kept. */
function momentsOf(fit: Fit): { readonly squares: number; readonly onSum: DesignEffect } {
  const { deviations, runs, phi } = fit;
  const weights = weightsOnSum(fit);
  const near = new Float64Array(nearRows);
  const sums = new BlockSums(countComplete(runs, phi.length));
  let squares = 0;
  forWhitened(deviations, phi, (innovations, from) => {
    const influences = near.subarray(0, innovations.length).fill(0);
    addLags(influences, deviations, weights, from);
    let [sum, other] = [0, 0];
    for (let i = 0; i < influences.length; i++) {
      const innovation = innovations[i] as number;
      influences[i] = (influences[i] as number) * innovation;
      if (i & 1) sum += innovation * innovation;
      else other += innovation * innovation;
    }
    squares += Number.isNaN(sum + other) ? sumOfSquares(presentValues(innovations)) : sum + other;
    sums.add(influences);
  });
  return { squares, onSum: sums.designEffect() };
}

function leaveOutIncomplete(influences: Float64Array, values: Float64Array, lags: number): void {
  let present = 0;
  for (let slot = 0; slot < values.length; slot++) {
    present = Number.isNaN(values[slot]) ? 0 : present + 1;
    if (present <= lags) influences[slot] = Number.NaN;
  }
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
  const result = scratchNumbers(values.length);
  forWhitened(values, phi, (part, from) => result.set(part, from));
  return result;
}

/** The same, in the series' own memory. */
export function whitenInPlace(values: Float64Array, phi: Float64Array): Float64Array {
  // From its end: a part's lags are not yet overwritten.
  forWhitened(values, phi, (part, from) => values.set(part, from), true);
  return values;
}

/** Gives a whitened series part by part, each in the same memory. */
export function forWhitened(
  values: Float64Array,
  phi: Float64Array,
  take: (part: Float64Array, from: number) => void,
  fromEnd = false,
): void {
  const weights = phi.map((value) => -value);
  const near = new Float64Array(Math.min(nearRows, values.length));
  const parts = Math.ceil(values.length / nearRows);
  for (let i = 0; i < parts; i++) {
    const from = nearRows * (fromEnd ? parts - 1 - i : i);
    const part = near.subarray(0, values.length - from);
    part.set(values.subarray(from, from + part.length));
    addLags(part, values, weights, from);
    if (from < phi.length) part.fill(Number.NaN, 0, phi.length - from);
    take(part, from);
  }
}

/** Rows that stay in the processor's nearest memory while one lag after the other is added. */
const nearRows = 1024;

/** Adds lag 1 times the first weight, lag 2 times the second ... to each slot that has so many before it; the first sum is slot `offset`'s. */
function addLags(sums: Float64Array, values: Float64Array, weights: Float64Array, offset: number): void {
  for (let from = Math.max(0, weights.length - offset); from < sums.length; from += nearRows) {
    const end = Math.min(from + nearRows, sums.length);
    let lag = 1;
    for (; lag + 3 <= weights.length; lag += 4)
      addFourLags(sums, values, weights.subarray(lag - 1), offset - lag, from, end);
    for (; lag <= weights.length; lag++) {
      const weight = weights[lag - 1] as number;
      for (let i = from; i < end; i++)
        sums[i] = (sums[i] as number) + weight * (values[offset - lag + i] as number);
    }
  }
}

function addFourLags(
  sums: Float64Array,
  values: Float64Array,
  weights: Float64Array,
  offset: number,
  from: number,
  end: number,
): void {
  const a = weights[0] as number;
  const b = weights[1] as number;
  const c = weights[2] as number;
  const d = weights[3] as number;
  for (let i = from; i < end; i++)
    sums[i] =
      (sums[i] as number) +
      a * (values[offset + i] as number) +
      b * (values[offset + i - 1] as number) +
      c * (values[offset + i - 2] as number) +
      d * (values[offset + i - 3] as number);
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

/** A series' lags 1 .. `order`, each of its length. */
function lagsOf(values: Float64Array, order: number): Float64Array[] {
  const padded = new Float64Array(order + values.length).fill(Number.NaN, 0, order);
  padded.set(values, order);
  return Array.from({ length: order }, (_, i) =>
    padded.subarray(order - 1 - i, order - 1 - i + values.length),
  );
}
