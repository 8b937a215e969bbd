import { type Column, type Columns, type ColumnType, isValid } from "@tsops/core";
import { type QualityFinding, rowCounter } from "./finding.ts";

/** What a column's values can be. */
export interface ValueRange {
  /** Least and greatest value, both allowed; of float64 and int64 columns. */
  readonly min?: number;
  readonly max?: number;
  /** All values that can occur; of utf8 columns. */
  readonly oneOf?: readonly string[];
}

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
  const column = columns.data[name] as Column;
  const found = rowCounter();
  const outside = new Set<string>();
  if (column.kind === "utf8") {
    const allowed = new Set(range.oneOf);
    const isUnknown = column.dictionary.map((text) => !allowed.has(text));
    for (let row = 0; row < columns.length; row++) {
      const code = column.codes[row] as number;
      if (!isValid(column.valid, row) || isUnknown[code] !== true) continue;
      found.add(row);
      outside.add(JSON.stringify(column.dictionary[code]));
    }
    if (found.count === 0) return null;
    return {
      check: "range",
      column: name,
      severity: "warning",
      count: found.count,
      rows: found.rows,
      sentence: `${name} has ${outside.size} categories that are not expected, in ${found.count} rows: ${[...outside].slice(0, 5).join(", ")}${outside.size > 5 ? ", ..." : ""}.`,
    };
  }
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = range;
  if (column.kind !== "float64" && column.kind !== "int64") return null;
  let least: number | bigint = Number.POSITIVE_INFINITY;
  let greatest: number | bigint = Number.NEGATIVE_INFINITY;
  for (let row = 0; row < columns.length; row++) {
    const value = column.values[row] as number | bigint;
    // int64 and float compare exactly, beyond 2^53 too.
    if (!isValid(column.valid, row) || !(value < min || value > max)) continue;
    found.add(row);
    if (value < least) least = value;
    if (value > greatest) greatest = value;
  }
  if (found.count === 0) return null;
  return {
    check: "range",
    column: name,
    severity: "warning",
    count: found.count,
    rows: found.rows,
    sentence: `${name} lies outside ${min} to ${max}${unit(columns.types[name])} in ${found.count} rows, from ${least} to ${greatest}.`,
  };
}

function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

function unit(type: ColumnType | undefined): string {
  return type?.unit === undefined ? "" : ` ${type.unit}`;
}
