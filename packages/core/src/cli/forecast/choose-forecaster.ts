import { TsopsError } from "../../errors.ts";
import { autoForecaster } from "../../forecast/auto/auto-forecaster.ts";
import { conformal } from "../../forecast/conformal/conformal.ts";
import type { Forecaster } from "../../forecast/forecaster.ts";
import { gbdt } from "../../forecast/gbdt/gbdt.ts";
import { arima } from "../../forecast/models/arima/arima.ts";
import { ces } from "../../forecast/models/ces/ces.ts";
import { ets } from "../../forecast/models/ets/ets.ts";
import { mstl } from "../../forecast/models/mstl/mstl.ts";
import { naive } from "../../forecast/models/naive.ts";
import { seasonalNaive } from "../../forecast/models/seasonal-naive.ts";
import { theta } from "../../forecast/models/theta/theta.ts";
import { reduce } from "../../forecast/reduce/reduce.ts";
import { seasonalFeaturesWithin } from "../../forecast/reduce/seasonal-features.ts";

/** What `--model` takes. */
export const modelNames = ["auto", "naive", "seasonalNaive", "ets", "theta", "ces", "mstl", "arima"] as const;
/** One of them. */
export type ModelName = (typeof modelNames)[number];

/** What is known about the task when a forecaster is chosen. */
export interface ForecastTask {
  readonly model: ModelName;
  readonly seasons: readonly number[];
  readonly levels: readonly number[];
  readonly horizon: number;
  /** Rows of the shortest series before the first cutoff of the backtest. */
  readonly rows: number;
  /** Time that one fit may take, about. */
  readonly budget: string;
  /** Columns that are known for the future. */
  readonly known: readonly string[];
}

/** A forecaster with the words that say what it is. */
export interface ChosenForecaster {
  readonly name: string;
  /** What it is made of; `auto` says so once it is fitted. */
  readonly members: readonly string[];
  readonly forecaster: Forecaster;
}

/** Known values that the forecaster of a task needs in each series. */
export function rowsNeeded(task: ForecastTask): number {
  if (task.model === "seasonalNaive") return task.seasons[0] ?? 1;
  if (task.model !== "auto" || task.known.length === 0) return 12;
  return lookBack(task) + calibrationFolds(task) * task.horizon + 12;
}

/** The forecaster for a task. @throws TsopsError CONFIG_INVALID when a model was named that takes no known-future columns */
export function chooseForecaster(task: ForecastTask): ChosenForecaster {
  const { model, seasons, known } = task;
  if (model !== "auto") {
    if (known.length > 0)
      throw new TsopsError("CONFIG_INVALID", `The model ${model} has no use for the columns of --future.`, {
        hint: "Leave --model or --future out.",
      });
    return { name: model, members: [model], forecaster: named(model, task) };
  }
  if (known.length > 0) {
    // A promotion in one row of ten must be able to have a leaf of its own.
    const minLeafRows = Math.max(2, Math.min(20, Math.floor(task.rows / 25)));
    const boosted = reduce(gbdt({ loss: "absolute", trees: 300, leaves: 31, minLeafRows }), {
      ...seasonalFeaturesWithin(seasons, task.rows),
      scale: "standard",
    });
    const folds = calibrationFolds(task);
    return {
      name: "gbdt",
      members: ["gbdt"],
      forecaster: folds === 0 ? boosted : conformal(boosted, { folds, levels: task.levels }),
    };
  }
  return {
    name: "auto",
    members: [],
    forecaster: autoForecaster({ seasonLengths: seasons, budget: task.budget }),
  };
}

function named(model: Exclude<ModelName, "auto">, task: ForecastTask): Forecaster {
  const { seasons } = task;
  const seasonLength = seasons[0] ?? 1;
  switch (model) {
    case "naive":
      return naive();
    case "seasonalNaive":
      return seasonalNaiveWithIntervals(seasonLength, task);
    case "ets":
      return ets({ seasonLength });
    case "theta":
      return theta({ seasonLength });
    case "ces":
      return ces({ seasonLength });
    case "arima":
      return arima({ seasonLength });
    case "mstl":
      return seasons.length === 0 ? ets() : mstl({ seasonLengths: seasons });
  }
}

function lookBack(task: ForecastTask): number {
  const { lags, windows } = seasonalFeaturesWithin(task.seasons, task.rows);
  return Math.max(...lags, ...windows.map(({ width }) => (width === "all" ? 1 : width)));
}

/** Seasonal naive has no intervals of its own; where too few rows are left to learn them from, there are none. */
export function seasonalNaiveWithIntervals(seasonLength: number, task: ForecastTask): Forecaster {
  const plain = seasonalNaive({ seasonLength });
  const folds = Math.min(20, Math.floor((task.rows - seasonLength) / task.horizon));
  return folds * task.horizon < scoresNeeded(task) ? plain : conformal(plain, { folds, levels: task.levels });
}

/** Origins of a calibration that leave half of the history to learn from; 0 where they give too few errors for the levels. */
function calibrationFolds(task: ForecastTask): number {
  const folds = Math.min(20, Math.floor(task.rows / 2 / task.horizon));
  return folds * task.horizon < scoresNeeded(task) ? 0 : folds;
}

/** Errors that the widest interval takes: of 19, the greatest bounds 95 %. */
function scoresNeeded({ levels }: ForecastTask): number {
  return Math.max(1, Math.ceil(100 / (100 - Math.max(...levels))) - 1);
}
