import { stat } from "node:fs/promises";
import { join } from "node:path";
import { type ColumnTypes, checkRange, type InstantInput, TsopsError, toMicros } from "@tsops/core";
import { quoteInstant, quoteName, quotePath, quoteText } from "../engine/sql-text.ts";
import { perFile } from "./per-file.ts";
import { ingestTypes, sqlTypeOf, type TableSchema } from "./schema.ts";
import type { DataFile } from "./state.ts";
import { parseStats, timeBounds } from "./stats.ts";

/** Half-open range of event times; a missing end is open. */
export interface TimeRange {
  readonly start?: InstantInput;
  readonly end?: InstantInput;
}

/** What to scan. */
export interface ScanOptions {
  /** Columns in the wanted order. Default: all of the table's. */
  readonly columns?: readonly string[];
  /** Event times to scan; files outside it are not opened. */
  readonly range?: TimeRange;
  /** Timestamp columns as TIMESTAMPTZ (default) or as BIGINT microseconds since 1970 UTC. */
  readonly timestamps?: "instant" | "micros";
}

/** A part of a snapshot as a relation for DuckDB. */
export interface Scan {
  /**
   * Text for a FROM clause, in parentheses. Its columns are the scanned ones and then `_ingest_time` (TIMESTAMPTZ or BIGINT),
   * `_ingest_version` and `_ingest_row` (BIGINT, never null): ordering by the last two gives the order of ingest.
   */
  readonly sql: string;
  /** Types of the scanned columns, without the ingest columns. */
  readonly types: ColumnTypes;
  /** DuckDB's type in which each of them is stored: tables of other tools have narrower ones, e.g. FLOAT, which are read as DOUBLE. */
  readonly storedAs: Readonly<Record<string, string>>;
  /** The files behind it, in order of ingest. */
  readonly files: readonly ScannedFile[];
  /** Whether rows come in order of ingest without sorting (until the table is compacted). */
  readonly isIngestOrdered: boolean;
}

/** One file of a scan. */
export interface ScannedFile {
  /** Absolute path. */
  readonly path: string;
  readonly bytes: number;
  /** Null when the log does not say. */
  readonly rows: number | null;
  /** Smallest and largest event time in microseconds UTC, both inclusive and possibly wider; null when unknown. */
  readonly eventTimes: { readonly min: bigint; readonly max: bigint } | null;
  /** Whether the file's rows are in order of event time. */
  readonly isTimeOrdered: boolean;
}

/** What a scan needs to know of a snapshot. */
export interface ScanSource {
  readonly directory: string;
  readonly version: number;
  readonly schema: TableSchema;
  /** In order of ingest. */
  readonly files: readonly DataFile[];
  /** The event time column; null in tables of other tools that were opened without a definition. */
  readonly eventTime: string | null;
}

const sqlTypes = {
  float64: "DOUBLE",
  int64: "BIGINT",
  utf8: "VARCHAR",
  bool: "BOOLEAN",
  timestamp: "TIMESTAMPTZ",
};

/**
 * Describes a part of a snapshot for DuckDB, after checking that its files are there and have the size the log says.
 * @throws TsopsError COLUMN_NOT_FOUND, STORE_CORRUPT naming a missing or cut file, STORE_UNSUPPORTED for a column that tsops
 * cannot read
 */
export async function scanFiles(source: ScanSource, options: ScanOptions = {}): Promise<Scan> {
  const types = selectTypes(source, options.columns ?? Object.keys(source.schema.types));
  const range = options.range === undefined ? null : rangeMicros(source, options.range);
  const chosen = source.files.flatMap((file) => {
    const described = describe(source, file);
    const { eventTimes } = described;
    if (range !== null && eventTimes !== null) {
      if (range.start !== null && eventTimes.max < range.start) return [];
      if (range.end !== null && eventTimes.min >= range.end) return [];
    }
    return [{ file, described }];
  });
  await checkFiles(source, chosen);
  return {
    sql: relation(source, types, chosen, range, options.timestamps ?? "instant"),
    types,
    storedAs: Object.fromEntries(Object.keys(types).map((name) => [name, sqlTypeOf(source.schema, name)])),
    files: chosen.map(({ described }) => described),
    isIngestOrdered: chosen.every(({ file }) => file.ingest !== "all"),
  };
}

function selectTypes(source: ScanSource, names: readonly string[]): ColumnTypes {
  const { types, unreadable } = source.schema;
  return Object.fromEntries(
    names.map((name) => {
      const type = Object.hasOwn(types, name) ? types[name] : undefined;
      if (type !== undefined) return [name, type];
      const other = unreadable.find((column) => column.name === name);
      if (other !== undefined)
        throw new TsopsError(
          "STORE_UNSUPPORTED",
          `Column "${name}" has Delta type ${other.type}, which tsops cannot read.`,
          {
            hint: "Leave the column out, or convert it in the tool that wrote the table.",
            details: { column: name, type: other.type },
          },
        );
      throw new TsopsError("COLUMN_NOT_FOUND", `The table has no column "${name}".`, {
        hint: `Its columns are ${Object.keys(types).join(", ")}.`,
        details: { column: name },
      });
    }),
  );
}

interface RangeMicros {
  readonly column: string;
  readonly start: bigint | null;
  readonly end: bigint | null;
}

