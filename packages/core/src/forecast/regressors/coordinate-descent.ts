/** Second moments of standardised columns and a target, per unit of weight: all that a penalised linear fit depends on. */
export interface Moments {
  /** Products of the columns, row by row: correlations. 0 for columns without spread. */
  readonly gram: Float64Array;
  /** Products of the columns and the target. */
  readonly target: Float64Array;
  /** Mean square of the target. */
  readonly power: number;
}

/** Weights of the sum of absolute coefficients, and of half the sum of their squares. */
export interface Penalties {
  readonly l1: number;
  readonly l2: number;
}

/** Where the descent ended. */
export interface Descent {
  readonly coefficients: Float64Array<ArrayBuffer>;
  /** How far the objective is from its minimum, at most. */
  readonly gap: number;
}

/** The gap that ends the descent, as a share of the target's mean square. */
const tolerance = 1e-13;
/** Enough for what rounding lets be reached: a handful is usual. */
const maxSweeps = 200;

/**
 * Minimises half the mean squared error plus `l1` times the sum of absolute coefficients plus `l2 / 2` times the sum of their squares, by cyclic
 * coordinate descent on the moments (the "covariance updates" of Friedman, Hastie & Tibshirani 2010, "Regularization paths for generalized linear models
 * via coordinate descent"), until the duality gap is small (as scikit-learn's `enet_coordinate_descent`).
 *
 * Lags of a series are so alike that descent alone takes ten thousands of sweeps. So after each sweep the coefficients that are not 0 go on to the
 * minimum for their signs, by a linear system, or as far towards it as all keep their sign (the step of Lee et al. 2007, "Efficient sparse coding
 * algorithms"). Neither ever increases the objective, and there are only so many signs.
 * @param start - Coefficients to begin with, e.g. those of a penalty nearby.
 */
export function descend(moments: Moments, penalties: Penalties, start: Float64Array): Descent {
  const { gram, target, power } = moments;
  const { l1, l2 } = penalties;
  const width = target.length;
  const coefficients = Float64Array.from(start);
  let slopes = slopesAt(moments, coefficients);
  let gap = dualityGap(moments, penalties, coefficients, slopes);
  for (let sweep = 0; gap > tolerance * power && sweep < maxSweeps; sweep++) {
    for (let j = 0; j < width; j++) {
      const spread = gram[j * width + j] as number;
      if (spread === 0) continue;
      const old = coefficients[j] as number;
      const pull = (slopes[j] as number) + spread * old;
      const now = (Math.sign(pull) * Math.max(0, Math.abs(pull) - l1)) / (spread + l2);
      if (now === old) continue;
      coefficients[j] = now;
      addColumn(slopes, gram, j, old - now);
    }
    let isAtMinimum = false;
    while (!isAtMinimum) isAtMinimum = stepToMinimum(moments, penalties, coefficients, slopes);
    slopes = slopesAt(moments, coefficients);
    gap = dualityGap(moments, penalties, coefficients, slopes);
  }
  return { coefficients, gap };
}

/** Product of each column with what the coefficients leave of the target. */
function slopesAt({ gram, target }: Moments, coefficients: Float64Array): Float64Array {
  const slopes = Float64Array.from(target);
  coefficients.forEach((value, j) => {
    if (value !== 0) addColumn(slopes, gram, j, -value);
  });
  return slopes;
}

function addColumn(slopes: Float64Array, gram: Float64Array, j: number, factor: number): void {
  const width = slopes.length;
  for (let i = 0, place = j * width; i < width; i++, place++) slopes[i]! += factor * gram[place]!;
}

/**
 * Difference of the primal and the dual objective, at the residuals scaled into the dual's domain. Written as a sum of terms that are not
 * negative: the difference itself has too few digits.
 */
function dualityGap(
  { target, power }: Moments,
  { l1, l2 }: Penalties,
  coefficients: Float64Array,
  slopes: Float64Array,
): number {
  let largest = 0;
  /** Mean squared error, and `l2` times the squares of the coefficients. */
  let left = power;
  for (let j = 0; j < target.length; j++) {
    const value = coefficients[j] as number;
    const slope = (slopes[j] as number) - l2 * value;
    largest = Math.max(largest, Math.abs(slope));
    left -= value * ((target[j] as number) + slope);
  }
  const shrink = largest > l1 ? l1 / largest : 1;
  let gap = 0.5 * (1 - shrink) ** 2 * Math.max(0, left);
  for (let j = 0; j < target.length; j++) {
    const value = coefficients[j] as number;
    gap += Math.max(0, l1 * Math.abs(value) - shrink * value * ((slopes[j] as number) - l2 * value));
  }
  return gap;
}

