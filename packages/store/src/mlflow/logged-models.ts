import { randomUUID } from "node:crypto";
import {
  type CallOptions,
  type LoggedModel,
  type ModelFiles,
  type ModelLineage,
  TsopsError,
} from "@tsops/core";
import { checkTag, keptParam } from "../home/mlflow-rules.ts";
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
} from "../home/model-files.ts";
import type { MlflowArtifacts } from "./artifacts.ts";
import { create, get, type MlflowClient, put } from "./client.ts";
import { quoted } from "./filter.ts";
import { addOnce, makeOnce, requestTag } from "./once.ts";
import { pages } from "./pages.ts";
import { isRefusal } from "./rest-error.ts";

const ready = "LOGGED_MODEL_READY";

interface RestModel {
  readonly info: {
    readonly model_id: string;
    readonly experiment_id: string;
    readonly name: string;
    readonly artifact_uri: string;
    readonly status?: string;
    readonly creation_timestamp_ms?: number | string;
    readonly source_run_id?: string;
    readonly tags?: readonly { readonly key: string; readonly value: string }[];
  };
  readonly data?: { readonly params?: readonly { readonly key: string; readonly value: string }[] };
}

/** What the server knows of a logged model. */
export interface ServerModel {
  readonly modelId: string;
  readonly name: string;
  readonly params: Readonly<Record<string, string>>;
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
  { key, ...options }: CallOptions & { readonly key?: string },
): Promise<LoggedModel> {
  const hashes = checkModelFiles(model);
  if (key !== undefined) checkTag(keyTag, key);
  // One that was begun under this key is gone on with; its parameters and files are written again.
  const begun =
    key === undefined
      ? undefined
      : (await search(client, run, options, `tags.\`${keyTag}\` = ${quoted(key)}`))[0];
  if (begun?.info.status === ready) {
    // It may have been killed right before this.
    await addOutput(client, run, begun.info.model_id, options);
    return loggedModel(begun) as LoggedModel;
  }
  const params = Object.entries(model.params ?? {}).map(([key, value]) => ({
    key,
    value: keptParam(key, value),
  }));
  const request = randomUUID();
  const { experimentId } = run;
  // The server takes 100 parameters a request.
  const [first, rest] = [params.slice(0, 100), params.slice(100)];
  const { info } =
    begun ??
    (await makeOnce<RestModel>(
      client.settings,
      {
        make: async () =>
          (
            await client.json<{ model: RestModel }>(
              create(
                "logged-models",
                {
                  experiment_id: experimentId,
                  name: model.name,
                  source_run_id: run.runId,
                  params: first,
                  tags: [
                    { key: requestTag, value: request },
                    ...(key === undefined ? [] : [{ key: keyTag, value: key }]),
                  ],
                },
                options,
              ),
            )
          ).model,
        find: () => search(client, run, options, `tags.\`${requestTag}\` = ${quoted(request)}`),
        discard: (extra) =>
          client.json(put(`logged-models/${extra.info.model_id}`, {}, { ...options, method: "DELETE" })),
      },
      options.signal,
    ));
  const { model_id: modelId, artifact_uri: uri } = info;
  await addParams(client, modelId, rest, options);
  const descriptor = modelDescriptor(model, hashes, { modelId, location: uri, runId: run.runId, now });
  for (const [path, content] of Object.entries({ ...model.files, MLmodel: descriptor }))
    await artifacts.write(uri, path, content, options);
  const tags = Object.entries({
    "mlflow.user": client.settings.user ?? "tsops",
    "mlflow.source.name": "tsops",
    "mlflow.source.type": "LOCAL",
    ...modelTags(model, hashes, descriptor, key),
  }).map(([key, value]) => ({ key, value }));
  await client.json(put(`logged-models/${modelId}/tags`, { tags }, { ...options, method: "PATCH" }));
  await client.json(
    put(`logged-models/${modelId}`, { model_id: modelId, status: ready }, { ...options, method: "PATCH" }),
  );
  await addOutput(client, run, modelId, options);
  return {
    modelId,
    name: model.name,
    runId: run.runId,
    uri,
    lineage: model.lineage,
    ...(key === undefined ? {} : { key }),
  };
}

/** Adds parameters of a model, those beyond the first hundred. */
async function addParams(
  client: MlflowClient,
  modelId: string,
  params: readonly { readonly key: string; readonly value: string }[],
  options: CallOptions,
): Promise<void> {
  if (params.length === 0) return;
  const missing = async () => {
    const known = (await findModel(client, modelId, options))?.params ?? {};
    return params.filter(({ key }) => !Object.hasOwn(known, key));
  };
  // Some are there already when a model is gone on with.
  const rest = await missing();
  for (let at = 0; at < rest.length; at += 100) {
    const part = rest.slice(at, at + 100);
    await addOnce(
      client.settings,
      {
        add: () =>
          client.json(
            create(`logged-models/${modelId}/params`, { model_id: modelId, params: part }, options),
          ),
        isThere: async () => !(await missing()).some(({ key }) => part.some((one) => one.key === key)),
      },
      options.signal,
    );
  }
}

