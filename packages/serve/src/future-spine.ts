import {
  bool,
  type Columns,
  type ColumnType,
  columnsFromArrays,
  type FittedForecaster,
  int64,
  parseFrequency,
  type SeriesKey,
  seriesKeyText,
  timestamp,
  utf8,
} from "@tsops/core";

/**
 * The rows that a forecast is about, one per series and step, in the forecast's order: key columns, time, and `knownAt`
 * filled with one instant.
 * @param keys - The series that are asked for. Default: all.
 */
export function futureSpine(
  fitted: FittedForecaster,
  horizon: number,
  knownAt: { readonly column: string; readonly instant: bigint },
  keys?: readonly SeriesKey[],
): Columns {
  const { spec } = fitted;
  const asked = keys && new Set(keys.map(seriesKeyText));
  const chosen = fitted.series.flatMap((key, s) =>
    asked === undefined || asked.has(seriesKeyText(key)) ? [s] : [],
  );
  const series = chosen.map((s) => fitted.series[s] as SeriesKey);
  const lastTimes = chosen.map((s) => fitted.lastTimes[s] as bigint);
  const frequency = parseFrequency(spec.frequency, { zone: spec.zone });
  const length = series.length * horizon;
  const times = new BigInt64Array(length);
  lastTimes.forEach((last, index) => {
    for (let step = 1; step <= horizon; step++) times[index * horizon + step - 1] = frequency.add(last, step);
  });
  const types: Record<string, ColumnType> = {};
  const arrays: Record<string, unknown> = {};
  for (const name of spec.keys) {
    types[name] = keyType(fitted.series[0]?.[name]);
    arrays[name] = Array.from({ length }, (_, row) => series[Math.floor(row / horizon)]?.[name]);
  }
  types[spec.time] = timestamp();
  arrays[spec.time] = times;
  types[knownAt.column] = timestamp();
  arrays[knownAt.column] = new BigInt64Array(length).fill(knownAt.instant);
  // The types are made from run-time values, so they cannot be checked against the arrays at compile time.
  return columnsFromArrays(types, arrays as Parameters<typeof columnsFromArrays>[1]);
}

function keyType(value: SeriesKey[string] | undefined): ColumnType {
  if (typeof value === "bigint") return int64();
  return typeof value === "boolean" ? bool() : utf8();
}
