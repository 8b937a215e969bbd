import {
  type Table as ArrowTable,
  type Data,
  DataType,
  type RecordBatch,
  Schema,
  type Vector,
} from "apache-arrow";
import { TsopsError } from "../errors.ts";
import { assertColumnTypes } from "../schema/check-schema.ts";
import type { ColumnType, ColumnTypes } from "../schema/column-type.ts";
import { type Column, type Columns, isValid, type Utf8Column, type Validity } from "../schema/columns.ts";
import { dictionaryBuilder } from "../schema/dictionary.ts";
import { concatValidity, countNulls, fullBitmap, setNull } from "../schema/validity.ts";
import { floatColumn, intColumn } from "./numbers.ts";
import { columnTypesOf, kindOf } from "./schema.ts";
import { encodeTexts, mergeDictionary, textsOf } from "./text.ts";
import { timestampColumn } from "./timestamps.ts";

/** How to read Arrow. */
export interface FromArrowOptions {
  /** Zone of timestamps without a zone and of dates, where the column type declares none. */
  readonly zone?: string;
}

/**
 * Columns of an Arrow table with the types that its schema suggests (see `columnTypesOf`).
 * @throws TsopsError SCHEMA_INVALID, VALUE_INVALID, TIME_ZONE_MISSING, TIME_INVALID
 */
export function fromArrow(table: ArrowTable | RecordBatch): Columns;
/**
 * The columns of an Arrow table that `types` names. One chunk of float64, int64, microseconds or int32 codes shares
 * memory with the table; everything else is copied: several chunks, other widths and units, packed booleans, plain
 * text. Nothing is rounded: an integer or instant that does not fit is an error, as is a timestamp without a zone when
 * neither its column type nor `options` declares one.
 * @throws TsopsError SCHEMA_MISMATCH (missing column, other kind), VALUE_INVALID (value does not fit, null where none is
 * allowed), TIME_ZONE_MISSING, TIME_INVALID
 */
export function fromArrow<const S extends ColumnTypes>(
  table: ArrowTable | RecordBatch,
  types: S | undefined,
  options?: FromArrowOptions,
): Columns<S>;
export function fromArrow(
  table: ArrowTable | RecordBatch,
  types: ColumnTypes = columnTypesOf(table.schema),
  options: FromArrowOptions = {},
): Columns {
  assertColumnTypes(types);
  const data: Record<string, Column> = {};
  for (const [name, type] of Object.entries(types)) {
    const vector = columnNamed(table, name);
    const column = columnOf(vector, name, type, options);
    if (!type.nullable) assertNoNulls(column.valid, table.numRows, name);
    data[name] = column;
  }
  return { length: table.numRows, types, data };
}

function columnNamed(table: ArrowTable | RecordBatch, name: string): Vector {
  const vector = table.getChild(name);
  if (vector !== null) return vector;
  const { schema } = table;
  throw new TsopsError("SCHEMA_MISMATCH", `The Arrow table has no column "${name}".`, {
    hint: `It has ${(schema instanceof Schema ? schema.names : []).join(", ") || "none"}.`,
    details: { missing: [name] },
  });
}

