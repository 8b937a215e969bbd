import type { ColumnType } from "../../schema/column-type.ts";
import { type Column, type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import { compactDictionary } from "../../schema/dictionary.ts";
import { viewBounds } from "./bounds.ts";
import { evaluateView } from "./evaluate.ts";
import { groupByKey } from "./group-by-key.ts";
import { type Instants, toInstants } from "./instants.ts";
import { keyIndex } from "./key-index.ts";
import { availableIndex, type KeyRows, type OrderedRows } from "./ordered-rows.ts";
import type { AsOfPlan, PlannedKey, ViewPlan } from "./plan.ts";
import { emptyViewResult, takeOrNull, viewColumns } from "./view-result.ts";

/** The entity keys that occur in a spine. */
export interface SpineKeys {
  /** Key number of every spine row, -1 where a part of the key is null. */
  readonly keyOf: Int32Array;
  /** Key number k is row k; columns named as in the view's table. One row and no column when the table has no keys. */
  readonly keys: Columns;
}

/** Numbers the distinct keys of a spine by first appearance. */
export function numberSpineKeys(spine: Columns, keys: readonly PlannedKey[]): SpineKeys {
  const index = keyIndex(keys.length);
  const keyOf = index.add(
    spine,
    keys.map((key) => key.spine),
  );
  const firstRow = new Int32Array(index.size).fill(-1);
  for (let row = 0; row < keyOf.length; row++) {
    const key = keyOf[row] as number;
    if (key >= 0 && firstRow[key] === -1) firstRow[key] = row;
  }
  const types: Record<string, ColumnType> = {};
  const data: Record<string, Column> = {};
  for (const { column, spine: name, type } of keys) {
    types[column] = { kind: type.kind, nullable: false };
    data[column] = takeOrNull(spine.data[name] as Column, firstRow);
  }
  return { keyOf, keys: { length: index.size, types, data } };
}

/** Rows of a view's table as an engine read and sorted them. */
export interface SortedRows {
  /** Event time, available at if the join goes by it, and the feature columns. */
  readonly columns: Columns;
  /** Rows of key k are offsets[k] .. offsets[k + 1], ordered by (event time, available at with null first, ingest sequence). */
  readonly offsets: Int32Array;
}

/**
 * The columns that one view adds to the spine, by joined name, over rows that are sorted already.
 * @param keyOf - Key number of every spine row, as in `sorted.offsets`; -1 matches nothing.
 */
export function joinSortedRows(
  plan: AsOfPlan,
  view: ViewPlan,
  spine: Columns,
  keyOf: Int32Array,
  sorted: SortedRows,
): Record<string, Column> {
  const result = emptyViewResult(view, spine.length);
  const { data } = sorted.columns;
  const time = data[view.eventTime] as TimestampColumn;
  const available =
    view.knownAt.by === "ignore" ? null : availableOf(data[view.availableAt as string] as TimestampColumn);
  const rows: OrderedRows = {
    time: toInstants(time.values, time.valid, "+"),
    available,
    row: null,
    columns: data,
    ...(available === null ? {} : { availableIndex: availableIndex(available) }),
  };
  const nonNull = new Map<string, OrderedRows>();
  for (const { name, column, lastNonNull } of view.rowFeatures)
    if (lastNonNull) nonNull.set(name, withoutNulls(rows, data[column] as Column));
  evaluateView(view, viewBounds(plan, view, spine), keyRows(rows, nonNull, keyOf, sorted.offsets), result);
  const joined = viewColumns(view, result, data);
  for (const [name, column] of Object.entries(joined))
    if (column.kind === "utf8" && name !== view.statusName) joined[name] = compactDictionary(column);
  return joined;
}

function* keyRows(
  rows: OrderedRows,
  nonNull: ReadonlyMap<string, OrderedRows>,
  keyOf: Int32Array,
  offsets: Int32Array,
): Iterable<KeyRows> {
  for (const { key, spineRows } of groupByKey(keyOf, offsets.length - 1))
    yield { rows, nonNull, start: offsets[key] as number, end: offsets[key + 1] as number, spineRows };
}

function availableOf(column: TimestampColumn): Instants {
  return toInstants(column.values, column.valid, "+");
}

/** The same rows, of which those without a value are never known. */
function withoutNulls(rows: OrderedRows, column: Column): OrderedRows {
  const hidden = Float64Array.from({ length: rows.time.length }, (_, row) =>
    isValid(column.valid, row) ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
  );
  const available = rows.available === null ? hidden : hide(rows.available, hidden);
  return { ...rows, available, availableIndex: availableIndex(available) };
}

function hide(available: Instants, hidden: Float64Array): Instants {
  if (available instanceof Float64Array)
    return available.map((known, row) => Math.max(known, hidden[row] as number));
  return available.map((known, row) => ((hidden[row] as number) > 0 ? 2n ** 63n - 1n : known));
}
