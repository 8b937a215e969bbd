import {
  type Columns,
  type SeriesKey,
  selectColumns,
  seriesKeyText,
  type Table,
  type TimestampColumn,
  takeColumns,
  toRows,
} from "@tsops/core";
import type { DeltaTable, Snapshot } from "@tsops/store";

/** Rows of a table after an instant, one for each key and time: of several, the one that was appended last. */
export async function latestRows(
  table: DeltaTable,
  definition: Table,
  since: bigint,
  signal: AbortSignal,
): Promise<Columns> {
  return latestOf(await (await table.snapshot()).read({ range: { start: since + 1n }, signal }), definition);
}

/** Of several rows with one key and time, the last. */
export function latestOf(rows: Columns, definition: Table): Columns {
  const { values: times } = rows.data[definition.eventTime] as TimestampColumn;
  const latest = new Map<string, number>();
  keysOf(rows, definition).forEach((key, row) => {
    latest.set(`${times[row]} ${seriesKeyText(key)}`, row);
  });
  return takeColumns(rows, Int32Array.from(latest.values()));
}

/** Rows from an event time on that a version later than `seen` has brought, in order of ingest. */
export async function newRows(
  snapshot: Snapshot,
  seen: number,
  start: bigint,
  signal: AbortSignal,
): Promise<Columns> {
  const names = Object.keys(snapshot.types);
  const rows = await snapshot.read({ columns: [...names, "_ingest_version"], range: { start }, signal });
  const { values: versions } = rows.data["_ingest_version"] as { readonly values: BigInt64Array };
  const chosen = [...versions.keys()].filter((row) => Number(versions[row]) > seen);
  return takeColumns(selectColumns(rows, names), Int32Array.from(chosen));
}

/** The latest event time of a table; null when it has no rows. Reads that column alone. */
export async function newestTime(
  snapshot: Snapshot,
  { eventTime }: Table,
  signal: AbortSignal,
): Promise<bigint | null> {
  let newest: bigint | null = null;
  for await (const batch of snapshot.batches({ columns: [eventTime], order: "stored", signal }))
    for (const time of (batch.data[eventTime] as TimestampColumn).values)
      if (newest === null || time > newest) newest = time;
  return newest;
}

/** The key of each row. */
export function keysOf(rows: Columns, definition: Table): SeriesKey[] {
  return toRows(selectColumns(rows, definition.keys)) as SeriesKey[];
}
