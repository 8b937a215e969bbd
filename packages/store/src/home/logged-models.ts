import { dirname } from "node:path";
import {
  type LoggedModel,
  type ModelFiles,
  type ModelLineage,
  sha256Hex,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { type HomeContext, type RunIdentity, toMillis } from "./context.ts";
import { checkLoggedModelName, checkParam } from "./mlflow-rules.ts";

const lineageTag = "tsops.lineage";
const filesTag = "tsops.files";

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
  checkLoggedModelName(model.name);
  const params = Object.entries(model.params ?? {});
  for (const [key, value] of params) checkParam(key, value);
  if ("MLmodel" in model.files)
    throw new TsopsError(
      "VALUE_INVALID",
      'A model\'s files must not include "MLmodel": it is written for them.',
    );
  const hashes = Object.fromEntries(
    Object.entries(model.files).map(([path, content]) => [path, sha256Hex(content)]),
  );
  if (!Object.values(hashes).includes(model.lineage.modelHash))
    throw new TsopsError(
      "VALUE_INVALID",
      `None of the ${Object.keys(hashes).length} files of model "${model.name}" has the sha256 that its lineage names as modelHash.`,
      { hint: "Set lineage.modelHash to the sha256 (hexadecimal) of the saved model bytes." },
    );

  const modelId = `m-${context.createId()}`;
  const location = context.artifacts.location(String(run.experimentId), "models", modelId, "artifacts");
  const now = context.clock.now();
  const descriptor = {
    artifact_path: location,
    flavors: model.flavors,
    model_id: modelId,
    model_uuid: modelId,
    run_id: run.runId,
    utc_time_created: new Date(Number(toMillis(now))).toISOString().replace("T", " ").replace("Z", ""),
    metadata: { tsops: { lineage: model.lineage, files: hashes } },
  };
  // JSON is YAML: Python's mlflow reads this as it reads its own.
  const descriptorBytes = new TextEncoder().encode(`${JSON.stringify(descriptor, null, 2)}\n`);
  const files = Object.entries({ ...model.files, MLmodel: descriptorBytes });
  await context.artifacts.writeFolder(
    dirname(context.artifacts.directoryOf(location)),
    Object.fromEntries(files.map(([path, content]) => [`artifacts/${path}`, content])),
  );

  const tags = {
    "mlflow.user": context.user,
    "mlflow.source.name": "tsops",
    "mlflow.source.type": "LOCAL",
    [lineageTag]: JSON.stringify(model.lineage),
    [filesTag]: JSON.stringify({ ...hashes, MLmodel: sha256Hex(descriptorBytes) }),
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
  if (row === undefined) return null;
  try {
    return JSON.parse(row.tag_value);
  } catch (cause) {
    throw new TsopsError("STORE_CORRUPT", `Tag "${key}" of logged model ${modelId} is not JSON.`, {
      hint: "It was written by tsops and must not be edited; log the model again.",
      cause,
    });
  }
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
  const files: Record<string, Uint8Array> = {};
  for (const path of paths) {
    throwIfAborted(signal);
    const content = await readModelFile(context, directory, path);
    if (hashes !== null && sha256Hex(content) !== hashes[path])
      throw new TsopsError(
        "STORE_CORRUPT",
        `Model file ${directory}/${path} was changed after it was logged.`,
        {
          hint: "Restore the file from a backup, or point the alias at another version.",
          details: { path, expected: hashes[path], found: sha256Hex(content) },
        },
      );
    if (path !== "MLmodel") files[path] = content;
  }
  return files;
}

async function readModelFile(context: HomeContext, directory: string, path: string): Promise<Uint8Array> {
  try {
    return await context.artifacts.read(directory, path);
  } catch (cause) {
    if (!TsopsError.is(cause, "STORE_NOT_FOUND")) throw cause;
    throw new TsopsError("STORE_CORRUPT", `Model file ${directory}/${path} is missing.`, {
      hint: "Restore the file from a backup, or point the alias at another version.",
      details: { path },
      cause,
    });
  }
}
