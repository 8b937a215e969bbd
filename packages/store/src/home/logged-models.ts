import { dirname } from "node:path";
import {
  type LoggedModel,
  type ModelFiles,
  type ModelLineage,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { type HomeContext, type RunIdentity, toMillis } from "./context.ts";
import { checkTag, keptParam } from "./mlflow-rules.ts";
import {
  checkModelFiles,
  descriptorFlavors,
  filesTag,
  keyTag,
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
  { key, signal }: { readonly key?: string | undefined; readonly signal?: AbortSignal | undefined } = {},
): Promise<LoggedModel> {
  throwIfAborted(signal);
  if (key !== undefined) checkTag(keyTag, key);
  const params = Object.entries(model.params ?? {}).map(
    ([key, value]) => [key, keptParam(key, value)] as const,
  );
  const hashes = checkModelFiles(model);
  const known = (): LoggedModel | undefined =>
    key === undefined ? undefined : listLoggedModels(context, run.runId).find((one) => one.key === key);
  const before = known();
  if (before !== undefined) return before;
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
    ...modelTags(model, hashes, descriptorBytes, key),
  };
  const { sql } = context.mlflow;
  return context.mlflow.write(() => {
    // Another process may have logged it meanwhile.
    const meanwhile = known();
    if (meanwhile !== undefined) return meanwhile;
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
    return {
      modelId,
      name: model.name,
      runId: run.runId,
      uri: location,
      lineage: model.lineage,
      ...(key === undefined ? {} : { key }),
    };
  }, signal);
}

/** The models that a run logged with a lineage of ours, oldest first. */
export function listLoggedModels(context: HomeContext, runId: string): LoggedModel[] {
  return context.mlflow.sql
    .prepare(
      `SELECT model_id, name, artifact_location FROM logged_models
       WHERE source_run_id = ? AND lifecycle_stage <> 'deleted' AND status = 2 ORDER BY creation_timestamp_ms, rowid`,
    )
    .all<{ model_id: string; name: string; artifact_location: string }>([runId])
    .flatMap((row) => {
      const { model_id: modelId, name, artifact_location: uri } = row;
      const lineage = modelTag(context, modelId, lineageTag) as ModelLineage | null;
      const key = modelTagText(context, modelId, keyTag);
      if (lineage === null) return [];
      return [{ modelId, name, runId, uri, lineage, ...(key === undefined ? {} : { key }) }];
    });
}

/** A logged model as it was given. @throws TsopsError MODEL_NOT_FOUND, STORE_CORRUPT */
export async function readLoggedModel(
  context: HomeContext,
  modelId: string,
  signal?: AbortSignal,
): Promise<ModelFiles> {
  throwIfAborted(signal);
  const { sql } = context.mlflow;
  const found = findLoggedModel(context, modelId);
  if (found === null || found.lineage === null)
    throw new TsopsError(
      "MODEL_NOT_FOUND",
      `There is no logged model ${modelId}${found === null ? "" : " with a lineage of tsops"} in ${sql.path}.`,
      { hint: "See which models a run logged with listModels(runId)." },
    );
  const named = sql
    .prepare("SELECT name FROM logged_models WHERE model_id = ?")
    .get<{ name: string }>([modelId]);
  const params = sql
    .prepare("SELECT param_key, param_value FROM logged_model_params WHERE model_id = ? ORDER BY param_key")
    .all<{ param_key: string; param_value: string }>([modelId]);
  const files = await readModelFiles(context, found.location, found.files, signal);
  const directory = context.artifacts.directoryOf(found.location);
  return {
    name: named?.name ?? "",
    files,
    flavors: descriptorFlavors(directory, await context.artifacts.read(directory, "MLmodel")),
    lineage: found.lineage,
    ...(params.length === 0
      ? {}
      : { params: Object.fromEntries(params.map((row) => [row.param_key, row.param_value])) }),
  };
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
  return parseModelTag(modelId, key, modelTagText(context, modelId, key));
}

function modelTagText(context: HomeContext, modelId: string, key: string): string | undefined {
  return context.mlflow.sql
    .prepare("SELECT tag_value FROM logged_model_tags WHERE model_id = ? AND tag_key = ?")
    .get<{ tag_value: string }>([modelId, key])?.tag_value;
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
