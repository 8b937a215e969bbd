import type { BacktestResult, Panel } from "@tsops/core";
import { intervalOf } from "@tsops/core";

/** A forecast of one fold, as it is drawn. */
export interface BacktestPoint {
  readonly at: Date;
  readonly cutoff: Date;
  readonly fold: number;
  readonly y: number;
  readonly mean: number;
  /** By ascending level; bounds may be NaN. */
  readonly intervals: readonly { readonly level: number; readonly lower: number; readonly upper: number }[];
}

const dateOf = (micros: bigint): Date => new Date(Number(micros / 1000n));

/** What a backtest forecast for one series. */
export function backtestPoints(result: BacktestResult, series: number): readonly BacktestPoint[] {
  const bounds = result.levels.map((level) => ({ level, interval: intervalOf(result.quantiles, level) }));
  const points: BacktestPoint[] = [];
  for (let row = 0; row < result.length; row++) {
    if (result.seriesIndex[row] !== series) continue;
    points.push({
      at: dateOf(result.time[row] as bigint),
      cutoff: dateOf(result.cutoff[row] as bigint),
      fold: result.fold[row] as number,
      y: result.y[row] as number,
      mean: result.mean[row] as number,
      intervals: bounds.map(({ level, interval }) => ({
        level,
        lower: interval?.lower[row] ?? Number.NaN,
        upper: interval?.upper[row] ?? Number.NaN,
      })),
    });
  }
  return points;
}

/** The last two horizons of a series' rows up to its first cutoff, and those between the forecasts of the folds; none of a series that the panel lacks. */
export function rowsBefore(
  panel: Panel,
  result: BacktestResult,
  series: number,
): readonly { readonly at: Date; readonly y: number }[] {
  const key = result.series[series] ?? {};
  const place = panel.series.findIndex((one) =>
    Object.entries(key).every(([name, value]) => one[name] === value),
  );
  if (place < 0) return [];
  let [first, last] = [undefined, undefined] as [bigint | undefined, bigint | undefined];
  for (let row = 0; row < result.length; row++) {
    if (result.seriesIndex[row] !== series) continue;
    const [cutoff, time] = [result.cutoff[row] as bigint, result.time[row] as bigint];
    if (first === undefined || cutoff < first) first = cutoff;
    if (last === undefined || time > last) last = time;
  }
  if (first === undefined || last === undefined) return [];
  const rows: { at: Date; y: number }[] = [];
  let before = 0;
  for (let row = (panel.offsets[place + 1] as number) - 1; row >= (panel.offsets[place] as number); row--) {
    const time = panel.times[row] as bigint;
    if (time > last) continue;
    if (time <= first && before++ >= 2 * result.byStep.length) break;
    rows.push({ at: dateOf(time), y: panel.y[row] as number });
  }
  return rows.reverse();
}
