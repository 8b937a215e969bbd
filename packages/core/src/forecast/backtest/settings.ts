import { TsopsError } from "../../errors.ts";
import { checkOptions, shown } from "../../options.ts";
import type { Progress } from "../../progress.ts";
import type { Columns } from "../../schema/columns.ts";
import { checkPanel, wholeNumber } from "../check.ts";
import type { FitOptions } from "../forecaster.ts";
import { checkLevels } from "../levels.ts";
import type { Panel } from "../panel/panel.ts";
import { usualSeasonLength } from "../seasons/season-length.ts";
import { checkFailures } from "../series-failures.ts";

/** Where a fold stands. */
export interface BacktestCutoff {
  /** 0 = the earliest fold. */
  readonly fold: number;
  /** The last instant that the forecaster sees, microseconds UTC. */
  readonly cutoff: bigint;
  /** The last instant that it predicts. */
  readonly until: bigint;
}

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
  /**
   * Steps after the cutoff that are not judged, because in use rows come so much later than they are needed: the first judged step is `gap + 1`. The forecaster is
   * fitted for `gap + horizon` steps. Default 0.
   */
  readonly gap?: number;
  /**
   * Rows before the cutoff that a fit does not see, only the update after it: what is learnt never overlaps what is judged, where rows tell about those around
   * them. Default 0.
   */
  readonly embargo?: number;
  /** Rows before its end that each fit sees at most, per series: a rolling window. Default: all, an expanding one. */
  readonly window?: number;
  /**
   * The known-future rows as they were known at a cutoff, e.g. the weather forecast that was issued then: keys, time and known-future columns for every series and
   * step. Default: the panel's own values, which are what came true.
   */
  readonly future?: (at: BacktestCutoff) => Columns | Promise<Columns>;
  /** Central intervals in percent. Default `[80, 95]`. */
  readonly levels?: readonly number[];
  /** Season of the naive forecast that scaled errors are divided by, in steps. Default: the usual one of the frequency (24 for `"1h"`). */
  readonly seasonLength?: number;
  /**
   * What becomes of series that cannot be fitted in a fold. `"throw"` (default): an error. `"collect"`: the fold is judged without them, and `BacktestResult.failures` lists them. A fold
   * in which none can be fitted is an error.
   */
  readonly failures?: FitOptions["failures"];
  /** Threads, at most, that models of many single series are fitted on; see `FitOptions.threads`. */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Options with every default filled in. */
export interface BacktestSettings
  extends Required<
    Omit<BacktestOptions, "failures" | "threads" | "signal" | "progress" | "refit" | "window" | "future">
  > {
  readonly failures: "throw" | "collect";
  readonly refitEvery: number;
  readonly window: number | undefined;
  readonly future: BacktestOptions["future"];
  readonly threads: number | undefined;
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
    gap: true,
    embargo: true,
    window: true,
    future: true,
    levels: true,
    seasonLength: true,
    failures: true,
    threads: true,
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
  if (options.future !== undefined && typeof options.future !== "function")
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `future is a function of the cutoff, got ${shown(options.future)}.`,
      {
        hint: "Write future: ({ cutoff }) => forecastsIssuedAt(cutoff).",
      },
    );
  checkFailures(options.failures);
  if (options.levels !== undefined) checkLevels(options.levels);
  const levels = [...(options.levels ?? [80, 95])].sort((a, b) => a - b);
  return {
    horizon,
    folds,
    step: wholeNumber("step", options.step ?? horizon),
    refitEvery: refit === true ? 1 : refit === false ? folds : wholeNumber("refit", refit),
    gap: wholeNumber("gap", options.gap ?? 0, 0),
    embargo: wholeNumber("embargo", options.embargo ?? 0, 0),
    window: options.window === undefined ? undefined : wholeNumber("window", options.window),
    future: options.future,
    levels,
    seasonLength: wholeNumber(
      "seasonLength",
      options.seasonLength ?? usualSeasonLength(panel.spec.frequency),
    ),
    failures: options.failures ?? "throw",
    threads: options.threads === undefined ? undefined : wholeNumber("threads", options.threads),
    signal: options.signal,
    progress: options.progress,
  };
}
