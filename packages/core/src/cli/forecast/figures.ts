import type { BacktestMetrics } from "../../forecast/backtest/result.ts";

/** Figures of a backtest, for people and JSON; null where one is not defined. */
export interface Figures {
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

/** What is told of the metrics. */
export function figuresOf(metrics: BacktestMetrics): Figures {
  return {
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
