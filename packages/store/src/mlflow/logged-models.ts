import { randomUUID } from "node:crypto";
import {
  type CallOptions,
  type LoggedModel,
  type ModelFiles,
  type ModelLineage,
  TsopsError,
} from "@tsops/core";
import {
  checkModelFiles,
  filesTag,
  lineageTag,
  modelDescriptor,
  modelTags,
  parseModelTag,
} from "../home/model-files.ts";
import type { MlflowArtifacts } from "./artifacts.ts";
import { create, get, type MlflowClient, put } from "./client.ts";
import { quoted } from "./filter.ts";
import { makeOnce } from "./once.ts";
import { isRefusal } from "./rest-error.ts";

/** Tag by which a model whose creation went unanswered is found again. */
const requestTag = "tsops.request";

interface RestModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name: string;
    readonly artifact_uri: string;
    readonly source_run_id?: string;
    readonly tags?: readonly { readonly key: string; readonly value: string }[];
  };
}

/** What the server knows of a logged model. */
export interface ServerModel {
  readonly modelId: string;
  readonly runId: string | null;
  readonly uri: string;
  readonly lineage: ModelLineage | null;
  /** sha256 of each file; null for models that another tool logged. */
  readonly files: Readonly<Record<string, string>> | null;
}

/** The run that logs a model. */
export interface ModelRun {
  readonly runId: string;
  readonly experimentId: string;
}

/**
 * Logs a model: it is created as pending, its files are uploaded, and only then it is made ready and an output of the run.
 * @throws TsopsError VALUE_INVALID when no file has the hash that the lineage names
 */
export async function logModel(
  { client, artifacts }: { readonly client: MlflowClient; readonly artifacts: MlflowArtifacts },
  run: ModelRun,
  model: ModelFiles,
  now: bigint,
  options: CallOptions,
): Promise<LoggedModel> {
  const hashes = checkModelFiles(model);
  const params = Object.entries(model.params ?? {}).map(([key, value]) => ({ key, value }));
  const request = randomUUID();
  const { experimentId } = run;
  // The server takes 100 parameters a request.
  const [first, rest] = [params.slice(0, 100), params.slice(100)];
  const { info } = await makeOnce<RestModel>(
    client.settings.retries ?? 5,
    async () =>
      (
        await client.json<{ model: RestModel }>(
          create(
            "logged-models",
            {
              experiment_id: experimentId,
              name: model.name,
              source_run_id: run.runId,
              params: first,
              tags: [{ key: requestTag, value: request }],
            },
            options,
          ),
        )
      ).model,
    async () => {
      const { models = [] } = await client.json<{ models?: readonly RestModel[] }>(
        put(
          "logged-models/search",
          {
            experiment_ids: [experimentId],
            filter: `tags.\`${requestTag}\` = ${quoted(request)}`,
            max_results: 1,
          },
          options,
        ),
      );
      return models[0] ?? null;
    },
  );
  const { model_id: modelId, artifact_uri: uri } = info;
  for (let at = 0; at < rest.length; at += 100)
    await client.json(put(`logged-models/${modelId}/params`, { params: rest.slice(at, at + 100) }, options));
  const descriptor = modelDescriptor(model, hashes, { modelId, location: uri, runId: run.runId, now });
  for (const [path, content] of Object.entries({ ...model.files, MLmodel: descriptor }))
    await artifacts.write(uri, path, content, options);
  const tags = Object.entries({
    "mlflow.user": client.settings.user ?? "tsops",
    "mlflow.source.name": "tsops",
    "mlflow.source.type": "LOCAL",
    ...modelTags(model, hashes, descriptor),
  }).map(([key, value]) => ({ key, value }));
  await client.json(put(`logged-models/${modelId}/tags`, { tags }, { ...options, method: "PATCH" }));
  await client.json(
    put(
      `logged-models/${modelId}`,
      { model_id: modelId, status: "LOGGED_MODEL_READY" },
      { ...options, method: "PATCH" },
    ),
  );
  await client.json(
    put("runs/outputs", { run_id: run.runId, models: [{ model_id: modelId, step: 0 }] }, options),
  );
  return { modelId, name: model.name, runId: run.runId, uri, lineage: model.lineage };
}

/** A logged model by id, or null when there is none. */
export async function findModel(
  client: MlflowClient,
  modelId: string,
  options: CallOptions,
): Promise<ServerModel | null> {
  try {
    const { model } = await client.json<{ model: RestModel }>(get(`logged-models/${modelId}`, {}, options));
    const tags = new Map((model.info.tags ?? []).map(({ key, value }) => [key, value]));
    return {
      modelId,
      runId: model.info.source_run_id || null,
      uri: model.info.artifact_uri,
      lineage: parseModelTag(modelId, lineageTag, tags.get(lineageTag)) as ModelLineage | null,
      files: parseModelTag(modelId, filesTag, tags.get(filesTag)) as Readonly<Record<string, string>> | null,
    };
  } catch (error) {
    if (isRefusal(error, "RESOURCE_DOES_NOT_EXIST") || TsopsError.is(error, "STORE_NOT_FOUND")) return null;
    throw error;
  }
}
