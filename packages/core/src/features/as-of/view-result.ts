import type { ColumnTypes } from "../../schema/column-type.ts";
import { type BoolColumn, type Column, type Columns, isValid, type Validity } from "../../schema/columns.ts";
import { emptyBitmap, setValid } from "../../schema/validity.ts";
import { type FeatureStatus, featureStatuses } from "../feature-names.ts";
import type { ViewPlan } from "./plan.ts";
import { isPicking } from "./window-column.ts";

/** Code of a status in `featureStatuses`. */
export function statusCode(status: FeatureStatus): number {
  return featureStatuses.indexOf(status);
}

/** What a view contributes to every spine row, as rows of the table's columns and as computed numbers. */
export interface ViewResult {
  /** Row of the latest eligible row, -1 unless present. */
  readonly latest: Int32Array;
  /** Index into `featureStatuses`. */
  readonly status: Uint8Array;
  /** Row that a last-non-null or picking window feature takes its value from, -1 for null; by joined name. */
  readonly picks: ReadonlyMap<string, Int32Array>;
  /** Values of sums, means and deviations by joined name. */
  readonly numbers: ReadonlyMap<string, { readonly values: Float64Array; readonly valid: Uint8Array }>;
  /** Counts by joined name. */
  readonly counts: ReadonlyMap<string, BigInt64Array>;
}

/** A result in which every spine row is missing. */
export function emptyViewResult(view: ViewPlan, length: number): ViewResult {
  const nowhere = (): Int32Array => new Int32Array(length).fill(-1);
  const picks = new Map<string, Int32Array>();
  const numbers = new Map<string, { values: Float64Array; valid: Uint8Array }>();
  const counts = new Map<string, BigInt64Array>();
  for (const { name, lastNonNull } of view.rowFeatures) if (lastNonNull) picks.set(name, nowhere());
  for (const { name, aggregate } of view.windowFeatures) {
    if (isPicking(aggregate)) picks.set(name, nowhere());
    else if (aggregate === "count") counts.set(name, new BigInt64Array(length));
    else numbers.set(name, { values: new Float64Array(length), valid: emptyBitmap(length) });
  }
  return {
    latest: nowhere(),
    status: new Uint8Array(length).fill(statusCode("missing")),
    picks,
    numbers,
    counts,
  };
}

/** The joined columns of a view. @param columns - The table's columns that the result's rows point into. */
export function viewColumns(
  view: ViewPlan,
  result: ViewResult,
  columns: Readonly<Record<string, Column>>,
): Record<string, Column> {
  const joined: Record<string, Column> = {};
  const source = (name: string): Column => columns[name] as Column;
  for (const { name, column, lastNonNull } of view.rowFeatures)
    joined[name] = takeOrNull(
      source(column),
      lastNonNull ? (result.picks.get(name) as Int32Array) : result.latest,
    );
  for (const { name, column } of view.windowFeatures) {
    const picks = result.picks.get(name);
    const numbers = result.numbers.get(name);
    const counts = result.counts.get(name);
    if (picks !== undefined) joined[name] = takeOrNull(source(column), picks);
    else if (numbers !== undefined) joined[name] = { kind: "float64", ...numbers };
    else if (counts !== undefined) joined[name] = { kind: "int64", values: counts, valid: null };
  }
  joined[view.featureTimeName] = takeOrNull(source(view.eventTime), result.latest);
  joined[view.statusName] = {
    kind: "utf8",
    codes: Int32Array.from(result.status),
    dictionary: featureStatuses,
    valid: null,
  };
  return joined;
}

/** Spine and joined columns as one table, in the order of `types`. */
export function joinedTable(
  types: ColumnTypes,
  spine: Columns,
  joined: Readonly<Record<string, Column>>,
): Columns {
  const data: Record<string, Column> = {};
  for (const name of Object.keys(types)) data[name] = joined[name] ?? (spine.data[name] as Column);
  return { length: spine.length, types, data };
}

/** The values of a column at rows; -1 becomes null. */
export function takeOrNull(column: Column, rows: Int32Array): Column {
  const valid = validityOf(column.valid, rows);
  const at = (i: number): number => Math.max(rows[i] as number, 0);
  switch (column.kind) {
    case "float64": {
      const values = new Float64Array(rows.length);
      if (column.values.length > 0)
        for (let i = 0; i < rows.length; i++) values[i] = column.values[at(i)] as number;
      return { kind: "float64", values, valid };
    }
    case "utf8": {
      const codes = new Int32Array(rows.length);
      if (column.codes.length > 0)
        for (let i = 0; i < rows.length; i++) codes[i] = column.codes[at(i)] as number;
      return { kind: "utf8", codes, dictionary: column.dictionary, valid };
    }
    case "bool": {
      const values = new Uint8Array(rows.length);
      if (column.values.length > 0)
        for (let i = 0; i < rows.length; i++) values[i] = column.values[at(i)] as number;
      return { kind: "bool", values, valid } satisfies BoolColumn;
    }
    default: {
      const values = new BigInt64Array(rows.length);
      if (column.values.length > 0)
        for (let i = 0; i < rows.length; i++) values[i] = column.values[at(i)] as bigint;
      return { kind: column.kind, values, valid };
    }
  }
}

function validityOf(valid: Validity, rows: Int32Array): Validity {
  const bitmap = emptyBitmap(rows.length);
  let nulls = 0;
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    if (row >= 0 && isValid(valid, row)) setValid(bitmap, i);
    else nulls++;
  }
  return nulls === 0 ? null : bitmap;
}
