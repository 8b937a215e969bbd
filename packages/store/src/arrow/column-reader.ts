import { type DuckDBEnumType, type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";
import { type Column, type ColumnKind, isValid, TsopsError } from "@tsops/core";
import { ValidityBuilder } from "./bits.ts";
import { type RawVector, vectorBytes, vectorValidity } from "./raw.ts";
import { TextCodes } from "./text-codes.ts";
import { type Numbers, type Widening, widening } from "./widening.ts";

/** Collects one column of a result, a vector at a time. */
export interface ColumnReader {
  readonly kind: ColumnKind;
  append(vector: RawVector, rows: number): void;
  /** The rows so far as a column of its own; the reader then begins anew (text keeps its dictionary). */
  finish(): Column;
}

/**
 * A reader for a column of a DuckDB type.
 *
 * Widenings: TINYINT .. UINTEGER, UBIGINT and HUGEINT become int64 (a value beyond int64 is an error); FLOAT and DECIMAL become
 * float64 (the nearest one); DATE, TIMESTAMP, TIMESTAMP_S/_MS/_NS and TIMESTAMPTZ become a timestamp in microseconds UTC, a
 * date its midnight (infinite instants and nanoseconds that are not whole microseconds are errors); ENUM becomes utf8.
 * When `wanted` is float64, every integer becomes the nearest float64.
 * @throws TsopsError SCHEMA_MISMATCH naming the column, for any other type or kind
 */
export function columnReader(name: string, type: DuckDBType, wanted?: ColumnKind): ColumnReader {
  if (type.typeId === DuckDBTypeId.SQLNULL) return nullReader(wanted ?? "float64");
  if (type.typeId === DuckDBTypeId.VARCHAR && (wanted ?? "utf8") === "utf8") return textReader();
  if (type.typeId === DuckDBTypeId.ENUM && (wanted ?? "utf8") === "utf8")
    return enumReader(type as DuckDBEnumType);
  const found = widening(name, type, wanted);
  if (found === null || (wanted !== undefined && found.kind !== wanted))
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Column "${name}" of the result has DuckDB type ${type}, which cannot be read as ${wanted ?? "any column type"}.`,
      {
        hint: "Cast it in the query, e.g. to BIGINT, DOUBLE, VARCHAR, BOOLEAN or TIMESTAMPTZ.",
        details: { column: name, type: String(type), wanted },
      },
    );
  return fixedReader(found);
}

/** Rows of the first and of the largest block. */
const [firstBlock, largestBlock] = [4096, 1 << 20];

function fixedReader(how: Widening): ColumnReader {
  // Blocks that are never copied while they fill; their sizes grow so that there are few.
  let full: Numbers[] = [];
  let block = how.create(firstBlock);
  let used = 0;
  let length = 0;
  let validity = new ValidityBuilder();
  return {
    kind: how.kind,
    append: (vector, rows) => {
      if (used + rows > block.length) {
        full.push(block.subarray(0, used));
        block = how.create(Math.max(rows, Math.min(length, largestBlock)));
        used = 0;
      }
      const valid = vectorValidity(vector, rows);
      how.copy(vectorBytes(vector, rows * how.width), valid, rows, block, used, length);
      validity.append(valid, rows);
      used += rows;
      length += rows;
    },
    finish: () => {
      const values = how.create(length);
      let at = 0;
      for (const part of [...full, block.subarray(0, used)]) {
        (values as Uint8Array).set(part as Uint8Array, at);
        at += part.length;
      }
      const column = { kind: how.kind, values, valid: validity.finish() } as Column;
      full = [];
      used = 0;
      length = 0;
      validity = new ValidityBuilder();
      return column;
    },
  };
}

function textReader(): ColumnReader {
  const texts = new TextCodes();
  const codes: Widening<Int32Array> = {
    kind: "utf8",
    width: 16,
    create: (length) => new Int32Array(length),
    copy: (bytes, valid, rows, target, start) => texts.append(bytes, valid, rows, target, start),
  };
  return codesReader(codes, () => texts.dictionary.slice());
}

function enumReader(type: DuckDBEnumType): ColumnReader {
  const width = type.values.length <= 0x100 ? 1 : type.values.length <= 0x10000 ? 2 : 4;
  const array = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[width];
  const codes: Widening<Int32Array> = {
    kind: "utf8",
    width,
    create: (length) => new Int32Array(length),
    copy: (bytes, valid, rows, target, start) => {
      const source = new array(bytes.buffer as ArrayBuffer, bytes.byteOffset, rows);
      // The entry of a null row is arbitrary memory; zero keeps every code inside the dictionary.
      for (let i = 0; i < rows; i++) target[start + i] = isValid(valid, i) ? (source[i] as number) : 0;
    },
  };
  return codesReader(codes, () => type.values);
}

function codesReader(codes: Widening<Int32Array>, dictionary: () => readonly string[]): ColumnReader {
  const inner = fixedReader(codes as unknown as Widening);
  return {
    kind: "utf8",
    append: inner.append,
    finish: () => {
      const { values, valid } = inner.finish() as unknown as { values: Int32Array; valid: Uint8Array | null };
      return { kind: "utf8", codes: values, dictionary: dictionary(), valid };
    },
  };
}

function nullReader(kind: ColumnKind): ColumnReader {
  let length = 0;
  return {
    kind,
    append: (_, rows) => {
      length += rows;
    },
    finish: () => {
      const valid = length === 0 ? null : new Uint8Array((length + 7) >> 3);
      const rows = length;
      length = 0;
      if (kind === "utf8") return { kind, codes: new Int32Array(rows), dictionary: [], valid };
      if (kind === "float64") return { kind, values: new Float64Array(rows), valid };
      if (kind === "bool") return { kind, values: new Uint8Array(rows), valid };
      return { kind, values: new BigInt64Array(rows), valid };
    },
  };
}
