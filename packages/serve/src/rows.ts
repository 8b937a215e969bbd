import { type Column, type Columns, isValid, type SeriesKey, TsopsError } from "@tsops/core";

/** The column of a name. @throws TsopsError COLUMN_NOT_FOUND */
export function columnOf(columns: Columns, name: string): Column {
  const column = columns.data[name];
  if (column !== undefined) return column;
  throw new TsopsError("COLUMN_NOT_FOUND", `There is no column "${name}".`, {
    hint: `The columns are ${Object.keys(columns.types).join(", ") || "none"}.`,
  });
}

/** A value as JavaScript shows it: `bigint` for int64 and for instants (microseconds), null where there is none. */
export function valueAt(column: Column, row: number): number | bigint | string | boolean | null {
  if (!isValid(column.valid, row)) return null;
  if (column.kind === "utf8") return column.dictionary[column.codes[row] as number] as string;
  const value = column.values[row] as number | bigint;
  return column.kind === "bool" ? value === 1 : value;
}

/** The series that a row belongs to. @throws TsopsError VALUE_INVALID when a key is null or a float. */
export function keyAt(columns: Columns, keys: readonly string[], row: number): SeriesKey {
  const key: Record<string, SeriesKey[string]> = {};
  for (const name of keys) {
    const value = valueAt(columnOf(columns, name), row);
    if (value === null || typeof value === "number")
      throw new TsopsError("VALUE_INVALID", `Key column "${name}" holds ${value} in row ${row}.`, {
        hint: "Give text, int64 or bool keys without nulls.",
      });
    key[name] = value;
  }
  return key;
}

/** The instants of a timestamp column, microseconds UTC. @throws TsopsError SCHEMA_MISMATCH */
export function timesOf(columns: Columns, name: string): BigInt64Array {
  const column = columnOf(columns, name);
  if (column.kind === "timestamp") return column.values;
  throw new TsopsError(
    "SCHEMA_MISMATCH",
    `Column "${name}" is ${column.kind}, the time must be a timestamp.`,
  );
}
