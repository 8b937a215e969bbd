import { TsopsError } from "../errors.ts";
import { assertColumnTypes, assertSchema } from "./check-schema.ts";
import type { ColumnType, ColumnTypes } from "./column-type.ts";
import type { Column, ColumnOf, Columns, Utf8Column, Validity } from "./columns.ts";
import { dictionaryBuilder } from "./dictionary.ts";
import { columnLength } from "./from-arrays.ts";
import { concatValidity, countNulls, sliceValidity, takeValidity } from "./validity.ts";

/** Columns without rows. */
export function emptyColumns<const S extends ColumnTypes>(types: S): Columns<S> {
  assertColumnTypes(types);
  return mapColumns(types, 0, (_, type) => emptyColumn(type.kind));
}

function emptyColumn(kind: Column["kind"]): Column {
  const valid = null;
  switch (kind) {
    case "float64":
      return { kind, values: new Float64Array(0), valid };
    case "utf8":
      return { kind, codes: new Int32Array(0), dictionary: [], valid };
    case "bool":
      return { kind, values: new Uint8Array(0), valid };
    default:
      return { kind, values: new BigInt64Array(0), valid };
  }
}

function mapColumns<S extends ColumnTypes>(
  types: S,
  length: number,
  make: (name: string, type: ColumnType) => Column,
): Columns<S> {
  const data: Record<string, Column> = {};
  for (const [name, type] of Object.entries(types)) data[name] = make(name, type);
  return { length, types, data: data as Columns<S>["data"] };
}

function columnNamed(columns: Columns, name: string): Column {
  const column = Object.hasOwn(columns.data, name) ? columns.data[name] : undefined;
  if (column !== undefined) return column;
  throw new TsopsError("COLUMN_NOT_FOUND", `There is no column "${name}".`, {
    hint: `There are ${Object.keys(columns.types).join(", ") || "no columns"}.`,
    details: { column: name },
  });
}

/** The rows [start, end) as views on the same memory; only null bitmaps are copied. Dictionaries are shared. */
export function sliceColumns<S extends ColumnTypes>(
  columns: Columns<S>,
  start: number,
  end: number = columns.length,
): Columns<S> {
  if (
    !(Number.isInteger(start) && Number.isInteger(end) && start >= 0 && start <= end && end <= columns.length)
  )
    throw new RangeError(`Rows ${start} .. ${end} do not lie within 0 .. ${columns.length}.`);
  return mapColumns(columns.types, end - start, (name) => {
    const column = columnNamed(columns, name);
    const valid = sliceValidity(column.valid, start, end);
    return column.kind === "utf8"
      ? { ...column, codes: column.codes.subarray(start, end), valid }
      : ({ ...column, values: column.values.subarray(start, end), valid } as Column);
  });
}

/** The rows at `rows`, in that order, repeated as often as named (copies). Dictionaries are shared. */
export function takeColumns<S extends ColumnTypes>(columns: Columns<S>, rows: Int32Array): Columns<S> {
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row < 0 || row >= columns.length)
      throw new RangeError(`Row ${row} does not lie within 0 .. ${columns.length - 1}.`);
  }
  return mapColumns(columns.types, rows.length, (name) => takeColumn(columnNamed(columns, name), rows));
}

function takeColumn(column: Column, rows: Int32Array): Column {
  const valid = takeValidity(column.valid, rows);
  switch (column.kind) {
    case "utf8":
      return { ...column, codes: gather(column.codes, new Int32Array(rows.length), rows), valid };
    case "bool":
      return { kind: "bool", values: gather(column.values, new Uint8Array(rows.length), rows), valid };
    case "float64":
      return { kind: "float64", values: gather(column.values, new Float64Array(rows.length), rows), valid };
    default: {
      const values = new BigInt64Array(rows.length);
      for (let i = 0; i < rows.length; i++) values[i] = column.values[rows[i] as number] as bigint;
      return { kind: column.kind, values, valid };
    }
  }
}

function gather<T extends Int32Array | Uint8Array | Float64Array>(from: T, to: T, rows: Int32Array): T {
  for (let i = 0; i < rows.length; i++) to[i] = from[rows[i] as number] as number;
  return to;
}

/**
 * Some of the columns, in the order named; nothing is copied.
 * @throws TsopsError COLUMN_NOT_FOUND
 */
