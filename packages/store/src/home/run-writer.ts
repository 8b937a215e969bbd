import {
  type ActiveRun,
  checkList,
  checkOptions,
  checkWord,
  type DatasetInput,
  type Metric,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { CountedPieces } from "../artifact-pieces.ts";
import { checkNewArtifact } from "./artifact-files.ts";
import { type HomeContext, type RunIdentity, toMillis } from "./context.ts";
import { writeLoggedModel } from "./logged-models.ts";
import {
  checkDataset,
  checkMetric,
  checkMicros,
  keptParam,
  keptTags,
  paramText,
  storedMetric,
} from "./mlflow-rules.ts";
import { lineageRunTags } from "./model-files.ts";
import type { SqlValue } from "./sqlite.ts";

/** The writing side of one run; each call is one durable transaction. */
export function runWriter(context: HomeContext, run: RunIdentity): ActiveRun {
  const { sql } = context.mlflow;
  const { runId } = run;
  let isEnded = false;
  const write = async <T>(work: () => T, signal?: AbortSignal): Promise<T> => {
    refuseEnded();
    return context.mlflow.write(work, signal);
  };
  const refuseEnded = (): void => {
    if (isEnded)
      throw new TsopsError("STORE_CONFLICT", `Run ${runId} has ended.`, {
        hint: "Log before end(), or go on with tracker.resumeRun(runId).",
      });
  };
  const directory = (): string => context.artifacts.directoryOf(run.artifactUri);

  return {
    runId,
    async logParams(params, { signal } = {}) {
      const entries = Object.entries(params).map(
        ([key, value]) => [key, keptParam(key, paramText(value))] as const,
      );
      await write(() => {
        const changed: string[] = [];
        for (const [key, value] of entries) {
          const inserted = sql
            .prepare("INSERT INTO params (key, value, run_uuid) VALUES (?, ?, ?) ON CONFLICT DO NOTHING")
            .run([key, value, runId]);
          if (inserted === 1) continue;
          const found = sql
            .prepare("SELECT value FROM params WHERE key = ? AND run_uuid = ?")
            .get<{ value: string }>([key, runId]);
          if (found?.value !== value) changed.push(key);
        }
        if (changed.length > 0)
          throw new TsopsError(
            "STORE_CONFLICT",
            `Run ${runId} already has another value for param "${changed[0]}".`,
            {
              hint: "Params are written once; start another run, or log a metric or a tag.",
              details: { params: changed.slice(0, 5), count: changed.length },
            },
          );
      }, signal);
    },
    async logMetrics(metrics, { signal } = {}) {
      checkList("VALUE_INVALID", "metrics", metrics);
      const now = context.clock.now();
      const rows = metrics.map((metric) => metricRow(metric, now));
      await write(() => insertMetrics(context, runId, rows), signal);
    },
    async setTags(given, { signal } = {}) {
      const tags = keptTags(given);
      await write(() => {
        for (const [key, value] of Object.entries(tags)) {
          setRunTag(context, runId, key, value);
          if (key === "mlflow.runName")
            sql.prepare("UPDATE runs SET name = ? WHERE run_uuid = ?").run([value, runId]);
        }
      }, signal);
    },
    async logInputs(inputs, { signal } = {}) {
      for (const input of inputs) checkDataset(input);
      await write(() => {
        for (const input of inputs) insertInput(context, run, input);
      }, signal);
    },
    async logArtifact(path, content, { signal } = {}) {
      refuseEnded();
      checkNewArtifact(path);
      throwIfAborted(signal);
      const pieces = new CountedPieces(content, signal);
      let hash = "";
      await context.artifacts.write(directory(), path, pieces, async () => {
        hash = pieces.sha256();
        // Before it is in its place, so that a written file is always known.
        await context.artifactHashes.record(directory(), path, hash, pieces.bytes, signal);
      });
      return hash;
    },
    async logModel(model, options = {}) {
      checkOptions("VALUE_INVALID", "logModel()", options, { key: true, signal: true });
      refuseEnded();
      const logged = await writeLoggedModel(context, run, model, options);
      const tags = Object.entries(lineageRunTags(model.lineage));
      await write(() => {
        for (const [key, value] of tags) setRunTag(context, runId, key, value);
      });
      return logged;
    },
    async end(status = "FINISHED", options = {}) {
      checkWord("VALUE_INVALID", "status", status, ["FINISHED", "FAILED", "KILLED"]);
      checkOptions("VALUE_INVALID", "end()", options, { endTime: true, signal: true });
      const { endTime, signal } = options;
      if (endTime !== undefined) checkMicros("endTime", endTime);
      await write(() => {
        sql
          .prepare("UPDATE runs SET status = ?, end_time = ? WHERE run_uuid = ?")
          .run([status, toMillis(endTime ?? context.clock.now()), runId]);
      }, signal);
      isEnded = true;
    },
  };
}

/** Sets a tag of a run, inside a transaction. */
export function setRunTag(context: HomeContext, runId: string, key: string, value: string): void {
  context.mlflow.sql
    .prepare(
      `INSERT INTO tags (key, value, run_uuid) VALUES (?, ?, ?)
       ON CONFLICT (key, run_uuid) DO UPDATE SET value = excluded.value`,
    )
    .run([key, value, runId]);
}

interface MetricRow {
  readonly key: string;
  readonly value: number;
  readonly isNan: bigint;
  readonly millis: bigint;
  readonly step: bigint;
}

function metricRow(metric: Metric, now: bigint): MetricRow {
  checkMetric(metric);
  return {
    key: metric.key,
    ...storedMetric(metric.value),
    millis: toMillis(metric.time ?? now),
    step: BigInt(metric.step ?? 0),
  };
}

// One statement for many rows: about three times as fast as one call a row, since crossing into the driver dominates.
const rowsPerStatement = 64;

function insertMetrics(context: HomeContext, runId: string, rows: readonly MetricRow[]): void {
  const { sql } = context.mlflow;
  const insert = (part: readonly MetricRow[]): void => {
    const values: SqlValue[] = [];
    for (const row of part) values.push(row.key, row.value, row.millis, runId, row.step, row.isNan);
    const places = Array(part.length).fill("(?, ?, ?, ?, ?, ?)").join(", ");
    // The same value logged twice at one step and millisecond is one row, as in MLflow.
    sql
      .prepare(
        `INSERT INTO metrics (key, value, timestamp, run_uuid, step, is_nan) VALUES ${places} ON CONFLICT DO NOTHING`,
      )
      .run(values);
  };
  let at = 0;
  for (; at + rowsPerStatement <= rows.length; at += rowsPerStatement)
    insert(rows.slice(at, at + rowsPerStatement));
  for (; at < rows.length; at++) insert(rows.slice(at, at + 1));

  const latest = new Map<string, MetricRow>();
  for (const row of rows) {
    const known = latest.get(row.key);
    if (known === undefined || isLater(row, known)) latest.set(row.key, row);
  }
  const upsert = sql.prepare(
    `INSERT INTO latest_metrics (key, value, timestamp, step, is_nan, run_uuid) VALUES (?, ?, ?, ?, ?, ?)
     ON CONFLICT (key, run_uuid) DO UPDATE
     SET value = excluded.value, timestamp = excluded.timestamp, step = excluded.step, is_nan = excluded.is_nan
     WHERE (excluded.step, excluded.timestamp, excluded.value)
         > (latest_metrics.step, coalesce(latest_metrics.timestamp, 0), latest_metrics.value)`,
  );
  for (const row of latest.values()) upsert.run([row.key, row.value, row.millis, row.step, row.isNan, runId]);
}

/** MLflow's order: step, then time, then value. */
function isLater(a: MetricRow, b: MetricRow): boolean {
  if (a.step !== b.step) return a.step > b.step;
  if (a.millis !== b.millis) return a.millis > b.millis;
  return a.value > b.value;
}

function insertInput(context: HomeContext, run: RunIdentity, input: DatasetInput): void {
  const { sql } = context.mlflow;
  sql
    .prepare(
      `INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source,
         dataset_schema, dataset_profile)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
    )
    .run([
      context.createId(),
      run.experimentId,
      input.name,
      input.digest,
      input.sourceType,
      input.source,
      input.schema ?? null,
      input.profile ?? null,
    ]);
  const dataset = sql
    .prepare("SELECT dataset_uuid FROM datasets WHERE experiment_id = ? AND name = ? AND digest = ?")
    .get<{ dataset_uuid: string }>([run.experimentId, input.name, input.digest]);
  const inputId = context.createId();
  const inserted = sql
    .prepare(
      `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
       VALUES (?, 'DATASET', ?, 'RUN', ?) ON CONFLICT DO NOTHING`,
    )
    .run([inputId, dataset?.dataset_uuid ?? "", run.runId]);
  if (inserted === 1 && input.context !== undefined)
    sql
      .prepare("INSERT INTO input_tags (input_uuid, name, value) VALUES (?, 'mlflow.data.context', ?)")
      .run([inputId, input.context]);
}