function rangeMicros(source: ScanSource, range: TimeRange): RangeMicros {
  checkRange("range", range);
  if (source.eventTime === null)
    throw new TsopsError("SCHEMA_INVALID", "The table does not say which column is its event time.", {
      hint: "Open it with a definition: openTable(directory, { definition }).",
    });
  return {
    column: source.eventTime,
    start: range.start === undefined ? null : toMicros(range.start),
    end: range.end === undefined ? null : toMicros(range.end),
  };
}

function describe(source: ScanSource, file: DataFile): ScannedFile {
  const stats = parseStats(file.add);
  return {
    path: join(source.directory, file.path),
    bytes: file.add.size,
    rows: stats.numRecords ?? null,
    eventTimes: source.eventTime === null ? null : timeBounds(stats, source.eventTime),
    isTimeOrdered: file.isTimeOrdered,
  };
}

interface Chosen {
  readonly file: DataFile;
  readonly described: ScannedFile;
}

async function checkFiles(source: ScanSource, chosen: readonly Chosen[]): Promise<void> {
  const damaged = await Promise.all(
    chosen.map(async ({ described: { path, bytes } }, index) => {
      const found = await stat(path).catch(() => null);
      if (found === null) return { index, problem: "is missing" };
      return found.size === bytes ? null : { index, problem: `has ${found.size} bytes instead of ${bytes}` };
    }),
  );
  const problems = damaged.filter((problem) => problem !== null);
  const [first] = problems;
  if (first === undefined) return;
  const { file } = chosen[first.index] as Chosen;
  throw damagedFile(source, file, first.problem, problems.length);
}

/** The error for a data file that is not as the log says. */
export function damagedFile(
  source: ScanSource,
  file: DataFile,
  problem: string,
  files: number,
  cause?: unknown,
): TsopsError {
  const rest = files > 1 ? `, and ${files - 1} more` : "";
  return new TsopsError(
    "STORE_CORRUPT",
    `Version ${source.version} of the table needs the data file ${file.path}, which ${problem}${rest}.`,
    {
      hint: "Restore the file from a copy of the table. An old version loses its files when the table is vacuumed.",
      details: { file: file.path, version: source.version, files },
      cause,
    },
  );
}

function relation(
  source: ScanSource,
  types: ColumnTypes,
  chosen: readonly Chosen[],
  range: RangeMicros | null,
  timestamps: "instant" | "micros",
): string {
  const shown = (name: string, kind: string) =>
    kind === "timestamp" && timestamps === "micros"
      ? `epoch_us(${quoteName(name)}) AS ${quoteName(name)}`
      : quoteName(name);
  const selected = Object.entries(types).map(([name, type]) => shown(name, type.kind));
  const ingest = Object.entries(ingestTypes).map(([name, type]) => shown(name, type.kind));
  const list = [...selected, ...ingest].join(", ");
  const conditions = range === null ? [] : rangeConditions(range);
  const where = conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
  return `(SELECT ${list} FROM ${parquetRelation(source, types, chosen)}${where})`;
}

function rangeConditions({ column, start, end }: RangeMicros): string[] {
  const name = quoteName(column);
  return [
    ...(start === null ? [] : [`${name} >= ${quoteInstant(start)}`]),
    ...(end === null ? [] : [`${name} < ${quoteInstant(end)}`]),
  ];
}

/** The files with the columns of `types`, the event time and the ingest columns, the latter filled where files lack them. */
function parquetRelation(source: ScanSource, types: ColumnTypes, chosen: readonly Chosen[]): string {
  const all: ColumnTypes = {
    ...types,
    ...(source.eventTime === null ? {} : { [source.eventTime]: { kind: "timestamp", nullable: false } }),
    ...ingestTypes,
  };
  if (chosen.length === 0) {
    const nulls = Object.entries(all).map(
      ([name, { kind }]) => `NULL::${sqlTypes[kind]} AS ${quoteName(name)}`,
    );
    return `(SELECT ${nulls.join(", ")} WHERE false)`;
  }
  // With a schema given, DuckDB opens no file before the query runs, and files may lack columns. Inside, columns have names of
  // our own: a table's column may be called like a virtual one of DuckDB's reader, such as file_index.
  const inside = (name: string, index: number) =>
    Object.hasOwn(ingestTypes, name) ? name : `tsops_${index}`;
  const schema = Object.entries(all).map(
    ([name, { kind }], index) =>
      `${quoteText(name)}: {name: '${inside(name, index)}', type: '${sqlTypes[kind]}', default_value: NULL}`,
  );
  const shown = Object.keys(all).flatMap((name, index) =>
    Object.hasOwn(ingestTypes, name) ? [] : [`${inside(name, index)} AS ${quoteName(name)}, `],
  );
  const files = chosen.map(({ described }) => quotePath(described.path)).join(", ");
  // Only files of other tools lack the time; compacted ones have all three.
  const time = perFile(chosen.map(({ file }) => (file.ingest === "none" ? file.ingestMicros : null)));
  const version = perFile(chosen.map(({ file }) => (file.ingest === "all" ? null : BigInt(file.version))));
  const firstRow = perFile(chosen.map(({ file }) => (file.ingest === "all" ? null : file.firstRow)));
  return (
    `(SELECT ${shown.join("")}COALESCE(_ingest_time, make_timestamptz(${time})) AS _ingest_time, ` +
    `COALESCE(_ingest_version, ${version}) AS _ingest_version, ` +
    `COALESCE(_ingest_row, ${firstRow} + file_row_number) AS _ingest_row ` +
    `FROM read_parquet([${files}], schema = MAP {${schema.join(", ")}}))`
  );
}
