import { type ColumnType, float64, int64, nullable, timestamp } from "../../schema/column-type.ts";
import type { Column, Columns } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import type { ForecastQuantile } from "../forecast.ts";
import type { SeriesFailure, SeriesKey } from "../panel/panel.ts";
import { floatColumn, keyColumns } from "../panel/panel-slices.ts";

/** How good predictions of one quantile were. */
export interface QuantileMetrics {
  readonly probability: number;
  /** Mean pinball loss. */
  readonly pinball: number;
}

/** How good central intervals of one level were. */
export interface IntervalMetrics {
  /** Percent, e.g. 80. */
  readonly level: number;
  /** Rows with an outcome and an interval; the others do not count below. */
  readonly rows: number;
  /** Share of outcomes within the interval; NaN without rows. */
  readonly coverage: number;
  readonly width: number;
  /** Interval (Winkler) score. */
  readonly score: number;
}

/** Metrics over some rows of a backtest; see the functions of the same names. */
export interface BacktestMetrics {
  /** Rows whose outcome is known. */
  readonly rows: number;
  /** Rows whose outcome is missing; they are left out. */
  readonly missing: number;
  readonly mae: number;
  readonly rmse: number;
  /** Percent, 0 to 200. */
  readonly smape: number;
  /** Rows that count in `mase` and `rmsse`: those with an outcome, of series whose history before the cutoff does not repeat itself exactly (it has no scale then). */
  readonly scaledRows: number;
  /** Mean over the series of their mean absolute error, divided by the seasonal naive error within the history before each fold's cutoff. */
  readonly mase: number;
  /** Mean over the series of the root of their mean squared error, in units of the same kind of scale with squares. */
  readonly rmsse: number;
  /** Mean of forecast minus outcome: positive when forecasts are too high. */
  readonly bias: number;
  /** Sum of forecast minus outcome over the mean absolute error, of the same sign as `bias`: see `trackingSignal`. Between series of one unit only. */
  readonly trackingSignal: number;
  /** Score of the distribution that the quantiles of the levels tell of, over the rows that have them all: see `rankedProbabilityScore`. NaN without levels. */
  readonly crps: number;
  readonly quantiles: readonly QuantileMetrics[];
  readonly intervals: readonly IntervalMetrics[];
}

/** A series that could not be fitted. */
export interface BacktestFailure extends SeriesFailure {
  /** The fold that was fitted; 0 = the earliest. */
  readonly fold: number;
}

/** Forecasts of several cutoffs beside their outcomes, in long form: fold by fold, series by series, steps ascending. */
export interface BacktestResult {
  readonly length: number;
  readonly series: readonly SeriesKey[];
  /** Index into `series`. */
  readonly seriesIndex: Int32Array;
  /** 0 = the earliest fold. */
  readonly fold: Int32Array;
  /** 1 = the first step after the cutoff; the first judged one is `gap + 1`. */
  readonly step: Int32Array;
  /** The predicted instant, microseconds UTC. */
  readonly time: BigInt64Array;
  /** The last instant that the forecaster saw, microseconds UTC. */
  readonly cutoff: BigInt64Array;
  /** The outcome; NaN when missing. */
  readonly y: Float64Array;
  readonly mean: Float64Array;
  /** Bounds of the levels by ascending probability; NaN where a fold had too few earlier errors. */
  readonly quantiles: readonly ForecastQuantile[];
  /** Percent, ascending. */
  readonly levels: readonly number[];
  /** Where the intervals come from. */
  readonly intervals: "forecaster" | "earlier folds" | "none";
  /** Season of the naive forecast that scaled errors are divided by, in steps. */
  readonly seasonLength: number;
  readonly overall: BacktestMetrics;
  readonly byFold: readonly (BacktestMetrics & { readonly fold: number; readonly cutoff: bigint })[];
  readonly byStep: readonly (BacktestMetrics & { readonly step: number })[];
  readonly byKey: readonly (BacktestMetrics & { readonly key: SeriesKey })[];
  /**
   * Series that are not in every fold, because they begin after its cutoff, end before its horizon does, or could not be fitted (`failures`), with the number of folds without
   * them. Empty when all are judged on the same folds.
   */
  readonly leftOut: readonly { readonly key: SeriesKey; readonly folds: number }[];
  /** Series that could not be fitted, with `failures: "collect"`, fit by fit: other folds that the fit serves are without them as well. */
  readonly failures: readonly BacktestFailure[];
  /** The rows as columns: keys, fold, step, time, cutoff, y, mean, and `q0.1` per quantile; null where missing. */
  toColumns(): Columns;
}

/** The long form as columns. */
export function backtestColumns(result: Omit<BacktestResult, "toColumns">, keys: readonly string[]): Columns {
  const { length } = result;
  const types: Record<string, ColumnType> = {};
  const data: Record<string, Column> = {};
  const perSeries = keyColumns(keys, result.series);
  const keyed = takeColumns(perSeries, result.seriesIndex);
  for (const name of keys) {
    types[name] = keyed.types[name] as ColumnType;
    data[name] = keyed.data[name] as Column;
  }
  const add = (name: string, type: ColumnType, column: Column): void => {
    types[name] = type;
    data[name] = column;
  };
  const wide = (values: Int32Array): BigInt64Array => BigInt64Array.from(values, BigInt);
  add("fold", int64(), { kind: "int64", values: wide(result.fold), valid: null });
  add("step", int64(), { kind: "int64", values: wide(result.step), valid: null });
  add("time", timestamp(), { kind: "timestamp", values: result.time, valid: null });
  add("cutoff", timestamp(), { kind: "timestamp", values: result.cutoff, valid: null });
  add("y", nullable(float64()), floatColumn(result.y));
  add("mean", nullable(float64()), floatColumn(result.mean));
  for (const { probability, values } of result.quantiles)
    add(`q${probability}`, nullable(float64()), floatColumn(values));
  return { length, types, data: data as Columns["data"] };
}
