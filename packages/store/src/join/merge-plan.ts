import {
  type AsOfPlan,
  type Column,
  type Columns,
  type ColumnType,
  type ColumnTypes,
  concatColumns,
  type Float64Column,
  isValid,
  joinSortedRows,
  numberSpineKeys,
  type SortedRows,
  type SpineKeys,
  sortedRowsSql,
  type TimestampColumn,
  takeColumns,
  throwIfAborted,
  type ViewPlan,
} from "@tsops/core";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import type { JoinTable } from "./join-tables.ts";

const keysTable = "tsops_keys";

interface MergeOptions {
  readonly maxRows: number;
  /** Told how far the join is, from 0 to 1. */
  readonly report: (share: number) => void;
  readonly signal: AbortSignal | undefined;
}

/**
 * Joins views that read one table by the same keys: DuckDB reads and sorts the rows of the spine's keys once, then the
 * kernel of core walks them. Holds at most about `maxRows` feature rows in memory at a time (or those of one key).
 */
export async function runMergePlan(
  session: DuckSession,
  plan: AsOfPlan,
  views: readonly ViewPlan[],
  spine: Columns,
  table: JoinTable,
  { maxRows, report, signal }: MergeOptions,
): Promise<Record<string, Column>> {
  const [first] = views as [ViewPlan];
  const spineKeys = numberSpineKeys(spine, first.keys);
  await session.load(keysTable, numberedKeys(spineKeys, first), { signal });
  try {
    const reader = await sortedReader(session, plan, views, spine, table, signal);
    const parts = await partition(
      reader,
      spineKeys,
      table.snapshot.rows ?? Number.POSITIVE_INFINITY,
      maxRows,
    );
    if (parts.length === 1) return joinPart(plan, views, spine, spineKeys.keyOf, await reader.read(null));
    return await joinParts(plan, views, spine, spineKeys, parts, reader, report, signal);
  } finally {
    await session.run(`DROP TABLE ${keysTable}`);
  }
}

/** Columns `n`, `k0`, `k1`, ... for `sortedRowsSql`. */
function numberedKeys({ keys }: SpineKeys, view: ViewPlan): Columns {
  const numbers = BigInt64Array.from({ length: keys.length }, (_, key) => BigInt(key));
  const types: Record<string, ColumnType> = { n: { kind: "int64", nullable: false } };
  const data: Record<string, Column> = { n: { kind: "int64", values: numbers, valid: null } };
  view.keys.forEach((key, i) => {
    types[`k${i}`] = { kind: key.type.kind, nullable: false };
    data[`k${i}`] = keys.data[key.column] as Column;
  });
  return { length: keys.length, types, data };
}

/** Keys [start, end). */
interface KeyRange {
  readonly start: number;
  readonly end: number;
}

interface SortedReader {
  /** Rows of the keys in a range, or of all. */
  read(range: KeyRange | null): Promise<SortedRows & { readonly keys: number }>;
  /** Number of rows by key number. */
  count(keys: number): Promise<Float64Array>;
}

async function sortedReader(
  session: DuckSession,
  plan: AsOfPlan,
  views: readonly ViewPlan[],
  spine: Columns,
  { definition, snapshot }: JoinTable,
  signal: AbortSignal | undefined,
): Promise<SortedReader> {
  const [first] = views as [ViewPlan];
  const columns = [
    ...new Set([
      first.eventTime,
      ...(first.availableAt === null ? [] : [first.availableAt]),
      ...views.flatMap((view) => view.featureColumns),
    ]),
  ];
  const keys = first.keys.map((key) => key.column);
  const end = endOfSpine(spine.data[plan.time] as TimestampColumn, spine.length);
  const scan = await snapshot.scan({
    columns: [...new Set([...keys, ...columns])],
    ...(end === null ? {} : { range: { end } }),
  });
  const types: Record<string, ColumnType> = { n: { kind: "float64", nullable: false } };
  columns.forEach((name, i) => {
    types[`c${i}`] = { ...(definition.columns[name] as ColumnType), nullable: true };
  });
  return {
    async read(range) {
      const wanted =
        range === null
          ? keysTable
          : `(SELECT * FROM ${keysTable} WHERE n >= ${range.start} AND n < ${range.end})`;
      const sql = sortedRowsSql(first, columns, { keys: wanted, table: scan.sql });
      const found = await session.columns(sql, { types, signal });
      const numbers = (found.data["n"] as Float64Column).values;
      const from = range?.start ?? 0;
      const count = range === null ? maxOf(numbers) + 1 : range.end - range.start;
      const data: Record<string, Column> = {};
      const renamed: Record<string, ColumnType> = {};
      columns.forEach((name, i) => {
        data[name] = found.data[`c${i}`] as Column;
        renamed[name] = types[`c${i}`] as ColumnType;
      });
      const offsets = offsetsOf(numbers, from, count);
      return { columns: { length: found.length, types: renamed, data }, offsets, keys: count };
    },
    async count(size) {
      const on = keys.map((key, i) => `t.${quoteName(key)} = k.k${i}`).join(" AND ") || "true";
      const found = await session.columns(
        `SELECT k.n::DOUBLE AS n, count(*)::DOUBLE AS rows FROM ${scan.sql} t JOIN ${keysTable} k ON ${on} GROUP BY k.n`,
        { signal },
      );
      const counts = new Float64Array(size);
      const rows = (found.data["rows"] as Float64Column).values;
      (found.data["n"] as Float64Column).values.forEach((key, i) => {
        counts[key] = rows[i] as number;
      });
      return counts;
    },
  };
}

