import {
  type Columns,
  selectColumns,
  type Table,
  type TimestampColumn,
  takeColumns,
  toRows,
} from "@tsops/core";
import type { DeltaTable } from "@tsops/store";

/** Rows of a table after an instant, one for each key and time: of several, the one that was appended last. */
export async function latestRows(
  table: DeltaTable,
  definition: Table,
  since: bigint,
  signal: AbortSignal,
): Promise<Columns> {
  const rows = await (await table.snapshot()).read({ range: { start: since + 1n }, signal });
  const { values: times } = rows.data[definition.eventTime] as TimestampColumn;
  const latest = new Map<string, number>();
  toRows(selectColumns(rows, definition.keys)).forEach((key, row) => {
    latest.set(`${times[row]} ${JSON.stringify(key, textOf)}`, row);
  });
  return takeColumns(rows, Int32Array.from(latest.values()));
}

function textOf(_: string, value: unknown): unknown {
  return typeof value === "bigint" ? `${value}n` : value;
}
