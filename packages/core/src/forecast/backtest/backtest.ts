import { throwIfAborted } from "../../abort.ts";
import { checkMethods } from "../../options.ts";
import type { Columns } from "../../schema/columns.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { takeBlock } from "../conformal/pending.ts";
import type { FittedForecaster, Forecaster, PredictOptions } from "../forecaster.ts";
import type { Panel } from "../panel/panel.ts";
import { panelToColumns, slicePanel, takeSeries } from "../panel/panel-slices.ts";
import { assembleResult } from "./assemble.ts";
import { type FittedFold, fitFold, planFolds } from "./folds.ts";
import type { BacktestFailure, BacktestResult } from "./result.ts";
import { type ScoredFold, scoreFold } from "./scored-fold.ts";
import {
  type BacktestCutoff,
  type BacktestOptions,
  type BacktestSettings,
  resolveBacktestOptions,
} from "./settings.ts";

/**
 * Rolling-origin evaluation. In each fold the forecaster sees the rows up to a cutoff and the known-future columns of the horizon
 * after it, and nothing else; outcomes are only compared.
 *
 * **Series.** A fold takes the series that have rows before its cutoff and reach the end of its horizon (with `refit` off: of all folds
 * of the fit). Those that cannot be fitted are an error, or with `failures: "collect"` left out of the fold.
 *
 * **What is known when.** Rows that come late are a `gap`: its steps are forecast, not judged. Rows before a cutoff that a fit must not learn from, though the forecast may
 * continue them, are an `embargo`. `future` gives known-future values as they were known at a cutoff. `window` limits what a fit sees, `refit: false` lets only the first fold fit and the others update.
 *
 * **Intervals** are the forecaster's own when it has some (`conformal`). Otherwise they are the mean plus and minus a quantile of the absolute
 * errors of the same series in the latest 40 folds before, as far as those outcomes were known at the cutoff: at the same step and its
 * neighbours, with as many more steps as the level needs scores (4 for 80 %, 19 for 95 %). Where even all steps have too few, as in the first
 * fold, bounds are NaN and do not count in coverage.
 *
 * Missing outcomes are left out of all metrics and counted; so are outcomes of rows that lack a known-future value, for which the
 * latest known one is shown to the forecaster.
 * @throws TsopsError BACKTEST_INVALID (not enough history, with the numbers needed), MODEL_PARAMETER_INVALID, ABORTED,
 * and what `fit` throws.
 * @example
 * const result = await backtest(seasonalNaive({ seasonLength: 168 }), rentals, { horizon: 24, folds: 28 });
 * console.log(result.overall.mae, result.overall.intervals);
 */
export async function backtest<Known extends string>(
  forecaster: Forecaster,
  panel: Panel<Known>,
  options: BacktestOptions,
): Promise<BacktestResult> {
  checkMethods(
    "MODEL_PARAMETER_INVALID",
    "The forecaster of backtest()",
    forecaster,
    ["fit"],
    "Give the forecaster itself, not a fitted one: backtest(seasonalNaive({ seasonLength: 24 }), ...).",
  );
  const settings = resolveBacktestOptions(options, panel);
  const frequency = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  const plan = planFolds(panel, settings, frequency);
  const reach = settings.gap + settings.horizon;
  const folds: ScoredFold[] = [];
  const failures: BacktestFailure[] = [];
  for (const group of plan) {
    let { series } = group;
    let active = takeSeries(panel, series);
    let fitted: FittedForecaster<Known> | null = null;
    let before: bigint | null = null;
    for (const { fold, cutoff, until } of group.folds) {
      throwIfAborted(options.signal);
      if (fitted === null) {
        const one: FittedFold<Known> = await fitFold(forecaster, active, cutoff, fold, settings);
        fitted = one.fitted;
        failures.push(...(fitted.failures ?? []).map((failure) => ({ fold, ...failure })));
        series = one.kept.map((s) => group.series[s] as number);
        active = takeSeries(panel, series);
      } else if (before !== null)
        fitted = fitted.update(panelToColumns(slicePanel(active, { from: before + 1n, until: cutoff })));
      before = cutoff;
      const { future, outcomes } = await aheadOf(active, { fold, cutoff, until }, settings);
      const predictOptions: PredictOptions = {
        horizon: reach,
        levels: fitted.hasIntervals ? settings.levels : [],
        future,
      };
      const forecast = (fitted as FittedForecaster).predict(predictOptions);
      folds.push(scoreFold(forecast, active, outcomes, { fold, cutoff, seriesIds: series }, settings));
      settings.progress?.({
        task: "backtest",
        done: folds.length,
        total: settings.folds,
        figures: { mae: averageError(folds) },
      });
    }
  }
  return assembleResult(panel, folds, settings, failures);
}

/** What is told of the steps after a cutoff, and what came. */
async function aheadOf(
  active: Panel,
  at: BacktestCutoff,
  settings: BacktestSettings,
): Promise<{ future: Columns; outcomes: Float64Array }> {
  const rows = slicePanel(active, { from: at.cutoff, until: at.until });
  const reach = settings.gap + settings.horizon;
  if (settings.future === undefined) return takeBlock(rows, reach);
  // Outcomes count whatever the panel has for the covariates: others are told.
  const { outcomes } = takeBlock({ ...rows, spec: { ...rows.spec, knownFuture: [] }, known: [] }, reach);
  return { future: await settings.future(at), outcomes };
}

function averageError(folds: readonly ScoredFold[]): number {
  let sum = 0;
  let count = 0;
  for (const { y, mean } of folds)
    for (let i = 0; i < y.length; i++) {
      const error = Math.abs((y[i] as number) - (mean[i] as number));
      if (Number.isNaN(error)) continue;
      sum += error;
      count++;
    }
  return sum / count;
}
