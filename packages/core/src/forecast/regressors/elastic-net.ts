import { throwIfAborted } from "../../abort.ts";
import { TsopsError } from "../../errors.ts";
import { checkOptions, shown } from "../../options.ts";
import type { FeatureMatrix, FittedRegressor, Regressor, RegressorFitOptions } from "../regressor.ts";
import { checkFitInput, withoutZeroWeights } from "./check-input.ts";
import type { Descent, Penalties } from "./coordinate-descent.ts";
import { encodeDense, learnDenseEncoding } from "./dense-encoder.ts";
import { type LinearState, linearModel, loadLinear } from "./linear-model.ts";
import {
  addSums,
  descents,
  laterErrors,
  momentsOf,
  penaltiesOf,
  penaltyPath,
  piecesOf,
  sumsOf,
} from "./penalty-path.ts";
import { inColumnUnits, type Standardised, standardise } from "./standardise.ts";

/** Settings of `lasso`. */
export interface LassoOptions {
  /**
   * Weight of the penalty against half the mean squared error, in units of the target: `alpha` of scikit-learn. Its part on absolute coefficients keeps its meaning when it
   * and the target change their unit together; its part on squares does not: 0.5 is weak for a target of thousands, strong for one of hundredths. `"auto"`, the default, has
   * no unit: it tries 100 on the target brought to deviation 1, as glmnet does, and takes the one with the least mean squared error on later rows.
   */
  readonly penalty?: number | "auto";
  /** For `"auto"`: pieces of later rows that are predicted, each from all rows before it. Default 5. */
  readonly folds?: number;
}

/** Settings of `elasticNet`. */
export interface ElasticNetOptions extends LassoOptions {
  /** Share of the penalty on absolute coefficients, in (0, 1]; the rest is on half their squares. Default 0.5. */
  readonly l1Ratio?: number;
}

/** A fitted elastic net. */
export interface ElasticNetModel extends FittedRegressor {
  readonly kind: "elastic-net";
  /**
   * The penalty that was given, or the chosen one in the target's unit (`lambda` of glmnet): its part on squares was divided by the target's standard deviation. Given to `lasso` it makes
   * the same fit again; given to `elasticNet` it does for a target of deviation 1.
   */
  readonly penalty: number;
  readonly intercept: number;
  /** Coefficient per encoded column, in the units of the column; 0 for columns that were left out. */
  readonly coefficients: Float64Array;
}

/** Linear regression with a penalty that leaves columns out, unfitted. */
export interface ElasticNetRegressor extends Regressor {
  readonly kind: "elastic-net";
  fit(x: FeatureMatrix, y: Float64Array, options?: RegressorFitOptions): Promise<ElasticNetModel>;
  load(bytes: Uint8Array): ElasticNetModel;
}

/** Share of the target's mean square by which the objective may miss its minimum when rounding keeps the descent from its end. */
const acceptableGap = 1e-6;

/**
 * Elastic net (Zou & Hastie 2005): minimises half the weighted mean squared error plus `penalty` times (`l1Ratio` times the absolute coefficients plus
 * (1 - `l1Ratio`) / 2 times their squares) of columns scaled to mean 0 and standard deviation 1; the intercept is not penalised. Columns that add
 * little get the coefficient 0, so that many lags can be offered. With a chosen penalty the target is scaled to deviation 1 too: what is predicted then does not depend on its unit.
 *
 * `penalty: "auto"` takes rows to be in the order of time, as those of `reduce` are: the last 5 of 6 pieces are each predicted by fits on all rows before them. Where
 * rows are too few for that (fewer than `folds` + 1), no coefficient is left and the mean is predicted.
 *
 * Missing numbers are replaced by the column's mean, and flagged in a column of their own where training rows had some; categories
 * become one column each. Infinite values are refused. Solved by coordinate descent to a duality gap of 1e-13 of the target's variance; checked against scikit-learn.
 * @throws TsopsError MODEL_PARAMETER_INVALID when an option is out of range; from `fit` also FIT_FAILED when the descent does not end.
 * @example
 * const forecaster = reduce(elasticNet(), { lags: [24, 25, 48, 168], calendar: ["hour"] });
 */
