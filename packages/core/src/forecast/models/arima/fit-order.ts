import type { InTurns } from "../../local/in-turns.ts";
import { conditionalErrors } from "./conditional.ts";
import { exactFilter } from "./exact-filter.ts";
import { gapFilter } from "./gap-filter.ts";
import { leastSquares, type Residuals } from "./least-squares.ts";
import { type ArimaOrder, armaCount } from "./order.ts";
import { coefficientsFrom, expand, polynomialsOf } from "./polynomials.ts";
import { project, subtract } from "./regression.ts";
import { type ArimaData, type System, systemOf } from "./system.ts";

/** An order with its estimates. */
export interface ArimaFit {
  readonly order: ArimaOrder;
  /** Coefficients of p, q, P, Q in this order. */
  readonly coefficients: Float64Array;
  /** The same before they were made stationary and invertible: where a search that starts from this fit starts. */
  readonly free: Float64Array;
  /** Coefficients of the constant, if there is one, and of the regressors. */
  readonly slopes: Float64Array;
  readonly variance: number;
  readonly logLikelihood: number;
  readonly aicc: number;
}

/** How hard to look for the maximum. */
export interface ArimaSearch {
  /** Where to start. Default: at the conditional sum of squares' estimates, and elsewhere where there may be several maxima. */
  readonly starts?: readonly Float64Array[];
  /** Whether `starts` and the conditional sum of squares' estimates do. */
  readonly isQuick?: boolean;
  /** The gain in likelihood that is not worth another step. */
  readonly tolerance?: number;
  /** The AICc to be beaten: a search that has no hope of it is given up. */
  readonly below?: number;
}

/**
 * Maximum likelihood estimates.
 *
 * The likelihood is that of the differenced series. With its logarithm brought into the form of a sum of squares it is maximised by Levenberg and
 * Marquardt's method, mean, drift and regressors solved for at every step. It is that of the values that are there: a gap is a regressor with one 1 that is integrated out
 * (Gomez, Maravall & Pena 1999), or, where there are many, a row that the filter passes over.
 * @returns null where the rows do not suffice.
 */
export function* fitOrder(
  order: ArimaOrder,
  data: ArimaData,
  search: ArimaSearch = {},
): InTurns<ArimaFit | null> {
  const { starts = [], isQuick = false, tolerance = 1e-10, below = Number.POSITIVE_INFINITY } = search;
  const system = systemOf(order, data);
  const count = armaCount(order);
  const { known, columns } = system;
  const slopeCount = columns.length - 1 - system.gaps;
  const parameters = count + slopeCount;
  if (known <= parameters) return null;
  const exact = exactResiduals(order, system);
  const free = known - parameters - 2;
  const penalty =
    free > 0
      ? 2 * (parameters + 1) + (2 * (parameters + 1) * (parameters + 2)) / free
      : Number.POSITIVE_INFINITY;
  const constants = known * (1 + Math.log(2 * Math.PI) + 2 * Math.log(system.unit));
  const needed = known * Math.exp((below - penalty - constants) / known);
  const climb = function* (
    found: Optimum | null,
    start: Float64Array,
    gain: number,
  ): InTurns<Optimum | null> {
    const x = start.slice();
    const value = yield* leastSquares(exact.residuals, x, system.rows, 60, gain / known, needed);
    return Number.isFinite(value) && (found === null || value < found.value) ? { x, value } : found;
  };
  let best: Optimum | null = null;
  for (const start of starts) best = yield* climb(best, start, tolerance);
  if (starts.length === 0 || isQuick)
    best = yield* climb(best, yield* conditionalStart(order, system, isQuick ? 1e-4 : 1e-6), tolerance);
  // A mixed model has several maxima, and a search may get stuck on the bounds of the parameters.
  if (starts.length === 0 && count > 0 && !isQuick && (isMixed(order) || isAtEdge(best))) {
    const first = best;
    for (const start of otherStarts(order)) best = yield* climb(best, start, 1e-3);
    if (best !== null && best !== first) best = yield* climb(best, best.x, tolerance);
  }
  if (best === null) return null;
  const coefficients = new Float64Array(count);
  coefficientsFrom(order, best.x, coefficients);
  const likelihood = exact.at(best.x);
  const logLikelihood = -0.5 * (known * Math.log(best.value / known) + constants);
  return {
    order,
    coefficients,
    free: best.x,
    slopes: likelihood.slopes,
    variance: (likelihood.squares * system.unit * system.unit) / (known - parameters),
    logLikelihood,
    aicc: penalty - 2 * logLikelihood,
  };
}

