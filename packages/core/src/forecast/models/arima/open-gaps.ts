import { solvePositive } from "../../local/optimise/cholesky.ts";
import type { ArmaPolynomials } from "./polynomials.ts";

/** What the filter needs to know of a fitted model. */
export interface FilterModel extends ArmaPolynomials {
  /** y(t) = w(t) + sum delta(k) y(t-k). */
  readonly delta: Float64Array;
  /** Numbers in the state of the ARMA process: max(p, q + 1). */
  readonly size: number;
}

/*
 * Where the parts of a state lie: rows so far, variance of the next error, the scale of `changes`, gaps that are still open; then the last values, latest first,
 * the state, the gains, the changes of the covariance (see `exactFilter`). Each open gap adds what one unit in it does to values and state, and the
 * normal equations of all gaps close the array. Where there are many, a few sums of them stand for all.
 */
export const head = 4;
export const [rowsAt, varianceAt, scaleAt, gapsAt] = [0, 1, 2, 3];
/** Of the values before the first ones with news nothing is known: a variance, in units of the innovations', that all but says so. */
const vague = 1e-12;
/** A gap of which more than this is known, its inverse variance, can be summed with others. */
const enough = 1e-4;
/** More gaps at a time are not kept. */
const mostGaps = 200;

/** Room for one more gap, as yet without effect. */
export function withGap(model: FilterModel, full: Float64Array): Float64Array {
  const block = model.delta.length + model.size;
  const limit = Math.min(mostGaps, block + Math.max(8, block >> 2));
  const before =
    (full[gapsAt] as number) < limit ? full : summed(model, full, limit - Math.max(4, limit >> 3));
  const gaps = before[gapsAt] as number;
  const firstGap = head + block + 2 * model.size;
  const count = gaps + 1;
  const state = new Float64Array(firstGap + count * (block + count + 1));
  state.set(before.subarray(0, firstGap + gaps * block));
  state[gapsAt] = count;
  const from = firstGap + gaps * block;
  const to = firstGap + count * block;
  for (let j = 0; j < gaps; j++) {
    state.set(before.subarray(from + j * gaps, from + (j + 1) * gaps), to + j * count);
    state[to + count * count + j] = before[from + gaps * gaps + j] as number;
  }
  return state;
}

/** Gaps that have no say in what is to come any more are forgotten. */
export function withoutClosedGaps(model: FilterModel, before: Float64Array): Float64Array {
  let state = before;
  const block = model.delta.length + model.size;
  const firstGap = head + block + 2 * model.size;
  for (let j = (state[gapsAt] as number) - 1; j >= 0; j--) {
    const at = firstGap + j * block;
    let isClosed = true;
    for (let i = 0; isClosed && i < block; i++) isClosed = Math.abs(state[at + i] as number) < 1e-10;
    if (isClosed) state = without(model, state, j);
  }
  return state;
}

/**
 * The same state with sums of gaps in the place of gaps: what is known of the gaps is a covariance of values and state, and columns that give the same one do as well. Gaps of which next to
 * nothing is known stay apart.
 * @param most - Columns to keep; the least uncertain sums are left out beyond.
 */
function summed(model: FilterModel, before: Float64Array, most: number): Float64Array {
  const gaps = before[gapsAt] as number;
  const block = model.delta.length + model.size;
  const firstGap = head + block + 2 * model.size;
  const from = firstGap + gaps * block;
  const information = (j: number, k: number) => before[from + j * gaps + k] as number;
  // A Cholesky factor from the latest gap to the first: of each is then known what its own row and later ones say, and that is little only of the first rows' gaps.
  const factor = new Float64Array(gaps * gaps);
  const known: number[] = [];
  const unknown: number[] = [];
  for (let j = gaps - 1; j >= 0; j--) {
    const row = known.length * gaps;
    let pivot = information(j, j);
    known.forEach((other, i) => {
      let sum = information(j, other);
      for (let l = 0; l < i; l++) sum -= (factor[row + l] as number) * (factor[i * gaps + l] as number);
      const value = sum / (factor[i * gaps + i] as number);
      factor[row + i] = value;
      pivot -= value * value;
    });
    if (pivot > enough) {
      factor[row + known.length] = Math.sqrt(pivot);
      known.push(j);
    } else if (unknown.length < most) unknown.unshift(j);
  }
  // Effects, right sides and what is known together with the unknown ones, all in units in which the known gaps are independent.
  const width = block + 1 + unknown.length;
  const units = known.map(() => new Float64Array(width));
  known.forEach((j, i) => {
    const unit = units[i] as Float64Array;
    unit.set(before.subarray(firstGap + j * block, firstGap + (j + 1) * block));
    unit[block] = before[from + gaps * gaps + j] as number;
    unknown.forEach((other, u) => {
      unit[block + 1 + u] = information(j, other);
    });
    for (let l = 0; l < i; l++) {
      const share = factor[i * gaps + l] as number;
      const earlier = units[l] as Float64Array;
      for (let c = 0; c < width; c++) unit[c] = (unit[c] as number) - share * (earlier[c] as number);
    }
    const root = factor[i * gaps + i] as number;
    for (let c = 0; c < width; c++) unit[c] = (unit[c] as number) / root;
  });
  const product = (a: number, b: number) =>
    units.reduce((sum, unit) => sum + (unit[a] as number) * (unit[b] as number), 0);
  const covariance = new Float64Array(block * block);
  for (const unit of units)
    for (let i = 0; i < block; i++) {
      const value = unit[i] as number;
      if (value === 0) continue;
      for (let k = 0; k < block; k++)
        covariance[i * block + k] = (covariance[i * block + k] as number) + value * (unit[k] as number);
    }
  const sums = columnsOf(covariance, block, most - unknown.length);

  const count = unknown.length + sums.length;
  const state = new Float64Array(firstGap + count * (block + count + 1));
  state.set(before.subarray(0, firstGap));
  state[gapsAt] = count;
  for (let i = 0; i < block; i++) state[head + i] = (state[head + i] as number) + product(i, block);
  const to = firstGap + count * block;
  unknown.forEach((j, u) => {
    for (let i = 0; i < block; i++)
      state[firstGap + u * block + i] =
        (before[firstGap + j * block + i] as number) - product(i, block + 1 + u);
    unknown.forEach((other, v) => {
      state[to + u * count + v] = information(j, other) - product(block + 1 + u, block + 1 + v);
    });
    state[to + count * count + u] =
      (before[from + gaps * gaps + j] as number) - product(block, block + 1 + u);
  });
  sums.forEach((column, i) => {
    const at = unknown.length + i;
    state.set(column, firstGap + at * block);
    state[to + at * count + at] = 1;
  });
  return state;
}

