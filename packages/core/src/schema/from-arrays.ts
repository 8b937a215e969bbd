import { TsopsError } from "../errors.ts";
import type { InstantInput } from "../time/instant.ts";
import { assertColumnTypes } from "./check-schema.ts";
import type { ColumnKind, ColumnType, ColumnTypes } from "./column-type.ts";
import type { Column, ColumnOf, Columns } from "./columns.ts";
import { columnFromValues, type FromRowsOptions } from "./from-rows.ts";
import { countNulls } from "./validity.ts";
import { problemList } from "./value-problems.ts";

type SmallNumbers =
  | Float32Array
  | Int8Array
  | Uint8Array
  | Uint8ClampedArray
  | Int16Array
  | Uint16Array
  | Int32Array
  | Uint32Array;

interface ArraysByKind<Null> {
  float64: Float64Array | SmallNumbers | readonly (number | Null)[];
  int64:
    | BigInt64Array
    | Exclude<SmallNumbers, Float32Array | Uint8ClampedArray>
    | readonly (bigint | number | Null)[];
  utf8: readonly (string | Null)[];
  bool: Uint8Array | readonly (boolean | Null)[];
  timestamp: BigInt64Array | readonly (InstantInput | Null)[];
}

/** What one column may be given as: a typed array (no nulls), a plain array, or a ready column. */
export type ArrayInputOf<C> =
  C extends ColumnType<infer Kind, infer N>
    ? ArraysByKind<N extends true ? null | undefined : never>[Kind] | ColumnOf<C>
    : never;

/**
 * Makes columns of one array per column. `Float64Array`, `BigInt64Array` (int64, or microseconds for timestamps),
 * `Uint8Array` of 0 and 1 (bool) and ready columns are used as they are, without copying: do not change them
 * afterwards. Everything else is converted and checked as in `columnsFromRows`.
 * @throws TsopsError SCHEMA_MISMATCH (unequal lengths), COLUMN_NOT_FOUND, VALUE_INVALID, TIME_INVALID, TIME_ZONE_MISSING
 */
export function columnsFromArrays<const S extends ColumnTypes>(
  types: S,
  arrays: { readonly [K in keyof S]: ArrayInputOf<S[K]> },
  options: FromRowsOptions = {},
): Columns<S> {
  assertColumnTypes(types);
  const problems = problemList();
  const data: Record<string, Column> = {};
  let length = -1;
  for (const [name, type] of Object.entries(types)) {
    const input = Object.hasOwn(arrays, name) ? (arrays as Record<string, unknown>)[name] : undefined;
    if (typeof input !== "object" || input === null)
      throw new TsopsError("COLUMN_NOT_FOUND", `No array was given for column "${name}".`, {
        hint: `Given: ${Object.keys(arrays).join(", ") || "none"}.`,
      });
    const shared = sharedColumn(name, type, input as Column | ArrayLike<unknown>);
    const found = shared === null ? (input as ArrayLike<unknown>).length : columnLength(shared);
    if (length >= 0 && found !== length)
      throw new TsopsError(
        "SCHEMA_MISMATCH",
        `Column "${name}" has ${found} values, the columns before it have ${length}.`,
        { hint: "Give arrays of one length." },
      );
    length = found;
    data[name] =
      shared ??
      columnFromValues(
        name,
        type,
        found,
        (row) => (input as ArrayLike<unknown>)[row],
        problems,
        options.disambiguation ?? "reject",
      );
  }
  problems.throwIfAny("entries");
  return { length: Math.max(0, length), types, data: data as Columns<S>["data"] };
}

/** Number of rows of a column. */
export function columnLength(column: Column): number {
  return column.kind === "utf8" ? column.codes.length : column.values.length;
}

function sharedColumn(name: string, type: ColumnType, input: Column | ArrayLike<unknown>): Column | null {
  if ("kind" in input) {
    if (input.kind !== type.kind)
      throw new TsopsError("SCHEMA_MISMATCH", `Column "${name}" is ${input.kind}, expected ${type.kind}.`, {
        hint: "Convert the column, or change its type.",
      });
    const nulls = type.nullable ? 0 : countNulls(input.valid, columnLength(input));
    if (nulls > 0)
      throw new TsopsError("VALUE_INVALID", `Column "${name}" is not nullable and has ${nulls} nulls.`, {
        hint: "Mark the type with nullable(...), or fill the nulls.",
        details: { column: name, count: nulls },
      });
    return input;
  }
  const kind: ColumnKind = type.kind;
  if (kind === "float64" && input instanceof Float64Array) return { kind, values: input, valid: null };
  if ((kind === "int64" || kind === "timestamp") && input instanceof BigInt64Array)
    return { kind, values: input, valid: null };
  if (kind === "bool" && input instanceof Uint8Array) {
    const wrong = input.findIndex((value) => value > 1);
    if (wrong < 0) return { kind, values: input, valid: null };
    throw new TsopsError("VALUE_INVALID", `Column "${name}" holds ${input[wrong]} in row ${wrong}.`, {
      hint: "A bool column holds 0 and 1.",
    });
  }
  return null;
}
