import { TsopsError } from "../../errors.ts";
import { autoForecaster } from "../../forecast/auto/auto-forecaster.ts";
import { conformal } from "../../forecast/conformal/conformal.ts";
import type { Forecaster } from "../../forecast/forecaster.ts";
import { arima } from "../../forecast/models/arima/arima.ts";
import { ces } from "../../forecast/models/ces/ces.ts";
import { ets } from "../../forecast/models/ets/ets.ts";
import { mstl } from "../../forecast/models/mstl/mstl.ts";
import { naive } from "../../forecast/models/naive.ts";
import { seasonalNaive } from "../../forecast/models/seasonal-naive.ts";
import { theta } from "../../forecast/models/theta/theta.ts";

/** What `--model` takes. */
export const modelNames = ["auto", "naive", "seasonalNaive", "ets", "theta", "ces", "mstl", "arima"] as const;
/** One of them. */
export type ModelName = (typeof modelNames)[number];

/** Where `--intervals` has the intervals of a named model from. */
export const intervalSources = ["model", "errors"] as const;
/** One of them. */
export type IntervalSource = (typeof intervalSources)[number];

/** What is known about the task when a forecaster is chosen. */
export interface ForecastTask {
  readonly model: ModelName;
  readonly intervals: IntervalSource;
  readonly seasons: readonly number[];
  /** Whether the seasons were said, and not guessed: then they are used wherever the rows suffice. */
  readonly isSeasonSaid: boolean;
  readonly levels: readonly number[];
  readonly horizon: number;
  /** Rows of the shortest series before the first cutoff of the backtest. */
  readonly rows: number;
  /** Time that one fit may take, about. */
  readonly budget: string;
  /** Whether some target is below 0; where none is, no bound is. */
  readonly isNegative: boolean;
  /** Whether errors are larger where the series are. */
  readonly growWithLevel: boolean;
  /** Columns that are known for the future. */
  readonly known: readonly string[];
}

/** A forecaster with the words that say what it is. */
export interface ChosenForecaster {
  readonly name: string;
  /** What it is made of; `auto` says so once it is fitted. */
  readonly members: readonly string[];
  readonly forecaster: Forecaster;
  /** Whether its intervals are of its errors in the past, as those of `auto` are. */
  readonly hasPastErrors: boolean;
}

/** Known values that the forecaster of a task needs in each series. */
export function rowsNeeded({ model, seasons }: Pick<ForecastTask, "model" | "seasons">): number {
  return model === "seasonalNaive" ? (seasons[0] ?? 1) : 12;
}

/**
 * Rows with which the forecaster of a task makes about as much of a season as it ever does: `auto` can judge its candidates with the season in them, the season of a named model has settled, and the test of `theta` can find one. MASE of the last day of
 * training of 52 hourly series of M4 by the days before it, 2, 3, 4 and 8: `auto` 0.99, 0.75, 0.77, 0.74; `ets` 1.89, 1.29, 1.32, 1.13; `theta` 11.8, 11.8, 1.28, 1.36.
 */
export function rowsForSeason({ model, horizon, isSeasonSaid }: ForecastTask, season: number): number {
  if (model === "auto") return 2 * season + horizon;
  if (model === "naive" || model === "seasonalNaive") return season;
  return (model === "theta" && !isSeasonSaid ? 4 : 3) * season;
}

/** The forecaster for a task. @throws TsopsError CONFIG_INVALID when a model was named that takes no known-future columns */
export function chooseForecaster(task: ForecastTask): ChosenForecaster {
  const { model, seasons, known } = task;
  if (model === "auto")
    return {
      name: "auto",
      members: [],
      forecaster: autoForecaster({ seasonLengths: seasons, budget: task.budget }),
      hasPastErrors: true,
    };
  if (known.length > 0 && model !== "arima")
    throw new TsopsError("CONFIG_INVALID", `The model ${model} has no use for the columns of --future.`, {
      hint: "Leave --model or --future out, or take --model arima.",
    });
  const forecaster = named(model, task);
  const calibrated =
    task.intervals === "errors" && model !== "seasonalNaive"
      ? withPastErrors(forecaster, settledAfter(task), task)
      : null;
  return {
    name: model,
    members: [model],
    forecaster: calibrated ?? forecaster,
    hasPastErrors: calibrated !== null || model === "seasonalNaive",
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
      return ets({ seasonLength, season: task.isSeasonSaid && seasonLength > 1 ? "some" : "auto" });
    case "theta":
      return theta({ seasonLength, seasonTest: !task.isSeasonSaid });
    case "ces":
      return ces({ seasonLength });
    case "arima":
      return arima({ seasonLength, regressors: task.known });
    case "mstl":
      return seasons.length === 0 ? ets() : mstl({ seasonLengths: seasons });
  }
}

/** Seasonal naive with intervals of its errors in the past; where too few rows are left to learn them from, its own normal ones. */
export function seasonalNaiveWithIntervals(seasonLength: number, task: ForecastTask): Forecaster {
  const plain = seasonalNaive({ seasonLength });
  return withPastErrors(plain, seasonLength, task) ?? plain;
}

/** Rows that a named model is given before its errors say what they will be like: half of them, and two of each season. */
function settledAfter(task: ForecastTask): number {
  return Math.max(rowsNeeded(task), 2 * (task.seasons.at(-1) ?? 1), Math.ceil(task.rows / 2));
}

/** A forecaster with intervals of its errors in the past; null where too few rows are left to learn them from. @param before - Rows before the first of them */
function withPastErrors(forecaster: Forecaster, before: number, task: ForecastTask): Forecaster | null {
  const folds = Math.min(20, Math.floor((task.rows - before) / task.horizon));
  if (folds * task.horizon < scoresNeeded(task)) return null;
  return conformal(forecaster, {
    folds,
    levels: task.levels,
    ...(task.growWithLevel ? { spread: "proportional" } : {}),
    ...(task.isNegative ? {} : { lowest: 0 }),
  });
}

/** Errors that the widest interval takes: of 19, the greatest bounds 95 %. */
function scoresNeeded({ levels }: ForecastTask): number {
  return Math.max(1, Math.ceil(100 / (100 - Math.max(...levels))) - 1);
}
