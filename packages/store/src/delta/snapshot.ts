import {
  type Columns,
  type ColumnTypes,
  checkList,
  checkOptions,
  checkWord,
  columnsFromRows,
  type InputOf,
  type OptionNames,
  type Table,
  TsopsError,
} from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import { type Scan, type ScanOptions, type ScanSource, scanFiles, type TimeRange } from "./scan.ts";
import { type IngestTypes, ingestTypes, type UnreadableColumn } from "./schema.ts";
import type { SessionSource } from "./session-source.ts";
import { damageBehind, verifyFiles } from "./verify.ts";

/** A table's columns and the ingest columns. */
type WithIngest<S extends ColumnTypes> = S & IngestTypes;

/** Names of columns that can be read. */
export type ReadableName<S extends ColumnTypes> = (keyof S | keyof IngestTypes) & string;

/** What to read. */
export interface ReadTableOptions<S extends ColumnTypes, Name extends ReadableName<S> = keyof S & string> {
  /** Columns in the wanted order. Default: all but the ingest columns. */
  readonly columns?: readonly Name[];
  /** Event times, [start, end). */
  readonly range?: TimeRange;
  /** Only rows whose key columns equal one of these, exactly. Name the same columns in each; they need not be all keys. */
  readonly keys?: readonly { readonly [K in keyof S]?: InputOf<S[K]> }[];
  /**
   * Order of the rows: as they were ingested (default), by event time and then as ingested, or as they lie in the files, which
   * needs no sorting and so the least memory. The first two are the same whether the table was compacted or not.
   */
  readonly order?: "ingest" | "time" | "stored";
  readonly signal?: AbortSignal;
}

/** How to read in batches. */
export interface ReadBatchesOptions<S extends ColumnTypes, Name extends ReadableName<S> = keyof S & string>
  extends ReadTableOptions<S, Name> {
  /** Rows of a batch, at least, except the last. Default 65,536. */
  readonly batchRows?: number;
}

/** A table as it was at one version; later commits do not change it. */
export interface Snapshot<S extends ColumnTypes = ColumnTypes> {
  readonly version: number;
  /** Instant of the version's commit in microseconds UTC. */
  readonly timestampMicros: bigint;
  /** Readable columns and their types. */
  readonly types: S;
  /** Our definition; null in a table of another tool that was opened without one. */
  readonly definition: Table<string, S> | null;
  /** Columns of types that tsops cannot read. */
  readonly unreadable: readonly UnreadableColumn[];
  /** Rows in the table; null when a file of another tool does not say. */
  readonly rows: number | null;
  /** Number of data files. */
  readonly fileCount: number;
  /** The snapshot as a relation for DuckDB, for joins; reads no data. */
  scan(options?: ScanOptions): Promise<Scan>;
  /** Reads into memory. */
  read<const Name extends ReadableName<S> = keyof S & string>(
    options?: ReadTableOptions<S, Name>,
  ): Promise<Columns<Pick<WithIngest<S>, Name>>>;
  /** Reads batch by batch in bounded memory. */
  batches<const Name extends ReadableName<S> = keyof S & string>(
    options?: ReadBatchesOptions<S, Name>,
  ): AsyncGenerator<Columns<Pick<WithIngest<S>, Name>>, void, undefined>;
  /**
   * Reads every data file to its end. Use it to name the file when a query over `scan` fails for no other reason.
   * @throws TsopsError STORE_CORRUPT naming the first file that is missing, cut or cannot be read
   */
  verify(options?: { readonly signal?: AbortSignal }): Promise<void>;
  /** Reads Arrow record batches in bounded memory. */
  recordBatches<const Name extends ReadableName<S> = keyof S & string>(
    options?: ReadBatchesOptions<S, Name>,
  ): AsyncGenerator<RecordBatch, void, undefined>;
}

/** What a snapshot is made of. */
export interface SnapshotParts extends ScanSource {
  readonly timestampMicros: bigint;
  readonly definition: Table | null;
}

/** The snapshot over some files. */
export function createSnapshot(parts: SnapshotParts, sessions: SessionSource): Snapshot {
  const { schema, files } = parts;
  const counts = files.map(({ add }) => rowCount(add.stats));
  const snapshot: Snapshot = {
    version: parts.version,
    timestampMicros: parts.timestampMicros,
    types: schema.types,
    definition: parts.definition,
    unreadable: schema.unreadable,
    rows: counts.every((count) => count !== null) ? counts.reduce((a, b) => a + b, 0) : null,
    fileCount: files.length,
    scan: (options) => scanFiles(parts, options),
    verify: ({ signal } = {}) => sessions.use((session) => verifyFiles(parts, session, signal)),
    read: (options = {}) =>
      sessions.use(async (session) => {
        const { sql, types } = await query(parts, session, options);
        try {
          return (await session.columns(sql, { types, signal: options.signal })) as Columns<never>;
        } catch (error) {
          throw await damageBehind(parts, sessions, error);
        }
      }),
    batches: async function* (options = {}) {
      const session = await sessions.session();
      try {
        const { sql, types } = await query(parts, session, options);
        const { signal, batchRows } = options;
        const found = session.batches(sql, {
          types,
          signal,
          ...(batchRows === undefined ? {} : { batchRows }),
        });
        for (;;) {
          const next = await found.next().catch(async (error: unknown) => {
            throw await damageBehind(parts, sessions, error);
          });
          if (next.done === true) return;
          yield next.value as Columns<never>;
        }
      } finally {
        await session.close();
      }
    },
    recordBatches: async function* (options = {}) {
      for await (const columns of snapshot.batches(options)) yield* toArrow(columns as Columns).batches;
    },
  };
  return snapshot;
}

