import { randomUUID } from "node:crypto";
import { readdir } from "node:fs/promises";
import { resolve } from "node:path";
import {
  type Clock,
  type ColumnTypes,
  checkOptions,
  type InstantInput,
  systemClock,
  type Table,
  TsopsError,
  table as tableOf,
  toMicros,
} from "@tsops/core";
import type { DuckEngine } from "../engine/engine.ts";
import { makeDirectory, syncDirectory } from "../home/files.ts";
import { type AppendInput, type AppendOptions, type AppendResult, appendRows } from "./append.ts";
import { type CompactOptions, type CompactResult, compactTable } from "./compact.ts";
import { ourProtocol } from "./features.ts";
import { type HistoryEntry, tableHistory } from "./history.ts";
import { listLog, logDirectory, readCommit, tryCommit } from "./log.ts";
import { replay } from "./replay.ts";
import { assertDefinition, metaDataOf, refuseReservedNames, schemaOf, type TableSchema } from "./schema.ts";
import { sessionSource } from "./session-source.ts";
import { createSnapshot, type Snapshot } from "./snapshot.ts";
import { instantOf, type TableState } from "./state.ts";
import { millisOf, TableLog, withCommitInfo } from "./table-log.ts";
import { type VacuumOptions, type VacuumResult, vacuumTable } from "./vacuum.ts";

/** How to open a table. */
export interface TableOptions {
  /** Stamps commits and ingest times. Default: the system's clock. */
  readonly clock?: Pick<Clock, "now">;
  /** Runs the queries; shared engines are cheaper. Default: one of the table's own, opened when first needed. */
  readonly engine?: DuckEngine;
}

/** How to open a table that exists. */
export interface OpenTableOptions<S extends ColumnTypes = ColumnTypes> extends TableOptions {
  /** What the table must be. A table of another tool takes its keys and event time from here. */
  readonly definition?: Table<string, S>;
}

/** Which version: its number, or the newest one committed at or before an instant. */
export interface AsOf {
  readonly version?: number;
  readonly timestamp?: InstantInput;
}

/** An open Delta Lake table. Several processes may write to it at once. */
export interface DeltaTable<S extends ColumnTypes = ColumnTypes> extends AsyncDisposable {
  /** Absolute path. */
  readonly directory: string;
  /** Appends rows as one commit; resolves when they are on disk. When it rejects, the table is as it was. */
  append(rows: AppendInput<S>, options?: AppendOptions): Promise<AppendResult>;
  /** Where an application stands: the version of its last `txn`, or where `positions` moved it; null before the first. */
  position(appId: string): Promise<number | null>;
  /** The table at its newest version, or at an earlier one. */
  snapshot(asOf?: AsOf): Promise<Snapshot<S>>;
  /** Replaces small files by larger ones; no row changes. */
  compact(options?: CompactOptions): Promise<CompactResult>;
  /** Removes data files that are no longer used. */
  vacuum(options?: VacuumOptions): Promise<VacuumResult>;
  /** The commits in the log, newest first. */
  history(options?: { readonly limit?: number }): Promise<HistoryEntry[]>;
  /** Closes the engine if it is the table's own. */
  close(): Promise<void>;
}

/**
 * Creates an empty table.
 * @throws TsopsError STORE_EXISTS, SCHEMA_INVALID for reserved column names, STORE_CORRUPT where data files lie without a log,
 * STORE_READ_ONLY, STORE_FULL
 */
export async function createTable<S extends ColumnTypes>(
  directory: string,
  definition: Table<string, S>,
  options: TableOptions = {},
): Promise<DeltaTable<S>> {
  checkTable(definition);
  refuseReservedNames(definition.columns);
  const path = resolve(directory);
  const clock = options.clock ?? systemClock();
  const exists = () =>
    new TsopsError("STORE_EXISTS", `There is a table at ${path} already.`, {
      hint: "Open it with openTable (or openOrCreateTable), or create it in another directory.",
    });
  const listing = await listLog(path);
  if (listing !== null && (listing.commits.length > 0 || listing.checkpoints.size > 0)) throw exists();
  await refuseLostLog(path);
  await makeDirectory(logDirectory(path));
  const now = clock.now();
  const actions = withCommitInfo(
    {
      operation: "CREATE TABLE",
      parameters: {},
      metrics: {},
      actions: [{ protocol: ourProtocol }, { metaData: metaDataOf(definition, randomUUID(), millisOf(now)) }],
    },
    now,
  );
  if (!(await tryCommit(path, 0, actions))) throw exists();
  await syncDirectory(path);
  return openTable(path, { ...options, clock, definition });
}

/**
 * Opens a table, ours or of another tool.
 * @throws TsopsError STORE_NOT_FOUND, STORE_CORRUPT naming the file, STORE_UNSUPPORTED naming the feature, SCHEMA_MISMATCH
 * when it is not as `definition` says
 */