export function elasticNet(options: ElasticNetOptions = {}): ElasticNetRegressor {
  checkOptions("MODEL_PARAMETER_INVALID", "elasticNet()", options, {
    penalty: true,
    l1Ratio: true,
    folds: true,
  });
  const { penalty = "auto", l1Ratio = 0.5, folds = 5 } = options;
  if (!(penalty === "auto" || (typeof penalty === "number" && penalty > 0 && penalty < Infinity)))
    throw invalid(
      `penalty must be "auto" or finite and more than 0, got ${shown(penalty)}.`,
      "Least squares without a penalty is ridge({ l2: 0 }).",
    );
  if (!(typeof l1Ratio === "number" && l1Ratio > 0 && l1Ratio <= 1))
    throw invalid(
      `l1Ratio must be more than 0 and at most 1, got ${shown(l1Ratio)}.`,
      "A penalty on squares alone is ridge().",
    );
  if (!(typeof folds === "number" && Number.isInteger(folds) && folds >= 1))
    throw invalid(`folds must be a whole number from 1, got ${shown(folds)}.`, "The default is 5.");
  return {
    kind: "elastic-net",
    params: { penalty, l1Ratio, folds },
    async fit(matrix, values, fitOptions = {}) {
      checkFitInput(matrix, values, fitOptions);
      const { signal } = fitOptions;
      const { x, y, weights } = withoutZeroWeights(matrix, values, fitOptions.weights);
      throwIfAborted(signal);
      const encoding = learnDenseEncoding(x);
      const dense = encodeDense(encoding, x);
      // With a penalty on squares as well repeated columns share their weight, and give the descent no trouble.
      const kept = l1Ratio === 1 ? firstOfEach(dense) : [...dense.keys()];
      const distinct = kept.map((c) => dense[c] as Float64Array);
      const { standardised, unit } = inOwnUnit(standardise(distinct, y, weights));
      const ends = penalty === "auto" ? piecesOf(x.rows, folds) : [0, x.rows];
      const pieces = ends.slice(1).map((end, k) => sumsOf(standardised, ends[k] as number, end));
      throwIfAborted(signal);
      const moments = momentsOf(pieces.reduce(addSums));
      const path = penalty === "auto" ? penaltyPath(moments, l1Ratio) : [penaltiesOf(penalty, l1Ratio, unit)];
      const errors = penalty === "auto" ? await laterErrors(pieces, path, signal) : null;
      const chosen = errors === null ? 0 : errors.indexOf(Math.min(...errors));
      const { coefficients, gap } = descents(moments, path.slice(0, chosen + 1), signal).at(-1) as Descent;
      if (!(gap <= acceptableGap * moments.power))
        throw new TsopsError(
          "FIT_FAILED",
          `The elastic net of ${coefficients.length} columns stays ${gap / moments.power} of the target's variance from its minimum.`,
          { hint: "Give a larger penalty, or leave out columns that repeat others." },
        );
      const own = coefficients.map((value, c) => (value * unit) / (moments.deviations[c] as number));
      const { intercept, coefficients: found } = inColumnUnits(own, standardised);
      const all = new Float64Array(dense.length);
      kept.forEach((c, k) => {
        all[c] = found[k] as number;
      });
      const taken = penalty === "auto" ? ((path[chosen] as Penalties).l1 / l1Ratio) * unit : penalty;
      return model({ encoding, intercept, coefficients: all }, taken);
    },
    load(bytes) {
      const { state, settings } = loadLinear(bytes, "elastic-net");
      return model(state, settings["penalty"] as number);
    },
  };
}

/**
 * The lasso (Tibshirani 1996): `elasticNet` with the whole penalty on absolute coefficients. Of columns that are alike it keeps one, where the elastic net
 * shares the weight between them.
 * @throws TsopsError as `elasticNet`
 */
export function lasso(options: LassoOptions = {}): ElasticNetRegressor {
  checkOptions("MODEL_PARAMETER_INVALID", "lasso()", options, { penalty: true, folds: true });
  return elasticNet({ ...options, l1Ratio: 1 });
}

/** The columns that repeat none before them. Of those that are the same the lasso needs but one, and each further one is a way for the descent to go in vain. */
function firstOfEach(columns: readonly Float64Array[]): readonly number[] {
  const kept: number[] = [];
  columns.forEach((values, c) => {
    const isRepeated = kept.some((k) => {
      const other = columns[k] as Float64Array;
      return values.every((value, row) => value === other[row]);
    });
    if (!isRepeated) kept.push(c);
  });
  return kept;
}

/** The target in units of its standard deviation, so that no penalty depends on the unit that it was given in; one without spread as it is. */
function inOwnUnit(standardised: Standardised): { standardised: Standardised; unit: number } {
  const { target, roots, targetMean } = standardised;
  const largest = target.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const sumOfSquares = (values: Float64Array, divisor: number): number =>
    values.reduce((sum, value) => sum + (value / divisor) ** 2, 0);
  const deviation =
    largest === 0 ? 0 : largest * Math.sqrt(sumOfSquares(target, largest) / sumOfSquares(roots, 1));
  if (!(deviation > 1e-13 * Math.abs(targetMean))) return { standardised, unit: 1 };
  return {
    standardised: { ...standardised, target: target.map((value) => value / deviation) },
    unit: deviation,
  };
}

function model(state: LinearState, penalty: number): ElasticNetModel {
  return { ...linearModel("elastic-net", state, { penalty }), penalty };
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
