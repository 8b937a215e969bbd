import {
  BIGINT,
  BOOLEAN,
  DOUBLE,
  type DuckDBConnection,
  type DuckDBType,
  TIMESTAMPTZ,
  VARCHAR,
} from "@duckdb/node-api";
import { type Column, type ColumnKind, type Columns, isValid, TsopsError } from "@tsops/core";
import { quoteName } from "../engine/sql-text.ts";
import { allOnes } from "./bits.ts";
import {
  appendChunk,
  checkDuckDbVersion,
  chunkVector,
  createChunk,
  fillValidity,
  fillVector,
  type RawVector,
  rawAppender,
  resizeChunk,
  storeStrings,
  vectorSize,
} from "./raw.ts";

/** The DuckDB type that holds values of a kind; instants are TIMESTAMPTZ (the engine's sessions are in UTC). */
export const duckDbTypes: Readonly<Record<ColumnKind, DuckDBType>> = {
  float64: DOUBLE,
  int64: BIGINT,
  utf8: VARCHAR,
  bool: BOOLEAN,
  timestamp: TIMESTAMPTZ,
};

/** Vectors to copy before other work of the process gets a turn. */
const vectorsPerTurn = 64;

/**
 * Creates a temporary table of the connection from columns, by copies of typed arrays.
 * @param name - Of the new table; it must not exist.
 * @throws TsopsError SCHEMA_MISMATCH when a column's length or kind does not fit its type; ABORTED
 */
export async function writeColumns(
  connection: DuckDBConnection,
  name: string,
  columns: Columns,
  signal?: AbortSignal,
): Promise<void> {
  checkDuckDbVersion();
  const names = Object.keys(columns.types);
  const list = names.map((column) => `${quoteName(column)} ${duckDbTypes[kindOf(columns, column)]}`);
  await connection.run(`CREATE TEMP TABLE ${quoteName(name)} (${list.join(", ")})`);
  await appendColumns(connection, name, [columns], signal);
}

/** Appends columns to an existing temporary table that `writeColumns` created from the same types. */
export async function appendColumns(
  connection: DuckDBConnection,
  name: string,
  batches: readonly Columns[],
  signal?: AbortSignal,
): Promise<void> {
  const first = batches[0];
  if (first === undefined) return;
  const names = Object.keys(first.types);
  const types = names.map(
    (column) => (duckDbTypes[kindOf(first, column)] as DuckDBType).toLogicalType().logical_type,
  );
  const appender = await connection.createAppender(name, "main", "temp");
  const raw = rawAppender(appender);
  const chunk = createChunk(types);
  let vectors = 0;
  try {
    for (const columns of batches) {
      const writers = names.map((column) => columnWriter(column, columns));
      try {
        for (let start = 0; start < columns.length; start += vectorSize) {
          const rows = Math.min(vectorSize, columns.length - start);
          resizeChunk(chunk, rows);
          writers.forEach((writer, i) => {
            writer.write(chunkVector(chunk, i), start, rows);
          });
          appendChunk(raw, chunk);
          if (++vectors % vectorsPerTurn === 0) await turn(signal);
        }
      } finally {
        for (const writer of writers) writer.close();
      }
    }
  } finally {
    appender.closeSync();
  }
}

async function turn(signal: AbortSignal | undefined): Promise<void> {
  await new Promise<void>((resolve) => setImmediate(resolve));
  if (signal?.aborted === true)
    throw new TsopsError("ABORTED", "The copy into DuckDB was aborted.", { cause: signal.reason });
}

function kindOf(columns: Columns, name: string): ColumnKind {
  return (columns.types[name] as { kind: ColumnKind }).kind;
}

interface ColumnWriter {
  write(vector: RawVector, start: number, rows: number): void;
  close(): void;
}

function columnWriter(name: string, columns: Columns): ColumnWriter {
  const column = columns.data[name] as Column | undefined;
  const kind = kindOf(columns, name);
  const array = column === undefined ? undefined : column.kind === "utf8" ? column.codes : column.values;
  if (column === undefined || array === undefined || column.kind !== kind || array.length < columns.length)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Column "${name}" should hold ${columns.length} rows of ${kind}, but has ${array?.length ?? 0} of ${column?.kind ?? "nothing"}.`,
      { details: { column: name } },
    );
  const values = column.kind === "utf8" ? textWriter(name, column) : fixedWriter(column);
  return {
    write: (vector, start, rows) => {
      values.write(vector, start, rows);
      const { valid } = column;
      // start is a multiple of the vector size, so the bits begin with a byte.
      if (valid !== null && !allOnes(valid.subarray(start >> 3), rows))
        fillValidity(vector, valid, start >> 3, rows);
    },
    close: values.close,
  };
}

type FixedColumn = Exclude<Column, { kind: "utf8" }>;

function fixedWriter(column: FixedColumn): ColumnWriter {
  const { values } = column;
  const width = values.BYTES_PER_ELEMENT;
  const bytes = new Uint8Array(vectorSize);
  return {
    write: (vector, start, rows) => {
      if (column.kind !== "bool") return fillVector(vector, values, start * width, rows * width);
      // DuckDB's bool must be 0 or 1; null rows may hold anything.
      for (let i = 0; i < rows; i++) bytes[i] = values[start + i] === 0 ? 0 : 1;
      fillVector(vector, bytes, 0, rows);
    },
    close: () => undefined,
  };
}

function textWriter(name: string, column: Extract<Column, { kind: "utf8" }>): ColumnWriter {
  const { codes, dictionary, valid } = column;
  const strings = storeStrings(VARCHAR.toLogicalType().logical_type, dictionary);
  const words = new BigUint64Array(vectorSize * 2);
  return {
    write: (vector, start, rows) => {
      for (let i = 0; i < rows; i++) {
        const code = codes[start + i] as number;
        if (code >= 0 && code < dictionary.length) {
          words[2 * i] = strings.words[2 * code] as bigint;
          words[2 * i + 1] = strings.words[2 * code + 1] as bigint;
        } else if (isValid(valid, start + i)) {
          throw new TsopsError(
            "VALUE_INVALID",
            `Column "${name}" has code ${code} in row ${start + i}, but its dictionary has ${dictionary.length} texts.`,
            { details: { column: name, row: start + i } },
          );
        } else {
          words[2 * i] = 0n;
          words[2 * i + 1] = 0n;
        }
      }
      fillVector(vector, words, 0, rows * 16);
    },
    close: strings.release,
  };
}
