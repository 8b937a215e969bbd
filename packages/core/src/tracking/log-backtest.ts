import type { BacktestMetrics, BacktestResult } from "../forecast/backtest/result.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { ActiveRun, Metric } from "../ports/tracker.ts";

/**
 * Logs a backtest's metrics: overall ones under their names (`mae`, `mase`, `coverage_80`, ...), and each fold's under
 * `fold/<name>` with the fold as step and its cutoff as time.
 */
export async function logBacktest(
  run: ActiveRun,
  backtest: BacktestResult,
  options?: CallOptions,
): Promise<void> {
  const folds = backtest.byFold.flatMap((fold) =>
    named(fold).map(
      ([key, value]): Metric => ({ key: `fold/${key}`, value, step: fold.fold, time: fold.cutoff }),
    ),
  );
  await run.logMetrics(
    [...named(backtest.overall).map(([key, value]): Metric => ({ key, value })), ...folds],
    options,
  );
}

function named(metrics: BacktestMetrics): [string, number][] {
  const { mae, rmse, smape, mase, rmsse, bias } = metrics;
  return [
    ...Object.entries({ mae, rmse, smape, mase, rmsse, bias }),
    ...metrics.intervals.flatMap(({ level, coverage, width }): [string, number][] => [
      [`coverage_${level}`, coverage],
      [`width_${level}`, width],
    ]),
    ...metrics.quantiles.map(({ probability, pinball }): [string, number] => [
      `pinball_${probability}`,
      pinball,
    ]),
  ];
}
