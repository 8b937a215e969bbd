import { type ColumnTypes, checkOptions, type Progress, TsopsError, throwIfAborted } from "@tsops/core";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import { addActionOf, copyToParquet, flushFiles, removeFiles, type WrittenFile } from "./data-file.ts";
import { refuseUnwritable } from "./features.ts";
import { type ScanSource, scanFiles } from "./scan.ts";
import { ingestTypes, type TableSchema } from "./schema.ts";
import { type DataFile, fileTags, type TableState } from "./state.ts";
import { mergeStats, parseStats } from "./stats.ts";
import { millisOf, type TableLog } from "./table-log.ts";
import { damageBehind } from "./verify.ts";

/** How to compact. */
export interface CompactOptions {
  /** Files are gathered until they have about this many bytes. Default 128 MiB; files of half that size are left alone. */
  readonly targetBytes?: number;
  /** Told the files rewritten so far. */
  readonly progress?: Progress;
  readonly signal?: AbortSignal;
}

/** What compacting did. */
export interface CompactResult {
  /** The newest version: the one that swapped the files, or the one there was when nothing had to be done. */
  readonly version: number;
  /** Files replaced. */
  readonly removed: number;
  /** Files written. */
  readonly added: number;
}

const defaultTargetBytes = 128 * 1024 * 1024;
const attempts = 3;

/**
 * Replaces small files by larger ones in one commit. No row changes, and each keeps its ingest time, version and row; within
 * a new file rows are in order of event time. Appends go on meanwhile.
 * @throws TsopsError STORE_CONFLICT when another process keeps removing the same files, STORE_UNSUPPORTED for a table without
 * ingest columns, STORE_FULL, STORE_READ_ONLY, ABORTED
 */
export async function compactTable(
  log: TableLog,
  schemaNow: (state: TableState) => TableSchema,
  options: CompactOptions = {},
): Promise<CompactResult> {
  checkOptions("VALUE_INVALID", "compact()", options, { targetBytes: true, progress: true, signal: true });
  for (let attempt = 0; attempt < attempts; attempt++) {
    throwIfAborted(options.signal);
    const result = await compactOnce(log, schemaNow, options);
    if (result !== null) return result;
  }
  throw new TsopsError(
    "STORE_CONFLICT",
    `Another process removed the files that were being compacted, ${attempts} times; nothing was changed.`,
    { hint: "Let only one process compact or rewrite the table at a time." },
  );
}

/** Null when another process removed one of the files meanwhile. */
async function compactOnce(
  log: TableLog,
  schemaNow: (state: TableState) => TableSchema,
  options: CompactOptions,
): Promise<CompactResult | null> {
  const before = await log.head((state) => {
    refuseUnwritable(state.protocol, state.metaData);
    const schema = schemaNow(state);
    return {
      version: state.version,
      schema,
      files: state.orderedFiles(),
      schemaText: state.metaData.schemaString,
    };
  });
  const { schema } = before;
  if (!schema.hasIngest || schema.unreadable.length > 0)
    throw new TsopsError("STORE_UNSUPPORTED", "Only tables that tsops created can be compacted by it.", {
      hint: "Compact the table with the tool that made it.",
    });
  const groups = groupFiles(before.files, options.targetBytes ?? defaultTargetBytes);
  if (groups.length === 0) return { version: before.version, removed: 0, added: 0 };

  const written: WrittenFile[] = [];
  let isKept = false;
  try {
    const total = groups.flat().length;
    let done = 0;
    for (const group of groups) {
      written.push(await rewrite(log, before.version, schema, group, options.signal));
      done += group.length;
      options.progress?.({ task: "compact", done, total });
    }
    await flushFiles(log.directory, written);
    const inputs = groups.flat();
    const committed = await log.commit((state, { timestampMicros }) => {
      const isStale =
        state.metaData.schemaString !== before.schemaText ||
        inputs.some(({ path }) => !state.files.has(path));
      if (isStale) return null;
      const now = millisOf(timestampMicros);
      const removes = inputs.map(({ add }) => ({
        remove: {
          path: add.path,
          deletionTimestamp: now,
          dataChange: false,
          extendedFileMetadata: true,
          partitionValues: {},
          size: add.size,
        },
      }));
      const adds = written.map((file, index) => {
        const first = (groups[index] as DataFile[])[0] as DataFile;
        const tags = {
          [fileTags.version]: String(first.version),
          [fileTags.firstRow]: String(first.firstRow),
          [fileTags.ingest]: "all",
        };
        return { add: addActionOf(file, now, false, tags) };
      });
      return {
        operation: "OPTIMIZE",
        parameters: {},
        metrics: { numRemovedFiles: String(removes.length), numAddedFiles: String(adds.length) },
        actions: [...removes, ...adds],
      };
    }, options.signal);
    isKept = committed !== null;
    return committed === null
      ? null
      : { version: committed.version, removed: inputs.length, added: written.length };
  } catch (error) {
    isKept = TsopsError.is(error) && error.details["isCommitted"] === true;
    throw error;
  } finally {
    if (!isKept) await removeFiles(log.directory, written);
  }
}

/** Small files, in order of ingest, in groups of about `targetBytes`; groups of one are left out. */
function groupFiles(files: readonly DataFile[], targetBytes: number): DataFile[][] {
  const groups: DataFile[][] = [];
  let group: DataFile[] = [];
  let bytes = 0;
  for (const file of files) {
    if (file.add.size * 2 > targetBytes) continue;
    if (bytes + file.add.size > targetBytes && group.length > 0) {
      groups.push(group);
      group = [];
      bytes = 0;
    }
    group.push(file);
    bytes += file.add.size;
  }
  groups.push(group);
  return groups.filter(({ length }) => length > 1);
}

async function rewrite(
  log: TableLog,
  version: number,
  schema: TableSchema,
  files: readonly DataFile[],
  signal: AbortSignal | undefined,
): Promise<WrittenFile> {
  const eventTime = schema.definition?.eventTime ?? null;
  const source: ScanSource = { directory: log.directory, version, schema, files, eventTime };
  const { sql } = await scanFiles(source);
  const types: ColumnTypes = { ...schema.types, ...ingestTypes };
  const order = [...(eventTime === null ? [] : [eventTime]), "_ingest_version", "_ingest_row"].map(quoteName);
  const query = `SELECT ${Object.keys(types).map(quoteName).join(", ")} FROM ${sql} ORDER BY ${order.join(", ")}`;
  const file = await log.sessions
    .use(async (session) => {
      const keepsZeroSigns = await hasNegativeZero(session, sql, schema.types, signal);
      return copyToParquet(session, log.directory, query, { keepsZeroSigns, signal });
    })
    .catch(async (error: unknown) => {
      throw await damageBehind(source, log.sessions, error);
    });
  const stats = mergeStats(
    files.map(({ add }) => parseStats(add)),
    schema.types,
  );
  return { ...file, stats, isTimeOrdered: eventTime !== null };
}

/** Whether rows to rewrite hold -0 in a float column. Row groups whose least value is above 0 are not read for it. */
async function hasNegativeZero(
  session: DuckSession,
  rows: string,
  types: ColumnTypes,
  signal: AbortSignal | undefined,
): Promise<boolean> {
  const floats = Object.keys(types).filter((name) => types[name]?.kind === "float64");
  if (floats.length === 0) return false;
  const conditions = floats.map(quoteName).map((name) => `(${name} = 0 AND signbit(${name}))`);
  const found = await session.columns(
    `SELECT true AS found FROM ${rows} WHERE ${conditions.join(" OR ")} LIMIT 1`,
    {
      signal,
    },
  );
  return found.length > 0;
}
