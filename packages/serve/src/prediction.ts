import type { Forecast, ModelVersion, PredictionRecord, SeriesKey } from "@tsops/core";
import type { FeatureRows } from "./feature-rows.ts";
import { columnOf, valueAt } from "./rows.ts";

/** What a deployment answers. */
export interface Prediction {
  readonly requestId: string;
  /** One id per series of the forecast, in its order: `tsops lineage <id>` walks back from it. */
  readonly predictionIds: readonly string[];
  readonly model: string;
  readonly modelVersion: number;
  readonly forecast: Forecast;
}

/** Who predicted, for whom and when: what a record holds besides numbers. */
export interface PredictionContext {
  readonly requestId: string;
  readonly deployment: string;
  readonly version: ModelVersion;
  readonly role: PredictionRecord["role"];
  /** Instant of serving, microseconds UTC. */
  readonly servedAt: bigint;
  readonly latencyMs: number;
}

const statusSuffix = "__feature_status";
const featureTimeSuffix = "__feature_time";

/**
 * One record per series of a forecast.
 * @param features - The rows that the model was given; null when it takes none.
 * @param omit - Columns of `features` that are not features (keys, times).
 * @param tables - Table that each feature view reads, where it is known.
 */
export function predictionRecords(
  forecast: Forecast,
  context: PredictionContext,
  features: FeatureRows | null,
  omit: ReadonlySet<string>,
  tables: Readonly<Record<string, string>>,
  newId: () => string,
): PredictionRecord[] {
  return seriesRanges(forecast).map(({ key, start, end }) => {
    const values: Record<string, (number | string | boolean | null)[]> = {};
    const statuses: Record<string, string[]> = {};
    const featureTimes: Record<string, (bigint | null)[]> = {};
    for (const name of Object.keys(features?.columns.types ?? {})) {
      if (features === null || omit.has(name)) continue;
      const column = columnOf(features.columns, name);
      const rows = features.rowOf.subarray(start, end);
      if (name.endsWith(featureTimeSuffix)) {
        featureTimes[name.slice(0, -featureTimeSuffix.length)] = Array.from(rows, (row) =>
          row < 0 ? null : (valueAt(column, row) as bigint | null),
        );
        continue;
      }
      const served = Array.from(rows, (row) => (row < 0 ? null : loggable(valueAt(column, row))));
      if (name.endsWith(statusSuffix))
        statuses[name.slice(0, -statusSuffix.length)] = served.map((status) => String(status ?? "missing"));
      else values[name] = served;
    }
    return {
      predictionId: newId(),
      requestId: context.requestId,
      deployment: context.deployment,
      model: context.version.name,
      modelVersion: context.version.version,
      role: context.role,
      key,
      cutoff: forecast.cutoff[start] as bigint,
      servedAt: context.servedAt,
      latencyMs: context.latencyMs,
      times: forecast.time.slice(start, end),
      mean: forecast.mean.slice(start, end),
      quantiles: forecast.quantiles.map(({ probability, values: all }) => ({
        probability,
        values: all.slice(start, end),
      })),
      features: values,
      statuses,
      featureTimes,
      featureTables: Object.fromEntries(
        Object.keys(featureTimes).flatMap((view) => (view in tables ? [[view, tables[view] as string]] : [])),
      ),
    };
  });
}

/** JSON has no bigint: integers and instants beyond 2^53 are logged as text, exactly. */
function loggable(value: ReturnType<typeof valueAt>): number | string | boolean | null {
  if (typeof value !== "bigint") return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value.toString();
}

function seriesRanges(forecast: Forecast): { key: SeriesKey; start: number; end: number }[] {
  const ranges: { key: SeriesKey; start: number; end: number }[] = [];
  for (let start = 0; start < forecast.length; ) {
    const index = forecast.seriesIndex[start] as number;
    let end = start + 1;
    while (end < forecast.length && forecast.seriesIndex[end] === index) end++;
    ranges.push({ key: forecast.series[index] as SeriesKey, start, end });
    start = end;
  }
  return ranges;
}
