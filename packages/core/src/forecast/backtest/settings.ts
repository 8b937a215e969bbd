import { TsopsError } from "../../errors.ts";
import { checkOptions, shown } from "../../options.ts";
import type { Progress } from "../../progress.ts";
import { checkPanel, wholeNumber } from "../check.ts";
import { checkLevels } from "../levels.ts";
import type { Panel } from "../panel.ts";
import { usualSeasonLength } from "../season-length.ts";

/** How to evaluate a forecaster on history. */
export interface BacktestOptions {
  /** Steps to predict from each cutoff. */
  readonly horizon: number;
  /** Number of cutoffs. The last one lies `horizon` steps before the end of the panel. */
  readonly folds: number;
  /** Steps from one cutoff to the next. Default: the horizon, so that each row is predicted once. */
  readonly step?: number;
  /**
   * Whether each fold fits anew (default), only the first one does and the others `update`, or every n-th one does.
   */
  readonly refit?: boolean | number;
  /** Central intervals in percent. Default `[80, 95]`. */
  readonly levels?: readonly number[];
  /** Season of the naive forecast that scaled errors are divided by, in steps. Default: the usual one of the frequency (24 for `"1h"`). */
  readonly seasonLength?: number;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Options with every default filled in. */
export interface BacktestSettings extends Required<Omit<BacktestOptions, "signal" | "progress" | "refit">> {
  readonly refitEvery: number;
  readonly signal: AbortSignal | undefined;
  readonly progress: Progress | undefined;
}

/** @throws TsopsError MODEL_PARAMETER_INVALID, PANEL_INVALID. */
export function resolveBacktestOptions(options: BacktestOptions, panel: Panel): BacktestSettings {
  checkPanel("backtest()", panel);
  checkOptions("MODEL_PARAMETER_INVALID", "backtest()", options, {
    horizon: true,
    folds: true,
    step: true,
    refit: true,
    levels: true,
    seasonLength: true,
    signal: true,
    progress: true,
  });
  const horizon = wholeNumber("horizon", options.horizon);
  const folds = wholeNumber("folds", options.folds);
  const { refit = true } = options;
  if (typeof refit !== "boolean" && typeof refit !== "number")
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `refit must be true, false or a whole number of folds, got ${shown(refit)}.`,
      { hint: "Write true to fit anew in each fold, or 7 to do so in every seventh." },
    );
  if (options.levels !== undefined) checkLevels(options.levels);
  const levels = [...(options.levels ?? [80, 95])].sort((a, b) => a - b);
  return {
    horizon,
    folds,
    step: wholeNumber("step", options.step ?? horizon),
    refitEvery: refit === true ? 1 : refit === false ? folds : wholeNumber("refit", refit),
    levels,
    seasonLength: wholeNumber(
      "seasonLength",
      options.seasonLength ?? usualSeasonLength(panel.spec.frequency),
    ),
    signal: options.signal,
    progress: options.progress,
  };
}
