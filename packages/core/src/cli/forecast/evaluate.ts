import { backtest } from "../../forecast/backtest/backtest.ts";
import type { BacktestMetrics, BacktestResult } from "../../forecast/backtest/result.ts";
import type { Forecaster } from "../../forecast/forecaster.ts";
import type { Panel } from "../../forecast/panel.ts";
import { takeSeries } from "../../forecast/panel-slices.ts";
import type { Progress } from "../../progress.ts";
import { parseFrequency } from "../../time/frequency.ts";

/** Scores of a backtest, for people and JSON; null where a figure is not defined. */
export interface Score {
  readonly model: string;
  /** Rows with a known outcome. */
  readonly rows: number;
  /** Those of them that `mase` stands on. */
  readonly scaledRows: number;
  readonly mase: number | null;
  readonly smape: number | null;
  readonly mae: number | null;
  readonly rmse: number | null;
  /** Share of outcomes within the interval, by level. */
  readonly coverage: Readonly<Record<string, number | null>>;
}

/** Which part of the panel a backtest is done on. */
export interface BacktestPlan {
  readonly folds: number;
  readonly panel: Panel;
}

/** Series in a backtest, at most; more say little that is new. */
const mostSeries = 500;

/**
 * As many of the folds as half of the series are long enough for, on these series.
 * @param needed - Rows before the first cutoff.
 * @returns Null when not even one fold is possible.
 */
export function planBacktest(
  panel: Panel,
  horizon: number,
  folds: number,
  needed: number,
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
    if (chosen.length === 0 || (count > 1 && 2 * chosen.length < panel.series.length)) continue;
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

/** How a forecaster did in a backtest. */
export interface Evaluation {
  readonly score: Score;
  readonly result: BacktestResult;
}

/** Backtests a forecaster. */
export async function evaluate(
  model: string,
  forecaster: Forecaster,
  plan: BacktestPlan,
  options: {
    readonly horizon: number;
    readonly levels: readonly number[];
    readonly seasonLength: number;
    /** Whether each fold fits anew; else only the first does, and the others go on with it. */
    readonly refit: boolean;
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<Evaluation> {
  const { progress, ...rest } = options;
  const result = await backtest(forecaster, plan.panel, {
    ...rest,
    folds: plan.folds,
    failures: "collect",
    progress: (event) => progress({ ...event, task: `backtest of ${model}` }),
  });
  return { score: scoreOf(model, result.overall), result };
}

function scoreOf(model: string, metrics: BacktestMetrics): Score {
  return {
    model,
    rows: metrics.rows,
    scaledRows: metrics.scaledRows,
    mase: finite(metrics.mase),
    smape: finite(metrics.smape),
    mae: finite(metrics.mae),
    rmse: finite(metrics.rmse),
    coverage: Object.fromEntries(
      metrics.intervals.map(({ level, coverage }) => [String(level), finite(coverage)]),
    ),
  };
}

function finite(value: number): number | null {
  return Number.isFinite(value) ? value : null;
}
