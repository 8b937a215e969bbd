import type { DuckDBResult } from "@duckdb/node-api";
import { type Column, type Columns, type ColumnType, type ColumnTypes, TsopsError } from "@tsops/core";
import { type ColumnReader, columnReader } from "./column-reader.ts";
import { checkDuckDbVersion, chunkSize, chunkVector, fetchChunk, hasFailed, rawResult } from "./raw.ts";

/** The query failed while its result was being read; DuckDB's binding does not say why. */
export class ResultCutError extends TsopsError {
  constructor() {
    super("STORE_UNAVAILABLE", "The query failed while its result was being read.", {
      hint: "Run it again; DuckDB names the cause when the query runs to its end.",
    });
  }
}

/** How to read a result. */
export interface ReadOptions {
  /**
   * Wanted types by column name: their kinds are enforced and their units kept, and times without a zone are read in the zone
   * that a timestamp declares. Default: found types, all nullable.
   */
  readonly types?: ColumnTypes;
  /** Rows to gather before a batch is given out, at least; a batch ends with a DuckDB chunk. Default 65,536. */
  readonly batchRows?: number;
}

/**
 * Reads a DuckDB result as columns, `batchRows` rows at a time, by copies of typed arrays. Text columns keep one growing
 * dictionary: codes of an earlier batch stay right in a later one. Gives at least one batch, so that an empty result has types.
 * @throws TsopsError SCHEMA_MISMATCH, VALUE_INVALID as `columnReader` says; `ResultCutError`
 */
export async function* readBatches(
  result: DuckDBResult,
  options: ReadOptions = {},
): AsyncGenerator<Columns, void, undefined> {
  checkDuckDbVersion();
  const names = result.columnNames();
  const readers = names.map((name, i) =>
    columnReader(name, result.columnType(i), typeOf(name, options.types)),
  );
  const types = typesOf(names, readers, options.types);
  const raw = rawResult(result);
  const batchRows = options.batchRows ?? 65_536;
  let rows = 0;
  let given = false;
  // DuckDB makes the next chunk while this one is copied.
  let next = fetchChunk(raw);
  try {
    for (;;) {
      const chunk = await next;
      if (chunk === null) break;
      next = fetchChunk(raw);
      next.catch(() => undefined);
      const count = chunkSize(chunk);
      for (let i = 0; i < readers.length; i++)
        (readers[i] as ColumnReader).append(chunkVector(chunk, i), count);
      rows += count;
      if (rows < batchRows) continue;
      yield finish(names, readers, types, rows);
      given = true;
      rows = 0;
    }
  } finally {
    await next.catch(() => undefined);
  }
  if (hasFailed(raw)) throw new ResultCutError();
  if (rows > 0 || !given) yield finish(names, readers, types, rows);
}

/** Reads a whole DuckDB result as columns. */
export async function readColumns(result: DuckDBResult, options: ReadOptions = {}): Promise<Columns> {
  for await (const columns of readBatches(result, { ...options, batchRows: Number.POSITIVE_INFINITY }))
    return columns;
  throw new TypeError("A result always gives one batch.");
}

function typeOf(name: string, types: ColumnTypes | undefined): ColumnType | undefined {
  return types !== undefined && Object.hasOwn(types, name) ? types[name] : undefined;
}

function typesOf(
  names: readonly string[],
  readers: readonly ColumnReader[],
  wanted: ColumnTypes | undefined,
): ColumnTypes {
  const repeated = names.find((name, i) => names.indexOf(name) !== i);
  if (repeated !== undefined)
    throw new TsopsError("SCHEMA_MISMATCH", `The result has two columns named "${repeated}".`, {
      hint: "Name one of them otherwise in the query (AS ...).",
      details: { column: repeated },
    });
  return Object.fromEntries(
    names.map((name, i) => [
      name,
      wanted !== undefined && Object.hasOwn(wanted, name)
        ? (wanted[name] as ColumnTypes[string])
        : { kind: (readers[i] as ColumnReader).kind, nullable: true },
    ]),
  );
}

function finish(
  names: readonly string[],
  readers: readonly ColumnReader[],
  types: ColumnTypes,
  rows: number,
): Columns {
  const entries = names.map((name, i): [string, Column] => {
    const column = (readers[i] as ColumnReader).finish();
    if (column.valid !== null && types[name]?.nullable === false)
      throw new TsopsError(
        "VALUE_INVALID",
        `Column "${name}" of the result has nulls, which its type does not allow.`,
        {
          hint: "Declare the column as nullable(...), or leave those rows out in the query.",
          details: { column: name },
        },
      );
    return [name, column];
  });
  return { length: rows, types, data: Object.fromEntries(entries) };
}
