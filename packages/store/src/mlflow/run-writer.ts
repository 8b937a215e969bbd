import {
  type ActiveRun,
  type CallOptions,
  checkList,
  checkOptions,
  checkWord,
  type Metric,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { checkNewArtifact } from "../home/artifact-files.ts";
import { toMillis } from "../home/context.ts";
import {
  checkDataset,
  checkMetric,
  checkMicros,
  keptParam,
  keptTags,
  paramText,
} from "../home/mlflow-rules.ts";
import { lineageRunTags } from "../home/model-files.ts";
import type { MlflowArtifacts } from "./artifacts.ts";
import { get, type MlflowClient, put } from "./client.ts";
import { logModel } from "./logged-models.ts";
import { MetricBatches, type RestMetric } from "./metric-batches.ts";
import { isRefusal } from "./rest-error.ts";

/** A run on the server, as it is written to. */
export interface ServerRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly artifactUri: string;
}

/** The writing side of one run: each call resolves when the server has acknowledged it. */
export function runWriter(
  { client, artifacts }: { readonly client: MlflowClient; readonly artifacts: MlflowArtifacts },
  run: ServerRun,
  now: () => bigint,
): ActiveRun {
  const { runId } = run;
  let isEnded = false;
  const begin = ({ signal }: CallOptions): void => {
    throwIfAborted(signal);
    if (isEnded)
      throw new TsopsError("STORE_CONFLICT", `Run ${runId} has ended.`, {
        hint: "Log before end(), or go on with tracker.resumeRun(runId).",
      });
  };
  // A metric that is stored twice is one row, so a batch may be sent again.
  const batches = new MetricBatches(async (metrics) => {
    await client.json(put("runs/log-batch", { run_id: runId, metrics }));
  });
  const setTags = async (tags: Readonly<Record<string, string>>, options: CallOptions): Promise<void> => {
    const entries = Object.entries(tags).map(([key, value]) => ({ key, value }));
    for (let at = 0; at < entries.length; at += 100)
      await client.json(put("runs/log-batch", { run_id: runId, tags: entries.slice(at, at + 100) }, options));
  };

  const loggedParams = async (options: CallOptions): Promise<ReadonlyMap<string, string>> => {
    const { run: found } = await client.json<{
      run: { data?: { params?: readonly { readonly key: string; readonly value: string }[] } };
    }>(get("runs/get", { run_id: runId }, options));
    return new Map((found.data?.params ?? []).map(({ key, value }) => [key, value]));
  };

  return {
    runId,
    async logParams(params, options = {}) {
      const entries = Object.entries(params).map(([key, value]) => ({
        key,
        value: keptParam(key, paramText(value)),
      }));
      begin(options);
      const conflict = (keys: readonly string[], cause?: unknown) =>
        new TsopsError("STORE_CONFLICT", `Run ${runId} already has another value for a param.`, {
          hint: "Params are written once; start another run, or log a metric or a tag.",
          details: { params: keys.slice(0, 5) },
          ...(cause === undefined ? {} : { cause }),
        });
      // A request takes 100: the first must not be kept when a later one will be refused.
      if (entries.length > 100) {
        const logged = await loggedParams(options);
        const changed = entries.filter(({ key, value }) => (logged.get(key) ?? value) !== value);
        if (changed.length > 0) throw conflict(changed.map(({ key }) => key));
      }
      try {
        for (let at = 0; at < entries.length; at += 100)
          await client.json(
            put("runs/log-batch", { run_id: runId, params: entries.slice(at, at + 100) }, options),
          );
      } catch (error) {
        if (!isRefusal(error, "INVALID_PARAMETER_VALUE") || !/changing param/i.test(error.message))
          throw error;
        throw conflict(
          entries.map(({ key }) => key),
          error,
        );
      }
    },
    async logMetrics(metrics, options = {}) {
      checkList("VALUE_INVALID", "metrics", metrics);
      for (const metric of metrics) checkMetric(metric);
      begin(options);
      const time = now();
      await batches.add(
        metrics.map((metric) => restMetric(metric, time)),
        options,
      );
    },
    async setTags(given, options = {}) {
      const tags = keptTags(given);
      begin(options);
      await setTags(tags, options);
    },
    async logInputs(inputs, options = {}) {
      for (const input of inputs) checkDataset(input);
      begin(options);
      const datasets = inputs.map(({ context, sourceType, ...dataset }) => ({
        dataset: { ...dataset, source_type: sourceType },
        tags: context === undefined ? [] : [{ key: "mlflow.data.context", value: context }],
      }));
      await client.json(put("runs/log-inputs", { run_id: runId, datasets }, options));
    },
    async logArtifact(path, content, options = {}) {
      checkNewArtifact(path);
      begin(options);
      return artifacts.write(run.artifactUri, path, content, options);
    },
    async logModel(model, options = {}) {
      checkOptions("VALUE_INVALID", "logModel()", options, { key: true, signal: true });
      begin(options);
      const logged = await logModel({ client, artifacts }, run, model, now(), options);
      await setTags(lineageRunTags(model.lineage), options);
      return logged;
    },
    async end(status = "FINISHED", options = {}) {
      checkWord("VALUE_INVALID", "status", status, ["FINISHED", "FAILED", "KILLED"]);
      checkOptions("VALUE_INVALID", "end()", options, { endTime: true, signal: true });
      const { endTime = now() } = options;
      checkMicros("endTime", endTime);
      begin(options);
      // Metrics that nobody waited for belong to the run, too.
      await batches.settled();
      await client.json(
        put("runs/update", { run_id: runId, status, end_time: Number(toMillis(endTime)) }, options),
      );
      isEnded = true;
    },
  };
}

function restMetric({ key, value, time, step }: Metric, now: bigint): RestMetric {
  return {
    key,
    value: Number.isFinite(value) ? value : (String(value) as "NaN" | "Infinity" | "-Infinity"),
    timestamp: Number(toMillis(time ?? now)),
    step: step ?? 0,
  };
}
