import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { importPeer } from "../../import-peer.ts";
import { checkOptions, numberHint, shown } from "../../options.ts";
import type { FeatureMatrix, FittedRegressor, Regressor, RegressorFitOptions } from "../regressor.ts";
import { checkFitInput, withoutZeroWeights } from "./check-input.ts";
import { encodeDense, learnDenseEncoding } from "./dense-encoder.ts";
import { linearModel, loadLinear } from "./linear-model.ts";
import { crossProducts, inColumnUnits, standardise } from "./standardise.ts";

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
    throw new TsopsError("MODEL_PARAMETER_INVALID", `l2 must be finite and at least 0, got ${shown(l2)}.`, {
      hint: numberHint(l2, { least: 0, most: Number.MAX_VALUE }, 1),
    });
  return {
    kind: "ridge",
    params: { l2 },
    async fit(matrix, values, fitOptions = {}) {
      checkFitInput(matrix, values, fitOptions);
      const { signal } = fitOptions;
      const { x, y, weights } = withoutZeroWeights(matrix, values, fitOptions.weights);
      throwIfAborted(signal);
      const encoding = learnDenseEncoding(x);
      const standardised = standardise(encodeDense(encoding, x), y, weights);
      throwIfAborted(signal);
      const solution = await solveRidge([...standardised.columns, standardised.target], l2);
      throwIfAborted(signal);
      return linearModel("ridge", { encoding, ...inColumnUnits(solution, standardised) });
    },
    load: (bytes) => linearModel("ridge", loadLinear(bytes, "ridge").state),
  };
}

/**
 * The coefficients of columns, of which the last is the target: the normal equations are solved by their eigenvalues, and directions that
 * the data do not determine get 0.
 */
async function solveRidge(columns: readonly Float64Array[], l2: number): Promise<Float64Array> {
  const width = columns.length - 1;
  const solution = new Float64Array(width);
  if (width === 0) return solution;
  const { EigenvalueDecomposition } = await importPeer("ridge", "ml-matrix", () => import("ml-matrix"));
  const products = crossProducts(columns, 0, (columns[0] as Float64Array).length);
  const product = (i: number, j: number): number => products[i * (width + 1) + j] as number;
  const indices = Array.from(solution.keys());
  const { realEigenvalues, eigenvectorMatrix } = new EigenvalueDecomposition(
    indices.map((i) => indices.map((j) => product(i, j) + (i === j ? l2 : 0))),
    { assumeSymmetric: true },
  );
  const largest = Math.max(...realEigenvalues);
  realEigenvalues.forEach((eigenvalue, k) => {
    if (!(eigenvalue > largest * width * Number.EPSILON)) return;
    const direction = eigenvectorMatrix.getColumn(k);
    const step = direction.reduce((sum, value, i) => sum + value * product(i, width), 0) / eigenvalue;
    for (const i of indices) solution[i]! += step * direction[i]!;
  });
  return solution;
}
