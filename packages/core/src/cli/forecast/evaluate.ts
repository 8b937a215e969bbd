import { backtest } from "../../forecast/backtest/backtest.ts";
import type { BacktestMetrics, BacktestResult } from "../../forecast/backtest/result.ts";
import type { Forecaster } from "../../forecast/forecaster.ts";
import type { Progress } from "../../progress.ts";
import type { BacktestPlan } from "./plan-backtest.ts";

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
