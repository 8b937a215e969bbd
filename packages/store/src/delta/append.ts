import {
  assertSchema,
  type Columns,
  type ColumnType,
  type ColumnTypes,
  checkList,
  checkOptions,
  columnLength,
  columnsFromRows,
  countNulls,
  type InputRowOf,
  isValid,
  type Progress,
  selectColumns,
  shown,
  sliceColumns,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { fromArrow } from "@tsops/core/arrow";
import type { Table as ArrowTable, RecordBatch } from "apache-arrow";
import { addActionOf, flushFiles, removeFiles, type WrittenFile, writeDataFile } from "./data-file.ts";
import { refuseUnwritable } from "./features.ts";
import type { TableSchema } from "./schema.ts";
import { fileTags, type TableState } from "./state.ts";
import { millisOf, type TableLog } from "./table-log.ts";

/** Rows as they can be appended: row objects, columns or Arrow. */
export type AppendInput<S extends ColumnTypes> =
  | Columns<S>
  | ArrowTable
  | RecordBatch
  | readonly InputRowOf<S>[];

/** A number that an application keeps with a table, e.g. how far it has read what it appends. */
export interface PositionMove {
  readonly appId: string;
  /** Where it stood when the rows were made; null: nowhere yet. */
  readonly from: number | null;
  readonly to: number;
}

/** How to append. */
export interface AppendOptions {
  /**
   * Makes the append idempotent: it does nothing when this application has already committed this version or a later one.
   */
  readonly txn?: { readonly appId: string; readonly version: number };
  /**
   * Positions (see `DeltaTable.position`) that move in the same commit as the rows. When one of them is not at `from` any more, nothing
   * is written and the result says `duplicate`: somebody else was faster.
   */
  readonly positions?: readonly PositionMove[];
  /** Rows per data file, at most; bounds the memory that DuckDB needs at once. Default 4,000,000. */
  readonly rowsPerFile?: number;
  /** Told the rows written after each data file. */
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What an append did. */
export interface AppendResult {
  /** The version that holds the rows: the new one, or the newest when nothing had to be written. */
  readonly version: number;
  /** Rows written. */
  readonly rows: number;
  /** Whether the transaction had been committed before, or a position had been moved by somebody else. */
  readonly duplicate: boolean;
}

const defaultRowsPerFile = 4_000_000;

/**
 * Appends rows as one commit. It resolves when they are on disk; when it rejects, the table is as it was before.
 * @throws TsopsError SCHEMA_MISMATCH, VALUE_INVALID listing rows, STORE_FULL, STORE_READ_ONLY, STORE_CONFLICT, ABORTED
 */
export async function appendRows(
  log: TableLog,
  schemaNow: (state: TableState) => TableSchema,
  input: AppendInput<ColumnTypes>,
  options: AppendOptions = {},
): Promise<AppendResult> {
  checkOptions("VALUE_INVALID", "append()", options, {
    txn: true,
    positions: true,
    rowsPerFile: true,
    progress: true,
    signal: true,
  });
  if (typeof input !== "object" || input === null)
    throw new TsopsError("SCHEMA_MISMATCH", `append() takes rows, got ${shown(input)}.`, {
      hint: "Give row objects in an array, columns or an Arrow table.",
    });
  const { txn, signal } = options;
  const moves = options.positions ?? [];
  if (txn !== undefined) checkTxn(txn);
  checkMoves(moves, txn);
  if (
    options.rowsPerFile !== undefined &&
    !(Number.isInteger(options.rowsPerFile) && options.rowsPerFile > 0)
  )
    throw new TsopsError(
      "VALUE_INVALID",
      `rowsPerFile is a whole number above 0, got ${shown(options.rowsPerFile)}.`,
      { details: { option: "rowsPerFile" } },
    );
  throwIfAborted(signal);
  const before = await log.head((state) => {
    refuseUnwritable(state.protocol, state.metaData);
    return {
      version: state.version,
      schema: schemaNow(state),
      schemaText: state.metaData.schemaString,
      isDone: isDone(state, txn) || hasMoved(state, moves),
    };
  });
  const duplicate = { version: before.version, rows: 0, duplicate: true };
  if (before.isDone) return duplicate;
  const columns = checkedColumns(before.schema, input);
  if (columns.length === 0 && txn === undefined && moves.length === 0)
    return { version: before.version, rows: 0, duplicate: false };

  const files = await writeFiles(
    log,
    before.schema,
    columns,
    options.rowsPerFile ?? defaultRowsPerFile,
    options,
  );
  let isKept = false;
  try {
    const committed = await log.commit((state, { version, timestampMicros }) => {
      if (isDone(state, txn) || hasMoved(state, moves)) return null;
      if (state.metaData.schemaString !== before.schemaText)
        throw new TsopsError(
          "STORE_CONFLICT",
          "The table's schema was changed while rows were being appended.",
          {
            hint: "Read the new schema and append again.",
          },
        );
      let firstRow = 0;
      const adds = files.map((file) => {
        const tags = {
          [fileTags.version]: String(version),
          [fileTags.firstRow]: String(firstRow),
          ...(before.schema.hasIngest ? { [fileTags.ingest]: "time" } : {}),
        };
        firstRow += file.stats.numRecords as number;
        return { add: addActionOf(file, millisOf(timestampMicros), true, tags) };
      });
      const lastUpdated = millisOf(timestampMicros);
      return {
        operation: "WRITE",
        parameters: { mode: "Append" },
        metrics: { numFiles: String(files.length), numOutputRows: String(columns.length) },
        actions: [
          ...(txn === undefined ? [] : [{ txn: { ...txn, lastUpdated } }]),
          ...moves.map(({ appId, to }) => ({ txn: { appId, version: to, lastUpdated } })),
          ...adds,
        ],
      };
    }, signal);
    isKept = committed !== null;
    return committed === null
      ? duplicate
      : { version: committed.version, rows: columns.length, duplicate: false };
  } catch (error) {
    isKept = TsopsError.is(error) && error.details["isCommitted"] === true;
    throw error;
  } finally {
    if (!isKept) await removeFiles(log.directory, files);
  }
}

async function writeFiles(
  log: TableLog,
  schema: TableSchema,
  columns: Columns,
  rowsPerFile: number,
  { progress, signal }: Pick<AppendOptions, "progress" | "signal">,
): Promise<WrittenFile[]> {
  const files: WrittenFile[] = [];
  if (columns.length === 0) return files;
  const ingestMicros = log.clock.now();
  try {
    await log.sessions.use(async (session) => {
      for (let start = 0; start < columns.length; start += rowsPerFile) {
        const end = Math.min(columns.length, start + rowsPerFile);
        const part = start === 0 && end === columns.length ? columns : sliceColumns(columns, start, end);
        files.push(await writeDataFile(session, log.directory, part, schema, ingestMicros, signal));
        progress?.({ task: "append", done: end, total: columns.length });
      }
    });
    await flushFiles(log.directory, files);
    return files;
  } catch (error) {
    await removeFiles(log.directory, files);
    throw error;
  }
}

/** What went into the log could not be taken back: a transaction without a name would make the table unreadable. */
function checkTxn(txn: NonNullable<AppendOptions["txn"]>): void {
  checkOptions("VALUE_INVALID", "txn", txn, { appId: true, version: true });
  const { appId, version } = txn;
  checkPosition(appId, version);
}

function checkMoves(moves: readonly PositionMove[], txn: AppendOptions["txn"]): void {
  checkList("VALUE_INVALID", "positions", moves);
  for (const move of moves) {
    checkOptions("VALUE_INVALID", "positions", move, { appId: true, from: true, to: true });
    checkPosition(move.appId, move.to);
  }
  const names = [...moves.map(({ appId }) => appId), ...(txn === undefined ? [] : [txn.appId])];
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TsopsError("VALUE_INVALID", `The application "${twice}" is to be at two positions.`, {
      hint: "Name each application once.",
    });
}

function checkPosition(appId: unknown, version: unknown): void {
  if (typeof appId !== "string" || appId === "")
    throw new TsopsError(
      "VALUE_INVALID",
      `A transaction's appId is a text that is not empty, got ${shown(appId)}.`,
    );
  if (!Number.isSafeInteger(version))
    throw new TsopsError(
      "VALUE_INVALID",
      `A transaction's version is a whole number, got ${shown(version)}.`,
    );
}

function hasMoved(state: TableState, moves: readonly PositionMove[]): boolean {
  return moves.some(({ appId, from }) => (state.txns.get(appId)?.version ?? null) !== from);
}

function isDone(state: TableState, txn: AppendOptions["txn"]): boolean {
  const last = txn === undefined ? undefined : state.txns.get(txn.appId)?.version;
  return last !== undefined && last >= (txn as { version: number }).version;
}

/** The input as columns of the table's types, in its order. */
function checkedColumns(schema: TableSchema, input: AppendInput<ColumnTypes>): Columns {
  const { types } = schema;
  const required = schema.unreadable.map(({ name }) => name);
  if (required.length > 0)
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      `The table has columns that tsops cannot write: ${required.join(", ")}.`,
      {
        hint: "Append with the tool that made the table.",
        details: { columns: required },
      },
    );
  if (Array.isArray(input)) return columnsFromRows(types, input as readonly InputRowOf<ColumnTypes>[]);
  const given = "types" in input ? (input as Columns) : fromArrowExactly(input as ArrowTable, types, schema);
  const subject = schema.definition === null ? "The rows" : `The rows for table "${schema.definition.name}"`;
  // Columns may be called nullable and hold no null; the values decide, below.
  const withoutNulls = Object.fromEntries(
    Object.entries(given.types).map(([name, type]): [string, ColumnType] => [
      name,
      { ...type, nullable: false },
    ]),
  );
  assertSchema(types, withoutNulls, subject);
  for (const [name, type] of Object.entries(types)) refuseNulls(given, name, type);
  return { ...selectColumns(given, Object.keys(types)), types };
}

/** `fromArrow` leaves columns out that are not asked for; here they would be lost. */
function fromArrowExactly(input: ArrowTable | RecordBatch, types: ColumnTypes, schema: TableSchema): Columns {
  const names = input.schema.fields.map(({ name }) => name);
  const extra = names.filter((name) => !Object.hasOwn(types, name));
  const missing = Object.keys(types).filter((name) => !names.includes(name));
  if (extra.length + missing.length === 0) return fromArrow(input, types);
  const parts = [
    ...(missing.length > 0 ? [`missing ${missing.join(", ")}`] : []),
    ...(extra.length > 0 ? [`not expected ${extra.join(", ")}`] : []),
  ];
  throw new TsopsError(
    "SCHEMA_MISMATCH",
    `The rows for table "${schema.definition?.name ?? "?"}" do not match the schema: ${parts.join("; ")}.`,
    { hint: "Rename or convert the columns.", details: { missing, extra } },
  );
}

function refuseNulls(columns: Columns, name: string, type: ColumnType): void {
  const column = columns.data[name];
  if (column === undefined || columnLength(column) !== columns.length)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Column "${name}" has ${column === undefined ? 0 : columnLength(column)} values for ${columns.length} rows.`,
      { details: { column: name } },
    );
  if (type.nullable) return;
  const nulls = countNulls(column.valid, columns.length);
  if (nulls === 0) return;
  const rows: number[] = [];
  for (let i = 0; rows.length < Math.min(5, nulls); i++) if (!isValid(column.valid, i)) rows.push(i);
  throw new TsopsError(
    "VALUE_INVALID",
    `Column "${name}" is not nullable and has ${nulls} null${nulls === 1 ? "" : "s"}, first in row ${rows.join(", ")}.`,
    {
      hint: "Fill the nulls or leave those rows out; declare the column as nullable(...) if they are meant.",
      details: { column: name, count: nulls, rows },
    },
  );
}
