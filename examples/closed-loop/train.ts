// From rows to a registered model version: training set, fit, lineage.
import {
  type BacktestResult,
  backtest,
  type FittedForecaster,
  type Forecaster,
  logBacktest,
  logForecaster,
  type ModelVersion,
  type Panel,
  panel,
  type TrainingSetLineage,
} from "@tsops/core";
import { buildTrainingSet, type Home } from "@tsops/store";
import { bikeTrainingSet, forecaster, horizon, levels, modelName, panelSpec } from "./definitions.ts";

/** A panel and where its rows came from. */
export interface TrainingPanel {
  readonly panel: Panel<(typeof panelSpec)["knownFuture"][number]>;
  readonly lineage: TrainingSetLineage;
}

/** Builds the training set over the hours of a range, as the tables are now. */
export async function trainingPanel(
  home: Home,
  range: { readonly start?: bigint; readonly end: bigint },
): Promise<TrainingPanel> {
  const set = await buildTrainingSet(bikeTrainingSet(range), { tables: home, engine: await home.engine() });
  return { panel: panel(set.columns, panelSpec), lineage: set.lineage };
}

/**
 * How well a forecaster would have done on the last `folds` days, fitted once on the days before them and then only absorbing each
 * day, as it would be served.
 */
export function dryRun(candidate: Forecaster, { panel }: TrainingPanel, folds: number): Promise<BacktestResult> {
  return backtest(candidate, panel, { horizon, folds, refit: false, levels, seasonLength: 168 });
}

/** Fits on all rows, logs the run with its backtest and lineage, and registers the model's next version. */
export async function register(
  home: Home,
  training: TrainingPanel,
  evaluated: BacktestResult,
): Promise<{ readonly version: ModelVersion; readonly fitted: FittedForecaster }> {
  const run = await home.tracker.startRun({ experiment: modelName });
  const fitted = await forecaster.fit(training.panel, { horizon });
  await logBacktest(run, evaluated);
  const logged = await logForecaster(run, { name: modelName, forecaster, fitted, trainingSet: training.lineage });
  await run.end();
  return { version: await home.registry.register(modelName, logged), fitted };
}
