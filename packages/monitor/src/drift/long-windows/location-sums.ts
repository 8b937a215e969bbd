import { completeRows, forWhitened, whiten, whitenInPlace } from "../model/autoregression.ts";
import { dotsOver, type LeastSquares, normalEquations, solve, timesOver } from "../model/least-squares.ts";
import { positionOf, positionsOf } from "../model/profile.ts";
import { presentValues, presentView } from "../model/regular-series.ts";
import { cycleOf, lessByPosition, type Wave, waveValues } from "../model/waves.ts";

/** Coefficients of a constant and waves, what their error is made of, and what they leave. */
export interface WhitenedFit {
  readonly fit: LeastSquares;
  /** X'VX with the variance V of each row by its position in the season. */
  readonly meat: Float64Array;
  /** Rows that were fitted. */
  readonly rows: number;
  /** What is left of them. Where it was summed up by position, the constant and `taken` are to be taken off the window before, which is overwritten. */
  residuals(taken: readonly Wave[]): Float64Array;
}

/** What is regressed on what: a window and a constant with waves, whitened by one autoregression. */
export interface WhitenedWindow {
  /** Grid index of the window's first slot. */
  readonly first: number;
  readonly values: Float64Array;
  /** As many values right before it as the autoregression has lags, if there are. */
  readonly lead: Float64Array | null;
  readonly phi: Float64Array;
  readonly waves: readonly Wave[];
  /** Variance of the innovations at each position of the season. */
  readonly variances: Float64Array;
}

/**
 * Generalised least squares of a window on a constant and waves. Waves repeat, so long windows are summed up by the position in their
 * cycle first, and regressed position by position.
 * @returns Null when the window is too short.
 */
export function fitWhitened(window: WhitenedWindow): WhitenedFit | null {
  const cycle = cycleOf(window.waves, window.values.length);
  return cycle === null ? fitByRow(window) : fitByPosition(window, cycle);
}

/** Regresses row by row. */
export function fitByRow({ first, values, lead, phi, waves, variances }: WhitenedWindow): WhitenedFit | null {
  const innovations = whitenedAfter(lead, values, phi);
  // Nothing had changed in the reference: the regressors are zero there.
  const zeros = lead === null ? null : new Float64Array(phi.length);
  const columns = [
    new Float64Array(values.length).fill(1),
    ...waves.map((wave) => waveValues(wave, first, values.length)),
  ].map((term) => whitenedAfter(zeros, term, phi));
  const rows = completeRows(innovations, 0);
  const fit = solve(normalEquations(columns, innovations, rows), columns.length);
  if (fit === null || rows.length - columns.length < 2) return null;
  const residuals = presentValues(innovations);
  columns.forEach((column, i) => {
    const coefficient = fit.coefficients[i] as number;
    for (let at = 0; at < rows.length; at++)
      residuals[at] = (residuals[at] as number) - coefficient * (column[rows[at] as number] as number);
  });
  const weights = atPositions(variances, first, values.length);
  return {
    fit,
    meat: weightedGram(columns, rows, weights),
    rows: rows.length,
    residuals: () => residuals,
  };
}

/** The same up to rounding, but for the few rows whose lags lie in the reference. */
export function fitByPosition(
  { first, values, phi, waves, variances }: WhitenedWindow,
  cycle: number,
): WhitenedFit | null {
  const { counts, sums } = whitenedSums(values, phi, first, cycle);
  const rows = counts.reduce((a, b) => a + b, 0);
  const columns = [null, ...waves].map((wave) => {
    const term = wave === null ? new Float64Array(cycle).fill(1) : waveValues(wave, 0, cycle);
    return whitenedAfter(term.subarray(-phi.length), term, phi);
  });
  const roots = counts.map(Math.sqrt);
  const positions = completeRows(sums, 0);
  const scaled = columns.map((column) => timesOver(column, roots, positions));
  const means = sums.map((sum, position) => (counts[position] === 0 ? 0 : sum / (roots[position] as number)));
  const fit = solve(normalEquations(scaled, means, positions), columns.length);
  if (fit === null || rows - columns.length < 2) return null;
  const residuals = (taken: readonly Wave[]): Float64Array => {
    const rest = whitenInPlace(values, phi);
    const left = waves.filter((wave) => !taken.includes(wave));
    if (left.length === 0) return presentView(rest);
    const expected = new Float64Array(cycle);
    for (const wave of left) {
      const term = waves.indexOf(wave) + 1;
      const column = columns[term] as Float64Array;
      for (let position = 0; position < cycle; position++)
        expected[position] =
          (expected[position] as number) + (fit.coefficients[term] as number) * (column[position] as number);
    }
    return presentView(lessByPosition(rest, first, expected));
  };
  return {
    fit,
    meat: weightedGram(scaled, positions, atPositions(variances, 0, cycle)),
    rows,
    residuals,
  };
}

/** How many innovations there are at each position of a cycle, and their sums. */
function whitenedSums(values: Float64Array, phi: Float64Array, first: number, cycle: number) {
  const counts = new Float64Array(cycle);
  const sums = new Float64Array(cycle);
  forWhitened(values, phi, (part, from) => {
    let position = positionOf(first + from, cycle) - 1;
    for (let slot = 0; slot < part.length; slot++) {
      if (++position === cycle) position = 0;
      const value = part[slot] as number;
      if (Number.isNaN(value)) continue;
      sums[position] = (sums[position] as number) + value;
      counts[position] = (counts[position] as number) + 1;
    }
  });
  return { counts, sums };
}

/** Values whitened with the lags of the first ones taken from `lead`; these are missing without it. */
function whitenedAfter(lead: Float64Array | null, values: Float64Array, phi: Float64Array): Float64Array {
  const order = phi.length;
  const all = new Float64Array(order + values.length).fill(Number.NaN, 0, order);
  if (lead !== null) all.set(lead);
  all.set(values, order);
  return whiten(all, phi).subarray(order);
}

function atPositions(table: Float64Array, first: number, length: number): Float64Array {
  const values = new Float64Array(length);
  const positions = positionsOf(first, length, table.length);
  for (let slot = 0; slot < length; slot++) values[slot] = table[positions[slot] as number] as number;
  return values;
}

/** X'VX, with the variance of each row. */
function weightedGram(
  columns: readonly Float64Array[],
  rows: Int32Array,
  variances: Float64Array,
): Float64Array {
  const k = columns.length;
  const gram = new Float64Array(k * k);
  for (let i = 0; i < k; i++) {
    const weighted = timesOver(variances, columns[i] as Float64Array, rows);
    dotsOver(weighted, columns.slice(0, i + 1), rows).forEach((sum, j) => {
      gram[i * k + j] = sum;
      gram[j * k + i] = sum;
    });
  }
  return gram;
}
