import { randomUUID } from "node:crypto";
import { access, stat } from "node:fs/promises";
import { userInfo } from "node:os";
import { join, resolve } from "node:path";
import {
  type Clock,
  type ColumnTypes,
  checkOptions,
  type DecisionLog,
  type Ledger,
  type Outbox,
  type PredictionLog,
  type Registry,
  type SnapshotStore,
  shown,
  systemClock,
  type Table,
  type Tracker,
  TsopsError,
} from "@tsops/core";
import type { DeltaTable } from "../delta/table.ts";
import type { DuckEngine, EngineOptions } from "../engine/engine.ts";
import { type ArtifactFiles, artifactFiles } from "./artifact-files.ts";
import { sqliteArtifactHashes } from "./artifact-hashes.ts";
import { closeAll } from "./close-all.ts";
import { type HomeContext, toMillis } from "./context.ts";
import { sqliteDecisionLog } from "./decision-log.ts";
import { asFileError, makeDirectory } from "./files.ts";
import { homeTables } from "./home-tables.ts";
import { sqliteLedger } from "./ledger.ts";
import { migrate } from "./migrations.ts";
import { type MlflowDatabase, openMlflowDatabase } from "./mlflow-database.ts";
import { sqliteOutbox } from "./outbox.ts";
import { sqlitePredictionLog } from "./prediction-log.ts";
import { mlflowRegistry } from "./registry.ts";
import { sqliteSnapshotStore } from "./snapshot-store.ts";
import { openSqlite, type SqliteDatabase, type SqliteOptions } from "./sqlite.ts";
import { mlflowTracker } from "./tracker.ts";
import { tsopsMigrations } from "./tsops-schema.ts";

/** How to open a home. */
export interface HomeOptions {
  /** Stamps what is written. Default: the system's clock. */
  readonly clock?: Pick<Clock, "now">;
  /** Gives identifiers of runs, models and inputs: 32 hexadecimal digits, never the same twice. Default: random. */
  readonly createId?: () => string;
  /** Recorded as the user of runs. Default: the name of the account that runs the program. */
  readonly user?: string;
  /** How long to wait while another process writes. Default 10 000. */
  readonly busyTimeoutMs?: number;
  /** Threads and memory of the query engine over the tables. Default: DuckDB's. */
  readonly engine?: EngineOptions;
  /** False refuses a directory that is not a home yet instead of making one. Default true. */
  readonly create?: boolean;
  /** Ends the wait for another process that holds the home's databases while it is opened. */
  readonly signal?: AbortSignal;
}

