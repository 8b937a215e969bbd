import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { importPeer } from "../../import-peer.ts";
import { checkOptions, shown } from "../../options.ts";
import type { FeatureMatrix, FittedRegressor, Regressor, RegressorFitOptions } from "../regressor.ts";
import { checkFitInput, checkPredictInput, withoutZeroWeights } from "./check-input.ts";
import { encodeDense, learnDenseEncoding } from "./dense-encoder.ts";
import { loadRidge, type RidgeState, saveRidge } from "./ridge-bytes.ts";

/** Settings of `ridge`. */
export interface RidgeOptions {
  /** Penalty on the squared coefficients of the standardised columns; 0 is ordinary least squares. Default 1. */
  readonly l2?: number;
}

/** A fitted linear model. */
export interface RidgeModel extends FittedRegressor {
  readonly kind: "ridge";
  readonly intercept: number;
  /** Coefficient per encoded column, in the units of the column. */
  readonly coefficients: Float64Array;
}

/** Linear regression, unfitted. */
export interface RidgeRegressor extends Regressor {
  readonly kind: "ridge";
  fit(x: FeatureMatrix, y: Float64Array, options?: RegressorFitOptions): Promise<RidgeModel>;
  load(bytes: Uint8Array): RidgeModel;
}

/**
 * Ridge regression: minimises the (weighted) squared error plus `l2` times the squared coefficients of columns scaled to mean 0 and
 * standard deviation 1; the intercept is not penalised. With `l2: 0` and columns that depend on each other, the solution of least norm.
 *
 * Missing numbers are replaced by the column's mean, and flagged in a column of their own where training rows had some; categories
 * become one column each. Infinite values are refused.
 *
 * Solving needs the optional peer `ml-matrix`; loading and predicting need nothing.
 * @throws TsopsError MODEL_PARAMETER_INVALID when l2 is negative or not finite; from `fit` also ADAPTER_MISSING_DEPENDENCY.
 */
export function ridge(options: RidgeOptions = {}): RidgeRegressor {
  checkOptions("MODEL_PARAMETER_INVALID", "ridge()", options, { l2: true });
  const l2 = options.l2 ?? 1;
  if (!(typeof l2 === "number" && l2 >= 0 && l2 < Infinity))
    throw new TsopsError("MODEL_PARAMETER_INVALID", `l2 must be finite and at least 0, got ${shown(l2)}.`);
  return {
    kind: "ridge",
    params: { l2 },
    async fit(matrix, values, fitOptions = {}) {
      checkFitInput(matrix, values, fitOptions);
      const { signal } = fitOptions;
      const { x, y, weights } = withoutZeroWeights(matrix, values, fitOptions.weights);
      throwIfAborted(signal);
      const encoding = learnDenseEncoding(x);
      const columns = encodeDense(encoding, x);
      const moments = standardise(columns, y, weights);
      const { gram, target } = normalEquations(moments, l2);
      throwIfAborted(signal);
      const solution = await solveSymmetric(gram, target);
      throwIfAborted(signal);
      const coefficients = Float64Array.from(
        solution,
        (value, c) => value / (moments.deviations[c] as number),
      );
      const intercept = coefficients.reduce(
        (rest, value, c) => rest - value * (moments.means[c] as number),
        moments.targetMean,
      );
      return createRidgeModel({ encoding, intercept, coefficients });
    },
    load: (bytes) => createRidgeModel(loadRidge(bytes)),
  };
}

function createRidgeModel(state: RidgeState): RidgeModel {
  const { encoding, intercept, coefficients } = state;
  return {
    kind: "ridge",
    featureNames: encoding.columns.map(({ name }) => name),
    intercept,
    coefficients,
    predict(x) {
      checkPredictInput(x, encoding.columns);
      const result = new Float64Array(x.rows).fill(intercept);
      encodeDense(encoding, x).forEach((values, c) => {
        const coefficient = coefficients[c] as number;
        for (let row = 0; row < x.rows; row++) result[row]! += coefficient * values[row]!;
      });
      return result;
    },
    save: () => saveRidge(state),
  };
}

interface Standardised {
  /** Columns of mean 0 and deviation 1, times the square root of the weights; columns without spread are all 0. */
  readonly columns: readonly Float64Array[];
  /** Target less its mean, times the square root of the weights. */
  readonly target: Float64Array;
  readonly means: Float64Array;
  /** 1 for columns without spread. */
  readonly deviations: Float64Array;
  readonly targetMean: number;
}

function standardise(
  columns: readonly Float64Array[],
  y: Float64Array,
  weights: Float64Array | undefined,
): Standardised {
  const total = weights === undefined ? y.length : weights.reduce((sum, weight) => sum + weight, 0);
  const weightedMean = (values: Float64Array): number =>
    values.reduce((sum, value, row) => sum + value * (weights?.[row] ?? 1), 0) / total;
  const roots = weights?.map(Math.sqrt);
  const centred = (values: Float64Array, mean: number, deviation: number): Float64Array =>
    values.map((value, row) => ((value - mean) / deviation) * (roots?.[row] ?? 1));
  const means = Float64Array.from(columns, weightedMean);
  const deviations = Float64Array.from(columns, (values, c) => {
    const mean = means[c] as number;
    const deviation = Math.sqrt(weightedMean(values.map((value) => (value - mean) ** 2)));
    return deviation > 1e-13 * Math.abs(mean) ? deviation : Infinity;
  });
  const targetMean = weightedMean(y);
  return {
    columns: columns.map((values, c) => centred(values, means[c] as number, deviations[c] as number)),
    target: centred(y, targetMean, 1),
    means,
    deviations: deviations.map((deviation) => (deviation === Infinity ? 1 : deviation)),
    targetMean,
  };
}

function normalEquations(
  { columns, target }: Standardised,
  l2: number,
): { gram: Float64Array[]; target: Float64Array } {
  const gram = columns.map(() => new Float64Array(columns.length));
  columns.forEach((a, i) => {
    for (let j = 0; j <= i; j++) {
      const value = dot(a, columns[j] as Float64Array);
      gram[i]![j] = value;
      gram[j]![i] = value;
    }
    gram[i]![i]! += l2;
  });
  return { gram, target: Float64Array.from(columns, (column) => dot(column, target)) };
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i]! * b[i]!;
  return sum;
}

/** Solves a symmetric system by its eigenvalues; directions that the data do not determine get 0. */
async function solveSymmetric(matrix: Float64Array[], right: Float64Array): Promise<Float64Array> {
  if (right.length === 0) return right;
  const { EigenvalueDecomposition } = await importPeer("ridge", "ml-matrix", () => import("ml-matrix"));
  const rows = matrix.map((row) => Array.from(row));
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(rows, { assumeSymmetric: true });
  const largest = Math.max(...realEigenvalues);
  const solution = new Float64Array(right.length);
  realEigenvalues.forEach((eigenvalue, k) => {
    if (!(eigenvalue > largest * right.length * Number.EPSILON)) return;
    const direction = Float64Array.from(eigenvectorMatrix.getColumn(k));
    const step = dot(direction, right) / eigenvalue;
    for (let i = 0; i < solution.length; i++) solution[i]! += step * direction[i]!;
  });
  return solution;
}