function rowCount(stats: string | null | undefined): number | null {
  const found = typeof stats === "string" ? /"numRecords"\s*:\s*(\d+)/.exec(stats) : null;
  return found === null ? null : Number(found[1]);
}

const readOptionNames: OptionNames<ReadBatchesOptions<ColumnTypes>> = {
  columns: true,
  range: true,
  keys: true,
  order: true,
  signal: true,
  batchRows: true,
};

async function query(
  parts: SnapshotParts,
  session: DuckSession,
  options: ReadTableOptions<ColumnTypes>,
): Promise<{ sql: string; types: ColumnTypes }> {
  checkOptions("VALUE_INVALID", "read()", options as ReadBatchesOptions<ColumnTypes>, readOptionNames);
  for (const name of ["columns", "keys"] as const)
    if (options[name] !== undefined) checkList("VALUE_INVALID", name, options[name]);
  checkWord("VALUE_INVALID", "order", options.order ?? "ingest", ["ingest", "time", "stored"]);
  const wanted = options.columns ?? Object.keys(parts.schema.types);
  const { types } = parts.schema;
  if (wanted.length === 0) throw nothingToRead(parts);
  const keyNames = await loadKeys(session, types, options.keys);
  const isByTime = options.order === "time";
  if (isByTime && parts.eventTime === null)
    throw new TsopsError("SCHEMA_INVALID", "The table does not say which column is its event time.", {
      hint: "Open it with a definition: openTable(directory, { definition }).",
    });
  const extra = [...keyNames, ...(isByTime ? [parts.eventTime as string] : [])];
  const names = wanted.filter((name) => !Object.hasOwn(ingestTypes, name));
  const scan = await scanFiles(parts, {
    columns: [...new Set([...names, ...extra])],
    ...(options.range === undefined ? {} : { range: options.range }),
  });
  const order = [...(isByTime ? [parts.eventTime as string] : []), "_ingest_version", "_ingest_row"];
  const isSorted = options.order === "stored" || (!isByTime && keyNames.length === 0 && scan.isIngestOrdered);
  const keyList = keyNames.map(quoteName).join(", ");
  const semi = keyNames.length === 0 ? "" : ` SEMI JOIN tsops_keys USING (${keyList})`;
  const by = isSorted ? "" : ` ORDER BY ${order.map(quoteName).join(", ")}`;
  const all: ColumnTypes = { ...types, ...ingestTypes };
  return {
    sql: `SELECT ${wanted.map(quoteName).join(", ")} FROM ${scan.sql}${semi}${by}`,
    types: Object.fromEntries(wanted.map((name) => [name, all[name]])) as ColumnTypes,
  };
}

function nothingToRead({ schema }: SnapshotParts): TsopsError {
  const unreadable = schema.unreadable.map(({ name, type }) => `${name} (${type})`);
  if (Object.keys(schema.types).length === 0 && unreadable.length > 0)
    return new TsopsError(
      "STORE_UNSUPPORTED",
      `The table has only columns that tsops cannot read: ${unreadable.join(", ")}.`,
      { hint: "Convert a column in the tool that wrote the table.", details: { columns: unreadable } },
    );
  return new TsopsError("COLUMN_NOT_FOUND", "No column was asked for.", {
    hint: `The table's columns are ${Object.keys(schema.types).join(", ")}.`,
  });
}

/** Puts wanted keys into the session's table `tsops_keys`; gives the columns they name. */
async function loadKeys(
  session: DuckSession,
  types: ColumnTypes,
  keys: readonly object[] | undefined,
): Promise<string[]> {
  if (keys === undefined) return [];
  const names = Object.keys(keys[0] ?? {});
  const unknown = names.find((name) => !Object.hasOwn(types, name));
  if (unknown !== undefined)
    throw new TsopsError("COLUMN_NOT_FOUND", `The table has no column "${unknown}" to look for keys in.`, {
      hint: `Its columns are ${Object.keys(types).join(", ")}.`,
      details: { column: unknown },
    });
  const other = keys.findIndex((key) => Object.keys(key).sort().join() !== [...names].sort().join());
  if (names.length === 0 || other >= 0)
    throw new TsopsError(
      "VALUE_INVALID",
      `Key ${Math.max(0, other)} does not name the same columns as the first.`,
      {
        hint: "Give each wanted key as an object with the same columns, at least one.",
      },
    );
  const keyTypes = Object.fromEntries(
    names.map((name) => [name, { ...types[name], nullable: false }]),
  ) as ColumnTypes;
  await session.load("tsops_keys", columnsFromRows(keyTypes, keys as never));
  return names;
}
