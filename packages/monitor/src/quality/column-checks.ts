import { type Column, type Columns, type ColumnType, isValid } from "@tsops/core";
import {
  counted,
  findingOf,
  percent,
  type QualityFinding,
  rowCounter,
  some,
  type WriteInstant,
} from "./finding.ts";

/**
 * What a column's values can be: the least and the greatest of float64 and int64 columns, both allowed, or all texts that can occur
 * in a utf8 column.
 */
export type ValueRange =
  | { readonly min?: number; readonly max?: number }
  | { readonly oneOf: readonly string[] };

/** The rows of a table, and how a check tells of them. */
export interface RowsToCheck {
  readonly columns: Columns;
  /** Microseconds UTC; null for a row without a time. */
  readonly timeOf: (row: number) => bigint | null;
  readonly write: WriteInstant;
}

/** What share of nulls a column can have, and what the reference had. */
export interface ToleratedNulls {
  readonly most: number;
  /** Null without a reference. */
  readonly usual: number | null;
  readonly isNeeded: boolean;
}

/** Nulls of a column, beyond or within the share that is tolerated. */
export function missingValues(
  { columns, timeOf, write }: RowsToCheck,
  name: string,
  { most, usual, isNeeded }: ToleratedNulls,
): QualityFinding | null {
  const { valid } = columns.data[name] as Column;
  if (valid === null) return null;
  const found = rowCounter();
  for (let row = 0; row < columns.length; row++) if (!isValid(valid, row)) found.add(row, timeOf(row));
  if (found.count === 0) return null;
  const share = found.count / columns.length;
  const isAll = share === 1 && usual !== 1;
  const isBad = isNeeded || isAll;
  const isMuch = share > most;
  const said =
    isBad || !isMuch
      ? ""
      : usual === 0
        ? ", and the reference has no null"
        : `, more than the ${percent(most)} that are tolerated`;
  return findingOf(found, write, {
    check: "missing",
    column: name,
    severity: isBad ? "error" : isMuch ? "warning" : "info",
    reason: isNeeded
      ? "the column is a key, the time, or not nullable"
      : isAll
        ? "nothing is left of the column"
        : isMuch
          ? "more is missing than is tolerated"
          : "so much is tolerated",
    sentence: `${name} is missing in ${found.count} of ${columns.length} rows (${percent(share)})${said}.`,
    cause: isAll
      ? "The column is no longer filled at the source, or was renamed there."
      : "Rows that failed to join, a field that was left empty, or text that could not be read.",
    hint:
      isMuch || isBad
        ? "Look at the first rows at the source, before they are read."
        : "Nothing needs to be done.",
  });
}

/** NaN and infinities of a float column: any mean of them is lost. */
export function nonFiniteValues(
  { columns, timeOf, write }: RowsToCheck,
  name: string,
  usual: number | null,
): QualityFinding | null {
  const column = columns.data[name] as Column;
  if (column.kind !== "float64") return null;
  const found = rowCounter();
  let nan = 0;
  for (let row = 0; row < columns.length; row++) {
    const value = column.values[row] as number;
    if (Number.isFinite(value) || !isValid(column.valid, row)) continue;
    found.add(row, timeOf(row));
    if (Number.isNaN(value)) nan++;
  }
  if (found.count === 0) return null;
  const isUsual = usual !== null && usual > 0 && found.count <= 2 * usual * columns.length + 5;
  return findingOf(found, write, {
    check: "non_finite",
    column: name,
    severity: isUsual ? "info" : "error",
    reason: isUsual ? "the reference has as many" : "one of them makes any sum or mean NaN",
    sentence: `${name} has ${counted(found.count, "value")} that ${found.count === 1 ? "is no finite number" : "are no finite numbers"} (${nan} NaN, ${found.count - nan} infinite).`,
    cause:
      nan === found.count
        ? "0 / 0, the logarithm of a negative number, or a null that became NaN."
        : "A division by zero, or a number too large for its type.",
    hint: "Write nulls where there is no value.",
  });
}

/** Values outside a range or a list. Nulls and NaN are not its business. */
export function outOfRange(rows: RowsToCheck, name: string, range: ValueRange): QualityFinding | null {
  return "oneOf" in range ? unexpectedTexts(rows, name, range.oneOf) : outsideBounds(rows, name, range);
}

function unexpectedTexts(
  { columns, timeOf, write }: RowsToCheck,
  name: string,
  texts: readonly string[],
): QualityFinding | null {
  const column = columns.data[name] as Column;
  if (column.kind !== "utf8") return null;
  const expected = new Set(texts);
  const isUnknown = column.dictionary.map((text) => !expected.has(text));
  const found = rowCounter();
  const unknown = new Set<string>();
  for (let row = 0; row < columns.length; row++) {
    const code = column.codes[row] as number;
    if (!isValid(column.valid, row) || isUnknown[code] !== true) continue;
    found.add(row, timeOf(row));
    unknown.add(JSON.stringify(column.dictionary[code]));
  }
  if (found.count === 0) return null;
  return findingOf(found, write, {
    check: "range",
    column: name,
    severity: "warning",
    reason: "the texts are none of those that can occur; new ones can be right",
    sentence: `${name} has ${counted(unknown.size, "unexpected value")} in ${counted(found.count, "row")}: ${some([...unknown])}.`,
    cause: "New categories, misspellings, or another coding at the source.",
    hint: "Correct them at the source, or add them to the range.",
  });
}

function outsideBounds(
  { columns, timeOf, write }: RowsToCheck,
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
    found.add(row, timeOf(row));
    if (value < lowest) lowest = value;
    if (value > highest) highest = value;
  }
  if (found.count === 0) return null;
  return findingOf(found, write, {
    check: "range",
    column: name,
    severity: "error",
    reason: "the range says that such values cannot be",
    sentence: `${name} lies outside ${least} .. ${greatest}${unit(columns.types[name])} in ${found.count} of ${columns.length} rows, from ${lowest} to ${highest}.`,
    cause: "A broken sensor, a mistyped value, another unit, or a range that is too narrow.",
    hint: "Set the values to null, or widen the range.",
  });
}

function unit(type: ColumnType | undefined): string {
  return type?.unit === undefined ? "" : ` ${type.unit}`;
}
