import { TsopsError } from "../../errors.ts";
import { checkOptions } from "../../options.ts";
import { checkPanel } from "../check.ts";
import { type AggregateOptions, withSums } from "../hierarchy/aggregate.ts";
import { checkHierarchyLevels, structureOf, sumUp } from "../hierarchy/structure.ts";
import { seasonalNaiveScale } from "../metrics.ts";
import type { Panel } from "../panel/panel.ts";
import { slicePanel } from "../panel/panel-slices.ts";
import { seriesKeyText } from "../panel/series-key.ts";
import { assembleResult } from "./assemble.ts";
import type { BacktestResult } from "./result.ts";
import type { ScoredFold } from "./scored-fold.ts";

/**
 * A backtest of series as one of all levels: how good the sums of their forecasts were beside the sums of their outcomes. For forecasts that add up (`reconciled`) these are the forecasts of the
 * sums themselves. Keys are those of `aggregatePanel`. There are no intervals: the bounds of sums are not sums of bounds.
 * @param panel - What was backtested: its history gives the scales of MASE and RMSSE.
 * @throws TsopsError BACKTEST_INVALID when the backtest is not of all the panel's series in every fold, MODEL_PARAMETER_INVALID, COLUMN_NOT_FOUND.
 * @example
 * const all = sumBacktest(await backtest(reconciled(ets(), { levels }), sales, { horizon: 28, folds: 3 }), sales, { levels });
 */
export function sumBacktest(result: BacktestResult, panel: Panel, options: AggregateOptions): BacktestResult {
  checkPanel("sumBacktest()", panel);
  checkOptions("MODEL_PARAMETER_INVALID", "sumBacktest()", options, { levels: true });
  checkHierarchyLevels("sumBacktest()", options.levels);
  refuseOthers(result, panel);
  const structure = structureOf(panel.spec.keys, panel.series, options.levels);
  const all = withSums(panel, structure);
  const folds = result.byFold.length;
  const horizon = result.byStep.length;
  const gap = (result.byStep[0]?.step ?? 1) - 1;
  const count = structure.series.length;
  const scored = Array.from({ length: folds }, (_, fold): ScoredFold => {
    const start = fold * panel.series.length * horizon;
    const cutoff = result.cutoff[start] as bigint;
    const history = slicePanel(all, { until: cutoff });
    const scales = (kind: "absolute" | "squared"): Float64Array =>
      Float64Array.from(history.series, (_key, s) =>
        seasonalNaiveScale(
          history.y.subarray(history.offsets[s], history.offsets[s + 1]),
          result.seasonLength,
          kind,
        ),
      );
    const summed = (values: Float64Array): Float64Array => {
      const levels = new Float64Array(count * horizon);
      const step = new Float64Array(count);
      for (let h = 0; h < horizon; h++) {
        for (let s = 0; s < panel.series.length; s++)
          step[count - panel.series.length + s] = values[start + s * horizon + h] as number;
        sumUp(structure, step);
        for (let s = 0; s < count; s++) levels[s * horizon + h] = step[s] as number;
      }
      return levels;
    };
    return {
      fold,
      cutoff,
      seriesIds: structure.series.map((_key, s) => s),
      time: BigInt64Array.from(
        { length: count * horizon },
        (_t, row) => result.time[start + (row % horizon)] as bigint,
      ),
      y: summed(result.y),
      mean: summed(result.mean),
      quantiles: null,
      absoluteScale: scales("absolute"),
      squaredScale: scales("squared"),
    };
  });
  return assembleResult(all, scored, { horizon, gap, levels: [], seasonLength: result.seasonLength }, []);
}

function refuseOthers(result: BacktestResult, panel: Panel): void {
  const isSame =
    result.series.length === panel.series.length &&
    result.series.every((key, s) => seriesKeyText(key) === seriesKeyText(panel.series[s] ?? {}));
  if (isSame && result.leftOut.length === 0) return;
  throw new TsopsError(
    "BACKTEST_INVALID",
    isSame
      ? `${result.leftOut.length} series are not in every fold of the backtest, so that its folds have no sums.`
      : `The backtest is of ${result.series.length} series, and not those of the panel (${panel.series.length}).`,
    {
      hint: isSame
        ? "Backtest fewer folds, or leave these series out."
        : "Give the panel that was backtested.",
    },
  );
}
