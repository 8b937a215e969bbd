import type { Table as ArrowTable, RecordBatch } from "apache-arrow";
import { fromArrow } from "../../arrow/from-arrow.ts";
import { toArrow } from "../../arrow/to-arrow.ts";
import type { ColumnTypes } from "../../schema/column-type.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import type { Table } from "../../schema/table.ts";
import { toRows } from "../../schema/to-rows.ts";

/** A value in a source's row: instants and int64 are `bigint`. */
export type SourceValue = string | number | bigint | boolean | null;

/** A row of a source as an object: instants in microseconds. */
export type SourceRow = Readonly<Record<string, SourceValue>>;

/** Row objects as record batches of at most `size` rows. */
export function sourceBatches(
  types: ColumnTypes,
  rows: readonly SourceRow[],
  size: number = Math.max(1, rows.length),
): RecordBatch[] {
  const batches: RecordBatch[] = [];
  for (let at = 0; at < rows.length; at += size)
    batches.push(...toArrow(columnsFromRows(types, rows.slice(at, at + size) as never)).batches);
  return batches;
}

/** The rows of one batch as objects. */
export function rowsOfBatch(batch: RecordBatch | ArrowTable, types?: ColumnTypes): SourceRow[] {
  const columns = types === undefined ? fromArrow(batch) : fromArrow(batch, types);
  return toRows(columns, { timestamps: "micros" }) as unknown as SourceRow[];
}

/** The rows of a scan as objects. */
export async function sourceRows(batches: AsyncIterable<RecordBatch>): Promise<SourceRow[]> {
  const rows: SourceRow[] = [];
  for await (const batch of batches) for (const row of rowsOfBatch(batch)) rows.push(row);
  return rows;
}

/** NaN above every number, text by its bytes in UTF-8, false below true, null last. */
export function compareValues(a: SourceValue, b: SourceValue): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Code points are ordered as their bytes in UTF-8 are; the units of a JavaScript string are not. */
function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    if (a.charCodeAt(i) === b.charCodeAt(i)) continue;
    // Behind the first half of a pair the second halves are compared, which is their order as well.
    return (a.codePointAt(i) as number) - (b.codePointAt(i) as number);
  }
  return a.length - b.length;
}

/** By the named columns, most significant first. */
export function byColumns(names: readonly string[]): (a: SourceRow, b: SourceRow) => number {
  return (a, b) => {
    for (const name of names) {
      const order = compareValues(a[name] as SourceValue, b[name] as SourceValue);
      if (order !== 0) return order;
    }
    return 0;
  };
}

/** By (event time, keys), the order of a scan. */
export function scanOrder({ eventTime, keys }: Table): (a: SourceRow, b: SourceRow) => number {
  return byColumns([eventTime, ...keys]);
}

/** A text that two values share only when they are the same. */
export function valueText(value: SourceValue | undefined): string {
  if (value === null || value === undefined) return "-";
  if (typeof value === "string") return JSON.stringify(value);
  return typeof value === "bigint" ? `${value}n` : Object.is(value, -0) ? "-0" : String(value);
}
