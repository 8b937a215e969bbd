import { type Structure, sumCount } from "./structure.ts";

/** How forecasts are made to add up. */
export type ReconcileMethod = "bottomUp" | "ols" | "structural" | "variance" | "minTrace";

/**
 * The covariance of the forecasts' errors, as far as a method knows it: a diagonal, plus U U' of a matrix with few columns. The whole matrix (series x
 * series) is never made.
 */
export interface ErrorCovariance {
  /** One per series, positive. */
  readonly diagonal: Float64Array;
  /** U, series by series, `rank` columns. */
  readonly factors: Float64Array;
  readonly rank: number;
}

/** Past errors: `rows` vectors of one error per series, one after the other; NaN where the outcome is missing. */
export interface ErrorRows {
  readonly rows: number;
  readonly values: Float64Array;
}

/** The covariance by which a method weighs. `errors` are for `"variance"` and `"minTrace"`. */
export function covarianceOf(
  structure: Structure,
  method: Exclude<ReconcileMethod, "bottomUp">,
  errors: ErrorRows | null,
): ErrorCovariance {
  const count = structure.series.length;
  const none = { factors: new Float64Array(0), rank: 0 };
  if (method === "ols") return { diagonal: new Float64Array(count).fill(1), ...none };
  if (method === "structural") {
    const diagonal = new Float64Array(count).fill(1);
    for (let j = 0; j < sumCount(structure); j++)
      diagonal[j] = (structure.starts[j + 1] as number) - (structure.starts[j] as number);
    return { diagonal, ...none };
  }
  const { variances, standardized, rows } = standardizedErrors(errors as ErrorRows, count);
  if (method === "variance") return { diagonal: variances, ...none };
  const shrinkage = shrinkageOf(standardized, rows, count);
  return shrunk(variances, standardized, rows, shrinkage);
}

/** Errors over their root mean square, row by row; a missing one is 0, which says nothing. */
function standardizedErrors(
  { rows, values }: ErrorRows,
  count: number,
): { variances: Float64Array; standardized: Float64Array; rows: number } {
  const variances = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    let sum = 0;
    let known = 0;
    for (let t = 0; t < rows; t++) {
      const error = values[t * count + s] as number;
      if (Number.isNaN(error)) continue;
      sum += error * error;
      known++;
    }
    variances[s] = known === 0 ? 0 : sum / known;
  }
  const mean = variances.reduce((sum, value) => sum + value, 0) / count;
  // A series that was never wrong keeps its forecast, as far as floats can weigh.
  const least = mean > 0 ? mean * 1e-12 : 1;
  for (let s = 0; s < count; s++) variances[s] = Math.max(variances[s] as number, least);
  const roots = variances.map(Math.sqrt);
  const standardized = values.map((error, i) =>
    Number.isNaN(error) ? 0 : error / (roots[i % count] as number),
  );
  return { variances, standardized, rows };
}

/**
 * How far correlations are shrunk to 0: the sum of the variances of the empirical correlations over the sum of their squares (Schaefer & Strimmer 2005, Stat. Appl. Genet.
 * Mol. Biol. 4, target D; errors are not centred, as in R's hts). Without the matrix of correlations: the sums of squares of X'X and of X X' are the same.
 * @param x - Standardized errors, `rows` x `count`.
 */
export function shrinkageOf(x: Float64Array, rows: number, count: number): number {
  if (rows < 2) return 1;
  let fourth = 0;
  for (let t = 0; t < rows; t++) {
    let squares = 0;
    let powers = 0;
    for (let s = 0; s < count; s++) {
      const square = (x[t * count + s] as number) ** 2;
      squares += square;
      powers += square * square;
    }
    fourth += squares * squares - powers;
  }
  let gram = 0;
  for (let t = 0; t < rows; t++)
    for (let u = 0; u <= t; u++) {
      let product = 0;
      for (let s = 0; s < count; s++) product += (x[t * count + s] as number) * (x[u * count + s] as number);
      gram += (t === u ? 1 : 2) * product * product;
    }
  let own = 0;
  for (let s = 0; s < count; s++) {
    let sum = 0;
    for (let t = 0; t < rows; t++) sum += (x[t * count + s] as number) ** 2;
    own += sum * sum;
  }
  const products = gram - own;
  const variance = (fourth - products / rows) / (rows * (rows - 1));
  const squares = products / (rows * rows);
  return squares > 0 ? Math.min(1, Math.max(0, variance / squares)) : 1;
}

function shrunk(variances: Float64Array, x: Float64Array, rows: number, shrinkage: number): ErrorCovariance {
  const count = variances.length;
  const kept = (1 - shrinkage) / rows;
  const factors = new Float64Array(kept > 0 ? count * rows : 0);
  const diagonal = new Float64Array(count);
  for (let s = 0; s < count; s++) {
    const deviation = Math.sqrt(variances[s] as number);
    let own = 0;
    for (let t = 0; t < rows && kept > 0; t++) {
      const factor = deviation * Math.sqrt(kept) * (x[t * count + s] as number);
      factors[s * rows + t] = factor;
      own += factor * factor;
    }
    // What U U' leaves of the variance; never nothing, so that weights stay finite where nothing was shrunk.
    diagonal[s] = Math.max((variances[s] as number) - own, (variances[s] as number) * 1e-8);
  }
  return { diagonal, factors, rank: kept > 0 ? rows : 0 };
}
