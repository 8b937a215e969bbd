import { type Columns, type Forecast, type PanelSpec, seriesKeyText } from "@tsops/core";
import { keyAt, timesOf } from "./rows.ts";

/** Features beside a forecast. */
export interface FeatureRows {
  readonly columns: Columns;
  /** For each row of the forecast its row of `columns`; -1 when there is none. */
  readonly rowOf: Int32Array;
}

/** Finds the features of each row of a forecast by key and instant: rows that a caller gave come in any order, and with others. */
export function featureRows(columns: Columns, forecast: Forecast, { keys, time }: PanelSpec): FeatureRows {
  const times = timesOf(columns, time);
  const wanted = new Map(
    forecast.series.map((key) => [seriesKeyText(key), new Map<bigint, number>()] as const),
  );
  for (let row = 0; row < columns.length; row++)
    wanted.get(seriesKeyText(keyAt(columns, keys, row)))?.set(times[row] as bigint, row);
  const bySeries = [...wanted.values()];
  return {
    columns,
    rowOf: Int32Array.from(
      forecast.time,
      (instant, row) => bySeries[forecast.seriesIndex[row] as number]?.get(instant) ?? -1,
    ),
  };
}
