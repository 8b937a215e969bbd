import type { Forecast } from "../../forecast/forecast.ts";
import { intervalOf } from "../../forecast/levels.ts";
import type { SeriesKey } from "../../forecast/panel/panel.ts";
import { floatColumn, keyColumns } from "../../forecast/panel/panel-slices.ts";
import { seriesKeyText } from "../../forecast/panel/series-key.ts";
import { type ColumnType, float64, int64, nullable, timestamp } from "../../schema/column-type.ts";
import type { Column, Columns } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { resolveZone } from "../../time/zone.ts";
import type { History } from "./read-history.ts";

/** Forecasts of one or several fits as rows, ordered by series and step. */
export interface ForecastTable {
  readonly series: readonly SeriesKey[];
  readonly seriesIndex: Int32Array;
  /** Of the panel. */
  readonly times: BigInt64Array;
  readonly mean: Float64Array;
  readonly bounds: readonly {
    readonly level: number;
    readonly lower: Float64Array;
    readonly upper: Float64Array;
  }[];
}

/** Puts the forecasts of several fits together, their series in the given order. */
export function joinForecasts(
  forecasts: readonly Forecast[],
  order: readonly SeriesKey[],
  levels: readonly number[],
): ForecastTable {
  const place = new Map(order.map((key, i) => [seriesKeyText(key), i]));
  const placesOf = forecasts.map(({ series }) => series.map((key) => place.get(seriesKeyText(key)) ?? 0));
  const rows = forecasts
    .flatMap((forecast, f) =>
      Array.from({ length: forecast.length }, (_, row) => ({
        forecast,
        row,
        at: placesOf[f]?.[forecast.seriesIndex[row] as number] ?? 0,
      })),
    )
    .sort((a, b) => a.at - b.at || (a.forecast.step[a.row] as number) - (b.forecast.step[b.row] as number));
  const take = (numberOf: (forecast: Forecast, row: number) => number) =>
    Float64Array.from(rows, ({ forecast, row }) => numberOf(forecast, row));
  return {
    series: order,
    seriesIndex: Int32Array.from(rows, ({ at }) => at),
    times: BigInt64Array.from(rows, ({ forecast, row }) => forecast.time[row] as bigint),
    mean: take((forecast, row) => forecast.mean[row] as number),
    bounds: [...levels]
      .sort((a, b) => a - b)
      .map((level) => ({
        level,
        lower: take((forecast, row) => intervalOf(forecast.quantiles, level)?.lower[row] ?? Number.NaN),
        upper: take((forecast, row) => intervalOf(forecast.quantiles, level)?.upper[row] ?? Number.NaN),
      })),
  };
}

/**
 * The rows to write: key and time columns with the names that they have in the file, so that the two can be joined, then `mean`, `lo-80`, `hi-80`, ...: the names
 * that readers of such tables from other tools know. Times are as in the file; local ones are given as if in UTC.
 */
export function tableColumns(
  table: ForecastTable,
  keys: readonly string[],
  time: string,
  history: History,
): Columns {
  const { series, seriesIndex, times, mean, bounds } = table;
  const keyed = takeColumns(keyColumns(keys, series), seriesIndex);
  const types: Record<string, ColumnType> = {};
  const data: Record<string, Column> = {};
  for (const name of keys) {
    types[name] = keyed.types[name] as ColumnType;
    data[name] = keyed.data[name] as Column;
  }
  const values = BigInt64Array.from(times, (one) => fileTime(one, history));
  const isSteps = history.style === "steps";
  types[time] = isSteps ? int64() : timestamp();
  data[time] = isSteps ? { kind: "int64", values, valid: null } : { kind: "timestamp", values, valid: null };
  const add = (name: string, numbers: Float64Array) => {
    types[name] = nullable(float64());
    data[name] = floatColumn(numbers);
  };
  add("mean", mean);
  for (const { level, lower, upper } of bounds) {
    add(`lo-${level}`, lower);
    add(`hi-${level}`, upper);
  }
  return { length: mean.length, types, data };
}

/** A time of the panel as the file has it: an instant, a wall clock as if in UTC, or a number of steps. */
export function fileTime(time: bigint, { axis, style, zone }: History): bigint {
  const value = axis.fromPanel(time);
  if (style === "steps" || style === "instant") return value;
  return value + BigInt(resolveZone(zone).periodAt(Math.floor(Number(value) / 1e6)).offset) * 1_000_000n;
}