/** One microsecond after the latest time of the spine: later rows cannot match. Null when it has no time. */
function endOfSpine({ values, valid }: TimestampColumn, length: number): bigint | null {
  let latest: bigint | null = null;
  for (let row = 0; row < length; row++) {
    const time = values[row] as bigint;
    if (isValid(valid, row) && (latest === null || time > latest)) latest = time;
  }
  return latest === null ? null : latest + 1n;
}

function maxOf(numbers: Float64Array): number {
  // Sorted: the last is the greatest.
  return numbers.length === 0 ? -1 : (numbers[numbers.length - 1] as number);
}

function offsetsOf(numbers: Float64Array, from: number, count: number): Int32Array {
  const offsets = new Int32Array(count + 1);
  for (const number of numbers) offsets[number - from + 1] = (offsets[number - from + 1] as number) + 1;
  for (let key = 0; key < count; key++)
    offsets[key + 1] = (offsets[key + 1] as number) + (offsets[key] as number);
  return offsets;
}

/** Key ranges of at most `maxRows` rows each, but of one key at least. */
async function partition(
  reader: SortedReader,
  spineKeys: SpineKeys,
  tableRows: number,
  maxRows: number,
): Promise<readonly KeyRange[]> {
  const size = spineKeys.keys.length;
  if (tableRows <= maxRows) return [{ start: 0, end: size }];
  const counts = await reader.count(size);
  const ranges: KeyRange[] = [];
  let start = 0;
  let rows = 0;
  for (let key = 0; key < size; key++) {
    if (key > start && rows + (counts[key] as number) > maxRows) {
      ranges.push({ start, end: key });
      start = key;
      rows = 0;
    }
    rows += counts[key] as number;
  }
  return [...ranges, { start, end: size }];
}

function joinPart(
  plan: AsOfPlan,
  views: readonly ViewPlan[],
  spine: Columns,
  keyOf: Int32Array,
  sorted: SortedRows & { readonly keys: number },
): Record<string, Column> {
  // Keys without any row lie beyond the offsets.
  const found = keyOf.map((key) => (key < sorted.keys ? key : -1));
  return Object.assign({}, ...views.map((view) => joinSortedRows(plan, view, spine, found, sorted)));
}

/** Joins part by part of the keys and puts the spine's order back. */
async function joinParts(
  plan: AsOfPlan,
  views: readonly ViewPlan[],
  spine: Columns,
  { keyOf }: SpineKeys,
  parts: readonly KeyRange[],
  reader: SortedReader,
  report: (share: number) => void,
  signal: AbortSignal | undefined,
): Promise<Record<string, Column>> {
  const joined: Columns[] = [];
  const order = new Int32Array(spine.length);
  let done = 0;
  for (const [i, range] of parts.entries()) {
    throwIfAborted(signal);
    // Rows with a null key match nothing: the first part takes them along.
    const rows = Int32Array.from(
      rowsWhere(keyOf, (key) => (key >= range.start && key < range.end) || (i === 0 && key < 0)),
    );
    rows.forEach((row, position) => {
      order[row] = done + position;
    });
    done += rows.length;
    const part = takeColumns(spine, rows);
    const keys = Int32Array.from(rows, (row) => {
      const key = keyOf[row] as number;
      return key < 0 ? -1 : key - range.start;
    });
    joined.push(asColumns(plan, joinPart(plan, views, part, keys, await reader.read(range)), rows.length));
    report((i + 1) / parts.length);
  }
  return takeColumns(concatColumns(joined), order).data as Record<string, Column>;
}

function* rowsWhere(keyOf: Int32Array, isIn: (key: number) => boolean): Iterable<number> {
  for (let row = 0; row < keyOf.length; row++) if (isIn(keyOf[row] as number)) yield row;
}

function asColumns(plan: AsOfPlan, data: Readonly<Record<string, Column>>, length: number): Columns {
  const types: ColumnTypes = Object.fromEntries(
    Object.keys(data).map((name) => [name, plan.joinedTypes[name] as ColumnType]),
  );
  return { length, types, data };
}
