// From rows to a registered model version: training set, dry run, fit, lineage.
import {
  type BacktestResult,
  backtest,
  type Columns,
  type ColumnTypes,
  type Forecaster,
  logBacktest,
  logForecaster,
  type ModelVersion,
  type Panel,
  panel,
  sliceColumns,
  type TrainingSetLineage,
} from "@tsops/core";
import { buildTrainingSet, type Home } from "@tsops/store";
import { bikeTrainingSet, horizon, levels, modelName, panelSpec } from "./definitions.ts";

/** A panel and where its rows came from. */
export interface TrainingPanel {
  readonly panel: Panel<(typeof panelSpec)["knownFuture"][number]>;
  readonly lineage: TrainingSetLineage;
}

/** Hours to learn from, [start, end) in microseconds UTC; from the first one when there is no start. */
export interface HourRange {
  readonly start?: bigint;
  readonly end: bigint;
}

/** Joins the training set over a range of hours, from the tables as they are now. */
export async function joinTrainingSet(home: Home, range: HourRange) {
  return buildTrainingSet(bikeTrainingSet(range), { tables: home, engine: await home.engine() });
}

/** The training set as a panel. */
export async function trainingPanel(home: Home, range: HourRange): Promise<TrainingPanel> {
  const set = await joinTrainingSet(home, range);
  return { panel: panel(set.columns, panelSpec), lineage: set.lineage };
}

/**
 * How a forecaster would have done on the last `folds` days: fitted once on the days before them, then absorbing day after day, as
 * it would be served.
 */
export function dryRun(
  candidate: Forecaster,
  training: TrainingPanel,
  folds: number,
): Promise<BacktestResult> {
  return backtest(candidate, training.panel, { horizon, folds, refit: false, levels, seasonLength: 168 });
}

/** The rows before a row, and those from it on. */
export function splitAt<S extends ColumnTypes>(rows: Columns<S>, row: number): [Columns<S>, Columns<S>] {
  return [sliceColumns(rows, 0, row), sliceColumns(rows, row)];
}

/** Fits a forecaster on all rows, logs the run with the dry run's metrics and the lineage, and registers the next version. */
export async function registerVersion(
  { tracker, registry }: Pick<Home, "tracker" | "registry">,
  forecaster: Forecaster,
  training: TrainingPanel,
  evaluated: BacktestResult,
): Promise<ModelVersion> {
  const run = await tracker.startRun({ experiment: modelName });
  const fitted = await forecaster.fit(training.panel, { horizon });
  await logBacktest(run, evaluated);
  const logged = await logForecaster(run, {
    name: modelName,
    forecaster,
    fitted,
    trainingSet: training.lineage,
  });
  await run.end();
  return registry.register(modelName, logged);
}
