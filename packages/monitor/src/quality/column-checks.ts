import { type Column, type Columns, type ColumnType, isValid } from "@tsops/core";
import { type QualityFinding, rowCounter } from "./finding.ts";

/**
 * What a column's values can be: the least and the greatest of float64 and int64 columns, both allowed, or all texts that can occur
 * in a utf8 column.
 */
export type ValueRange =
  | { readonly min?: number; readonly max?: number }
  | { readonly oneOf: readonly string[] };

/** Nulls of a column, beyond or within the share that is tolerated. */
export function missingValues(
  columns: Columns,
  name: string,
  tolerated: number,
  isNeeded: boolean,
): QualityFinding | null {
  const { valid } = columns.data[name] as Column;
  if (valid === null) return null;
  const found = rowCounter();
  for (let row = 0; row < columns.length; row++) if (!isValid(valid, row)) found.add(row);
  if (found.count === 0) return null;
  const share = found.count / columns.length;
  const isBad = isNeeded || share === 1;
  return {
    check: "missing",
    column: name,
    severity: isBad ? "error" : share > tolerated ? "warning" : "info",
    count: found.count,
    rows: found.rows,
    sentence: `${name} is missing in ${found.count} of ${columns.length} rows (${percent(share)})${isBad || share <= tolerated ? "" : `, more than the ${percent(tolerated)} that are tolerated`}.`,
  };
}

/** NaN and infinities of a float column: any mean of them is lost. */
export function nonFiniteValues(columns: Columns, name: string): QualityFinding | null {
  const column = columns.data[name] as Column;
  if (column.kind !== "float64") return null;
  const found = rowCounter();
  let nan = 0;
  for (let row = 0; row < columns.length; row++) {
    const value = column.values[row] as number;
    if (Number.isFinite(value) || !isValid(column.valid, row)) continue;
    found.add(row);
    if (Number.isNaN(value)) nan++;
  }
  if (found.count === 0) return null;
  return {
    check: "non_finite",
    column: name,
    severity: "error",
    count: found.count,
    rows: found.rows,
    sentence: `${name} has ${found.count} values that are no finite numbers (${nan} NaN, ${found.count - nan} infinite).`,
  };
}

/** Values outside a range or a list. Nulls and NaN are not its business. */
export function outOfRange(columns: Columns, name: string, range: ValueRange): QualityFinding | null {
  return "oneOf" in range ? unexpectedTexts(columns, name, range.oneOf) : outsideBounds(columns, name, range);
}

function unexpectedTexts(columns: Columns, name: string, texts: readonly string[]): QualityFinding | null {
  const column = columns.data[name] as Column;
  if (column.kind !== "utf8") return null;
  const expected = new Set(texts);
  const isUnknown = column.dictionary.map((text) => !expected.has(text));
  const found = rowCounter();
  const unknown = new Set<string>();
  for (let row = 0; row < columns.length; row++) {
    const code = column.codes[row] as number;
    if (!isValid(column.valid, row) || isUnknown[code] !== true) continue;
    found.add(row);
    unknown.add(JSON.stringify(column.dictionary[code]));
  }
  if (found.count === 0) return null;
  return {
    check: "range",
    column: name,
    severity: "warning",
    count: found.count,
    rows: found.rows,
    sentence: `${name} has ${unknown.size} unexpected values in ${found.count} rows: ${[...unknown].slice(0, 5).join(", ")}${unknown.size > 5 ? ", ..." : ""}.`,
  };
}

function outsideBounds(
  columns: Columns,
  name: string,
  {
    min: least = Number.NEGATIVE_INFINITY,
    max: greatest = Number.POSITIVE_INFINITY,
  }: { readonly min?: number; readonly max?: number },
): QualityFinding | null {
  const column = columns.data[name] as Column;
  if (column.kind !== "float64" && column.kind !== "int64") return null;
  const found = rowCounter();
  let lowest: number | bigint = Number.POSITIVE_INFINITY;
  let highest: number | bigint = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < columns.length; row++) {
    const value = column.values[row] as number | bigint;
    // JavaScript compares bigint with number exactly, beyond 2^53 too.
    if (!isValid(column.valid, row) || !(value < least || value > greatest)) continue;
    found.add(row);
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (found.count === 0) return null;
  return {
    check: "range",
    column: name,
    severity: "error",
    count: found.count,
    rows: found.rows,
    sentence: `${name} lies outside ${least} .. ${greatest}${unit(columns.types[name])} in ${found.count} of ${columns.length} rows, from ${lowest} to ${highest}.`,
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function unit(type: ColumnType | undefined): string {
  return type?.unit === undefined ? "" : ` ${type.unit}`;
}
