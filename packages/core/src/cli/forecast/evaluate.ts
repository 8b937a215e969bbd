import { backtest } from "../../forecast/backtest/backtest.ts";
import type { BacktestResult } from "../../forecast/backtest/result.ts";
import type { Forecaster } from "../../forecast/forecaster.ts";
import type { PanelOutlier } from "../../forecast/outliers/outliers.ts";
import type { Progress } from "../../progress.ts";
import { type Figures, figuresOf } from "./figures.ts";
import type { BacktestPlan } from "./plan-backtest.ts";
import { figuresWithOutliers, outcomesWithOutliers } from "./scored-outliers.ts";

/** Scores of a model. Outliers beyond doubt are no outcomes. */
export interface Score extends Figures {
  readonly model: string;
  /** The figures with those outliers as outcomes; only where there are some. */
  readonly withOutliers?: Figures;
}

/** How a forecaster did in a backtest. */
export interface Evaluation {
  readonly score: Score;
  /** Outcomes that are outliers beyond doubt, and therefore not scored. */
  readonly outliers: number;
  readonly result: BacktestResult;
}

/** Backtests a forecaster on a panel without its outliers. */
export async function evaluate(
  model: string,
  forecaster: Forecaster,
  plan: BacktestPlan,
  options: {
    readonly horizon: number;
    readonly levels: readonly number[];
    readonly seasonLength: number;
    /** What the panel would have as well. */
    readonly outliers: readonly PanelOutlier[];
    /** Whether each fold fits anew; else only the first does, and the others go on with it. */
    readonly refit: boolean;
    readonly signal: AbortSignal;
    readonly progress: Progress;
  },
): Promise<Evaluation> {
  const { progress, outliers, ...rest } = options;
  const result = await backtest(forecaster, plan.panel, {
    ...rest,
    folds: plan.folds,
    failures: "collect",
    progress: (event) => progress({ ...event, task: `backtest of ${model}` }),
  });
  const { y, count } = outcomesWithOutliers(result, plan.panel, outliers);
  return {
    score: {
      model,
      ...figuresOf(result.overall),
      ...(count === 0 ? {} : { withOutliers: figuresWithOutliers(result, plan.panel, y) }),
    },
    outliers: count,
    result,
  };
}
