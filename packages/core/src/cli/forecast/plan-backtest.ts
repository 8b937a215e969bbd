import type { Panel } from "../../forecast/panel/panel.ts";
import { takeSeries } from "../../forecast/panel/panel-slices.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { type ForecastTask, rowsForSeason } from "./choose-forecaster.ts";

/** Which part of the panel a backtest is done on. */
export interface BacktestPlan {
  readonly folds: number;
  readonly panel: Panel;
}

/** Series in a backtest, at most; more say little that is new. */
const mostSeries = 500;

/**
 * As many of the folds as half of the series are long enough for, on these series; one fold also on fewer.
 * @param needed - Rows before the first cutoff.
 * @param isOfHalf - Whether half of the series must be long enough for one fold, too.
 * @returns Null when not even one fold is possible.
 */
function planBacktest(
  panel: Panel,
  horizon: number,
  folds: number,
  needed: number,
  isOfHalf = false,
): BacktestPlan | null {
  const grid = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  const first = panel.series.map((_, s) => grid.indexOf(panel.times[panel.offsets[s] as number] as bigint));
  const last = panel.series.map((_, s) =>
    grid.indexOf(panel.times[(panel.offsets[s + 1] as number) - 1] as bigint),
  );
  const end = last.reduce((most, cell) => Math.max(most, cell), Number.NEGATIVE_INFINITY);
  for (let count = folds; count > 0; count--) {
    const cutoff = end - count * horizon;
    const chosen = panel.series.flatMap((_, s) => {
      if (last[s] !== end || cutoff - (first[s] as number) + 1 < needed) return [];
      const start = panel.offsets[s] as number;
      const known = panel.y
        .subarray(start, start + cutoff - (first[s] as number) + 1)
        .filter((y) => !Number.isNaN(y));
      return known.length >= Math.min(needed, 12) ? [s] : [];
    });
    const isFew = 2 * chosen.length < panel.series.length;
    if (chosen.length === 0 || (isFew && (count > 1 || isOfHalf))) continue;
    const every = Math.ceil(chosen.length / mostSeries);
    return {
      folds: count,
      panel: takeSeries(
        panel,
        chosen.filter((_, i) => i % every === 0),
      ),
    };
  }
  return null;
}

/** Folds that are held out by default. */
const usualFolds = 3;

/**
 * The folds to judge by. Where their number was not said there are fewer of them if the forecaster could make less of a season before the first than it can with the whole history: it would be judged by what it is not used for.
 */
export function planFolds(
  main: Panel,
  asked: number | undefined,
  task: ForecastTask,
  fewest: number,
  tell: (line: string) => void,
): BacktestPlan | null {
  const { horizon, seasons } = task;
  const folds = asked ?? usualFolds;
  // With less than two seasons before it a fold would judge models that have none.
  const most =
    planBacktest(main, horizon, folds, Math.max(fewest, 2 * (seasons[0] ?? 1))) ??
    planBacktest(main, horizon, folds, fewest);
  if (most !== null && most.folds < folds)
    tell(`the history is long enough for ${most.folds} of ${folds} folds of ${horizon} steps`);
  if (asked !== undefined || most === null || most.folds === 1) return most;
  for (const season of [...seasons].reverse()) {
    const rows = rowsForSeason(task, season);
    const settled = planBacktest(main, horizon, most.folds, Math.max(fewest, rows), true);
    if (settled === null) continue;
    if (settled.folds < most.folds)
      tell(
        `${settled.folds} of ${most.folds} folds: with more, fewer than the ${rows} rows would be left before them that ${task.model} takes to make the most of a season of ${season} steps; --backtest ${most.folds} has them held out all the same`,
      );
    return settled;
  }
  return most;
}
