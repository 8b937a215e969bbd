/** One step of a forecast in a drawing. */
export interface DrawnStep {
  readonly at: number;
  readonly mean: number;
  /** By ascending level; NaN where a bound is not known. */
  readonly intervals: readonly { readonly level: number; readonly lower: number; readonly upper: number }[];
}

/** One series of a drawing. */
export interface DrawnSeries {
  readonly name: string;
  readonly history: readonly { readonly at: number; readonly y: number }[];
  readonly forecast: readonly DrawnStep[];
  /** Forecasts of a backtest, drawn over the history: by fold, each after its cutoff. Default: none. */
  readonly folds?: readonly (readonly DrawnStep[])[];
}

/** What a drawing of forecasts shows. */
export interface ForecastDrawing {
  readonly title: string;
  readonly target: string;
  /** Whether `at` is milliseconds of a wall clock, as if in UTC, or a number of steps. */
  readonly scale: "time" | "steps";
  readonly series: readonly DrawnSeries[];
}

/** Draws history, forecast and intervals as SVG: what `@tsops/monitor/report` gives to the `tsops` command. */
export type DrawForecasts = (drawing: ForecastDrawing) => Promise<string>;
