import {
  type Column,
  type Columns,
  concatColumns,
  formatInstant,
  isValid,
  sliceColumns,
  type TimestampColumn,
  TsopsError,
  type Utf8Column,
} from "@tsops/core";
import { fromArrow } from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import type { MatchedTables } from "./match-tables.ts";

/**
 * A source's batches as chunks of about `rows` rows. Rows of one entity and instant stay together, so that all copies of a row are in
 * one chunk.
 * @throws TsopsError VALUE_INVALID when rows do not come by event time
 */
export async function* chunksOf(
  batches: AsyncIterable<RecordBatch>,
  matched: MatchedTables,
  rows: number,
): AsyncGenerator<Columns, void, undefined> {
  let parts: Columns[] = [];
  let length = 0;
  let last: bigint | null = null;
  const pending = (): Columns => concatColumns(parts);
  for await (const batch of batches) {
    if (batch.numRows === 0) continue;
    const columns = fromArrow(batch, matched.types) as Columns;
    last = checkOrder(timesOf(columns, matched), last);
    parts.push(columns);
    length += columns.length;
    while (length > rows) {
      const joined = pending();
      const cut = cutBefore(joined, matched, rows);
      if (cut === null) {
        parts = [joined];
        break;
      }
      yield sliceColumns(joined, 0, cut);
      parts = [sliceColumns(joined, cut)];
      length -= cut;
    }
  }
  if (length > 0) yield pending();
}

/** The event times of a chunk. */
export function timesOf(
  { data, length }: Columns,
  { eventTime }: Pick<MatchedTables, "eventTime">,
): BigInt64Array {
  return (data[eventTime] as TimestampColumn).values.subarray(0, length);
}

/** Rows out of order would let the watermark pass over some of them. */
function checkOrder(times: BigInt64Array, before: bigint | null): bigint {
  let last = before ?? (times[0] as bigint);
  for (const time of times) {
    if (time < last)
      throw new TsopsError(
        "VALUE_INVALID",
        `The source gave a row of ${formatInstant(time)} behind one of ${formatInstant(last)}.`,
        { hint: "A source's rows come by event time: correct its scan()." },
      );
    last = time;
  }
  return last;
}

/** Where to cut: the last place up to `rows` at which another entity or instant begins, else the first one behind it. */
function cutBefore(columns: Columns, { eventTime, keys }: MatchedTables, rows: number): number | null {
  const compared = [eventTime, ...keys].map((name) => columns.data[name] as Column);
  const isCut = (row: number): boolean => compared.some((column) => !isSame(column, row - 1, row));
  for (let row = rows; row > 0; row--) if (isCut(row)) return row;
  for (let row = rows + 1; row < columns.length; row++) if (isCut(row)) return row;
  return null;
}

function isSame(column: Column, a: number, b: number): boolean {
  const isNull = !isValid(column.valid, a);
  if (isNull !== !isValid(column.valid, b)) return false;
  if (isNull) return true;
  if (column.kind !== "utf8") return column.values[a] === column.values[b];
  const { codes, dictionary } = column as Utf8Column;
  return codes[a] === codes[b] || dictionary[codes[a] as number] === dictionary[codes[b] as number];
}
