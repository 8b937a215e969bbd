import { randomUUID } from "node:crypto";
import { rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Columns, type Table, TsopsError } from "@tsops/core";
import type { DuckSession } from "../engine/engine.ts";
import { quoteInstant, quoteName, quoteText } from "../engine/sql-text.ts";
import { asFileError, syncDirectory } from "../home/files.ts";
import type { AddAction } from "./actions.ts";
import { syncFile } from "./log.ts";
import { sqlTypeOf, type TableSchema } from "./schema.ts";
import { fileTags } from "./state.ts";
import { type FileStats, isAscending, statsOf } from "./stats.ts";

/** A data file that lies on disk and waits for its commit. */
export interface WrittenFile {
  readonly name: string;
  readonly size: number;
  readonly stats: FileStats;
  readonly isTimeOrdered: boolean;
}

/** Writes rows to a new Parquet file of a table; `flushFiles` puts it on disk. */
export async function writeDataFile(
  session: DuckSession,
  table: string,
  columns: Columns,
  schema: TableSchema,
  ingestMicros: bigint,
  signal?: AbortSignal,
): Promise<WrittenFile> {
  const temporary = "tsops_append";
  await session.load(temporary, columns, { signal });
  try {
    const selected = Object.keys(columns.types).map(
      (name) => `CAST(${quoteName(name)} AS ${sqlTypeOf(schema, name)}) AS ${quoteName(name)}`,
    );
    if (schema.hasIngest) selected.push(`${quoteInstant(ingestMicros)} AS _ingest_time`);
    const file = await copyToParquet(
      session,
      table,
      `SELECT ${selected.join(", ")} FROM ${quoteName(temporary)}`,
      { keepsZeroSigns: hasNegativeZero(columns), signal },
    );
    return {
      ...file,
      stats: statsOf(columns, schema.definition),
      isTimeOrdered: isTimeOrdered(columns, schema.definition),
    };
  } finally {
    await session.run(`DROP TABLE ${quoteName(temporary)}`);
  }
}

/**
 * Writes the result of a query to a new Parquet file of a table. Leaves nothing when it fails.
 * @param options.keepsZeroSigns - Whether a float column may hold -0. DuckDB's dictionaries take it for 0, so such a file has none.
 */
export async function copyToParquet(
  session: DuckSession,
  table: string,
  query: string,
  { keepsZeroSigns, signal }: { readonly keepsZeroSigns: boolean; readonly signal: AbortSignal | undefined },
): Promise<{ readonly name: string; readonly size: number }> {
  const name = `part-${randomUUID()}.zstd.parquet`;
  const path = join(table, name);
  try {
    await session.run(
      `COPY (${query}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd, USE_TMP_FILE false${
        keepsZeroSigns ? ", DICTIONARY_SIZE_LIMIT 0" : ""
      })`,
      { signal },
    );
    return { name, size: (await stat(path)).size };
  } catch (error) {
    await rm(path, { force: true }).catch(() => undefined);
    if (error instanceof Error && /Conversion Error/.test(error.message))
      throw new TsopsError("VALUE_INVALID", "A value does not fit the narrower type of the table's column.", {
        hint: "Widen the column with the tool that made the table, or correct the value.",
        cause: error,
      });
    throw asFileError(error, path);
  }
}

/** Puts written files and their entries in the table's directory on disk. */
export async function flushFiles(table: string, files: readonly { readonly name: string }[]): Promise<void> {
  try {
    await Promise.all([...files.map(({ name }) => syncFile(join(table, name))), syncDirectory(table)]);
  } catch (error) {
    throw asFileError(error, table);
  }
}

/** Removes files that no commit refers to. */
export async function removeFiles(table: string, files: readonly { readonly name: string }[]): Promise<void> {
  for (const { name } of files) await rm(join(table, name), { force: true }).catch(() => undefined);
}

/** The add action of a written file. */
export function addActionOf(
  file: WrittenFile,
  modificationTimeMs: number,
  dataChange: boolean,
  tags: Readonly<Record<string, string>>,
): AddAction {
  return {
    path: file.name,
    partitionValues: {},
    size: file.size,
    modificationTime: modificationTimeMs,
    dataChange,
    stats: JSON.stringify(file.stats),
    tags: { ...tags, ...(file.isTimeOrdered ? { [fileTags.order]: "time" } : {}) },
  };
}

function isTimeOrdered(columns: Columns, definition: Table | null): boolean {
  const column = definition === null ? undefined : columns.data[definition.eventTime];
  return column?.kind === "timestamp" && isAscending(column.values, columns.length);
}

function hasNegativeZero(columns: Columns): boolean {
  return Object.values(columns.data).some(
    (column) => column.kind === "float64" && column.values.some((value) => Object.is(value, -0)),
  );
}
