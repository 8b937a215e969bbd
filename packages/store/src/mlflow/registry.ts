import { randomUUID } from "node:crypto";
import {
  type CallOptions,
  checkOptions,
  type ModelVersion,
  type Registry,
  shown,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { toMicros } from "../home/context.ts";
import { aliasHint, checkAlias, checkRegisteredName, keptTags } from "../home/mlflow-rules.ts";
import { readVerifiedFiles } from "../home/model-files.ts";
import { mlflowArtifacts } from "./artifacts.ts";
import { create, get, type MlflowClient, mlflowClient, put } from "./client.ts";
import { quoted } from "./filter.ts";
import { findModel } from "./logged-models.ts";
import { makeOnce, requestTag } from "./once.ts";
import { pages } from "./pages.ts";
import { isRefusal } from "./rest-error.ts";
import type { MlflowSettings } from "./settings.ts";

/**
 * The model registry of an MLflow server (3.x), by its REST API; as `mlflowTracker` about connections and retries.
 * @throws TsopsError CONFIG_INVALID; its calls also ADAPTER_UNAVAILABLE, ADAPTER_MISSING_DEPENDENCY
 */
export function mlflowRegistry(settings: MlflowSettings): Registry {
  return registryOf(mlflowClient(settings));
}

/** The registry behind a client. */
export function registryOf(client: MlflowClient): Registry {
  const artifacts = mlflowArtifacts(client);
  const { server } = client;

  const modelOrNull = async (name: string, options: CallOptions): Promise<RestRegisteredModel | null> => {
    try {
      return (
        await client.json<{ registered_model: RestRegisteredModel }>(
          get("registered-models/get", { name }, options),
        )
      ).registered_model;
    } catch (error) {
      if (isRefusal(error, "RESOURCE_DOES_NOT_EXIST")) return null;
      throw error;
    }
  };
  const refuseUnknownModel = async (name: string, options: CallOptions): Promise<RestRegisteredModel> => {
    const model = await modelOrNull(name, options);
    if (model !== null) return model;
    throw new TsopsError(
      "MODEL_NOT_FOUND",
      `There is no registered model "${name}" on MLflow at ${server}.`,
      {
        hint: "See which models there are with listModels().",
      },
    );
  };
  const restVersion = async (name: string, version: number, options: CallOptions): Promise<RestVersion> => {
    if (typeof version !== "number")
      throw new TsopsError("VALUE_INVALID", `A version is a number, got ${shown(version)}.`, {
        hint: 'Write 1, not "1".',
      });
    try {
      if (Number.isSafeInteger(version) && version > 0)
        return (
          await client.json<{ model_version: RestVersion }>(
            get("model-versions/get", { name, version }, options),
          )
        ).model_version;
    } catch (error) {
      if (!isRefusal(error, "RESOURCE_DOES_NOT_EXIST")) throw error;
    }
    throw new TsopsError(
      "MODEL_NOT_FOUND",
      `There is no version ${version} of model "${name}" on MLflow at ${server}.`,
      {
        hint: "See which versions there are with listVersions(name).",
      },
    );
  };
  const readVersion = async (row: RestVersion, options: CallOptions): Promise<ModelVersion> => {
    const modelId = modelIdOf(row);
    const model = modelId === null ? null : await findModel(client, modelId, options);
    const { aliases = [] } = (await modelOrNull(row.name, options)) ?? {};
    return {
      name: row.name,
      version: Number(row.version),
      runId: row.run_id || null,
      modelId,
      createdAt: toMicros(BigInt(row.creation_timestamp ?? 0)),
      aliases: aliases
        .filter(({ version }) => version === row.version)
        .map(({ alias }) => alias)
        .sort(),
      tags: Object.fromEntries(
        (row.tags ?? [])
          .filter(({ key }) => key !== requestTag)
          .sort((a, b) => (a.key < b.key ? -1 : 1))
          .map(({ key, value }) => [key, value ?? ""]),
      ),
      lineage: model?.lineage ?? null,
    };
  };
  const setTag = (name: string, version: number, key: string, value: string, options: CallOptions) =>
    client.json(put("model-versions/set-tag", { name, version: `${version}`, key, value }, options));
  const versionsOf = async (filter: string, options: CallOptions): Promise<RestVersion[]> => {
    const found: RestVersion[] = [];
    for await (const page of pages((token) =>
      client.json<{ model_versions?: RestVersion[]; next_page_token?: string }>(
        get("model-versions/search", { filter, max_results: 1000, page_token: token }, options),
      ),
    )) {
      found.push(...(page.model_versions ?? []));
    }
    return found.sort((a, b) => Number(a.version) - Number(b.version));
  };

  return {
    async register(name, model, options = {}) {
      checkOptions("VALUE_INVALID", "register()", options, { tags: true, signal: true });
      throwIfAborted(options.signal);
      checkRegisteredName(name);
      const tags = Object.entries(keptTags(options.tags ?? {}));
      const call: CallOptions = { signal: options.signal };
      const logged = await findModel(client, model.modelId, call);
      if (logged === null)
        throw new TsopsError(
          "MODEL_NOT_FOUND",
          `There is no logged model ${model.modelId} on MLflow at ${server}.`,
          {
            hint: "Register what logModel of a run on this server returned.",
          },
        );
      try {
        await client.json(put("registered-models/create", { name }, call));
      } catch (error) {
        if (!isRefusal(error, "RESOURCE_ALREADY_EXISTS")) throw error;
      }
      const request = randomUUID();
      const version = await makeOnce<RestVersion>(
        client.settings,
        {
          make: async () =>
            (
              await client.json<{ model_version: RestVersion }>(
                create(
                  "model-versions/create",
                  {
                    name,
                    source: `models:/${model.modelId}`,
                    model_id: model.modelId,
                    ...(logged.runId === null ? {} : { run_id: logged.runId }),
                    tags: [...tags, [requestTag, request]].map(([key, value]) => ({ key, value })),
                  },
                  call,
                ),
              )
            ).model_version,
          find: async () =>
            (await versionsOf(`name = ${quoted(name)}`, call)).filter(({ tags = [] }) =>
              tags.some(({ key, value }) => key === requestTag && value === request),
            ),
          discard: ({ version: extra }) =>
            client.json(
              put("model-versions/delete", { name, version: extra }, { ...call, method: "DELETE" }),
            ),
        },
        call.signal,
      );
      return readVersion(await restVersion(name, Number(version.version), call), call);
    },
    async getVersion(name, version, options = {}) {
      throwIfAborted(options.signal);
      return readVersion(await restVersion(name, version, options), options);
    },
    async resolve(name, alias, options = {}) {
      throwIfAborted(options.signal);
      const { aliases = [] } = await refuseUnknownModel(name, options);
      const found = aliases.find((known) => known.alias === alias);
      if (found !== undefined)
        return readVersion(await restVersion(name, Number(found.version), options), options);
      throw new TsopsError(
        "ALIAS_NOT_FOUND",
        `Model "${name}" has no alias "${alias}" on MLflow at ${server}.`,
        {
          hint: aliasHint(
            name,
            aliases.map((known) => known.alias),
          ),
        },
      );
    },
    async listVersions(name, options = {}) {
      throwIfAborted(options.signal);
      const rows = await versionsOf(`name = ${quoted(name)}`, options);
      const versions: ModelVersion[] = [];
      for (const row of rows) versions.push(await readVersion(row, options));
      return versions;
    },
    async listModels(options = {}) {
      throwIfAborted(options.signal);
      const names: string[] = [];
      const ask = (token: string | undefined) =>
        client.json<{ registered_models?: readonly RestRegisteredModel[]; next_page_token?: string }>(
          get("registered-models/search", { max_results: 1000, page_token: token }, options),
        );
      for await (const { registered_models: models = [] } of pages(ask))
        names.push(...models.map(({ name }) => name));
      return names.sort();
    },
    async setAlias(name, alias, version, options = {}) {
      throwIfAborted(options.signal);
      checkAlias(alias);
      await restVersion(name, version, options);
      await client.json(put("registered-models/alias", { name, alias, version: `${version}` }, options));
    },
    async deleteAlias(name, alias, options = {}) {
      throwIfAborted(options.signal);
      await refuseUnknownModel(name, options);
      await client.json(put("registered-models/alias", { name, alias }, { ...options, method: "DELETE" }));
    },
    async setTags(name, version, given, options = {}) {
      throwIfAborted(options.signal);
      const tags = keptTags(given);
      await restVersion(name, version, options);
      for (const [key, value] of Object.entries(tags)) await setTag(name, version, key, value, options);
    },
    async readFiles(name, version, options = {}) {
      throwIfAborted(options.signal);
      const row = await restVersion(name, version, options);
      const modelId = modelIdOf(row);
      const model = modelId === null ? null : await findModel(client, modelId, options);
      const uri = model?.uri ?? (await downloadUri(client, row, options));
      const hashes = model?.files ?? null;
      const paths = hashes === null ? await artifacts.list(uri, options) : Object.keys(hashes);
      return readVerifiedFiles(
        uri,
        paths,
        hashes,
        (path) => artifacts.read(uri, path, options),
        options.signal,
      );
    },
    close: () => client.close(),
  };
}

interface RestRegisteredModel {
  readonly name: string;
  readonly aliases?: readonly { readonly alias: string; readonly version: string }[];
}

interface RestVersion {
  readonly name: string;
  readonly version: string;
  readonly creation_timestamp?: number | string;
  readonly run_id?: string;
  readonly model_id?: string;
  readonly source?: string;
  readonly tags?: readonly { readonly key: string; readonly value?: string }[];
}

function modelIdOf({ model_id: id, source = "" }: RestVersion): string | null {
  return id || (/^models:\/(m-[^/]+)$/.exec(source)?.[1] ?? null);
}

async function downloadUri(
  client: MlflowClient,
  { name, version }: RestVersion,
  options: CallOptions,
): Promise<string> {
  const { artifact_uri: uri } = await client.json<{ artifact_uri: string }>(
    get("model-versions/get-download-uri", { name, version }, options),
  );
  return uri;
}
