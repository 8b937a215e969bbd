import { dirname } from "node:path";
import { type LoggedModel, type ModelFiles, type ModelLineage, throwIfAborted } from "@tsops/core";
import { type HomeContext, type RunIdentity, toMillis } from "./context.ts";
import {
  checkModelFiles,
  filesTag,
  lineageTag,
  modelDescriptor,
  modelTags,
  parseModelTag,
  readVerifiedFiles,
} from "./model-files.ts";

/**
 * Logs a model: its folder (an `MLmodel` file beside the given files) appears whole, then its rows in one transaction.
 * @throws TsopsError VALUE_INVALID when no file has the hash that the lineage names; ABORTED, which may leave files that
 *   no row names
 */
export async function writeLoggedModel(
  context: HomeContext,
  run: RunIdentity,
  model: ModelFiles,
  signal?: AbortSignal,
): Promise<LoggedModel> {
  throwIfAborted(signal);
  const params = Object.entries(model.params ?? {});
  const hashes = checkModelFiles(model);
  const modelId = `m-${context.createId()}`;
  const location = context.artifacts.location(String(run.experimentId), "models", modelId, "artifacts");
  const now = context.clock.now();
  const descriptorBytes = modelDescriptor(model, hashes, { modelId, location, runId: run.runId, now });
  const files = Object.entries({ ...model.files, MLmodel: descriptorBytes });
  await context.artifacts.writeFolder(
    dirname(context.artifacts.directoryOf(location)),
    Object.fromEntries(files.map(([path, content]) => [`artifacts/${path}`, content])),
  );

  const tags = {
    "mlflow.user": context.user,
    "mlflow.source.name": "tsops",
    "mlflow.source.type": "LOCAL",
    ...modelTags(model, hashes, descriptorBytes),
  };
  const { sql } = context.mlflow;
  await context.mlflow.write(() => {
    sql
      .prepare(
        `INSERT INTO logged_models (model_id, experiment_id, name, artifact_location, creation_timestamp_ms,
           last_updated_timestamp_ms, status, lifecycle_stage, model_type, source_run_id, status_message)
         VALUES (?, ?, ?, ?, ?, ?, 2, 'active', NULL, ?, NULL)`,
      )
      .run([modelId, run.experimentId, model.name, location, toMillis(now), toMillis(now), run.runId]);
    for (const [key, value] of params)
      sql
        .prepare(
          "INSERT INTO logged_model_params (model_id, experiment_id, param_key, param_value) VALUES (?, ?, ?, ?)",
        )
        .run([modelId, run.experimentId, key, value]);
    for (const [key, value] of Object.entries(tags))
      setModelTag(context, modelId, run.experimentId, key, value);
    sql
      .prepare(
        `INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id)
         VALUES (?, 'RUN_OUTPUT', ?, 'MODEL_OUTPUT', ?)`,
      )
      .run([context.createId(), run.runId, modelId]);
  }, signal);
  return { modelId, name: model.name, runId: run.runId, uri: location, lineage: model.lineage };
}

/** Sets a tag of a logged model, inside a transaction. */
export function setModelTag(
  context: HomeContext,
  modelId: string,
  experimentId: bigint,
  key: string,
  value: string,
): void {
  context.mlflow.sql
    .prepare(
      `INSERT INTO logged_model_tags (model_id, experiment_id, tag_key, tag_value) VALUES (?, ?, ?, ?)
       ON CONFLICT (model_id, tag_key) DO UPDATE SET tag_value = excluded.tag_value`,
    )
    .run([modelId, experimentId, key, value]);
}

/** What the database knows of a logged model. */
export interface StoredModel {
  readonly modelId: string;
  readonly experimentId: bigint;
  readonly runId: string | null;
  readonly location: string;
  readonly lineage: ModelLineage | null;
  /** sha256 of each file; null for models that another tool logged. */
  readonly files: Readonly<Record<string, string>> | null;
}

/** A logged model by id, or null when there is none. */
export function findLoggedModel(context: HomeContext, modelId: string): StoredModel | null {
  const { sql } = context.mlflow;
  const row = sql
    .prepare(
      `SELECT experiment_id, source_run_id, artifact_location FROM logged_models
       WHERE model_id = ? AND lifecycle_stage <> 'deleted'`,
    )
    .get<{ experiment_id: bigint; source_run_id: string | null; artifact_location: string }>([modelId]);
  if (row === undefined) return null;
  return {
    modelId,
    experimentId: row.experiment_id,
    runId: row.source_run_id,
    location: row.artifact_location,
    lineage: modelTag(context, modelId, lineageTag) as ModelLineage | null,
    files: modelTag(context, modelId, filesTag) as Readonly<Record<string, string>> | null,
  };
}

function modelTag(context: HomeContext, modelId: string, key: string): unknown {
  const row = context.mlflow.sql
    .prepare("SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?")
    .get<{ tag_value: string }>([modelId, key]);
  return parseModelTag(modelId, key, row?.tag_value);
}

/**
 * All files of a logged model but its `MLmodel`, verified against the recorded hashes when there are any.
 * @throws TsopsError STORE_CORRUPT when a file is missing or was changed
 */
export async function readModelFiles(
  context: HomeContext,
  location: string,
  hashes: Readonly<Record<string, string>> | null,
  signal?: AbortSignal,
): Promise<Readonly<Record<string, Uint8Array>>> {
  const directory = context.artifacts.directoryOf(location);
  const paths = hashes === null ? await context.artifacts.list(directory) : Object.keys(hashes);
  return readVerifiedFiles(
    directory,
    paths,
    hashes,
    (path) => context.artifacts.read(directory, path),
    signal,
  );
}
