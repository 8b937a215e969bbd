import { type Column, type Columns, isValid } from "@tsops/core";
import { compareText } from "../delta/stats.ts";

/** A value of a row: instants and int64 are `bigint`. */
export type Value = string | number | bigint | boolean | null;

/** The value of a column in a row. */
export function valueAt(column: Column, row: number): Value {
  if (!isValid(column.valid, row)) return null;
  switch (column.kind) {
    case "utf8":
      return column.dictionary[column.codes[row] as number] as string;
    case "bool":
      return column.values[row] === 1;
    default:
      return column.values[row] as number | bigint;
  }
}

/** The order of sources: NaN above every number, text by its bytes in UTF-8, false below true, null last. */
export function compareValues(a: Value, b: Value): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Reads the keys of a row. */
export function keyReader(columns: Columns, keys: readonly string[]): (row: number) => Value[] {
  const read = keys.map((name) => columns.data[name] as Column);
  return (row) => read.map((column) => valueAt(column, row));
}

/** A text that the keys of two rows share only when they are the same. */
export function keyText(key: readonly Value[]): string {
  return key.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value))).join();
}

/** Compares keys by their columns, most significant first. */
export function compareKeys(a: readonly Value[], b: readonly Value[]): number {
  for (let i = 0; i < a.length; i++) {
    const order = compareValues(a[i] as Value, b[i] as Value);
    if (order !== 0) return order;
  }
  return 0;
}