/** Names a model as an output of its run. */
async function addOutput(
  client: MlflowClient,
  { runId }: ModelRun,
  modelId: string,
  options: CallOptions,
): Promise<void> {
  const isThere = async () => {
    const { run } = await client.json<{
      run: { readonly outputs?: { readonly model_outputs?: readonly { readonly model_id: string }[] } };
    }>(get("runs/get", { run_id: runId }, options));
    return (run.outputs?.model_outputs ?? []).some(({ model_id }) => model_id === modelId);
  };
  const body = { run_id: runId, models: [{ model_id: modelId, step: 0 }] };
  const add = () => client.json(create("runs/outputs", body, options));
  if (!(await isThere())) await addOnce(client.settings, { add, isThere }, options.signal);
}

/** The models that a run logged with a lineage of ours, oldest first. */
export async function listModels(
  client: MlflowClient,
  run: ModelRun,
  options: CallOptions,
): Promise<readonly LoggedModel[]> {
  const models = (await search(client, run, options)).filter(({ info }) => info.status === ready);
  const time = ({ info }: RestModel): number => Number(info.creation_timestamp_ms ?? 0);
  return models.sort((a, b) => time(a) - time(b)).flatMap((model) => loggedModel(model) ?? []);
}

/** A logged model as it was given. @throws TsopsError MODEL_NOT_FOUND, STORE_CORRUPT */
export async function readModel(
  { client, artifacts }: { readonly client: MlflowClient; readonly artifacts: MlflowArtifacts },
  modelId: string,
  options: CallOptions,
): Promise<ModelFiles> {
  const found = await findModel(client, modelId, options);
  if (found === null || found.lineage === null)
    throw new TsopsError(
      "MODEL_NOT_FOUND",
      `There is no logged model ${modelId}${found === null ? "" : " with a lineage of tsops"} on MLflow at ${client.server}.`,
      { hint: "See which models a run logged with listModels(runId)." },
    );
  const { uri, files: hashes, name, params, lineage } = found;
  const read = (path: string) => artifacts.read(uri, path, options);
  const paths = hashes === null ? await artifacts.list(uri, options) : Object.keys(hashes);
  return {
    name,
    files: await readVerifiedFiles(uri, paths, hashes, read, options.signal),
    flavors: descriptorFlavors(uri, await read("MLmodel")),
    lineage,
    ...(Object.keys(params).length === 0 ? {} : { params }),
  };
}

async function search(
  client: MlflowClient,
  { runId, experimentId }: ModelRun,
  options: CallOptions,
  condition?: string,
): Promise<RestModel[]> {
  const found: RestModel[] = [];
  for await (const page of pages((token) =>
    client.json<{ models?: readonly RestModel[]; next_page_token?: string }>(
      put(
        "logged-models/search",
        {
          experiment_ids: [experimentId],
          filter: [`source_run_id = ${quoted(runId)}`, ...(condition === undefined ? [] : [condition])].join(
            " AND ",
          ),
          max_results: 50,
          page_token: token,
        },
        options,
      ),
    ),
  )) {
    found.push(...(page.models ?? []));
  }
  return found;
}

/** Null for a model that another tool logged. */
function loggedModel(model: RestModel): LoggedModel | null {
  const { model_id: modelId, name, artifact_uri: uri, source_run_id: runId } = model.info;
  const tags = tagsOf(model);
  const lineage = parseModelTag(modelId, lineageTag, tags.get(lineageTag)) as ModelLineage | null;
  const key = tags.get(keyTag);
  if (lineage === null || runId === undefined) return null;
  return { modelId, name, runId, uri, lineage, ...(key === undefined ? {} : { key }) };
}

function tagsOf({ info }: RestModel): ReadonlyMap<string, string> {
  return new Map((info.tags ?? []).map(({ key, value }) => [key, value]));
}

/** A logged model by id, or null when there is none. */
export async function findModel(
  client: MlflowClient,
  modelId: string,
  options: CallOptions,
): Promise<ServerModel | null> {
  try {
    const { model } = await client.json<{ model: RestModel }>(get(`logged-models/${modelId}`, {}, options));
    const tags = tagsOf(model);
    return {
      modelId,
      name: model.info.name,
      params: Object.fromEntries((model.data?.params ?? []).map(({ key, value }) => [key, value])),
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
