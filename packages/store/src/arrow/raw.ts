import { type DuckDBAppender, type DuckDBResult, version } from "@duckdb/node-api";
import duckdb from "@duckdb/node-bindings";
import { TsopsError } from "@tsops/core";

// The one file that reaches below the public API of @duckdb/node-api: to the handles its objects wrap and to the memory of
// DuckDB's vectors, whose layout it relies on. Tested with DuckDB 1.5; another version is refused rather than misread.

const tested = "v1.5.";

/** Handle of a result, below the public API. */
export type RawResult = duckdb.Result;
/** Handle of a chunk of at most `vectorSize()` rows. */
export type RawChunk = duckdb.DataChunk;
/** Handle of one column of a chunk. */
export type RawVector = duckdb.Vector;
/** Handle of an appender. */
export type RawAppender = duckdb.Appender;
/** Handle of a DuckDB type. */
export type RawType = duckdb.LogicalType;

/** Rows in a full vector. */
export const vectorSize: number = duckdb.vector_size();

/** @throws TsopsError STORE_UNSUPPORTED when the loaded DuckDB is not a version whose memory layout was tested. */
export function checkDuckDbVersion(found: string = version()): void {
  if (!found.startsWith(tested) || duckdb.sizeof_bool !== 1 || vectorSize % 64 !== 0)
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      `DuckDB ${found} is loaded; this release works with ${tested}x.`,
      {
        hint: "Install the version of @duckdb/node-api that @tsops/store depends on.",
        details: { found, tested, boolBytes: duckdb.sizeof_bool, vectorSize },
      },
    );
}

function handle<T>(owner: object, name: string): T {
  const found = (owner as Record<string, unknown>)[name];
  if (typeof found !== "object" || found === null)
    throw new TsopsError("STORE_UNSUPPORTED", `@duckdb/node-api has changed: its object has no "${name}".`, {
      hint: "Install the version of @duckdb/node-api that @tsops/store depends on.",
    });
  return found as T;
}

/** The handle of a result. */
export function rawResult(result: DuckDBResult): RawResult {
  return handle(result, "result");
}

/** The handle of an appender. */
export function rawAppender(appender: DuckDBAppender): RawAppender {
  return handle(appender, "appender");
}

/** The next chunk of a result; null at its end. */
export async function fetchChunk(result: RawResult): Promise<RawChunk | null> {
  const chunk = await duckdb.fetch_chunk(result);
  return chunk === null || duckdb.data_chunk_get_size(chunk) === 0 ? null : chunk;
}

/**
 * Whether a query failed after its result had begun. `fetchChunk` then gives null as at the end, and rows are missing: the
 * binding does not pass the error on, but DuckDB calls the result invalid.
 */
export function hasFailed(result: RawResult): boolean {
  return duckdb.result_return_type(result) === duckdb.ResultType.INVALID;
}

/** Rows in a chunk. */
export function chunkSize(chunk: RawChunk): number {
  return duckdb.data_chunk_get_size(chunk);
}

/** An empty chunk with room for `vectorSize` rows of these types. */
export function createChunk(types: readonly RawType[]): RawChunk {
  return duckdb.create_data_chunk(types);
}

/** Empties a chunk for reuse and sets its number of rows. */
export function resizeChunk(chunk: RawChunk, rows: number): void {
  duckdb.data_chunk_reset(chunk);
  duckdb.data_chunk_set_size(chunk, rows);
}

/** Column `index` of a chunk. */
export function chunkVector(chunk: RawChunk, index: number): RawVector {
  return duckdb.data_chunk_get_vector(chunk, index);
}

/** The first `bytes` bytes of a vector's values. Valid while its chunk is. */
export function vectorBytes(vector: RawVector, bytes: number): Uint8Array {
  return duckdb.vector_get_data(vector, bytes);
}

/** The validity bits of a vector's first `rows` rows, least significant first; null when every row is valid. */
export function vectorValidity(vector: RawVector, rows: number): Uint8Array | null {
  return duckdb.vector_get_validity(vector, Math.ceil(rows / 64) * 8) ?? null;
}

/** Copies `length` bytes from `source` into a vector's values. */
export function fillVector(vector: RawVector, source: ArrayBufferView, offset: number, length: number): void {
  duckdb.copy_data_to_vector(vector, 0, source.buffer as ArrayBuffer, source.byteOffset + offset, length);
}

/** Copies validity bits for `rows` rows, beginning at byte `offset` of `source`, into a vector. */
export function fillValidity(vector: RawVector, source: Uint8Array, offset: number, rows: number): void {
  duckdb.vector_ensure_validity_writable(vector);
  duckdb.copy_data_to_vector_validity(
    vector,
    0,
    source.buffer as ArrayBuffer,
    source.byteOffset + offset,
    Math.ceil(rows / 8),
  );
}

/** Copies a chunk's rows to the end of an appender. The chunk can be reused afterwards. */
export function appendChunk(appender: RawAppender, chunk: RawChunk): void {
  duckdb.append_data_chunk(appender, chunk);
}

/** Bytes of one `string_t`: uint32 length, then 12 bytes of text, or 4 bytes of its start and an 8-byte pointer. */
export const stringBytes = 16;
/** Longest text that a `string_t` holds itself. */
export const inlineLength = 12;

/** Texts in DuckDB's memory, from which a `string_t` can be copied into vectors while this object is alive. */
export interface RawStrings {
  /** Two 8-byte words per text. */
  readonly words: BigUint64Array;
  /** Keeps DuckDB's memory from being freed; call it after the last use of `words`. */
  release(): void;
}

/**
 * Stores texts in DuckDB's memory once, so that rows can refer to them.
 * @throws TsopsError VALUE_INVALID for text with a lone surrogate, which UTF-8 cannot hold
 */
export function storeStrings(varchar: RawType, texts: readonly string[]): RawStrings {
  const vector = duckdb.create_vector(varchar, Math.max(1, texts.length));
  const encoder = new TextEncoder();
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] as string;
    if (/\p{Surrogate}/u.test(text))
      throw new TsopsError("VALUE_INVALID", "A text has half of a surrogate pair, which UTF-8 cannot hold.", {
        hint: "Repair the text, e.g. with text.toWellFormed().",
        details: { dictionaryEntry: i },
      });
    duckdb.vector_assign_string_element_len(vector, i, encoder.encode(text));
  }
  const bytes = vectorBytes(vector, texts.length * stringBytes);
  let owner: RawVector | null = vector;
  return {
    words: new BigUint64Array(bytes.slice().buffer),
    release: () => {
      if (owner !== null) vectorBytes(owner, 0);
      owner = null;
    },
  };
}

/** The `length` bytes that the pointer at byte `offset` of `source` points to. */
export function bytesAtPointer(source: Uint8Array, offset: number, length: number): Uint8Array {
  return duckdb.get_data_from_pointer(source.buffer as ArrayBuffer, source.byteOffset + offset, length);
}
