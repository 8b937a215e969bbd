import { TsopsError } from "../../errors.ts";
import { shown } from "../../options.ts";
import { type ColumnType, float64, nullable, timestamp } from "../../schema/column-type.ts";
import type { Column, Columns } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { checkPanel, rowCounts } from "../check.ts";
import type { FitOptions } from "../forecaster.ts";
import type { Panel, SeriesKey } from "../panel/panel.ts";
import { floatColumn, keyColumns } from "../panel/panel-slices.ts";
import {
  type LocalForecaster,
  localForecaster,
  localParts,
  localState,
  targetsOf,
} from "./local-forecaster.ts";
import { sumOf } from "./regressors.ts";

/** What a fitted model says of its own history, in long form: series by series, times ascending. */
export interface FittedValues {
  readonly length: number;
  readonly series: readonly SeriesKey[];
  /** Index into `series`. */
  readonly seriesIndex: Int32Array;
  /** Microseconds UTC. */
  readonly time: BigInt64Array;
  /** The target; NaN when missing. */
  readonly y: Float64Array;
  /** The forecast of the row from all rows before it; NaN where the model has nothing to go on yet. `y - mean` are the residuals. */
  readonly mean: Float64Array;
  /** The rows as columns: keys, time, y and mean; null where missing. */
  toColumns(): Columns;
}

/**
 * Fits a model of single series and gives its forecasts of one step ahead within the history that it was fitted to: how well it follows the series, where it fails to, and what its
 * residuals look like. They are in-sample: parameters, first states and seasons come from the rows that are forecast, so errors are smaller than those of forecasts to come. To judge a model
 * take `backtest`.
 *
 * A series begins with its first known value (with its first row where rows count, as for `seasonalNaive`); a missing value has a fitted value, and no residual.
 * @param forecaster - `ets()`, `theta()`, `arima()`, `mstl()` and the like.
 * @throws TsopsError MODEL_PARAMETER_INVALID for a forecaster of another kind, and what its `fit` throws.
 * @example
 * const { y, mean } = await fittedValues(ets({ seasonLength: 12 }), sales);
 * const residuals = y.map((value, row) => value - mean[row]);
 */
export async function fittedValues(
  forecaster: LocalForecaster<string, string>,
  panel: Panel,
  options: Omit<FitOptions, "horizon"> = {},
): Promise<FittedValues> {
  checkPanel("fittedValues()", panel);
  const parts = localParts(forecaster);
  if (isFitted(forecaster))
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `fittedValues() fits by itself, and got a fitted ${forecaster.kind}.`,
      { hint: "Give the forecaster that was fitted: fittedValues(ets({ seasonLength }), panel)." },
    );
  if (parts === undefined)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `Fitted values are those of a model of single series, got ${forecaster?.kind ?? shown(forecaster)}.`,
      { hint: "Take ets(), theta(), arima(), mstl() or the like, or judge any forecaster by backtest()." },
    );
  // All rows are kept, and the state before the first.
  const keptRows = rowCounts(panel).reduce((most, rows) => Math.max(most, rows), 1);
  const whole = localForecaster({ ...parts.model, keptRows }, parts.loadModel);
  const state = localState(await whole.fit(panel, { ...options, horizon: 1 }));
  const { model, history, fits } = state;
  const { series, y, times: time, offsets, known } = history;
  const length = y.length;
  const seriesIndex = new Int32Array(length);
  const mean = new Float64Array(length);
  const step = new Float64Array(1);
  fits.forEach((before, s) => {
    const [start, end] = [offsets[s] as number, offsets[s + 1] as number];
    seriesIndex.fill(s, start, end);
    const slopes = model.slopes?.(before);
    const targets = targetsOf(state, s);
    const now = { parameters: before.parameters, state: before.state.slice() };
    const first = start + (model.warmupRows?.(before) ?? 0);
    for (let row = start; row < end; row++) {
      model.forecast(now, step);
      const added = slopes === undefined ? 0 : sumOf(slopes, (k) => known[k]?.values[row] as number);
      mean[row] = row < first ? Number.NaN : (step[0] as number) + added;
      model.absorb(now, targets[row - start] as number);
    }
  });
  const values = { length, series, seriesIndex, time, y, mean };
  return { ...values, toColumns: () => columnsOf(values, history.spec.keys) };
}

function columnsOf(
  { length, series, seriesIndex, time, y, mean }: Omit<FittedValues, "toColumns">,
  keys: readonly string[],
): Columns {
  const types: Record<string, ColumnType> = {};
  const data: Record<string, Column> = {};
  const keyed = takeColumns(keyColumns(keys, series), seriesIndex);
  for (const name of keys) {
    types[name] = keyed.types[name] as ColumnType;
    data[name] = keyed.data[name] as Column;
  }
  types["time"] = timestamp();
  data["time"] = { kind: "timestamp", values: time, valid: null };
  for (const [name, values] of Object.entries({ y, mean })) {
    types[name] = nullable(float64());
    data[name] = floatColumn(values);
  }
  return { length, types, data: data as Columns["data"] };
}

function isFitted(forecaster: unknown): boolean {
  return typeof forecaster === "object" && forecaster !== null && "predict" in forecaster;
}
