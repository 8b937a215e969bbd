import {
  type Columns,
  type ColumnTypes,
  checkOptions,
  concatColumns,
  selectColumns,
  sliceColumns,
  type Table,
  takeColumns,
  throwIfAborted,
} from "@tsops/core";
import { fromArrow, type Source, type SourceScan, toArrow } from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import { compareKeys, keyReader, keyText } from "./values.ts";

const batchRows = 65_536;

/**
 * The row of each entity with the greatest event time in the range, by keys: `source.latest` where the source has it, else from `scan`,
 * holding about two rows of an entity in memory.
 * @throws TsopsError what the source throws
 */
export async function* latestOf(
  source: Source,
  scan: SourceScan = {},
): AsyncGenerator<RecordBatch, void, undefined> {
  if (source.capabilities.latest && source.latest !== undefined) {
    yield* source.latest(scan);
    return;
  }
  checkOptions("VALUE_INVALID", "latestOf()", scan, { range: true, keys: true, columns: true, signal: true });
  const table = await source.schema({ signal: scan.signal });
  const wanted = scan.columns ?? Object.keys(table.columns);
  const read = [...wanted, ...table.keys.filter((name) => !wanted.includes(name))];
  let types: ColumnTypes | null = null;
  let parts: Columns[] = [];
  let [held, limit] = [0, batchRows];
  for await (const batch of source.scan({ ...scan, columns: read })) {
    if (batch.numRows === 0) continue;
    types ??= typesOf(table, read);
    const newest = lastOfEach(fromArrow(batch, types), table.keys);
    parts.push(newest);
    held += newest.length;
    if (held <= limit) continue;
    const kept = lastOfEach(concatColumns(parts), table.keys);
    parts = [kept];
    held = kept.length;
    limit = Math.max(batchRows, 2 * held);
  }
  throwIfAborted(scan.signal);
  if (parts.length === 0) return;
  const sorted = byKeys(lastOfEach(concatColumns(parts), table.keys), table.keys);
  const result = selectColumns(sorted, wanted) as Columns;
  for (let at = 0; at < result.length; at += batchRows) {
    throwIfAborted(scan.signal);
    yield* toArrow(sliceColumns(result, at, Math.min(result.length, at + batchRows))).batches;
  }
}

function typesOf(table: Table, names: readonly string[]): ColumnTypes {
  return Object.fromEntries(names.map((name) => [name, table.columns[name]])) as ColumnTypes;
}

/** The last row of each entity: rows come by event time. */
function lastOfEach(columns: Columns, keys: readonly string[]): Columns {
  const keyOf = keyReader(columns, keys);
  const last = new Map<string, number>();
  for (let row = 0; row < columns.length; row++) last.set(keyText(keyOf(row)), row);
  if (last.size === columns.length) return columns;
  return takeColumns(columns, Int32Array.from(last.values()));
}

function byKeys(columns: Columns, keys: readonly string[]): Columns {
  const keyOf = keyReader(columns, keys);
  const order = Array.from({ length: columns.length }, (_, row) => ({ row, key: keyOf(row) }));
  order.sort((a, b) => compareKeys(a.key, b.key));
  return takeColumns(
    columns,
    Int32Array.from(order, ({ row }) => row),
  );
}