export async function openTable<S extends ColumnTypes>(
  directory: string,
  options: OpenTableOptions<S> = {},
): Promise<DeltaTable<S>> {
  const path = resolve(directory);
  const sessions = sessionSource(options.engine);
  const log = new TableLog(path, sessions, options.clock ?? systemClock());
  const expected = options.definition as Table | undefined;
  const schemaNow = schemaReader(expected);
  const close = () => sessions.close();
  try {
    const found = await log.head((state) => schemaOf(state.metaData));
    if (expected !== undefined) assertDefinition(expected, found);
  } catch (error) {
    await close();
    throw error;
  }

  const snapshotOf = (state: TableState): Snapshot => {
    const schema = schemaNow(state);
    return createSnapshot(
      {
        directory: path,
        version: state.version,
        timestampMicros: state.timestampMicros,
        schema,
        definition: schema.definition,
        eventTime: schema.definition?.eventTime ?? null,
        files: state.orderedFiles(),
      },
      sessions,
    );
  };
  const snapshot = async (asOf: AsOf = {}): Promise<Snapshot> => {
    checkOptions("VALUE_INVALID", "snapshot()", asOf, { version: true, timestamp: true });
    if (asOf.version !== undefined && asOf.timestamp !== undefined)
      throw new TsopsError("VALUE_INVALID", "snapshot() was asked for a version and a timestamp.", {
        hint: "Give one of the two.",
      });
    if (asOf.timestamp === undefined && asOf.version === undefined) return log.head(snapshotOf);
    const version = asOf.version ?? (await versionAt(path, log, toMicros(asOf.timestamp as InstantInput)));
    const state = await replay(path, sessions, version);
    if (state === null) throw new TsopsError("STORE_NOT_FOUND", `There is no table at ${path}.`);
    return snapshotOf(state);
  };
  return {
    directory: path,
    append: (rows, appendOptions) =>
      appendRows(log, schemaNow, rows as AppendInput<ColumnTypes>, appendOptions),
    position: (appId) => log.head((state) => state.txns.get(appId)?.version ?? null),
    compact: (compactOptions) => compactTable(log, schemaNow, compactOptions),
    vacuum: (vacuumOptions) => vacuumTable(log, vacuumOptions),
    history: ({ limit } = {}) => tableHistory(path, limit),
    snapshot: (asOf) => snapshot(asOf) as unknown as Promise<Snapshot<S>>,
    close,
    [Symbol.asyncDispose]: close,
  };
}

/**
 * Opens the table with this definition, or creates it when there is none; safe when several processes do so at once.
 * @throws TsopsError SCHEMA_MISMATCH when the stored table has another definition, and what `createTable` and `openTable` throw
 */
export async function openOrCreateTable<S extends ColumnTypes>(
  directory: string,
  definition: Table<string, S>,
  options: TableOptions = {},
): Promise<DeltaTable<S>> {
  const open = () => openTable(directory, { ...options, definition });
  try {
    return await open();
  } catch (error) {
    if (!TsopsError.is(error, "STORE_NOT_FOUND")) throw error;
  }
  try {
    return await createTable(directory, definition, options);
  } catch (error) {
    if (!TsopsError.is(error, "STORE_EXISTS")) throw error;
    return open();
  }
}

/** A new log beside the files of a lost one would give their rows up: vacuum removes what no log names. */
async function refuseLostLog(directory: string): Promise<void> {
  const names = await readdir(directory).catch(() => []);
  const files = names.filter((name) => name.endsWith(".parquet"));
  if (files.length === 0) return;
  throw new TsopsError(
    "STORE_CORRUPT",
    `${directory} holds ${files.length} Parquet file${files.length === 1 ? "" : "s"}, such as ${files[0]}, but no table's log.`,
    {
      hint: "Restore its _delta_log directory from a copy, or move the files away to begin a new table.",
      details: { files: files.slice(0, 5), count: files.length },
    },
  );
}

/** A definition need not have been made by `table`, which checks it. @throws TsopsError SCHEMA_INVALID */
export function checkTable(definition: Table): void {
  tableOf(definition as never);
}

/** Reads schemas, once per metaData action, with the expected definition for tables that carry none. */
function schemaReader(expected: Table | undefined): (state: TableState) => TableSchema {
  const known = new WeakMap<object, TableSchema>();
  return (state) => {
    const found = known.get(state.metaData);
    if (found !== undefined) return found;
    const stored = schemaOf(state.metaData);
    const schema =
      expected === undefined ? stored : { ...stored, types: expected.columns, definition: expected };
    known.set(state.metaData, schema);
    return schema;
  };
}

/** The newest version committed at or before an instant. Commit times never decrease, so halving finds it. */
async function versionAt(directory: string, log: TableLog, micros: bigint): Promise<number> {
  const listing = await listLog(directory);
  const commits = listing?.commits ?? [];
  const timeOf = async (version: number) => instantOf((await readCommit(directory, version)) ?? []) ?? 0n;
  let [low, high] = [0, commits.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((await timeOf(commits[middle] as number)) <= micros) low = middle + 1;
    else high = middle;
  }
  const found = commits[low - 1];
  if (found !== undefined) return found;
  const oldest = commits[0];
  throw new TsopsError("STORE_NOT_FOUND", "The table did not exist at that time.", {
    hint: "Ask for a later instant.",
    details: { oldestVersion: oldest, newest: await log.head((state) => state.version) },
  });
}
