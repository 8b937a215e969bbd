import assert from "node:assert/strict";
import type { RecordBatch } from "apache-arrow";
import type { Source } from "../../ports/source.ts";
import { bool, float64, int64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { type Table, table } from "../../schema/table.ts";
import { toMicros } from "../../time/instant.ts";
import type { ConformanceSubject } from "../case.ts";
import { type SourceRow, scanOrder, sourceBatches, sourceRows, valueText } from "./rows.ts";

/** A source over a table that is there, empty, and nobody else's. */
export interface OpenedSource {
  readonly source: Source;
  /** Puts rows into the table, for sources that cannot write. Default: `source.write`. */
  insert?(batches: readonly RecordBatch[]): Promise<void>;
  /** Takes the table away, past the source. */
  drop(): Promise<void>;
  /** Makes the table again, empty, past the source. */
  recreate(): Promise<void>;
  /** Rows that the source has taken from the server so far, if that can be told. */
  rowsRead?(): number;
}

/** A server (or what else holds the rows) to test a source on. */
export interface SourceSubject extends ConformanceSubject {
  /** Makes a table by this definition, whose name is unique, and a source over it. The subject's `close` closes the source. */
  open(definition: Table): Promise<OpenedSource>;
  /** Ends the server and starts it again with the same data, if that can be done here. */
  restart?(): Promise<void>;
}

let tables = 0;

/** A definition with all kinds of columns, a composite key and a name of its own. */
export function loadTable(): Table {
  return table({
    name: uniqueTable(),
    columns: {
      station: utf8(),
      meter: int64(),
      at: timestamp(),
      mw: nullable(float64()),
      n: nullable(int64()),
      note: nullable(utf8()),
      holiday: nullable(bool()),
      known: nullable(timestamp()),
    },
    keys: ["station", "meter"],
    eventTime: "at",
  });
}

/** A table name that no other case of this process or of another one takes. */
export function uniqueTable(): string {
  return `case_${process.pid}_${Date.now().toString(36)}_${++tables}`;
}

export const start: bigint = toMicros("2024-03-01T00:00:00Z");
export const hour = 3_600_000_000n;

/** Rows of `loadTable`, out of order, with nulls; (event time, keys) of each is its own. */
export function loadRows(count: number): SourceRow[] {
  return Array.from({ length: count }, (_, i) => ({
    station: ["b", "a", "ü", "Z", "𝒶", "\uffee"][i % 6] as string,
    meter: [7n, 2n ** 60n + 1n, -3n][Math.floor(i / 6) % 3] as bigint,
    at: start + BigInt((i * 37) % count) * 600_000_001n,
    mw: i % 9 === 0 ? null : i % 10 === 0 ? 0 : (i - 40) / 7,
    n: i % 5 === 0 ? null : BigInt(i - 90) * 1_000_000_007n,
    note: i % 4 === 0 ? null : `it's "${i % 3}" \\ ${i % 3 === 0 ? "" : "x"}\n\t`,
    holiday: i % 7 === 0 ? null : i % 2 === 0,
    known: i % 6 === 0 ? null : start + BigInt(i),
  }));
}

/** A narrow row for cases that need many. */
export function narrowTable(): Table {
  return table({
    name: uniqueTable(),
    columns: { station: utf8(), at: timestamp(), mw: float64() },
    keys: ["station"],
    eventTime: "at",
  });
}

export function narrowRows(count: number): SourceRow[] {
  return Array.from({ length: count }, (_, i) => ({
    station: `s${i % 10}`,
    at: start + BigInt(i) * 1_000_001n,
    mw: i,
  }));
}

/** Opens a source over a new table with these rows. */
export async function filled(
  subject: SourceSubject,
  definition: Table,
  rows: readonly SourceRow[],
): Promise<OpenedSource> {
  const opened = await subject.open(definition);
  await insertRows(opened, definition, rows);
  return opened;
}

export async function insertRows(
  opened: OpenedSource,
  definition: Table,
  rows: readonly SourceRow[],
): Promise<void> {
  const batches = sourceBatches(definition.columns, rows, 5000);
  if (opened.insert !== undefined) return opened.insert(batches);
  assert.ok(opened.source.write, "a source without write needs the subject's insert");
  await opened.source.write(batches);
}

/** All rows of a scan, whether it refuses its options at the call or at the first batch. */
export async function scanned(source: Source, scan?: Parameters<Source["scan"]>[0]): Promise<SourceRow[]> {
  return sourceRows(source.scan(scan));
}

/** The same rows, each as often; rows that share (event time, keys) may be in any order. */
export function assertSameRows(
  actual: readonly SourceRow[],
  expected: readonly SourceRow[],
  definition: Table,
): void {
  const texts = (rows: readonly SourceRow[]) =>
    rows
      .map((row) =>
        Object.keys(definition.columns)
          .map((name) => valueText(row[name]))
          .join(" | "),
      )
      .sort();
  assert.deepEqual(texts(actual), texts(expected));
}

/** Rows are by (event time, keys). */
export function assertOrdered(rows: readonly SourceRow[], definition: Table): void {
  const order = scanOrder(definition);
  for (let i = 1; i < rows.length; i++)
    assert.ok(order(rows[i - 1] as SourceRow, rows[i] as SourceRow) <= 0, `row ${i} comes after a later one`);
}