/**
 * Columns whose outer products add up to a covariance, in place: its Cholesky factor with pivots, the largest first.
 * @param negligible - A variance.
 */
export function columnsOf(
  covariance: Float64Array,
  size: number,
  most: number,
  negligible = 1e-20,
): Float64Array[] {
  const columns: Float64Array[] = [];
  let least = 0;
  while (columns.length < Math.min(most, size)) {
    let at = 0;
    for (let i = 1; i < size; i++)
      if ((covariance[i * size + i] as number) > (covariance[at * size + at] as number)) at = i;
    const pivot = covariance[at * size + at] as number;
    // What is less than the rounding errors of the first says nothing, and what is closed is forgotten anyway.
    if (columns.length === 0) least = Math.max(negligible, 1e-15 * pivot);
    if (!(pivot > least)) break;
    const column = covariance.slice(at * size, (at + 1) * size).map((value) => value / Math.sqrt(pivot));
    for (let i = 0; i < size; i++)
      for (let k = 0; k < size; k++)
        covariance[i * size + k] =
          (covariance[i * size + k] as number) - (column[i] as number) * (column[k] as number);
    covariance[at * size + at] = 0;
    columns.push(column);
  }
  return columns;
}

/** Leaves a gap out: for the state it stands at its estimate, and what was known of it is passed on to the other gaps. */
function without(model: FilterModel, before: Float64Array, gone: number): Float64Array {
  const gaps = before[gapsAt] as number;
  const block = model.delta.length + model.size;
  const firstGap = head + block + 2 * model.size;
  const value = estimates(model, before).values[gone] as number;
  const count = gaps - 1;
  const state = new Float64Array(firstGap + count * (block + count + 1));
  state.set(before.subarray(0, firstGap));
  for (let i = 0; i < block; i++)
    state[head + i] = (state[head + i] as number) + value * (before[firstGap + gone * block + i] as number);
  state[gapsAt] = count;
  const from = firstGap + gaps * block;
  const to = firstGap + count * block;
  const others = Array.from({ length: gaps }, (_, j) => j).filter((j) => j !== gone);
  const information = (j: number, k: number) => before[from + j * gaps + k] as number;
  const own = information(gone, gone) * (1 + vague) + vague;
  others.forEach((old, j) => {
    state.set(before.subarray(firstGap + old * block, firstGap + (old + 1) * block), firstGap + j * block);
    const share = information(old, gone) / own;
    others.forEach((other, k) => {
      state[to + j * count + k] = information(old, other) - share * information(gone, other);
    });
    state[to + count * count + j] =
      (before[from + gaps * gaps + old] as number) - share * (before[from + gaps * gaps + gone] as number);
  });
  return state;
}

/** What is known of the open gaps, with the Cholesky factor of their information. */
export function estimates(model: FilterModel, state: Float64Array) {
  const gaps = state[gapsAt] as number;
  const from = head + model.delta.length + 3 * model.size + gaps * (model.delta.length + model.size);
  const factor = state.slice(from, from + gaps * gaps);
  for (let j = 0; j < gaps; j++)
    factor[j * gaps + j] = (factor[j * gaps + j] as number) * (1 + vague) + vague;
  const values = state.slice(from + gaps * gaps, from + gaps * gaps + gaps);
  if (!solvePositive(factor, gaps, values)) values.fill(0);
  return { values, factor, gaps };
}
