import { type DuckDBEnumType, type DuckDBType, DuckDBTypeId } from "@duckdb/node-api";
import {
  type Column,
  type ColumnKind,
  type ColumnType,
  formatInstant,
  isValid,
  localToInstants,
  resolveZone,
  type TimestampColumn,
  TsopsError,
} from "@tsops/core";
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
 * float64 (the nearest one); TIMESTAMPTZ becomes a timestamp in microseconds UTC, and so do DATE (its midnight), TIMESTAMP and
 * TIMESTAMP_S/_MS/_NS, which have no zone and are read in the one that `asked` declares (infinite instants and nanoseconds that are
 * not whole microseconds are errors); ENUM becomes utf8. When float64 is asked for, every integer becomes the nearest float64.
 * @throws TsopsError SCHEMA_MISMATCH naming the column, for any other type or kind; TIME_ZONE_MISSING
 */
export function columnReader(name: string, type: DuckDBType, asked?: ColumnType): ColumnReader {
  const wanted = asked?.kind;
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
  return zoneless.has(type.typeId)
    ? localReader(name, type, fixedReader(found), asked?.zone)
    : fixedReader(found);
}

const zoneless: ReadonlySet<DuckDBTypeId> = new Set([
  DuckDBTypeId.DATE,
  DuckDBTypeId.TIMESTAMP,
  DuckDBTypeId.TIMESTAMP_S,
  DuckDBTypeId.TIMESTAMP_MS,
  DuckDBTypeId.TIMESTAMP_NS,
]);

/** Wall-clock times, read in a declared zone. */
function localReader(
  name: string,
  type: DuckDBType,
  inner: ColumnReader,
  declared: string | undefined,
): ColumnReader {
  if (declared === undefined)
    throw new TsopsError(
      "TIME_ZONE_MISSING",
      `Column "${name}" of the result is a ${type}, which has no zone, so its values are no instants.`,
      {
        hint: `Declare the zone of the data, { types: { ${name}: timestamp({ zone: "America/New_York" }), ... } }, or cast it in the query.`,
        details: { column: name, type: String(type) },
      },
    );
  const zone = resolveZone(declared);
  let before = 0;
  return {
    kind: inner.kind,
    append: inner.append,
    finish: () => {
      const column = inner.finish() as TimestampColumn;
      const problem = localToInstants(column.values, zone, (row) => isValid(column.valid, row));
      if (problem !== null) throw noInstant(name, column, problem.row, before, problem.kind, zone.id);
      before += column.values.length;
      return column;
    },
  };
}

function noInstant(
  name: string,
  { values }: TimestampColumn,
  row: number,
  before: number,
  kind: "repeated" | "skipped",
  zone: string,
): TsopsError {
  const local = formatInstant(values[row] as bigint).slice(0, -1);
  const [what, hint] =
    kind === "repeated"
      ? [
          "happens twice",
          "Leave one of the two hours out, or read them with an offset; timezone() in SQL takes both for the later.",
        ]
      : [
          "does not exist",
          "Correct that row. Only if all of the data was recorded without daylight saving, declare its fixed offset.",
        ];
  return new TsopsError(
    "TIME_INVALID",
    `Column "${name}" of the result holds ${local} in row ${before + row}, which ${what} in ${zone}.`,
    { hint, details: { column: name, row: before + row } },
  );
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
