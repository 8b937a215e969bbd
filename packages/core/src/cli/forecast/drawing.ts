import type { BacktestResult } from "../../forecast/backtest/result.ts";
import { intervalOf } from "../../forecast/levels.ts";
import type { Panel, SeriesKey } from "../../forecast/panel/panel.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { resolveZone } from "../../time/zone.ts";
import type { DrawnSeries, DrawnStep, ForecastDrawing } from "./companions.ts";
import { type ForecastTable, fileTime } from "./forecast-table.ts";
import type { History } from "./read-history.ts";

/** Series in a drawing, at most. */
export const mostDrawn = 12;

/** What is drawn of a forecast: the first series, each with so much of its history that the forecast can be judged by it. */
export function drawingOf(
  path: string,
  target: string,
  table: ForecastTable,
  history: History,
  backtest: BacktestResult | null,
  horizon: number,
): ForecastDrawing {
  const { panel, seasons, style } = history;
  const horizons = Math.max(4, 1 + (backtest?.byFold.length ?? 0));
  const back = Math.min(2000, Math.max(horizons * horizon, 2 * (seasons.at(-1) ?? 1), 30));
  const drawn = table.series.slice(0, mostDrawn);
  const more = table.series.length - drawn.length;
  return {
    title: `${path}: forecast of ${target}, ${horizon} steps${more > 0 ? `; the first ${drawn.length} of ${table.series.length} series` : ""}`,
    target,
    scale: style === "steps" ? "steps" : "time",
    series: drawn.map((key, index): DrawnSeries => {
      const s = panel.series.indexOf(key);
      return {
        name: Object.values(key).map(String).join(", ") || target,
        history: newest(panel, s, back).map((row) => ({
          at: placeOf(panel.times[row] as bigint, history),
          y: panel.y[row] as number,
        })),
        forecast: Array.from(table.seriesIndex, (one, row) => ({ one, row }))
          .filter(({ one }) => one === index)
          .map(({ row }) => ({
            at: placeOf(table.times[row] as bigint, history),
            mean: table.mean[row] as number,
            intervals: table.bounds.map(({ level, lower, upper }) => ({
              level,
              lower: lower[row] as number,
              upper: upper[row] as number,
            })),
          })),
        ...(backtest === null ? {} : { folds: foldsOf(backtest, key, history) }),
      };
    }),
  };
}

/** What a backtest forecast for one series, by fold. */
function foldsOf(
  backtest: BacktestResult,
  key: SeriesKey,
  history: History,
): readonly (readonly DrawnStep[])[] {
  const wanted = seriesKeyText(key);
  const s = backtest.series.findIndex((one) => seriesKeyText(one) === wanted);
  const bounds = backtest.levels.map((level) => ({ level, found: intervalOf(backtest.quantiles, level) }));
  const folds = new Map<number, DrawnStep[]>();
  for (let row = 0; row < backtest.length; row++) {
    if (backtest.seriesIndex[row] !== s) continue;
    const fold = backtest.fold[row] as number;
    const steps = folds.get(fold) ?? [];
    folds.set(fold, steps);
    steps.push({
      at: placeOf(backtest.time[row] as bigint, history),
      mean: backtest.mean[row] as number,
      intervals: bounds.map(({ level, found }) => ({
        level,
        lower: found?.lower[row] ?? Number.NaN,
        upper: found?.upper[row] ?? Number.NaN,
      })),
    });
  }
  return [...folds.values()];
}

function newest(panel: Panel, s: number, count: number): number[] {
  const [start, end] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
  const from = Math.max(start, end - count);
  return Array.from({ length: end - from }, (_, i) => from + i);
}

/** Milliseconds of the wall clock, or steps. */
function placeOf(time: bigint, history: History): number {
  const value = Number(fileTime(time, history));
  if (history.style === "steps") return value;
  if (history.style !== "instant") return value / 1000;
  return value / 1000 + resolveZone(history.zone).periodAt(Math.floor(value / 1e6)).offset * 1000;
}
