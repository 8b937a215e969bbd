import { solvePositive } from "../../local/cholesky.ts";
import { conditionalErrors } from "./conditional.ts";
import { exactFilter } from "./exact-filter.ts";
import { leastSquares, type Residuals } from "./least-squares.ts";
import { type ArimaOrder, armaCount, differencedRows } from "./order.ts";
import { coefficientsFrom, differenced, expand, polynomialsOf } from "./polynomials.ts";

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

/** One series as all orders see it. */
export interface ArimaData {
  /** Gaps filled with anything near. */
  readonly filled: Float64Array;
  /** Rows without a value, ascending. */
  readonly missing: readonly number[];
  readonly regressors: readonly Float64Array[];
}

/**
 * Maximum likelihood estimates.
 *
 * The likelihood is that of the differenced series. With its logarithm brought into the form of a sum of squares it is maximised by Levenberg and
 * Marquardt's method, mean, drift and regressors solved for at every step. A gap is a regressor with one 1 that is integrated out (Gomez, Maravall & Pena 1999),
 * which gives the likelihood of the values that are there.
 * @returns null where the rows do not suffice.
 */
export function fitOrder(order: ArimaOrder, data: ArimaData, search: ArimaSearch = {}): ArimaFit | null {
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
  const climb = (found: Optimum | null, start: Float64Array, gain: number): Optimum | null => {
    const x = start.slice();
    const value = leastSquares(exact.residuals, x, system.rows, 60, gain / known, needed);
    return Number.isFinite(value) && (found === null || value < found.value) ? { x, value } : found;
  };
  let best: Optimum | null = null;
  for (const start of starts) best = climb(best, start, tolerance);
  if (starts.length === 0 || isQuick)
    best = climb(best, conditionalStart(order, system, isQuick ? 1e-4 : 1e-6), tolerance);
  // A mixed model has several maxima, and a search may get stuck on the bounds of the parameters.
  if (starts.length === 0 && count > 0 && !isQuick && (isMixed(order) || isAtEdge(best))) {
    const first = best;
    for (const start of otherStarts(order)) best = climb(best, start, 1e-3);
    if (best !== null && best !== first) best = climb(best, best.x, tolerance);
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

interface System {
  /** Differenced and brought to a unit: gaps, then constant and regressors, then the series. */
  readonly columns: readonly Float64Array[];
  readonly gaps: number;
  readonly starts: Int32Array;
  readonly rows: number;
  /** Rows with news: values less those that the differences use up. */
  readonly known: number;
  readonly unit: number;
  /** What was taken off the series for the sake of rounding errors, in terms of the slopes. */
  readonly offsets: Float64Array;
}

function systemOf(order: ArimaOrder, { filled, missing: allMissing, regressors }: ArimaData): System {
  const missing = gapsWithNews(order, allMissing, filled.length);
  const lost = differencedRows(order);
  const y = differenced(order, filled);
  const rows = y.length;
  const constant = order.hasConstant
    ? [new Float64Array(rows).fill(order.seasonalD > 0 ? order.seasonLength : 1)]
    : [];
  const slopes = withoutRepeats(
    [...constant, ...regressors.map((regressor) => differenced(order, regressor))],
    [...constant, ...regressors],
  );
  const gaps = missing.map((row) => {
    const pulse = new Float64Array(filled.length);
    pulse[row] = 1;
    return differenced(order, pulse);
  });
  const { slopes: offsets } = project([...slopes, y], 0, slopes.length);
  const rest = y.slice();
  offsets.forEach((slope, c) => {
    const column = slopes[c] as Float64Array;
    for (let t = 0; t < rows; t++) rest[t] = (rest[t] as number) - slope * (column[t] as number);
  });
  let squares = 0;
  for (const value of rest) squares += value * value;
  const unit = squares > 0 ? Math.sqrt(squares / rows) : 1;
  const columns = [...gaps, ...slopes, rest.map((value) => value / unit)];
  return {
    columns,
    gaps: gaps.length,
    starts: Int32Array.from(columns, (_, c) =>
      c < gaps.length ? Math.max(0, (missing[c] as number) - lost) : 0,
    ),
    rows,
    known: rows - gaps.length,
    unit,
    offsets,
  };
}

/**
 * The gaps that are to be integrated out. Where a phase of the season was never observed (weekends on a grid of days), its level is all the same to the seasonal
 * differences: one of its gaps keeps the value that it was filled with, and the others are relative to it. Its column would be made up of theirs.
 */
function gapsWithNews(
  { seasonalD, seasonLength }: ArimaOrder,
  missing: readonly number[],
  length: number,
): readonly number[] {
  if (seasonalD === 0) return missing;
  const observed = new Int32Array(seasonLength);
  for (let row = 0; row < length; row++)
    observed[row % seasonLength] = (observed[row % seasonLength] as number) + 1;
  for (const row of missing) observed[row % seasonLength] = (observed[row % seasonLength] as number) - 1;
  // As many as a phase lacks values for its first seasonal difference.
  const leftOut = observed.map((count) => Math.max(0, seasonalD - count));
  return missing.filter((row) => {
    const phase = row % seasonLength;
    const isKept = leftOut[phase] === 0;
    if (!isKept) leftOut[phase] = (leftOut[phase] as number) - 1;
    return isKept;
  });
}

/**
 * Columns with zeros in the place of those that the ones before them make up already: they say nothing of their own, and get no slope.
 * @param sources - What the columns were before they were differenced, to tell a small column from rounding errors.
 */
export function withoutRepeats(
  columns: readonly Float64Array[],
  sources: readonly Float64Array[],
): readonly Float64Array[] {
  if (columns.length < 2) return columns;
  const basis: Float64Array[] = [];
  return columns.map((column, c) => {
    const rest = column.slice();
    for (const direction of basis) subtract([direction], Float64Array.of(dot(rest, direction)), rest);
    const length = Math.sqrt(dot(rest, rest));
    const source = sources[c] as Float64Array;
    if (!(length > 1e-8 * Math.sqrt(dot(source, source)))) return new Float64Array(column.length);
    basis.push(rest.map((value) => value / length));
    return column;
  });
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
  return sum;
}

/** Least squares of the last column on those before it, whose solution and the logarithm of the determinant of the first ones are kept. */
export function project(columns: readonly Float64Array[], determined: number, size: number) {
  const slopes = new Float64Array(size);
  let logs = 0;
  if (size > 0) {
    const matrix = new Float64Array(size * size);
    const y = columns[size] as Float64Array;
    for (let i = 0; i < size; i++) {
      const a = columns[i] as Float64Array;
      for (let j = 0; j <= i; j++) {
        const b = columns[j] as Float64Array;
        let sum = 0;
        for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
        matrix[i * size + j] = sum;
      }
      let sum = 0;
      for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (y[t] as number);
      slopes[i] = sum;
    }
    // A column without news has no slope.
    for (let i = 0; i < size; i++)
      matrix[i * size + i] = (matrix[i * size + i] as number) * (1 + 1e-14) + Number.MIN_VALUE * 1e20;
    if (!solvePositive(matrix, size, slopes)) slopes.fill(0);
    for (let i = 0; i < determined; i++) logs += 2 * Math.log(matrix[i * size + i] as number);
  }
  return { slopes, logs };
}

function exactResiduals(order: ArimaOrder, { columns, gaps, starts, rows, known, unit, offsets }: System) {
  const errors = columns.map(() => new Float64Array(rows));
  const filter = exactFilter(columns, starts, errors);
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

/** Takes columns times slopes off, in place. */
export function subtract(columns: readonly Float64Array[], slopes: Float64Array, out: Float64Array): void {
  for (let c = 0; c < slopes.length; c++) {
    const slope = slopes[c] as number;
    if (slope === 0) continue;
    const column = columns[c] as Float64Array;
    for (let t = 0; t < out.length; t++) out[t] = (out[t] as number) - slope * (column[t] as number);
  }
}

/** Estimates by the conditional sum of squares: with errors of 0 before the first row that has all its lags. */
function conditionalStart(
  order: ArimaOrder,
  { columns, gaps, rows }: System,
  tolerance: number,
): Float64Array {
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
  leastSquares(residuals, x, rows, 40, tolerance);
  return x;
}