interface Optimum {
  readonly x: Float64Array;
  readonly value: number;
}

function isMixed({ p, q }: ArimaOrder): boolean {
  return p > 0 && q > 0 && p + q > 2;
}

function isAtEdge(best: Optimum | null): boolean {
  return best === null || best.x.some((value) => Math.abs(value) > 3);
}

/** Moderate autoregressions and moving averages of either sign. */
function otherStarts(order: ArimaOrder): readonly Float64Array[] {
  const { p, q, seasonalP, seasonalQ } = order;
  const starts: Float64Array[] = [];
  for (const [ar, ma] of [
    [0, 0],
    [1, 0],
    [0, 0.7],
    [0, -0.7],
    [0, -1.5],
  ] as const) {
    const x = new Float64Array(p + q + seasonalP + seasonalQ);
    if (p > 0) x[0] = ar;
    if (q > 0) x[p] = ma;
    if (seasonalP > 0) x[p + q] = 0.3;
    if (seasonalQ > 0) x[p + q + seasonalP] = 0.5;
    if (starts.every((other) => other.some((value, i) => value !== x[i]))) starts.push(x);
  }
  return starts;
}

function exactResiduals(order: ArimaOrder, system: System) {
  const { columns, gaps, rows, known, unit, offsets } = system;
  const errors = columns.map(() => new Float64Array(rows));
  const filter =
    system.isMissing === null
      ? exactFilter(columns, system.starts, errors)
      : gapFilter(columns, system.isMissing, system.delta, errors);
  const polynomials = polynomialsOf(order);
  const coefficients = new Float64Array(armaCount(order));
  const size = columns.length - 1;
  const last = errors[size] as Float64Array;
  const run = (x: Float64Array) => {
    coefficientsFrom(order, x, coefficients);
    expand(order, coefficients, polynomials);
    const logs = filter(polynomials);
    if (Number.isNaN(logs)) return null;
    const solution = project(errors, gaps, size);
    return { slopes: solution.slopes, logs: logs + solution.logs };
  };
  const residuals: Residuals = (x, out) => {
    const solution = run(x);
    if (solution === null) return Number.POSITIVE_INFINITY;
    const factor = Math.exp(solution.logs / (2 * known));
    out.set(last);
    subtract(errors, solution.slopes, out);
    let squares = 0;
    for (let t = 0; t < rows; t++) {
      const error = factor * (out[t] as number);
      out[t] = error;
      squares += error * error;
    }
    return squares;
  };
  return {
    residuals,
    at: (x: Float64Array) => {
      const solution = run(x);
      const out = last.slice();
      if (solution !== null) subtract(errors, solution.slopes, out);
      let squares = 0;
      for (const error of out) squares += error * error;
      const slopes = offsets.map((offset, c) => offset + unit * (solution?.slopes[gaps + c] ?? 0));
      return { slopes, squares };
    },
  };
}

/** Estimates by the conditional sum of squares: with errors of 0 before the first row that has all its lags. */
function* conditionalStart(
  order: ArimaOrder,
  { columns, gaps, rows }: System,
  tolerance: number,
): InTurns<Float64Array> {
  const used = columns.slice(gaps);
  const errors = used.map(() => new Float64Array(rows));
  const polynomials = polynomialsOf(order);
  const coefficients = new Float64Array(armaCount(order));
  const size = used.length - 1;
  const residuals: Residuals = (x, out) => {
    coefficientsFrom(order, x, coefficients);
    expand(order, coefficients, polynomials);
    used.forEach((column, c) => {
      conditionalErrors(column, polynomials, errors[c] as Float64Array);
    });
    const { slopes } = project(errors, 0, size);
    out.set(errors[size] as Float64Array);
    subtract(errors, slopes, out);
    let squares = 0;
    for (let t = 0; t < rows; t++) squares += (out[t] as number) * (out[t] as number);
    return squares;
  };
  const x = new Float64Array(armaCount(order));
  yield* leastSquares(residuals, x, rows, 40, tolerance);
  return x;
}
