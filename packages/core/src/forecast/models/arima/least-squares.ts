import type { InTurns } from "../../local/in-turns.ts";
import { solvePositive } from "../../local/optimise/cholesky.ts";

/**
 * Residuals at `x`.
 * @returns The sum of their squares; Infinity where `x` is out of the domain.
 */
export type Residuals = (x: Float64Array, out: Float64Array) => number;

const difference = 1e-7;
/** How much more than the gradient promises a search is trusted to gain. */
const optimism = 4;

/**
 * Moves `x` to a local minimum of a sum of squares: the method of Levenberg and Marquardt (Marquardt 1963) with a Jacobian of forward differences, and the second-order part
 * of the Hessian learnt from the steps (Dennis, Gay & Welsch 1981), without which misspecified models converge slowly.
 * @param tolerance - Stops when a step lowers the logarithm of the sum by less.
 * @param needed - Stops when a sum as low as this is far out of reach of what the gradient promises.
 * @returns The sum there.
 */
export function* leastSquares(
  residuals: Residuals,
  x: Float64Array,
  rows: number,
  iterations: number,
  tolerance: number,
  needed = Number.POSITIVE_INFINITY,
): InTurns<number> {
  const size = x.length;
  let current = new Float64Array(rows);
  let value = residuals(x, current);
  if (size === 0 || !(value > 0) || !Number.isFinite(value)) return value;
  let moved = new Float64Array(rows);
  const jacobian = Array.from({ length: size }, () => new Float64Array(rows));
  const products = new Float64Array(size * size);
  const second = new Float64Array(size * size);
  const slopes = new Float64Array(size);
  const slopesBefore = new Float64Array(size);
  const slopesHalfway = new Float64Array(size);
  const matrix = new Float64Array(size * size);
  const change = new Float64Array(size);
  const taken = new Float64Array(size);
  const next = new Float64Array(size);
  let damping = 1e-3;
  for (let iteration = 0; iteration < iterations; iteration++) {
    yield;
    for (let i = 0; i < size; i++) {
      const by = difference * Math.max(1, Math.abs(x[i] as number));
      next.set(x);
      next[i] = (x[i] as number) + by;
      const column = jacobian[i] as Float64Array;
      if (!Number.isFinite(residuals(next, column))) return value;
      for (let t = 0; t < rows; t++) column[t] = ((column[t] as number) - (current[t] as number)) / by;
    }
    slopesBefore.set(slopes);
    for (let i = 0; i < size; i++) {
      const a = jacobian[i] as Float64Array;
      slopes[i] = dot(a, current);
      for (let j = 0; j <= i; j++) {
        const product = dot(a, jacobian[j] as Float64Array);
        products[i * size + j] = product;
        products[j * size + i] = product;
      }
    }
    if (iteration > 0) learn(second, size, taken, slopes, slopesBefore, slopesHalfway);
    let gain = 0;
    let expected = 0;
    let isLower = false;
    for (let tries = 0; tries < 14 && !isLower; tries++) {
      // Too far from the truth to be of use, the second-order part is left out.
      if (tries === 4) second.fill(0);
      for (let k = 0; k < matrix.length; k++) matrix[k] = (products[k] as number) + (second[k] as number);
      for (let i = 0; i < size; i++) {
        const at = i * size + i;
        matrix[at] = (matrix[at] as number) + damping * (products[at] as number) + 1e-12 * value;
        change[i] = -(slopes[i] as number);
      }
      if (solvePositive(matrix, size, change)) {
        expected = 0;
        for (let i = 0; i < size; i++) {
          next[i] = (x[i] as number) + (change[i] as number);
          expected -= (slopes[i] as number) * (change[i] as number);
        }
        if (value - optimism * expected > needed) return value;
        const reached = residuals(next, moved);
        if (reached < value) {
          isLower = true;
          gain = value - reached;
          for (let i = 0; i < size; i++) slopesHalfway[i] = dot(jacobian[i] as Float64Array, moved);
          taken.set(change);
          x.set(next);
          value = reached;
          [current, moved] = [moved, current];
          damping =
            gain > 0.5 * expected
              ? Math.max(damping / 8, 1e-9)
              : gain < 0.1 * expected
                ? 4 * damping
                : damping;
        }
      }
      if (!isLower) damping *= 6;
    }
    if (!isLower || value === 0 || gain < tolerance * value) break;
  }
  return value;
}

/** The update of Dennis, Gay & Welsch (1981), with their sizing. */
function learn(
  second: Float64Array,
  size: number,
  step: Float64Array,
  slopes: Float64Array,
  before: Float64Array,
  halfway: Float64Array,
): void {
  const y = slopes.map((slope, i) => slope - (before[i] as number));
  const wanted = slopes.map((slope, i) => slope - (halfway[i] as number));
  const along = dot(y, step);
  if (!(along > 0)) return;
  const image = new Float64Array(size);
  const apply = () => {
    for (let i = 0; i < size; i++) {
      let sum = 0;
      for (let j = 0; j < size; j++) sum += (second[i * size + j] as number) * (step[j] as number);
      image[i] = sum;
    }
  };
  apply();
  const curvature = dot(step, image);
  const share = curvature === 0 ? 1 : Math.min(1, Math.abs(dot(step, wanted) / curvature));
  for (let k = 0; k < second.length; k++) second[k] = share * (second[k] as number);
  apply();
  const rest = wanted.map((value, i) => value - (image[i] as number));
  const ofRest = dot(rest, step) / (along * along);
  for (let i = 0; i < size; i++)
    for (let j = 0; j < size; j++)
      second[i * size + j] =
        (second[i * size + j] as number) +
        ((rest[i] as number) * (y[j] as number) + (y[i] as number) * (rest[j] as number)) / along -
        ofRest * (y[i] as number) * (y[j] as number);
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let t = 0; t < a.length; t++) sum += (a[t] as number) * (b[t] as number);
  return sum;
}
