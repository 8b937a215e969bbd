import {
  checkOptions,
  type ModelVersion,
  type Registry,
  shown,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { type HomeContext, toMicros, toMillis } from "./context.ts";
import { findLoggedModel, readModelFiles, setModelTag } from "./logged-models.ts";
import { aliasHint, checkAlias, checkRegisteredName, keptTags } from "./mlflow-rules.ts";

/** The model registry in MLflow's own tables. `close` does nothing: the home owns the files. */
export function mlflowRegistry(context: HomeContext): Registry {
  const { sql, write } = context.mlflow;

  const versionRow = (name: string, version: number): VersionRow => {
    if (typeof version !== "number")
      throw new TsopsError("VALUE_INVALID", `A version is a number, got ${shown(version)}.`, {
        hint: 'Write 1, not "1".',
      });
    const row = Number.isSafeInteger(version)
      ? sql
          .prepare(
            "SELECT * FROM model_versions WHERE name = ? AND version = ? AND current_stage <> 'Deleted_Internal'",
          )
          .get<VersionRow>([name, BigInt(version)])
      : undefined;
    if (row === undefined)
      throw new TsopsError(
        "MODEL_NOT_FOUND",
        `There is no version ${version} of model "${name}" in ${sql.path}.`,
        {
          hint: "See which versions there are with listVersions(name).",
        },
      );
    return row;
  };
  const setVersionTag = (name: string, version: number, key: string, value: string): void => {
    sql
      .prepare("DELETE FROM model_version_tags WHERE key = ? AND name = ? AND version = ?")
      .run([key, name, BigInt(version)]);
    sql
      .prepare("INSERT INTO model_version_tags (key, value, name, version) VALUES (?, ?, ?, ?)")
      .run([key, value, name, BigInt(version)]);
  };

  return {
    async register(name, model, options = {}) {
      checkOptions("VALUE_INVALID", "register()", options, { tags: true, signal: true });
      checkRegisteredName(name);
      const tags = Object.entries(keptTags(options.tags ?? {}));
      const version = await write(() => {
        const logged = findLoggedModel(context, model.modelId);
        if (logged === null)
          throw new TsopsError(
            "MODEL_NOT_FOUND",
            `There is no logged model ${model.modelId} in ${sql.path}.`,
            {
              hint: "Register what logModel of a run in this home returned.",
            },
          );
        const now = toMillis(context.clock.now());
        const known = sql.prepare("SELECT 1 FROM registered_models WHERE name = ? LIMIT 1").get([name]);
        if (known === undefined)
          sql
            .prepare(
              "INSERT INTO registered_models (name, creation_time, last_updated_time) VALUES (?, ?, ?)",
            )
            .run([name, now, now]);
        // Deleted versions keep their rows in MLflow, so a number is never given twice.
        const next = sql
          .prepare("SELECT coalesce(max(version), 0) + 1 AS version FROM model_versions WHERE name = ?")
          .get<{ version: bigint }>([name]);
        const number = Number(next?.version);
        sql
          .prepare(
            `INSERT INTO model_versions (name, version, creation_time, last_updated_time, current_stage, source, run_id,
               status, storage_location)
             VALUES (?, ?, ?, ?, 'None', ?, ?, 'READY', ?)`,
          )
          .run([name, BigInt(number), now, now, `models:/${model.modelId}`, logged.runId, logged.location]);
        sql.prepare("UPDATE registered_models SET last_updated_time = ? WHERE name = ?").run([now, name]);
        for (const [key, value] of tags) setVersionTag(name, number, key, value);
        const registrations = sql
          .prepare("SELECT * FROM model_versions WHERE source = ? ORDER BY creation_time, rowid")
          .all<VersionRow>([`models:/${model.modelId}`])
          .map((row) => ({ name: row.name, version: Number(row.version) }));
        setModelTag(
          context,
          model.modelId,
          logged.experimentId,
          "mlflow.modelVersions",
          JSON.stringify(registrations),
        );
        return number;
      }, options.signal);
      return readVersion(context, versionRow(name, version));
    },
    async getVersion(name, version, options) {
      throwIfAborted(options?.signal);
      return readVersion(context, versionRow(name, version));
    },
    async resolve(name, alias, options) {
      throwIfAborted(options?.signal);
      const row = sql
        .prepare("SELECT version FROM registered_model_aliases WHERE name = ? AND alias = ? LIMIT 1")
        .get<{ version: bigint }>([name, alias]);
      if (row !== undefined) return readVersion(context, versionRow(name, Number(row.version)));
      refuseUnknownModel(context, name);
      const known = sql
        .prepare("SELECT alias FROM registered_model_aliases WHERE name = ? ORDER BY alias")
        .all<{ alias: string }>([name]);
      throw new TsopsError("ALIAS_NOT_FOUND", `Model "${name}" has no alias "${alias}" in ${sql.path}.`, {
        hint: aliasHint(
          name,
          known.map((row) => row.alias),
        ),
      });
    },
    async listVersions(name, options) {
      throwIfAborted(options?.signal);
      return sql
        .prepare(
          "SELECT * FROM model_versions WHERE name = ? AND current_stage <> 'Deleted_Internal' ORDER BY version",
        )
        .all<VersionRow>([name])
        .map((row) => readVersion(context, row));
    },
    async listModels(options) {
      throwIfAborted(options?.signal);
      // MLflow keeps prompts in the same table, told apart by a tag.
      return sql
        .prepare(
          `SELECT name FROM registered_models m WHERE NOT EXISTS (SELECT 1 FROM registered_model_tags t
             WHERE t.name = m.name AND t.key = 'mlflow.prompt.is_prompt' AND lower(t.value) = 'true') ORDER BY name`,
        )
        .all<{ name: string }>()
        .map((row) => row.name);
    },
    async setAlias(name, alias, version, options) {
      checkAlias(alias);
      await write(() => {
        versionRow(name, version);
        sql.prepare("DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?").run([name, alias]);
        sql
          .prepare("INSERT INTO registered_model_aliases (alias, version, name) VALUES (?, ?, ?)")
          .run([alias, BigInt(version), name]);
      }, options?.signal);
    },
    async deleteAlias(name, alias, options) {
      await write(() => {
        refuseUnknownModel(context, name);
        sql.prepare("DELETE FROM registered_model_aliases WHERE name = ? AND alias = ?").run([name, alias]);
      }, options?.signal);
    },
    async setTags(name, version, given, options) {
      const tags = keptTags(given);
      await write(() => {
        versionRow(name, version);
        for (const [key, value] of Object.entries(tags)) setVersionTag(name, version, key, value);
      }, options?.signal);
    },
    async readFiles(name, version, options) {
      throwIfAborted(options?.signal);
      const row = versionRow(name, version);
      const modelId = modelIdOf(row);
      const logged = modelId === null ? null : findLoggedModel(context, modelId);
      const location = logged?.location ?? row.storage_location ?? row.source ?? "";
      return readModelFiles(context, location, logged?.files ?? null, options?.signal);
    },
    async close() {},
  };
}

function refuseUnknownModel(context: HomeContext, name: string): void {
  const { sql } = context.mlflow;
  if (sql.prepare("SELECT 1 FROM registered_models WHERE name = ? LIMIT 1").get([name]) !== undefined) return;
  throw new TsopsError("MODEL_NOT_FOUND", `There is no registered model "${name}" in ${sql.path}.`, {
    hint: "See which models there are with listModels().",
  });
}

interface VersionRow {
  readonly name: string;
  readonly version: bigint;
  readonly creation_time: bigint | null;
  readonly source: string | null;
  readonly run_id: string | null;
  readonly storage_location: string | null;
}

function modelIdOf(row: VersionRow): string | null {
  return /^models:\/(m-[^/]+)$/.exec(row.source ?? "")?.[1] ?? null;
}

function readVersion(context: HomeContext, row: VersionRow): ModelVersion {
  const { sql } = context.mlflow;
  const { name } = row;
  const modelId = modelIdOf(row);
  const aliases = sql
    .prepare("SELECT alias FROM registered_model_aliases WHERE name = ? AND version = ? ORDER BY alias")
    .all<{ alias: string }>([name, row.version]);
  const tags = sql
    .prepare("SELECT key, value FROM model_version_tags WHERE name = ? AND version = ? ORDER BY key")
    .all<{ key: string; value: string }>([name, row.version]);
  return {
    name,
    version: Number(row.version),
    runId: row.run_id,
    modelId,
    createdAt: toMicros(row.creation_time ?? 0n),
    aliases: aliases.map((alias) => alias.alias),
    tags: Object.fromEntries(tags.map((tag) => [tag.key, tag.value])),
    lineage: modelId === null ? null : (findLoggedModel(context, modelId)?.lineage ?? null),
  };
}
