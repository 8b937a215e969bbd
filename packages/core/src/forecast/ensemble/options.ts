import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord, numberHint, type OptionNames, shown } from "../../options.ts";
import { wholeNumber } from "../check.ts";

/** Settings of `ensemble`. */
export interface EnsembleOptions {
  /**
   * How the members' forecasts become one. `"mean"` and `"median"` need no history of errors and are hard to beat. `"weighted"` weighs
   * each member by the inverse of its mean absolute error in a backtest, `"stacked"` by the weights, 0 or more and 1 together, under which the mix would
   * have had the least squared error there. Default `"mean"`.
   */
  readonly combine?: "mean" | "median" | "weighted" | "stacked";
  /** Horizons at the end of the history that the members are judged by before they are fitted on all of it. Default 3. */
  readonly folds?: number;
  /**
   * Whether all series share the weights or each has its own. Few folds say little about a single series: then the panel's weights are
   * the better ones. Default `"panel"`.
   */
  readonly by?: "panel" | "series";
  /** For `"weighted"`: 1 weighs by the inverse error, 2 by its square, which trusts the best more. Default 1. */
  readonly power?: number;
}

/** Options with every default filled in; the last three are null for combinations without weights. JSON-serialisable. */
export interface ResolvedEnsembleOptions {
  readonly combine: "mean" | "median" | "weighted" | "stacked";
  readonly folds: number | null;
  readonly by: "panel" | "series" | null;
  readonly power: number | null;
}

const ensembleOptionNames: OptionNames<EnsembleOptions> = {
  combine: true,
  folds: true,
  by: true,
  power: true,
};

/** @throws TsopsError MODEL_PARAMETER_INVALID naming the option. */
export function resolveEnsembleOptions(options: EnsembleOptions): ResolvedEnsembleOptions {
  checkOptions("MODEL_PARAMETER_INVALID", "ensemble()", options, ensembleOptionNames);
  const { combine = "mean", by, folds, power } = options;
  checkWord("MODEL_PARAMETER_INVALID", "combine", combine, ["mean", "median", "weighted", "stacked"]);
  const isLearnt = combine === "weighted" || combine === "stacked";
  const idle = Object.entries(isLearnt ? {} : { folds, by, power }).find(([, value]) => value !== undefined);
  if (idle !== undefined)
    throw invalid(
      `${idle[0]} has no use for combine: "${combine}", which learns no weights.`,
      'Leave it out, or use "weighted" or "stacked".',
    );
  if (combine === "stacked" && power !== undefined)
    throw invalid('power is for combine: "weighted".', 'Leave it out, or give combine: "weighted".');
  if (by !== undefined) checkWord("MODEL_PARAMETER_INVALID", "by", by, ["panel", "series"]);
  if (power !== undefined && !(typeof power === "number" && power > 0 && power <= 100))
    throw invalid(
      `power must be greater than 0 and at most 100, got ${shown(power)}.`,
      numberHint(power, { least: 1, most: 100 }),
    );
  return {
    combine,
    folds: isLearnt ? wholeNumber("folds", folds ?? 3) : null,
    by: isLearnt ? (by ?? "panel") : null,
    power: combine === "weighted" ? (power ?? 1) : null,
  };
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
