import { type Columns, isValid } from "../../schema/columns.ts";
import type { Covariate } from "./panel.ts";
import { columnOfKind, numbersOf, rowsError } from "./rows.ts";

/** A covariate as the columns have it, row by row. @throws TsopsError COLUMN_NOT_FOUND, SCHEMA_MISMATCH, VALUE_INVALID; PANEL_INVALID for infinite values (rows listed). */
export function readCovariate(columns: Columns, name: string, role: string): Covariate {
  const { length } = columns;
  const column = columnOfKind(columns, name, ["float64", "int64", "bool", "utf8"], role);
  if (column.kind !== "utf8") {
    const values = numbersOf(column, name, length);
    if (column.kind === "float64") refuseInfinite(values, `The ${role} column "${name}"`);
    return { name, kind: "numeric", values };
  }
  const { codes, categories } = sortedCategories(column.codes, column.dictionary, column.valid, length);
  return { name, kind: "categorical", values: codes, categories };
}

function refuseInfinite(values: Float64Array, what: string): void {
  const rows: number[] = [];
  for (let row = 0; row < values.length; row++)
    if (Math.abs(values[row] as number) === Number.POSITIVE_INFINITY) rows.push(row);
  if (rows.length > 0) throw rowsError(`${what} is infinite`, rows, "Give null where the value is unknown.");
}

function sortedCategories(
  codes: Int32Array,
  dictionary: readonly string[],
  valid: Uint8Array | null,
  length: number,
): { codes: Float64Array; categories: readonly string[] } {
  const isUsed = new Uint8Array(dictionary.length);
  for (let row = 0; row < length; row++) if (isValid(valid, row)) isUsed[codes[row] as number] = 1;
  const categories = dictionary.filter((_, code) => isUsed[code] === 1).sort();
  const rank = new Map(categories.map((text, code) => [text, code]));
  const renumbered = dictionary.map((text) => rank.get(text) ?? Number.NaN);
  return {
    codes: Float64Array.from({ length }, (_, row) =>
      isValid(valid, row) ? (renumbered[codes[row] as number] as number) : Number.NaN,
    ),
    categories,
  };
}
