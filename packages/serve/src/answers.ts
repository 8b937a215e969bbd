import { type Clock, type Columns, type FittedForecaster, selectColumns, throwIfAborted } from "@tsops/core";
import type { Listeners } from "./deployment-activity.ts";
import type { DeploymentPredictOptions, DeployOptions } from "./deployment-options.ts";
import { featureRows } from "./feature-rows.ts";
import { futureSpine } from "./future-spine.ts";
import type { ModelSlot } from "./model-slot.ts";
import { type Prediction, predictionRecords } from "./prediction.ts";

/** Whose answer to which request. */
export interface AnswerOf {
  readonly requestId: string;
  readonly servedAt: bigint;
  readonly role: "champion" | "challenger";
}

/** A prediction that is in the log, and the covariates that it was made with. */
export interface Answer {
  readonly prediction: Prediction;
  readonly rows: Columns | null;
}

/** How a deployment answers with a model, whichever serves. */
export interface Answers {
  /** Predicts, logs, and tells the listeners how it went. */
  give(slot: ModelSlot, of: AnswerOf, options: DeploymentPredictOptions): Promise<Answer>;
}

/** The answers of a deployment. */
export function answersOf(
  deployment: string,
  { features, log, levels = [80, 95] }: DeployOptions,
  parts: { readonly clock: Clock; readonly newId: () => string; readonly listeners: Listeners },
): Answers {
  const { clock, newId, listeners } = parts;

  const covariates = async (
    fitted: FittedForecaster,
    horizon: number,
    options: DeploymentPredictOptions,
  ): Promise<Columns | null> => {
    if (fitted.spec.knownFuture.length === 0) return null;
    if (options.future !== undefined || features === undefined) return options.future ?? null;
    const instant = options.at ?? clock.now();
    const spine = futureSpine(fitted, horizon, { column: features.knownAt, instant }, options.keys);
    const { signal } = options;
    return features.source.lookup(spine, {
      time: fitted.spec.time,
      knownAt: { column: features.knownAt },
      ...(signal && { signal }),
    });
  };

  const predict = async (
    { fitted, version }: ModelSlot,
    { requestId, servedAt, role }: AnswerOf,
    options: DeploymentPredictOptions,
  ): Promise<Answer> => {
    const started = performance.now();
    const horizon = options.horizon ?? fitted.horizon;
    const rows = await covariates(fitted, horizon, options);
    const forecast = fitted.predict({
      horizon,
      levels: fitted.hasIntervals ? levels : [],
      ...(options.keys === undefined ? {} : { keys: options.keys }),
      ...(rows === null ? {} : { future: selectColumns(rows, futureColumns(fitted)) }),
    });
    const latencyMs = performance.now() - started;
    const records = predictionRecords(
      forecast,
      { requestId, deployment, version, role, servedAt, latencyMs },
      rows === null ? null : featureRows(rows, forecast, fitted.spec),
      new Set([...fitted.spec.keys, fitted.spec.time, features?.knownAt ?? ""]),
      options.future === undefined ? (features?.source.viewTables ?? {}) : {},
      newId,
    );
    throwIfAborted(options.signal);
    await log.append(records, { signal: options.signal });
    const predictionIds = records.map((record) => record.predictionId);
    const { name: model, version: modelVersion } = version;
    return { prediction: { requestId, predictionIds, model, modelVersion, forecast }, rows };
  };

  return {
    async give(slot, of, options) {
      const started = performance.now();
      const tell = (failure: { readonly error: unknown } | null) =>
        listeners.tell({
          type: "predicted",
          role: of.role,
          version: slot.version,
          durationMs: performance.now() - started,
          failure,
          at: of.servedAt,
        });
      try {
        const answer = await predict(slot, of, options);
        tell(null);
        return answer;
      } catch (error) {
        tell({ error });
        throw error;
      }
    },
  };
}

function futureColumns(fitted: FittedForecaster): string[] {
  return [...fitted.spec.keys, fitted.spec.time, ...fitted.spec.knownFuture];
}