/**
 * Moves the coefficients that are not 0 to the minimum that they have with their present signs; where one would change its sign on the
 * way, only until it is 0. Where columns depend on each other there are many minima: then one is moved out, the fit as it is.
 * @returns Whether it came to the minimum.
 */
function stepToMinimum(
  { gram }: Moments,
  { l1, l2 }: Penalties,
  coefficients: Float64Array,
  slopes: Float64Array,
): boolean {
  const width = coefficients.length;
  const active = Array.from(coefficients.keys()).filter((j) => coefficients[j] !== 0);
  const signs = active.map((j) => Math.sign(coefficients[j] as number));
  const { factor, dependent } = factorise(
    active.map((i) => Float64Array.from(active, (j) => (gram[i * width + j] as number) + (i === j ? l2 : 0))),
  );
  const direction =
    dependent === null
      ? solve(
          factor,
          Float64Array.from(
            active,
            (j, a) => (slopes[j] as number) - l1 * signs[a]! - l2 * (coefficients[j] as number),
          ),
        )
      : withoutEffect(factor, dependent, signs);
  let share = dependent === null ? 1 : Infinity;
  let first: number | null = null;
  active.forEach((j, a) => {
    const value = coefficients[j] as number;
    const change = direction[a] as number;
    if (value * change >= 0 || -value / change >= share) return;
    share = -value / change;
    first = j;
  });
  active.forEach((j, a) => {
    const old = coefficients[j] as number;
    const now = j === first ? 0 : old + share * (direction[a] as number);
    coefficients[j] = now;
    addColumn(slopes, gram, j, old - now);
  });
  return first === null;
}

/** Cholesky's factor, lower, of a matrix, or of what lies before its first row that depends on those before it, to the last digits. */
function factorise(matrix: readonly Float64Array[]): {
  factor: Float64Array[];
  dependent: number | null;
} {
  const factor = matrix.map((row) => Float64Array.from(row));
  for (let i = 0; i < factor.length; i++) {
    const row = factor[i] as Float64Array;
    for (let j = 0; j <= i; j++) {
      const other = factor[j] as Float64Array;
      let rest = row[j] as number;
      for (let k = 0; k < j; k++) rest -= row[k]! * other[k]!;
      if (j < i) row[j] = rest / (other[j] as number);
      else if (rest > 1e-12 * (row[i] as number)) row[i] = Math.sqrt(rest);
      else return { factor, dependent: i };
    }
  }
  return { factor, dependent: null };
}

function solve(factor: readonly Float64Array[], right: Float64Array): Float64Array {
  const solution = Float64Array.from(right);
  for (let i = 0; i < solution.length; i++) {
    const row = factor[i] as Float64Array;
    for (let k = 0; k < i; k++) solution[i]! -= row[k]! * solution[k]!;
    solution[i]! /= row[i] as number;
  }
  return backSubstituted(factor, solution);
}

function backSubstituted(factor: readonly Float64Array[], solution: Float64Array): Float64Array {
  for (let i = solution.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < solution.length; k++) solution[i]! -= factor[k]![i]! * solution[k]!;
    solution[i]! /= factor[i]![i]!;
  }
  return solution;
}

/** A direction that changes no fitted value and does not increase the sum of absolute coefficients. */
function withoutEffect(
  factor: readonly Float64Array[],
  dependent: number,
  signs: readonly number[],
): Float64Array {
  const direction = new Float64Array(signs.length);
  // The row of the factor is already the solution of its lower half.
  const before = backSubstituted(factor, (factor[dependent] as Float64Array).slice(0, dependent));
  before.forEach((value, k) => {
    direction[k] = -value;
  });
  direction[dependent] = 1;
  const growth = direction.reduce((sum, value, a) => sum + value * signs[a]!, 0);
  return growth > 0 ? direction.map((value) => -value) : direction;
}
