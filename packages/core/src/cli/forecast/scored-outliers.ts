import type { BacktestResult } from "../../forecast/backtest/result.ts";
import { metricsOf } from "../../forecast/backtest/tables.ts";
import type { PanelOutlier } from "../../forecast/outliers/outliers.ts";
import type { Panel } from "../../forecast/panel/panel.ts";
import { slicePanel } from "../../forecast/panel/panel-slices.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { scalesOf } from "../../forecast/scales.ts";
import { formatInstant } from "../../time/instant.ts";
import { type Figures, figuresOf } from "./figures.ts";

/** The outcomes of a backtest with its outliers among them, and how many those are. */
export function outcomesWithOutliers(
  result: BacktestResult,
  { spec }: Panel,
  outliers: readonly PanelOutlier[],
): { readonly y: Float64Array; readonly count: number } {
  const y = result.y.slice();
  if (outliers.length === 0) return { y, count: 0 };
  const values = new Map(outliers.map(({ series, at, value }) => [`${series} ${at}`, value]));
  const names = result.series.map(seriesKeyText);
  let count = 0;
  y.forEach((outcome, row) => {
    if (!Number.isNaN(outcome)) return;
    const at = formatInstant(result.time[row] as bigint, { zone: spec.zone });
    const value = values.get(`${names[result.seriesIndex[row] as number]} ${at}`);
    if (value === undefined) return;
    y[row] = value;
    count++;
  });
  return { y, count };
}

/**
 * What a backtest scores with outliers as outcomes, in units of the history without them.
 * @param panel - Without outliers; every series has rows before the first cutoff.
 */
export function figuresWithOutliers(result: BacktestResult, panel: Panel, y: Float64Array): Figures {
  const scales = new Map<bigint, Float64Array>();
  const absoluteScale = y.map((_, row) => {
    const cutoff = result.cutoff[row] as bigint;
    const own = scales.get(cutoff) ?? scalesOf(slicePanel(panel, { until: cutoff }), result.seasonLength);
    scales.set(cutoff, own);
    return own[result.seriesIndex[row] as number] as number;
  });
  const { seriesIndex, mean, quantiles, levels } = result;
  const all = { seriesIndex, y, mean, quantiles, absoluteScale, squaredScale: absoluteScale };
  return figuresOf(metricsOf(all, levels, Int32Array.from(y.keys())));
}
