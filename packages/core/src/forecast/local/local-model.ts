import type { JsonValue } from "../../bytes.ts";
import type { Random } from "../../random.ts";
import type { InTurns } from "./in-turns.ts";

/** What a model knows of one series. Two series share nothing. */
export interface LocalFit {
  /** What the fit decided; it stays as it is until the next fit. */
  readonly parameters: Float64Array;
  /** What `absorb` moves on, row by row; it may put an array of another length in its place. */
  state: Float64Array;
  /** By how much intervals are wider than the model's own; see `inflation.ts`. Absent for models that do not tell what they estimate. */
  readonly inflation?: Float64Array;
}

/** A series as `LocalModel.fit` takes it. */
export interface SeriesToFit {
  readonly y: Float64Array;
  readonly regressors: readonly Float64Array[];
}

/** What a fit decided for one series, in words and figures. */
export type LocalSummary = Readonly<Record<string, number | string>>;

/** Draws one path: writes the values of all its steps, without what regressors add. */
export type DrawPath = (random: Random, values: Float64Array) => void;

/**
 * A model with one state per series: the recursion alone. `localForecaster` makes a forecaster of it, with panels, updates, late and repeated
 * rows, bytes and errors.
 */
export interface LocalModel<Kind extends string = string> {
  readonly kind: Kind;
  /** What its maker is called where that is not the kind, for messages. */
  readonly calledAs?: string;
  readonly params: Readonly<Record<string, JsonValue>>;
  /** Rows with a target that each series needs; at least 2, unless `knowsErrors` tells of series with one. */
  readonly neededRows: number;
  /** Rows that each series needs, known or missing. With it a series begins with its first row, known or not: a late value may still come there. */
  readonly span?: { readonly rows: number; readonly of: string };
  /** Last rows of a series in which late values are still taken in; at least the horizon is kept. */
  readonly keptRows?: number;
  /** The least target that the model can take; `Number.MIN_VALUE` where it must be positive. */
  readonly lowest?: number;
  /** Known-future columns that are added to the forecast with a slope each, by name. */
  readonly regressors?: readonly string[];
  /**
   * Lengths of the seasons that it was given, in rows, if only none. For models that name them, outliers beyond doubt in the rows of the fit are missing values: those whose own fit takes far
   * longer than the look at the values.
   */
  readonly seasons?: readonly number[];
  /** The season that a series is too short for, in words; null for none. `y` as `fit` takes it. */
  seasonTooLong?(y: Float64Array): string | null;
  /** That a series has few rows for what is estimated from them, in words; null where it has enough. `y` as `fit` takes it. */
  fewRows?(y: Float64Array): string | null;
  /**
   * Parameters and the state *before* the first row.
   * @param y - One series, NaN is missing; the first value is known, unless there is a `span`.
   * @param regressors - The columns of `regressors`; where one is NaN the target is missing.
   */
  fit(y: Float64Array, regressors: readonly Float64Array[]): LocalFit;
  /** The same in turns, where one series can take long: a fit on the thread of others lets them have theirs. */
  fitInTurns?(y: Float64Array, regressors: readonly Float64Array[]): InTurns<LocalFit>;
  /** First rows of a series that the model has nothing to go on for, or learns its first state from: their one-step forecasts mean nothing. Default: none. */
  warmupRows?(fit: LocalFit): number;
  /** The slopes of the regressors: state, `absorb`, `forecast` and `quantiles` are of the target less what these add. */
  slopes?(fit: LocalFit): Float64Array;
  /** Moves the state one row on, in place. NaN is missing. Must be cheap: `predict` and `update` run it. */
  absorb(fit: LocalFit, value: number): void;
  /** The same over one row after the other, for models that are quicker at many than a loop over `absorb`. */
  absorbAll?(fit: LocalFit, values: Float64Array): void;
  /** Leaves out of the parameters what only the rows before the state needed. */
  settle?(fit: LocalFit): LocalFit;
  /** Writes the forecasts of the steps 1, 2, ... into `mean`. */
  forecast(fit: LocalFit, mean: Float64Array): void;
  /** Writes quantiles of every step, one array per probability (ascending). Absent where the model has no distribution. */
  quantiles?(
    fit: LocalFit,
    mean: Float64Array,
    probabilities: readonly number[],
    values: readonly Float64Array[],
  ): void;
  /** How many numbers the fit found in the series: rates, first states, seasons. Where it is told, intervals reckon with their being uncertain; see `inflation.ts`. */
  estimated?(fit: LocalFit): number;
  /** The deviations of every step, about, where they are quicker to tell than quantiles. */
  deviations?(fit: LocalFit, mean: Float64Array): Float64Array | undefined;
  /** Whether the series has shown errors to make quantiles of; where not, they are NaN, and no path can be drawn. Default: always. */
  knowsErrors?(fit: LocalFit): boolean;
  /**
   * What no quantile of so many steps is farther from 0 than, where it is quick to tell and `quantiles` is not; Infinity where it cannot be told. It spares the fit a look at them.
   */
  largestQuantile?(fit: LocalFit, steps: number): number;
  /**
   * Draws paths of so many steps by its recursion alone, where absorbing one drawn value after the other would take long: each step is distributed as `quantiles` say. Normal errors
   * with the deviation of the fit, which what is drawn does not change.
   */
  paths?(fit: LocalFit, steps: number): DrawPath;
  /** What `FittedLocal.fits` shows. */
  summary(fit: LocalFit): LocalSummary;
}
