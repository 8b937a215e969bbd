import type { Progress } from "../progress.ts";
import type { Columns } from "../schema/columns.ts";
import type { Forecast } from "./forecast.ts";
import type { Panel, PanelSpec, SeriesFailure, SeriesKey } from "./panel/panel.ts";
import type { RowsInput } from "./panel/plain-rows.ts";

/** What a fit may be given besides the panel. */
export interface FitOptions {
  /** Longest horizon that will be asked for, in steps: at most 100,000. */
  readonly horizon: number;
  /**
   * What becomes of series that cannot be fitted: too short, without a known target, with values that the model does not take. `"throw"` (default): an error that lists
   * them, and nothing is fitted. `"collect"`: the others are fitted as if these were not in the panel, and `FittedForecaster.failures` lists them.
   */
  readonly failures?: "throw" | "collect";
  /**
   * Threads, at most, that models of single series are fitted on when there are many series; 1 for none. What is fitted is the same, to the bit. Default: as many as
   * there are cores. Threads need the package's own files beside it: a program that was bundled into one file works without them.
   */
  readonly threads?: number;
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** What to predict. */
export interface PredictOptions {
  /** Steps ahead, at most the fitted horizon. Default: the fitted horizon. */
  readonly horizon?: number;
  /**
   * Central intervals in percent, e.g. `[80, 95]`: adds the quantiles that bound them. Of a forecaster without intervals of its own (`FittedForecaster.hasIntervals`) they
   * are an error: wrap it in `conformal`.
   */
  readonly levels?: readonly number[];
  /** Further quantiles by their probability, e.g. `[0.5, 0.9]`: the median, and what 9 of 10 outcomes lie below. They join those of `levels`, each once. */
  readonly quantiles?: readonly number[];
  /**
   * Only these series, in the order of `FittedForecaster.series`, each once. Default: all. What is predicted for a series does not
   * depend on which others are asked for.
   */
  readonly keys?: readonly SeriesKey[];
  /**
   * Rows (columns or plain objects with key columns, time, known-future columns) for every series that is asked for and every step; rows of other series are ignored.
   * A missing row or value is an error (FUTURE_VALUES_MISSING) that lists the rows. A text that neither the fit nor an update saw is an error (VALUE_INVALID) too.
   * Models that learn from no column of the future do not look at it, so that one call serves all models: their `spec.knownFuture` is empty.
   */
  readonly future?: RowsInput;
}

/**
 * The arguments of `predict`: with known-future columns the future rows cannot be left out, nor these columns in plain objects. Where the columns are not known to
 * the type checker (a loaded forecaster), what is missing is found when it runs.
 */
export type PredictArguments<Known extends string> = [Known] extends [never]
  ? [options?: PredictOptions]
  : string extends Known
    ? [options?: PredictOptions]
    : [options: PredictOptions & { readonly future: FutureRows<Known> }];

/** Columns, or plain objects that have the known-future columns beside key columns and time. */
export type FutureRows<Known extends string> =
  | Columns
  | readonly (Values<Known> | (Values<Known> & Readonly<Record<string, unknown>>))[];

type Values<Name extends string> = Readonly<Record<Name, unknown>>;

/** Fits a panel of series. Same panel and seed give the same bytes. */
export interface Forecaster {
  /** Registered kind, e.g. `"seasonalNaive"`: it names the loader of saved bytes. */
  readonly kind: string;
  /** Everything that determines the fit, JSON-serialisable; part of the definition hash. */
  readonly params: Readonly<Record<string, unknown>>;
  /**
   * @throws TsopsError SERIES_TOO_SHORT (series listed), PANEL_INVALID.
   */
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedForecaster<Known>>;
  /** Restores what `FittedForecaster.save` wrote. */
  load(bytes: Uint8Array): FittedForecaster;
}

/** A fitted forecaster: an immutable value; `update` gives a new one. */
export interface FittedForecaster<Known extends string = string> {
  readonly kind: string;
  readonly spec: PanelSpec<Known>;
  /** Longest horizon in steps. */
  readonly horizon: number;
  readonly series: readonly SeriesKey[];
  /**
   * Series that the fit left out (`FitOptions.failures`), in no order. They are not in `series`, and `predict` leaves them out; naming one in its `keys` is an error that
   * says why it failed. Rows of theirs, in `update` and `future`, change nothing. Kept in the saved bytes.
   */
  readonly failures?: readonly SeriesFailure[];
  /**
   * Whether `predict` takes `levels` and `quantiles`; where not, asking for some is an error. A caller that takes what is there asks only where there are some:
   * `predict({ levels: fitted.hasIntervals ? [80, 95] : [] })`.
   */
  readonly hasIntervals: boolean;
  /** Last observed instant of each series, microseconds UTC: forecasts start one step later. */
  readonly lastTimes: BigInt64Array;
  /**
   * Predicts the steps after each series' last observed instant.
   * @throws TsopsError FUTURE_VALUES_MISSING and VALUE_INVALID (rows listed), KEY_UNKNOWN (in `keys` or `future`), MODEL_PARAMETER_INVALID (a horizon beyond the fitted one; levels or quantiles of a forecaster without intervals).
   */
  predict(...args: PredictArguments<Known>): Forecast;
  /**
   * Absorbs rows (columns or plain objects with key columns, time, target, covariates) that follow the observed history, without refitting.
   * Rows already absorbed with the same value change nothing; gaps become missing values, and late values fill them. A row that
   * contradicts a target is refused as far back as the forecaster keeps its history (what its lags and season need); older rows change nothing.
   * @throws TsopsError KEY_UNKNOWN, PANEL_INVALID (offending rows listed).
   */
  update(rows: RowsInput): FittedForecaster<Known>;
  /** Self-describing bytes with a format version. */
  save(): Uint8Array;
}
