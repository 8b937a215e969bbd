import { type PredictionRecord, shown, TsopsError } from "@tsops/core";
import { fromLosslessJson, toLosslessJson } from "./lossless-json.ts";
import type { SqlValue } from "./sqlite.ts";

/** The columns of a prediction's row, in the order of `predictionValues`. */
export const predictionColumns =
  "prediction_id, request_id, deployment, model, model_version, role, series_key, cutoff, served_at, latency_ms, " +
  "times, mean, probabilities, quantiles, features, statuses, feature_times, feature_tables";

/**
 * A record as one row: horizon arrays as little-endian bytes, the rest as text and numbers.
 * @throws TsopsError VALUE_INVALID when an array has another length than `times`, or a field cannot be stored
 */
export function predictionValues(record: PredictionRecord): SqlValue[] {
  checkFields(record);
  const steps = record.times.length;
  checkLength(record, "mean", record.mean.length, steps);
  const quantiles = new Float64Array(steps * record.quantiles.length);
  record.quantiles.forEach((quantile, index) => {
    checkLength(record, `quantile ${quantile.probability}`, quantile.values.length, steps);
    quantiles.set(quantile.values, index * steps);
  });
  for (const [name, values] of Object.entries(record.features))
    checkLength(record, name, values.length, steps);
  for (const [name, values] of Object.entries(record.statuses))
    checkLength(record, name, values.length, steps);
  for (const [view, times] of Object.entries(record.featureTimes))
    checkLength(record, `feature times of ${view}`, times.length, steps);
  return [
    record.predictionId,
    record.requestId,
    record.deployment,
    record.model,
    BigInt(record.modelVersion),
    record.role,
    toLosslessJson(record.key),
    record.cutoff,
    record.servedAt,
    record.latencyMs,
    toBytes(record.times),
    toBytes(record.mean),
    toBytes(Float64Array.from(record.quantiles, (quantile) => quantile.probability)),
    toBytes(quantiles),
    featuresText(record.features),
    JSON.stringify(record.statuses),
    // As decimal text: JSON numbers are exact to 2^53 only.
    JSON.stringify(record.featureTimes, (_, value) => (typeof value === "bigint" ? String(value) : value)),
    JSON.stringify(record.featureTables),
  ];
}

function checkFields(record: PredictionRecord): void {
  if (typeof record !== "object" || record === null)
    throw new TsopsError("VALUE_INVALID", `A prediction is a record, got ${shown(record)}.`);
  const texts = ["predictionId", "requestId", "deployment", "model"] as const;
  const wrong =
    texts.find((name) => typeof record[name] !== "string") ??
    (["cutoff", "servedAt"] as const).find((name) => typeof record[name] !== "bigint") ??
    (Number.isSafeInteger(record.modelVersion) ? undefined : "modelVersion") ??
    (Number.isFinite(record.latencyMs) ? undefined : "latencyMs") ??
    (record.role === "champion" || record.role === "challenger" ? undefined : "role") ??
    (record.times instanceof BigInt64Array ? undefined : "times") ??
    (record.mean instanceof Float64Array ? undefined : "mean") ??
    (Array.isArray(record.quantiles) ? undefined : "quantiles") ??
    (["key", "features", "statuses"] as const).find(
      (name) => typeof record[name] !== "object" || record[name] === null,
    );
  if (wrong === undefined) return;
  throw new TsopsError(
    "VALUE_INVALID",
    `Prediction ${record.predictionId} has the ${wrong} ${shown(record[wrong])}, which cannot be stored.`,
    { details: { field: wrong } },
  );
}

/** A row of the table as it is read. */
export interface PredictionRow {
  readonly sequence: bigint;
  readonly prediction_id: string;
  readonly request_id: string;
  readonly deployment: string;
  readonly model: string;
  readonly model_version: bigint;
  readonly role: PredictionRecord["role"];
  readonly series_key: string;
  readonly cutoff: bigint;
  readonly served_at: bigint;
  readonly latency_ms: number;
  readonly times: Uint8Array;
  readonly mean: Uint8Array;
  readonly probabilities: Uint8Array;
  readonly quantiles: Uint8Array;
  readonly features: string;
  readonly statuses: string;
  readonly feature_times: string;
  readonly feature_tables: string;
}

/** The record that a row holds. @throws TsopsError STORE_CORRUPT when its arrays do not fit together */
export function readPrediction(row: PredictionRow): PredictionRecord {
  const id = row.prediction_id;
  const times = new BigInt64Array(copied(row.times, id));
  const mean = new Float64Array(copied(row.mean, id));
  const probabilities = new Float64Array(copied(row.probabilities, id));
  const quantiles = new Float64Array(copied(row.quantiles, id));
  const steps = times.length;
  if (mean.length !== steps || quantiles.length !== steps * probabilities.length) throw corrupt(id);
  return {
    predictionId: id,
    requestId: row.request_id,
    deployment: row.deployment,
    model: row.model,
    modelVersion: Number(row.model_version),
    role: row.role,
    key: fromLosslessJson(row.series_key) as PredictionRecord["key"],
    cutoff: row.cutoff,
    servedAt: row.served_at,
    latencyMs: row.latency_ms,
    times,
    mean,
    quantiles: Array.from(probabilities, (probability, index) => ({
      probability,
      values: quantiles.slice(index * steps, (index + 1) * steps),
    })),
    features: fromLosslessJson(row.features) as PredictionRecord["features"],
    statuses: JSON.parse(row.statuses) as PredictionRecord["statuses"],
    featureTimes: readTimes(row.feature_times),
    featureTables: JSON.parse(row.feature_tables) as PredictionRecord["featureTables"],
  };
}

function readTimes(text: string): PredictionRecord["featureTimes"] {
  const views = JSON.parse(text) as Record<string, (string | null)[]>;
  return Object.fromEntries(
    Object.entries(views).map(([view, times]) => [
      view,
      times.map((time) => (time === null ? null : BigInt(time))),
    ]),
  );
}

function featuresText(features: PredictionRecord["features"]): string {
  // Plain JSON is several times faster and is right for all but NaN, the infinities and -0.
  const isPlain = Object.values(features).every((values) =>
    values.every((value) => typeof value !== "number" || (Number.isFinite(value) && !Object.is(value, -0))),
  );
  return isPlain ? JSON.stringify(features) : toLosslessJson(features);
}

function checkLength(record: PredictionRecord, what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw new TsopsError(
    "VALUE_INVALID",
    `Prediction ${record.predictionId} has ${expected} steps, but its ${what} has ${found} values.`,
  );
}

const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

function toBytes(array: Float64Array | BigInt64Array): Uint8Array {
  const bytes = new Uint8Array(array.buffer, array.byteOffset, array.byteLength);
  return isLittleEndian ? bytes : swapped(bytes);
}

function copied(value: Uint8Array, id: string): ArrayBuffer {
  if (value.byteLength % 8 !== 0) throw corrupt(id);
  // Not by slice: that of a Buffer does not copy.
  return (isLittleEndian ? new Uint8Array(value) : swapped(value)).buffer as ArrayBuffer;
}

function swapped(bytes: Uint8Array): Uint8Array {
  const result = new Uint8Array(bytes);
  for (let at = 0; at < result.length; at += 8) result.subarray(at, at + 8).reverse();
  return result;
}

function corrupt(id: string): TsopsError {
  return new TsopsError("STORE_CORRUPT", `The arrays of prediction ${id} do not fit together.`, {
    hint: "Restore tsops.db from a backup.",
  });
}
