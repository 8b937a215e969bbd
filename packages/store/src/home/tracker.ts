import {
  checkOptions,
  checkWord,
  type DatasetInput,
  type Metric,
  type Run,
  type RunStatus,
  sha256Hex,
  type Tracker,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { CountedPieces } from "../artifact-pieces.ts";
import { conditions } from "./conditions.ts";
import { type HomeContext, type RunIdentity, toMicros, toMillis } from "./context.ts";
import { listLoggedModels, readLoggedModel } from "./logged-models.ts";
import {
  checkExperimentName,
  checkLimit,
  checkMicros,
  readMetric,
  runStatuses,
  runTags,
} from "./mlflow-rules.ts";
import { runWriter, setRunTag } from "./run-writer.ts";

/** Tracking in MLflow's own tables. `close` does nothing: the home owns the files. */
export function mlflowTracker(context: HomeContext): Tracker {
  const { sql } = context.mlflow;

  const runRow = (runId: string): RunRow => {
    const row = sql
      .prepare(
        `SELECT r.*, e.name AS experiment FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
         WHERE r.run_uuid = ?`,
      )
      .get<RunRow>([runId]);
    if (row === undefined)
      throw new TsopsError("RUN_NOT_FOUND", `There is no run "${runId}" in ${sql.path}.`, {
        hint: "List the runs of an experiment with searchRuns({ experiment }).",
      });
    return row;
  };
  const artifactDirectory = (runId: string): string =>
    context.artifacts.directoryOf(runRow(runId).artifact_uri);

  return {
    async startRun(options) {
      checkOptions("VALUE_INVALID", "startRun()", options, {
        experiment: true,
        name: true,
        tags: true,
        startTime: true,
        signal: true,
      });
      checkExperimentName(options.experiment);
      if (options.startTime !== undefined) checkMicros("startTime", options.startTime);
      const runId = context.createId();
      const name = options.name ?? `run-${runId.slice(0, 8)}`;
      const tags = runTags(context.user, name, options.tags);
      const now = toMillis(context.clock.now());
      const startTime = options.startTime === undefined ? now : toMillis(options.startTime);
      const run = await context.mlflow.write((): RunIdentity => {
        const experimentId = experimentIdOf(context, options.experiment, now);
        const artifactUri = context.artifacts.location(String(experimentId), runId, "artifacts");
        sql
          .prepare(
            `INSERT INTO runs (run_uuid, name, source_type, source_name, entry_point_name, user_id, status, start_time,
               end_time, deleted_time, source_version, lifecycle_stage, artifact_uri, experiment_id)
             VALUES (?, ?, 'UNKNOWN', '', '', ?, 'RUNNING', ?, NULL, NULL, '', 'active', ?, ?)`,
          )
          .run([runId, name, tags["mlflow.user"] ?? context.user, startTime, artifactUri, experimentId]);
        for (const [key, value] of Object.entries(tags)) setRunTag(context, runId, key, value);
        return { runId, experimentId, artifactUri };
      }, options.signal);
      return runWriter(context, run);
    },
    async resumeRun(runId, options) {
      throwIfAborted(options?.signal);
      const row = runRow(runId);
      if (row.lifecycle_stage === "deleted")
        throw new TsopsError("STORE_CONFLICT", `Run ${runId} was deleted.`, {
          hint: "Restore it with MLflow's client (restore_run), or start another run.",
        });
      return runWriter(context, {
        runId,
        experimentId: row.experiment_id,
        artifactUri: row.artifact_uri,
      });
    },
    async getRun(runId, options) {
      throwIfAborted(options?.signal);
      return readRun(context, runRow(runId));
    },
    async searchRuns(query = {}) {
      checkOptions("VALUE_INVALID", "searchRuns()", query, {
        experiment: true,
        status: true,
        tags: true,
        limit: true,
        signal: true,
      });
      throwIfAborted(query.signal);
      if (query.status !== undefined) checkWord("VALUE_INVALID", "status", query.status, runStatuses);
      if (query.limit !== undefined) checkLimit(query.limit);
      const { text, values } = conditions([
        ["r.lifecycle_stage = ?", "active"],
        ["e.name = ?", query.experiment],
        ["r.status = ?", query.status],
      ]);
      const tags = Object.entries(query.tags ?? {});
      const tagged =
        " AND EXISTS (SELECT 1 FROM tags t WHERE t.run_uuid = r.run_uuid AND t.key = ? AND t.value = ?)";
      const rows = sql
        .prepare(
          `SELECT r.*, e.name AS experiment FROM runs r JOIN experiments e ON e.experiment_id = r.experiment_id
           WHERE ${text}${tagged.repeat(tags.length)} ORDER BY r.start_time DESC, r.rowid DESC LIMIT ?`,
        )
        .all<RunRow>([...values, ...tags.flat(), BigInt(query.limit ?? 100)]);
      return rows.map((row) => readRun(context, row));
    },
    async metricHistory(runId, key, options) {
      throwIfAborted(options?.signal);
      runRow(runId);
      return sql
        .prepare(
          "SELECT value, is_nan, timestamp, step FROM metrics WHERE run_uuid = ? AND key = ? ORDER BY timestamp, step, value",
        )
        .all<{ value: number; is_nan: bigint; timestamp: bigint; step: bigint }>([runId, key])
        .map(
          (row): Required<Metric> => ({
            key,
            value: readMetric(row.value, row.is_nan),
            time: toMicros(row.timestamp),
            step: Number(row.step),
          }),
        );
    },
    async listArtifacts(runId, options) {
      throwIfAborted(options?.signal);
      return context.artifacts.list(artifactDirectory(runId));
    },
    async readArtifact(runId, path, options) {
      throwIfAborted(options?.signal);
      const directory = artifactDirectory(runId);
      const content = await context.artifacts.read(directory, path);
      context.artifactHashes.verify(directory, path, sha256Hex(content));
      return content;
    },
    async *streamArtifact(runId, path, { signal } = {}) {
      throwIfAborted(signal);
      const directory = artifactDirectory(runId);
      const pieces = new CountedPieces(context.artifacts.stream(directory, path), signal);
      yield* pieces;
      context.artifactHashes.verify(directory, path, pieces.sha256());
    },
    async listModels(runId, options) {
      throwIfAborted(options?.signal);
      runRow(runId);
      return listLoggedModels(context, runId);
    },
    readModel: async (modelId, options) => readLoggedModel(context, modelId, options?.signal),
    async close() {},
  };
}

/** The experiment's id; creates it when there is none. Inside a transaction. */
function experimentIdOf(context: HomeContext, name: string, nowMillis: bigint): bigint {
  const { sql } = context.mlflow;
  const known = sql
    .prepare("SELECT experiment_id, lifecycle_stage FROM experiments WHERE name = ? LIMIT 1")
    .get<{ experiment_id: bigint; lifecycle_stage: string }>([name]);
  if (known !== undefined) {
    if (known.lifecycle_stage !== "deleted") return known.experiment_id;
    throw new TsopsError("STORE_CONFLICT", `Experiment "${name}" was deleted.`, {
      hint: "Restore it with MLflow's client (restore_experiment), or use another name.",
    });
  }
  const created = sql
    .prepare(
      `INSERT INTO experiments (name, lifecycle_stage, creation_time, last_update_time)
       VALUES (?, 'active', ?, ?) RETURNING experiment_id`,
    )
    .get<{ experiment_id: bigint }>([name, nowMillis, nowMillis]);
  const id = created?.experiment_id as bigint;
  sql
    .prepare("UPDATE experiments SET artifact_location = ? WHERE experiment_id = ?")
    .run([context.artifacts.location(String(id)), id]);
  return id;
}

interface RunRow {
  readonly run_uuid: string;
  readonly name: string | null;
  readonly status: RunStatus;
  readonly start_time: bigint | null;
  readonly end_time: bigint | null;
  readonly lifecycle_stage: string;
  readonly artifact_uri: string;
  readonly experiment_id: bigint;
  readonly experiment: string;
}

function readRun(context: HomeContext, row: RunRow): Run {
  const { sql } = context.mlflow;
  const runId = row.run_uuid;
  const pairs = (statement: string): Record<string, string> =>
    Object.fromEntries(
      sql
        .prepare(statement)
        .all<{ key: string; value: string | null }>([runId])
        .map((pair) => [pair.key, pair.value ?? ""]),
    );
  const metrics = sql
    .prepare("SELECT key, value, is_nan FROM latest_metrics WHERE run_uuid = ? ORDER BY key")
    .all<{ key: string; value: number; is_nan: bigint }>([runId])
    .map((metric) => [metric.key, readMetric(metric.value, metric.is_nan)]);
  return {
    runId,
    experiment: row.experiment,
    name: row.name ?? "",
    status: row.status,
    startTime: toMicros(row.start_time ?? 0n),
    endTime: row.end_time === null ? null : toMicros(row.end_time),
    params: pairs("SELECT key, value FROM params WHERE run_uuid = ? ORDER BY key"),
    metrics: Object.fromEntries(metrics),
    tags: pairs("SELECT key, value FROM tags WHERE run_uuid = ? ORDER BY key"),
    inputs: readInputs(context, runId),
  };
}

interface InputRow {
  readonly name: string;
  readonly digest: string;
  readonly dataset_source_type: string;
  readonly dataset_source: string;
  readonly dataset_schema: string | null;
  readonly dataset_profile: string | null;
  readonly context: string | null;
}

function readInputs(context: HomeContext, runId: string): DatasetInput[] {
  const rows = context.mlflow.sql
    .prepare(
      `SELECT d.*, t.value AS context FROM inputs i
       JOIN datasets d ON d.dataset_uuid = i.source_id
       LEFT JOIN input_tags t ON t.input_uuid = i.input_uuid AND t.name = 'mlflow.data.context'
       WHERE i.source_type = 'DATASET' AND i.destination_type = 'RUN' AND i.destination_id = ? ORDER BY i.rowid`,
    )
    .all<InputRow>([runId]);
  return rows.map((row) => ({
    name: row.name,
    digest: row.digest,
    sourceType: row.dataset_source_type,
    source: row.dataset_source,
    ...(row.dataset_schema === null ? {} : { schema: row.dataset_schema }),
    ...(row.dataset_profile === null ? {} : { profile: row.dataset_profile }),
    ...(row.context === null ? {} : { context: row.context }),
  }));
}