function columnOf(vector: Vector, name: string, type: ColumnType, options: FromArrowOptions): Column {
  const found = kindOf(vector.type);
  const widens = found === "int64" && type.kind === "float64";
  if (DataType.isNull(vector.type)) return nullColumn(type.kind, vector.length);
  if (found !== type.kind && !widens)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Column "${name}" of the Arrow table is ${vector.type}, expected ${type.kind}.`,
      {
        hint: "Cast it, or change the column type.",
        details: { wrongKind: [{ column: name, expected: type.kind, actual: String(vector.type) }] },
      },
    );
  const valid = validityOf(vector);
  switch (type.kind) {
    case "float64":
      return { kind: "float64", values: floatColumn(vector, valid, name), valid };
    case "int64":
      return { kind: "int64", values: intColumn(vector, valid, name), valid };
    case "timestamp":
      return {
        kind: "timestamp",
        values: timestampColumn(vector, valid, name, type.zone ?? options.zone),
        valid,
      };
    case "bool":
      return { kind: "bool", values: unpackBits(vector), valid };
    case "utf8":
      return DataType.isDictionary(vector.type)
        ? decodeDictionary(vector, valid)
        : { kind: "utf8", ...encodeTexts(vector.data, vector.length, valid), valid };
  }
}

function nullColumn(kind: Column["kind"], length: number): Column {
  const valid = length === 0 ? null : new Uint8Array((length + 7) >> 3);
  if (kind === "utf8") return { kind, codes: new Int32Array(length), dictionary: [], valid };
  if (kind === "float64") return { kind, values: new Float64Array(length), valid };
  if (kind === "bool") return { kind, values: new Uint8Array(length), valid };
  return { kind, values: new BigInt64Array(length), valid };
}

function assertNoNulls(valid: Validity, length: number, name: string): void {
  const count = countNulls(valid, length);
  if (count === 0) return;
  const rows: number[] = [];
  for (let row = 0; rows.length < Math.min(5, count); row++) if (!isValid(valid, row)) rows.push(row);
  throw new TsopsError(
    "VALUE_INVALID",
    `Column "${name}" is not nullable and has ${count} nulls, the first in row ${rows[0]}.`,
    { hint: "Mark the type with nullable(...), or fill the nulls.", details: { column: name, count, rows } },
  );
}

/** The null bitmap of all chunks, shared with a single chunk whose bits begin at a byte. */
function validityOf(vector: Vector): Validity {
  const parts = vector.data.map((data) => ({ valid: validityOfChunk(data), length: data.length }));
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only.valid;
  return concatValidity(parts);
}

function validityOfChunk(data: Data): Validity {
  const { nullBitmap, offset, length } = data;
  if (data.nullCount === 0 || nullBitmap === undefined || nullBitmap.byteLength === 0) return null;
  const bytes = nullBitmap.subarray(offset >> 3, (offset + length + 7) >> 3);
  if ((offset & 7) === 0) return bytes;
  const shifted = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < shifted.length; i++)
    shifted[i] = ((bytes[i] as number) >> (offset & 7)) | ((bytes[i + 1] ?? 0) << (8 - (offset & 7)));
  return shifted;
}

function unpackBits(vector: Vector): Uint8Array {
  const values = new Uint8Array(vector.length);
  let at = 0;
  for (const data of vector.data) {
    const bits = data.values as Uint8Array;
    for (let i = 0; i < data.length; i++, at++) {
      const bit = data.offset + i;
      values[at] = ((bits[bit >> 3] as number) >> (bit & 7)) & 1;
    }
  }
  return values;
}

/** Text by codes: chunks may have dictionaries of their own, with repeated or null entries. */
function decodeDictionary(vector: Vector, valid: Validity): Utf8Column {
  const shared = dictionaryBuilder();
  const mapped = new Map<Vector, Int32Array | null>();
  const codesOf = (dictionary: Vector): Int32Array | null => {
    let codes = mapped.get(dictionary);
    if (codes === undefined) {
      const isFirst = shared.texts.length === 0;
      const merged = mergeDictionary(textsOf(dictionary), shared);
      codes = isFirst && merged.every((code, i) => code === i) ? null : merged;
      mapped.set(dictionary, codes);
    }
    return codes;
  };
  const [only] = vector.data;
  if (vector.data.length === 1 && only !== undefined && only.values instanceof Int32Array) {
    const same = only.dictionary === undefined || codesOf(only.dictionary) === null;
    if (same)
      return { kind: "utf8", codes: only.values.subarray(0, vector.length), dictionary: shared.texts, valid };
  }
  const codes = new Int32Array(vector.length);
  let nulls: Uint8Array | null = null;
  let at = 0;
  for (const data of vector.data) {
    const renumbered = data.dictionary === undefined ? null : codesOf(data.dictionary);
    const values = data.values as ArrayLike<number | bigint>;
    for (let i = 0; i < data.length; i++, at++) {
      if (!isValid(valid, at)) continue;
      const own = Number(values[i]);
      const code = renumbered === null ? own : (renumbered[own] as number);
      if (code >= 0) codes[at] = code;
      else {
        nulls ??= valid === null ? fullBitmap(vector.length) : valid.slice();
        setNull(nulls, at);
      }
    }
  }
  return { kind: "utf8", codes, dictionary: shared.texts, valid: nulls ?? valid };
}
