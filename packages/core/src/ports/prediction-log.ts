import type { SeriesKey } from "../forecast/panel/panel.ts";
import type { CallOptions } from "./call-options.ts";

/** One served forecast of one series: a prediction id names it. */
export interface PredictionRecord {
  readonly predictionId: string;
  /** Predictions of one call share it. */
  readonly requestId: string;
  readonly deployment: string;
  readonly model: string;
  readonly modelVersion: number;
  /** Shadow predictions are logged but never returned. */
  readonly role: "champion" | "challenger";
  readonly key: SeriesKey;
  /** Last observed instant that the forecast depends on; microseconds, as are all instants here. */
  readonly cutoff: bigint;
  readonly servedAt: bigint;
  readonly latencyMs: number;
  /** Predicted instants, one per step. */
  readonly times: BigInt64Array;
  readonly mean: Float64Array;
  readonly quantiles: readonly { readonly probability: number; readonly values: Float64Array }[];
  /** Served feature values by column name, one value per step (null = missing). Empty when the model takes none. */
  readonly features: Readonly<Record<string, readonly (number | string | boolean | null)[]>>;
  /** Status of each feature view (`present | expired | not_yet_known | missing`), one per step. */
  readonly statuses: Readonly<Record<string, readonly string[]>>;
  /** Event time of the newest row that each feature view used, one per step (null = none): with the key it finds the row again. */
  readonly featureTimes: Readonly<Record<string, readonly (bigint | null)[]>>;
  /** Table that each feature view reads, where the deployment knows it. */
  readonly featureTables: Readonly<Record<string, string>>;
}

/** Which predictions to read; all conditions must hold. */
export interface PredictionQuery {
  readonly deployment?: string;
  readonly role?: "champion" | "challenger";
  readonly modelVersion?: number;
  /** Half-open range of `cutoff`. */
  readonly cutoffFrom?: bigint;
  readonly cutoffTo?: bigint;
}

/** Keeps what was served. `append` resolves when the records are durable; several appends may share one commit. */
export interface PredictionLog {
  /** A prediction id that exists already changes nothing. */
  append(records: readonly PredictionRecord[], options?: CallOptions): Promise<void>;
  /** @throws TsopsError PREDICTION_NOT_FOUND */
  get(predictionId: string, options?: CallOptions): Promise<PredictionRecord>;
  /** By (cutoff, order of append). */
  scan(query?: PredictionQuery & CallOptions): AsyncIterable<PredictionRecord>;
}
