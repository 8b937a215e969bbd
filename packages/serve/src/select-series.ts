import {
  type Columns,
  type Forecast,
  type SeriesKey,
  seriesKeyText,
  TsopsError,
  takeColumns,
} from "@tsops/core";

/**
 * The part of a forecast, and of the feature rows aligned with it, that belongs to the asked series; all of it when none is named.
 * @throws TsopsError KEY_UNKNOWN listing the keys that the model never saw.
 */
export function selectSeries(
  forecast: Forecast,
  features: Columns | null,
  keys: readonly SeriesKey[] | undefined,
): { readonly forecast: Forecast; readonly features: Columns | null } {
  if (keys === undefined) return { forecast, features };
  const indexOf = new Map(forecast.series.map((key, index) => [seriesKeyText(key), index]));
  const unknown = keys.filter((key) => !indexOf.has(seriesKeyText(key)));
  if (unknown.length > 0)
    throw new TsopsError(
      "KEY_UNKNOWN",
      `The model never saw ${unknown.slice(0, 5).map(seriesKeyText).join(", ")}${unknown.length > 5 ? ` and ${unknown.length - 5} more` : ""}.`,
      {
        hint: `Its keys are like ${seriesKeyText(forecast.series[0] ?? {})}. Retrain with rows of the others, or leave them out.`,
        details: { keys: unknown.slice(0, 5).map(seriesKeyText), count: unknown.length },
      },
    );
  const wanted = new Set(keys.map((key) => indexOf.get(seriesKeyText(key)) as number));
  const rows: number[] = [];
  forecast.seriesIndex.forEach((series, row) => {
    if (wanted.has(series)) rows.push(row);
  });
  const take = Int32Array.from(rows);
  // Ids, series and rows of the answer go together, so the series that were not asked for are left out of it.
  const kept = [...wanted].sort((a, b) => a - b);
  const place = new Map(kept.map((series, index) => [series, index]));
  return {
    forecast: {
      length: take.length,
      series: kept.map((series) => forecast.series[series] as SeriesKey),
      seriesIndex: Int32Array.from(take, (row) => place.get(forecast.seriesIndex[row] as number) as number),
      step: pick(forecast.step, new Int32Array(take.length), take),
      time: pick(forecast.time, new BigInt64Array(take.length), take),
      cutoff: pick(forecast.cutoff, new BigInt64Array(take.length), take),
      mean: pick(forecast.mean, new Float64Array(take.length), take),
      quantiles: forecast.quantiles.map(({ probability, values }) => ({
        probability,
        values: pick(values, new Float64Array(take.length), take),
      })),
    },
    // Features that the caller gave need not lie in the forecast's order, so they are only cut when they are as long as it.
    features:
      features !== null && features.length === forecast.length ? takeColumns(features, take) : features,
  };
}

function pick<T extends Int32Array | BigInt64Array | Float64Array>(from: T, to: T, rows: Int32Array): T {
  rows.forEach((row, index) => {
    to[index] = from[row] as (typeof to)[number];
  });
  return to;
}
