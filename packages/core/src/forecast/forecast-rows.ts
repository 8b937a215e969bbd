import { TsopsError } from "../errors.ts";
import { shown } from "../options.ts";
import { type ColumnType, float64, nullable, timestamp } from "../schema/column-type.ts";
import type { Column, Columns } from "../schema/columns.ts";
import { takeColumns } from "../schema/reshape.ts";
import { toRows } from "../schema/to-rows.ts";
import type { Forecast } from "./forecast.ts";
import { levelOfQuantile } from "./levels.ts";
import { floatColumn, keyColumns } from "./panel/panel-slices.ts";
import { listSome } from "./panel/rows.ts";

/** The bounds of a row: `lo-80` and `hi-80` for the central 80 %, `median` for the quantile 0.5; null where the forecaster knows none. */
type Bounds = { readonly [Name in `lo-${number}` | `hi-${number}`]?: number | null } & {
  readonly median?: number | null;
};

/**
 * One step of one series of a forecast: the key columns by name, the predicted instant, the step, the mean and the bounds that were asked for.
 * @typeParam Key - Names of the key columns, where they are known to the type checker.
 */
export type ForecastRow<Key extends string = string> = {
  readonly [Name in Key]: string | number | boolean;
} & {
  readonly time: Date;
  /** 1 is the first step after the last observed instant. */
  readonly step: number;
  readonly mean: number;
} & Bounds;

/** A row whose key columns the type checker does not know. */
export type AnyForecastRow = Readonly<Record<string, string | number | boolean | Date | null>> & {
  readonly time: Date;
  readonly step: number;
  readonly mean: number;
};

/**
 * The rows of a forecast as objects, for people, JSON and databases (copies): key columns, `time`, `step`, `mean`, and `lo-80`, `hi-80`, ... or `median` for the levels
 * and quantiles that were asked for, in the order of the forecast. int64 keys are numbers, or text where a number would change them, so that `JSON.stringify` takes them.
 * Naming the key columns gives their names to the type; without, all that the forecast has are there.
 * @throws TsopsError COLUMN_NOT_FOUND for a key column that the forecast does not have, SCHEMA_INVALID for one with the name of another field, VALUE_INVALID for times that a `Date` cannot hold.
 * @example
 * response.json(forecastRows(fitted.predict({ levels: [80] }), ["shop"]));
 */
export function forecastRows(forecast: Forecast): AnyForecastRow[];
export function forecastRows<const Key extends string>(
  forecast: Forecast,
  keys: readonly Key[],
): ForecastRow<Key>[];
export function forecastRows(forecast: Forecast, keys?: readonly string[]): AnyForecastRow[] {
  if (!(forecast?.seriesIndex instanceof Object && forecast.time instanceof BigInt64Array))
    throw new TsopsError("VALUE_INVALID", `forecastRows() takes a forecast, got ${shown(forecast)}.`, {
      hint: "Pass what predict() returned: forecastRows(fitted.predict({ levels: [80] })).",
    });
  const { length, series, seriesIndex, step, time, mean, quantiles } = forecast;
  const there = Object.keys(series[0] ?? {});
  const chosen = keys ?? there;
  refuseOthers(chosen, there, series.length);
  const keyed = takeColumns(keyColumns(chosen, series), seriesIndex);
  const types: Record<string, ColumnType> = { ...keyed.types };
  const data: Record<string, Column> = { ...(keyed.data as Record<string, Column>) };
  const add = (name: string, type: ColumnType, column: Column) => {
    if (Object.hasOwn(types, name))
      throw new TsopsError("SCHEMA_INVALID", `A key column has the name of a field of the rows, "${name}".`, {
        hint: "Rename the key column, or read the columns of the forecast.",
        details: { column: name },
      });
    types[name] = type;
    data[name] = column;
  };
  add("time", timestamp(), { kind: "timestamp", values: time, valid: null });
  add("step", float64(), floatColumn(Float64Array.from(step)));
  add("mean", float64(), floatColumn(mean));
  for (const { probability, values } of quantiles)
    add(boundName(probability), nullable(float64()), floatColumn(values));
  const rows = toRows({ length, types, data } as Columns) as Record<string, unknown>[];
  for (const name of chosen)
    if (typeof series[0]?.[name] === "bigint")
      for (const row of rows) row[name] = jsonInteger(row[name] as bigint);
  return rows as AnyForecastRow[];
}

function boundName(probability: number): string {
  const level = levelOfQuantile(probability);
  if (level === 0) return "median";
  return `${probability < 0.5 ? "lo" : "hi"}-${level}`;
}

function jsonInteger(value: bigint): number | string {
  return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
}

function refuseOthers(keys: readonly string[], there: readonly string[], seriesCount: number): void {
  const missing = keys.find((name) => !there.includes(name));
  if (missing === undefined || seriesCount === 0) return;
  throw new TsopsError("COLUMN_NOT_FOUND", `The forecast has no key column "${missing}".`, {
    hint: there.length === 0 ? "It has none." : `It has ${listSome(there)}.`,
    details: { column: missing },
  });
}
