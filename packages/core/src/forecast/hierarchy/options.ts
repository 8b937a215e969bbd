import { TsopsError } from "../../errors.ts";
import { checkBoolean, checkOptions, checkWord, type OptionNames } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import type { AggregateOptions } from "./aggregate.ts";
import { checkHierarchyLevels } from "./structure.ts";
import type { ReconcileMethod } from "./weights.ts";

/** Settings of `reconciled`. */
export interface ReconciledOptions extends AggregateOptions {
  /**
   * How forecasts are made to add up. `"bottomUp"` forecasts the series alone and sums them. The others forecast the sums too and change all as little as
   * possible, weighing: all alike (`"ols"`), by the number of series in a sum (`"structural"`, default: needs no history of errors), by
   * the variance of past errors (`"variance"`), or by their whole covariance, shrunk (`"minTrace"`: most often the best).
   */
  readonly method?: ReconcileMethod;
  /** Whether no forecast may be below 0, as of sales and counts. Default false. */
  readonly nonNegative?: boolean;
  /**
   * For `"variance"` and `"minTrace"`: horizons at the end of the history that are forecast to learn the errors, before the fit on all rows. Default: as many as
   * make 50 rows, at least 3.
   */
  readonly folds?: number;
}

/** Options with every default filled in; folds are null where none are needed or the horizon decides. JSON-serialisable. */
export interface ResolvedReconciledOptions {
  readonly levels: readonly (readonly string[])[];
  readonly method: ReconcileMethod;
  readonly nonNegative: boolean;
  readonly folds: number | null;
}

const optionNames: OptionNames<ReconciledOptions> = {
  levels: true,
  method: true,
  nonNegative: true,
  folds: true,
};
const methods: readonly string[] = ["bottomUp", "ols", "structural", "variance", "minTrace"];
/** As hierarchicalforecast and R's fable name them. */
const otherMethodNames: Readonly<Record<string, readonly string[]>> = {
  bottomUp: ["bottom_up", "bu"],
  structural: ["wls_struct"],
  variance: ["wls_var"],
  minTrace: ["mint", "mint_shrink", "mintShrink", "min_trace", "MinT"],
};

/** Whether a method needs past errors. */
export function needsErrors(method: ReconcileMethod): boolean {
  return method === "variance" || method === "minTrace";
}

/** @throws TsopsError MODEL_PARAMETER_INVALID naming the option. */
export function resolveReconciledOptions(options: ReconciledOptions): ResolvedReconciledOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "reconciled()", options, optionNames);
  checkHierarchyLevels("reconciled()", options.levels);
  const { method = "structural", nonNegative = false, folds } = options;
  checkWord("MODEL_PARAMETER_INVALID", "method", method, methods, otherMethodNames);
  checkBoolean("MODEL_PARAMETER_INVALID", "nonNegative", nonNegative);
  if (folds !== undefined && !needsErrors(method))
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `folds have no use for method: "${method}", which learns from no errors.`,
      { hint: 'Leave them out, or give method: "variance" or "minTrace".' },
    );
  return {
    levels: options.levels.map((level) => [...level]),
    method,
    nonNegative,
    folds: folds === undefined ? null : wholeNumber("folds", folds),
  };
}