/** An open `.tsops` directory. Several processes may have it open at once. */
export interface Home {
  /** Absolute path. */
  readonly path: string;
  /** Absolute path of the directory with one Delta table per folder. */
  readonly tablesPath: string;
  /** Absolute path of the directory with the files of runs and models, in MLflow's layout. */
  readonly artifactsPath: string;
  /** Absolute path of MLflow's database, for `mlflow ui --backend-store-uri sqlite:///<path>`. */
  readonly mlflowPath: string;
  /** Runs, in MLflow's tables. */
  readonly tracker: Tracker;
  /** Registered models, in MLflow's tables. */
  readonly registry: Registry;
  /** Pipeline runs. */
  readonly ledger: Ledger;
  /** What was served. */
  readonly predictions: PredictionLog;
  readonly decisions: DecisionLog;
  /** Messages that wait to be delivered, such as alerts; 10 000 at most. */
  readonly outbox: Outbox;
  /** State of online features between restarts. */
  readonly snapshots: SnapshotStore;
  /** The files under `artifactsPath`. */
  readonly artifacts: ArtifactFiles;
  /**
   * Opens the Delta table of a definition, in `tables/<name>`, and creates it when there is none.
   * @throws TsopsError SCHEMA_MISMATCH when the stored table has another definition
   */
  table<S extends ColumnTypes>(definition: Table<string, S>): Promise<DeltaTable<S>>;
  /** The query engine that the tables share, for joins. Started when first asked for. */
  engine(): Promise<DuckEngine>;
  /** Waits for pending predictions and closes tables, engine and databases. Calling it again does nothing. */
  close(): Promise<void>;
  /** As `close`, for `await using`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * Opens the home at `path`, usually `"./.tsops"`, and makes it when it is not there yet. Safe for several processes at
 * once: whoever comes second finds either nothing or everything.
 * @throws TsopsError STORE_NOT_FOUND (with `create: false`), STORE_READ_ONLY, STORE_FULL, STORE_BUSY, STORE_CORRUPT, ABORTED,
 *   STORE_UNSUPPORTED when a newer tsops or an untested MLflow has written to it
 */
export async function openHome(path: string, options: HomeOptions = {}): Promise<Home> {
  if (typeof path !== "string" || path === "")
    throw new TsopsError("VALUE_INVALID", `openHome() takes the path of a directory, got ${shown(path)}.`, {
      hint: 'Write openHome("./.tsops").',
    });
  checkOptions("VALUE_INVALID", "openHome()", options, {
    clock: true,
    createId: true,
    user: true,
    busyTimeoutMs: true,
    engine: true,
    create: true,
    signal: true,
  });
  const root = resolve(path);
  const clock = options.clock ?? systemClock();
  const [tablesPath, artifactsPath] = [join(root, "tables"), join(root, "artifacts")];
  const scratch = join(artifactsPath, ".unfinished");
  if (options.create === false) await refuseMissing(root);
  await refuseFile(root);
  for (const directory of [tablesPath, scratch]) await makeDirectory(directory);

  const artifacts = artifactFiles(artifactsPath, scratch);
  const connection: SqliteOptions = {
    ...(options.busyTimeoutMs === undefined ? {} : { busyTimeoutMs: options.busyTimeoutMs }),
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  };
  const tsops = await openTsopsDatabase(join(root, "tsops.db"), clock.now(), connection);
  let mlflow: MlflowDatabase;
  try {
    mlflow = await openMlflowDatabase(join(root, "mlflow.db"), {
      ...connection,
      defaultArtifactLocation: artifacts.location("0"),
      nowMillis: toMillis(clock.now()),
    });
  } catch (error) {
    tsops.close();
    throw error;
  }

  const context: HomeContext = {
    mlflow,
    artifacts,
    artifactHashes: sqliteArtifactHashes(tsops, artifactsPath, clock),
    clock,
    createId: options.createId ?? (() => randomUUID().replaceAll("-", "")),
    user: options.user ?? accountName(),
  };
  const predictions = sqlitePredictionLog(tsops);
  const tables = homeTables(tablesPath, clock, options.engine ?? {});
  let closing: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closing ??= closeAll([
      () => tables.close(),
      () => predictions.flush(),
      () => tsops.close(),
      () => mlflow.close(),
    ]);
    return closing;
  };
  return {
    path: root,
    tablesPath,
    artifactsPath,
    mlflowPath: mlflow.sql.path,
    tracker: mlflowTracker(context),
    registry: mlflowRegistry(context),
    ledger: sqliteLedger(tsops),
    predictions,
    decisions: sqliteDecisionLog(tsops),
    outbox: sqliteOutbox(tsops),
    snapshots: sqliteSnapshotStore(tsops, clock),
    artifacts,
    table: (definition) => tables.table(definition),
    engine: () => tables.engine(),
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function openTsopsDatabase(
  path: string,
  now: bigint,
  connection: SqliteOptions,
): Promise<SqliteDatabase> {
  const database = await openSqlite(path, connection);
  try {
    await migrate(database, tsopsMigrations, now, connection.signal);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

async function refuseMissing(root: string): Promise<void> {
  try {
    await access(join(root, "mlflow.db"));
  } catch (cause) {
    throw new TsopsError("STORE_NOT_FOUND", `There is no tsops home at ${root}.`, {
      hint: "Check the path, or run the program that writes it first.",
      cause,
    });
  }
}

async function refuseFile(root: string): Promise<void> {
  const found = await stat(root).catch((error: unknown) => {
    const mapped = asFileError(error, root);
    if (TsopsError.is(mapped, "STORE_NOT_FOUND")) return null;
    throw mapped;
  });
  if (found !== null && !found.isDirectory())
    throw new TsopsError("STORE_EXISTS", `${root} is a file, so it cannot be a tsops home.`, {
      hint: 'Pass the path of a directory, such as "./.tsops".',
    });
}

function accountName(): string {
  try {
    return userInfo().username;
  } catch {
    return "unknown";
  }
}
