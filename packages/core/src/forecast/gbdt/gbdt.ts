import type { FeatureMatrix, Regressor, RegressorFitOptions } from "../regressor.ts";
import { checkFitInput, refuseRows } from "../regressors/check-input.ts";
import { loadGbdt, saveGbdt } from "./bytes.ts";
import { joinTrees } from "./forest.ts";
import { createGbdtModel, type GbdtModel, type GbdtState } from "./model.ts";
import { type GbdtOptions, type LossName, type ResolvedGbdtOptions, resolveGbdtOptions } from "./options.ts";
import { boost, type LabelledRows } from "./train.ts";

/** The built-in gradient boosting, unfitted. */
export interface GbdtRegressor extends Regressor {
  readonly kind: "gbdt";
  fit(x: FeatureMatrix, y: Float64Array, options?: RegressorFitOptions): Promise<GbdtModel>;
  load(bytes: Uint8Array): GbdtModel;
}

/**
 * Histogram gradient boosting: trees grown leaf-wise on binned columns, as in LightGBM (Ke et al. 2017), on typed arrays, and on one thread unless more are asked for.
 *
 * - Missing values (NaN) go to the side that learns more from them, split by split. Where a leaf saw none in training,
 *   they go to its child with more rows. Infinities are values: the smallest and the largest.
 * - Categorical columns hold codes 0, 1, 2, ...; a split sends a learnt set of codes left and all others right, and so
 *   codes never seen in training (or too rare for a bin of their own) always go right.
 * - Rows of weight 0 count as absent.
 * - The same data, options and seed give the same bytes, on every machine.
 *
 * `fit` gives way to other work in the process between trees, and stops with ABORTED when its signal fires.
 * @throws TsopsError MODEL_PARAMETER_INVALID when an option is out of range.
 * @example
 * const model = await gbdt({ loss: "absolute", trees: 300, seed: 1 }).fit(x, y);
 * const predicted = model.predict(xNew);
 */
export function gbdt(options: GbdtOptions = {}): GbdtRegressor {
  const resolved = resolveGbdtOptions(options);
  // How many threads fitted it says nothing about a model.
  const params = JSON.parse(JSON.stringify({ ...resolved, threads: undefined })) as Record<string, unknown>;
  return {
    kind: "gbdt",
    params,
    ...(takesNegative(resolved.loss) ? {} : { lowest: 0 }),
    async fit(x, y, fitOptions = {}) {
      checkFitInput(x, y, fitOptions);
      checkTarget(resolved.loss, y, "The target");
      if (fitOptions.validation !== undefined)
        checkTarget(resolved.loss, fitOptions.validation.y, "The validation target");
      const { train, validation, patience } = divideRows(x, y, fitOptions, resolved);
      const { signal, progress } = fitOptions;
      const boosted = await boost(train, validation, resolved, { patience, signal, progress });
      const state: GbdtState = {
        params,
        columns: x.columns.map(({ name, kind }) => ({ name, kind })),
        codes: boosted.bins.map((bins) => (bins.kind === "categorical" ? bins.codes : undefined)),
        baseline: boosted.baseline,
        link: { kind: boosted.link, slope: 1 },
        forest: joinTrees(boosted.trees),
        validationLosses: boosted.validationLosses,
      };
      return createGbdtModel(state, saveGbdt);
    },
    load: (bytes) => createGbdtModel(loadGbdt(bytes), saveGbdt),
  };
}

function takesNegative(loss: LossName): boolean {
  return loss !== "poisson" && loss !== "tweedie";
}

/** @throws TsopsError VALUE_INVALID when a loss of counts or amounts is given negative targets. */
function checkTarget(loss: LossName, y: Float64Array, what: string): void {
  if (takesNegative(loss)) return;
  refuseRows(y, (value) => value < 0, `${what} of the loss "${loss}" must not be negative`, {
    hint: "Take another loss, or clip the target at 0.",
  });
}

/** Separates the rows held out for early stopping from those to learn from. */
function divideRows(
  x: FeatureMatrix,
  y: Float64Array,
  { weights, validation }: RegressorFitOptions,
  { earlyStopping, trees }: ResolvedGbdtOptions,
): { train: LabelledRows; validation: LabelledRows | undefined; patience: number } {
  const train: LabelledRows = { x, y, weights };
  if (earlyStopping === false || (earlyStopping === undefined && validation === undefined))
    return { train, validation: undefined, patience: trees };
  const { rounds: patience, fraction } = earlyStopping ?? { rounds: 50, fraction: 0 };
  if (validation !== undefined)
    return { train, validation: { ...validation, weights: validation.weights }, patience };
  const cut = x.rows - Math.round(x.rows * fraction);
  const heldWeights = weights?.subarray(cut) ?? [1];
  if (cut === 0 || cut === x.rows || !heldWeights.some((weight) => weight > 0))
    return { train, validation: undefined, patience };
  return { train: rowRange(train, 0, cut), validation: rowRange(train, cut, x.rows), patience };
}

function rowRange({ x, y, weights }: LabelledRows, start: number, end: number): LabelledRows {
  return {
    x: {
      rows: end - start,
      columns: x.columns.map((column) => ({ ...column, values: column.values.subarray(start, end) })),
    },
    y: y.subarray(start, end),
    weights: weights?.subarray(start, end),
  };
}