export function selectColumns<S extends ColumnTypes, const Name extends keyof S & string>(
  columns: Columns<S>,
  names: readonly Name[],
): Columns<Pick<S, Name>> {
  const types: Record<string, ColumnType> = {};
  for (const name of names) {
    columnNamed(columns, name);
    types[name] = columns.types[name] as ColumnType;
  }
  return mapColumns(types as unknown as Pick<S, Name>, columns.length, (name) => columnNamed(columns, name));
}

/** Adds a column at the end, or replaces the one of that name; nothing is copied.
 * @throws TsopsError SCHEMA_MISMATCH (another length or kind), VALUE_INVALID (nulls where none are allowed)
 */
export function withColumn<S extends ColumnTypes, const Name extends string, const C extends ColumnType>(
  columns: Columns<S>,
  name: Name,
  type: C,
  column: ColumnOf<C>,
): Columns<{ [K in keyof S | Name]: K extends Name ? C : K extends keyof S ? S[K] : never }> {
  const types = { ...columns.types, [name]: type };
  assertColumnTypes(types);
  const added = column as Column;
  const found = columnLength(added);
  if (added.kind !== type.kind)
    throw mismatch(`Column "${name}" is ${added.kind}, its type says ${type.kind}.`);
  if (found !== columns.length)
    throw mismatch(`Column "${name}" has ${found} rows, the others have ${columns.length}.`);
  const nulls = type.nullable ? 0 : countNulls(added.valid, found);
  if (nulls > 0)
    throw new TsopsError("VALUE_INVALID", `Column "${name}" is not nullable and has ${nulls} nulls.`, {
      hint: "Mark the type with nullable(...), or fill the nulls.",
    });
  return {
    length: columns.length,
    types,
    data: { ...columns.data, [name]: added },
  } as unknown as ReturnType<typeof withColumn<S, Name, C>>;
}

function mismatch(message: string): TsopsError {
  return new TsopsError("SCHEMA_MISMATCH", message, { hint: "Give a column of the same length and type." });
}

/**
 * Several columns one below the other (copies). Dictionaries are merged by first appearance.
 * @throws TsopsError SCHEMA_MISMATCH when a part differs from the first; RangeError when there is no part.
 */
export function concatColumns<S extends ColumnTypes>(parts: readonly Columns<S>[]): Columns<S> {
  const [first] = parts;
  if (first === undefined) throw new RangeError("There is nothing to concatenate.");
  if (parts.length === 1) return first;
  parts.forEach((part, index) => {
    assertSchema(first.types, part.types, `The columns of part ${index}`);
  });
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  return mapColumns(first.types, length, (name) =>
    concatColumn(
      parts.map((part) => columnNamed(part, name)),
      length,
    ),
  );
}

function concatColumn(parts: readonly Column[], length: number): Column {
  const valid = concatValidity(parts.map((part) => ({ valid: part.valid, length: columnLength(part) })));
  const { kind } = parts[0] as Column;
  switch (kind) {
    case "utf8":
      return concatUtf8(parts as readonly Utf8Column[], length, valid);
    case "float64":
      return { kind, values: join(parts, new Float64Array(length)), valid };
    case "bool":
      return { kind, values: join(parts, new Uint8Array(length)), valid };
    default:
      return { kind, values: join(parts, new BigInt64Array(length)), valid };
  }
}

function join<T extends Float64Array | Uint8Array | BigInt64Array>(parts: readonly Column[], to: T): T {
  let at = 0;
  for (const part of parts) {
    const { values } = part as unknown as { values: T };
    to.set(values as never, at);
    at += values.length;
  }
  return to;
}

function concatUtf8(parts: readonly Utf8Column[], length: number, valid: Validity): Utf8Column {
  const shared = parts[0] as Utf8Column;
  const codes = new Int32Array(length);
  let at = 0;
  if (parts.every((part) => part.dictionary === shared.dictionary)) {
    for (const part of parts) {
      codes.set(part.codes, at);
      at += part.codes.length;
    }
    return { kind: "utf8", codes, dictionary: shared.dictionary, valid };
  }
  const dictionary = dictionaryBuilder();
  for (const part of parts) {
    const renumbered = Int32Array.from(part.dictionary, (text) => dictionary.codeOf(text));
    for (let i = 0; i < part.codes.length; i++) codes[at + i] = renumbered[part.codes[i] as number] ?? 0;
    at += part.codes.length;
  }
  return { kind: "utf8", codes, dictionary: dictionary.texts, valid };
}
