import { TsopsError } from "@tsops/core";
import { mlflowRevision, mlflowSchema, testedRevisions } from "./mlflow-schema.ts";
import { openSqlite, type SqliteDatabase, type SqliteOptions } from "./sqlite.ts";

/** MLflow's database, created on first use and refused when its revision was never tested. */
export interface MlflowDatabase {
  /** Reads outside of transactions. */
  readonly sql: SqliteDatabase;
  /**
   * One atomic, durable change.
   * @throws TsopsError STORE_UNSUPPORTED when MLflow has meanwhile moved the file to a revision that was not tested.
   */
  write<T>(work: () => T, signal?: AbortSignal): Promise<T>;
  close(): void;
}

/** What `openMlflowDatabase` needs to know. */
export interface MlflowDatabaseOptions extends SqliteOptions {
  /** Artifact location of the default experiment, created together with the schema. */
  readonly defaultArtifactLocation: string;
  /** Creation time of the default experiment. */
  readonly nowMillis: bigint;
}

/**
 * Opens `mlflow.db`, and creates in it what MLflow 3.0 creates, whole or not at all.
 * @throws TsopsError STORE_UNSUPPORTED for an untested revision, besides what `openSqlite` throws
 */
export async function openMlflowDatabase(
  path: string,
  options: MlflowDatabaseOptions,
): Promise<MlflowDatabase> {
  const sql = await openSqlite(path, options);
  try {
    if (revisionOf(sql) === null)
      await sql.write(() => {
        if (revisionOf(sql) === null) create(sql, options);
      }, options.signal);
    refuseUntested(sql);
  } catch (error) {
    sql.close();
    throw error;
  }
  return {
    sql,
    write: (work, signal) =>
      sql.write(() => {
        refuseUntested(sql);
        return work();
      }, signal),
    close: () => sql.close(),
  };
}

function create(sql: SqliteDatabase, options: MlflowDatabaseOptions): void {
  const foreign = sql
    .prepare("SELECT name FROM sqlite_master WHERE type = 'table' LIMIT 1")
    .get<{ name: string }>();
  if (foreign !== undefined)
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      `${sql.path} holds tables ("${foreign.name}") but no alembic revision: it is not a database of MLflow.`,
      { hint: "Move that file away, or open a home in another directory." },
    );
  sql.exec(mlflowSchema);
  sql.prepare("INSERT INTO alembic_version (version_num) VALUES (?)").run([mlflowRevision]);
  sql
    .prepare(
      `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time)
       VALUES (0, 'Default', ?, 'active', ?, ?)`,
    )
    .run([options.defaultArtifactLocation, options.nowMillis, options.nowMillis]);
}

function revisionOf(sql: SqliteDatabase): string | null {
  const table = sql
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'alembic_version' LIMIT 1")
    .get();
  if (table === undefined) return null;
  const row = sql.prepare("SELECT version_num FROM alembic_version LIMIT 1").get<{ version_num: string }>();
  return row === undefined ? null : row.version_num;
}

function refuseUntested(sql: SqliteDatabase): void {
  const revision = revisionOf(sql);
  if (revision !== null && testedRevisions.includes(revision)) return;
  throw new TsopsError(
    "STORE_UNSUPPORTED",
    `${sql.path} is at MLflow schema revision ${revision}; this release of tsops writes to ${testedRevisions[0]} .. ${testedRevisions.at(-1)} (MLflow 3.0 to 3.17.2).`,
    {
      hint: "Track to an `mlflow server` on that file over REST instead, or upgrade @tsops/store.",
      details: { revision },
    },
  );
}
