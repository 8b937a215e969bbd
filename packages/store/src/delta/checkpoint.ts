import { randomUUID } from "node:crypto";
import { readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { columnsFromArrays, TsopsError, utf8 } from "@tsops/core";
import { isQueryFailure } from "../engine/duckdb-error.ts";
import { quoteName, quotePath, quoteText } from "../engine/sql-text.ts";
import { syncDirectory } from "../home/files.ts";
import { type Action, parseAction } from "./actions.ts";
import { checkpointName, logDirectory, syncFile, temporarySuffix, writeLastCheckpoint } from "./log.ts";
import type { SessionSource } from "./session-source.ts";
import type { TableState } from "./state.ts";

/** Layout of a checkpoint: one column per kind of action, as in Delta's protocol. */
const layout = {
  txn: { appId: "VARCHAR", version: "BIGINT", lastUpdated: "BIGINT" },
  add: {
    path: "VARCHAR",
    partitionValues: "MAP(VARCHAR, VARCHAR)",
    size: "BIGINT",
    modificationTime: "BIGINT",
    dataChange: "BOOLEAN",
    stats: "VARCHAR",
    tags: "MAP(VARCHAR, VARCHAR)",
  },
  remove: {
    path: "VARCHAR",
    deletionTimestamp: "BIGINT",
    dataChange: "BOOLEAN",
    extendedFileMetadata: "BOOLEAN",
    partitionValues: "MAP(VARCHAR, VARCHAR)",
    size: "BIGINT",
  },
  metaData: {
    id: "VARCHAR",
    name: "VARCHAR",
    description: "VARCHAR",
    format: { provider: "VARCHAR", options: "MAP(VARCHAR, VARCHAR)" },
    schemaString: "VARCHAR",
    partitionColumns: ["VARCHAR"],
    configuration: "MAP(VARCHAR, VARCHAR)",
    createdTime: "BIGINT",
  },
  protocol: {
    minReaderVersion: "INTEGER",
    minWriterVersion: "INTEGER",
    readerFeatures: ["VARCHAR"],
    writerFeatures: ["VARCHAR"],
  },
} as const;

/**
 * Reads a checkpoint's actions.
 * @param names - Its files in the log directory, in order.
 * @throws TsopsError STORE_CORRUPT naming the first file
 */
export async function readCheckpoint(
  table: string,
  names: readonly string[],
  sessions: SessionSource,
): Promise<Action[]> {
  const paths = names.map((name) => quotePath(join(logDirectory(table), name)));
  const file = `_delta_log/${names[0]}`;
  try {
    const { data } = await sessions.use((session) =>
      session.columns(`SELECT to_json(row) AS line FROM read_parquet([${paths.join(", ")}]) AS row`),
    );
    const line = data["line"];
    if (line?.kind !== "utf8") throw new TypeError("DuckDB gave no text.");
    return Array.from(line.codes, (code, row) =>
      parseAction(line.dictionary[code] as string, `row ${row + 1} of ${file}`, { file, row: row + 1 }),
    );
  } catch (error) {
    if (!isQueryFailure(error)) throw error;
    throw new TsopsError("STORE_CORRUPT", `The checkpoint ${file} cannot be read.`, {
      hint: "Remove it: the table can be read from its commits, if they are all there.",
      details: { file },
      cause: error,
    });
  }
}

/**
 * Writes a state as a checkpoint, so that readers need not replay every commit.
 * @param tombstonesAfterMs - Files whose removal is older, and that vacuum has deleted, are left out.
 */
export async function writeCheckpoint(
  table: string,
  state: TableState,
  sessions: SessionSource,
  tombstonesAfterMs: number,
): Promise<void> {
  const { version } = state;
  // While its file is there, vacuum must know when a file was removed, however long it is to be kept.
  const there = new Set(await readdir(table));
  const removed = [...state.tombstones]
    .filter(([path, remove]) => (remove.deletionTimestamp ?? 0) >= tombstonesAfterMs || there.has(path))
    .map(([, remove]) => remove);
  const actions: Action[] = [
    { protocol: state.protocol },
    { metaData: state.metaData },
    ...[...state.txns.values()].map((txn) => ({ txn })),
    ...removed.map((remove) => ({ remove: { ...remove, dataChange: false } })),
    ...state.orderedFiles().map(({ add }) => ({ add: { ...add, dataChange: false } })),
  ];
  const lines = actions.map((action) => JSON.stringify(action));
  const columns = columnsFromArrays({ line: utf8() }, { line: lines });
  const temporary = join(
    logDirectory(table),
    `.${checkpointName(version)}.${randomUUID()}${temporarySuffix}`,
  );
  try {
    await sessions.use(async (session) => {
      await session.load("tsops_checkpoint", columns);
      const fields = Object.keys(layout).map((name) => `action.${quoteName(name)} AS ${quoteName(name)}`);
      await session.run(
        `COPY (SELECT ${fields.join(", ")} FROM (SELECT json_transform(line, ${quoteText(JSON.stringify(layout))}) AS action ` +
          `FROM tsops_checkpoint)) TO ${quoteText(temporary)} (FORMAT parquet, COMPRESSION snappy, USE_TMP_FILE false)`,
      );
    });
    await syncFile(temporary);
    await rename(temporary, join(logDirectory(table), checkpointName(version)));
    await syncDirectory(logDirectory(table));
  } finally {
    await rm(temporary, { force: true });
  }
  await writeLastCheckpoint(table, { version, size: actions.length });
}
