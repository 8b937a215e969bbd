import { type Columns, type ColumnType, sliceColumns, withColumn } from "@tsops/core";
import type { Scan } from "../delta/scan.ts";
import type { Snapshot } from "../delta/snapshot.ts";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import { timesOf } from "./chunks.ts";
import type { MatchedTables } from "./match-tables.ts";

/** The last instant that a range can end at. */
const latestInstant = 8_640_000_000_000_000_000n;
const rowType: ColumnType = { kind: "int64", nullable: false };

/**
 * Numbers of a chunk's rows that a table does not hold yet, ascending. Whole rows are compared, and of equal ones as many are held as the
 * table has: null equals null, NaN equals NaN, -0 equals 0, and a value is compared as the table would store it.
 */
export async function rowsNotHeld(
  session: DuckSession,
  snapshot: Snapshot,
  chunk: Columns,
  matched: MatchedTables,
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const times = timesOf(chunk, matched);
  const [first, last] = [times[0] as bigint, times[chunk.length - 1] as bigint];
  const scan = await snapshot.scan({
    columns: Object.keys(matched.types),
    range: { start: first, ...(last < latestInstant ? { end: last + 1n } : {}) },
  });
  const { from, to } = overlapOf(scan, times);
  const others = Int32Array.from({ length: chunk.length - (to - from) }, (_, i) =>
    i < from ? i : i + to - from,
  );
  if (from === to) return others;
  const found = await compare(session, scan, sliceColumns(chunk, from, to), signal);
  const rows = new Int32Array(others.length + found.length);
  rows.set(others);
  rows.set(
    found.map((row) => row + from),
    others.length,
  );
  return rows.sort();
}

/** The rows [from, to) of the chunk at whose times the scanned files may have rows. */
function overlapOf({ files }: Scan, times: BigInt64Array): { from: number; to: number } {
  let [min, max]: [bigint | null, bigint | null] = [null, null];
  for (const { eventTimes } of files) {
    if (eventTimes === null) return { from: 0, to: times.length };
    if (min === null || eventTimes.min < min) min = eventTimes.min;
    if (max === null || eventTimes.max > max) max = eventTimes.max;
  }
  if (min === null || max === null) return { from: 0, to: 0 };
  const from = firstAtLeast(times, min);
  return { from, to: Math.max(from, firstAtLeast(times, max + 1n)) };
}

function firstAtLeast(times: BigInt64Array, instant: bigint): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as bigint) < instant) low = middle + 1;
    else high = middle;
  }
  return low;
}

async function compare(
  session: DuckSession,
  scan: Scan,
  chunk: Columns,
  signal: AbortSignal | undefined,
): Promise<Int32Array> {
  const names = Object.keys(scan.types);
  const numbers = BigInt64Array.from({ length: chunk.length }, (_, i) => BigInt(i));
  // Names of our own: a table's column may be called as ours is.
  const renamed = {
    length: chunk.length,
    types: Object.fromEntries(names.map((name, i) => [`c${i}`, chunk.types[name] as ColumnType])),
    data: Object.fromEntries(names.map((name, i) => [`c${i}`, chunk.data[name]])),
  } as unknown as Columns;
  const numbered = withColumn(renamed, "row", rowType, { kind: "int64", values: numbers, valid: null });
  await session.load("tsops_sync", numbered as unknown as Columns, { signal });
  try {
    const list = names.map((_, i) => `c${i}`).join(", ");
    const readTypes = {
      float64: "DOUBLE",
      int64: "BIGINT",
      utf8: "VARCHAR",
      bool: "BOOLEAN",
      timestamp: "TIMESTAMPTZ",
    };
    const asStored = names.map((name, i) => {
      const kind = (scan.types[name] as ColumnType).kind;
      return `CAST(TRY_CAST(c${i} AS ${scan.storedAs[name]}) AS ${readTypes[kind]}) AS c${i}`;
    });
    const equal = (a: string, b: string) =>
      names.map((_, i) => `${a}.c${i} IS NOT DISTINCT FROM ${b}.c${i}`).join(" AND ");
    // Of the table only what equals a row of the chunk is kept in memory, once each.
    const { data, length } = await session.columns(
      `WITH given AS MATERIALIZED (SELECT "row", ${asStored.join(", ")} FROM tsops_sync),
      stored AS (SELECT ${names.map((name, i) => `${quoteName(name)} AS c${i}`).join(", ")} FROM ${scan.sql}),
      held AS (SELECT ${list}, count(*) AS copies FROM stored SEMI JOIN given ON ${equal("stored", "given")} GROUP BY ${list}),
      counted AS (SELECT "row", ${list}, row_number() OVER (PARTITION BY ${list} ORDER BY "row") AS copy FROM given)
      SELECT "row" FROM counted LEFT JOIN held ON ${equal("counted", "held")} WHERE copy > COALESCE(copies, 0)`,
      { types: { row: rowType }, signal },
    );
    const { values } = data["row"] as { values: BigInt64Array };
    return Int32Array.from({ length }, (_, i) => Number(values[i]));
  } finally {
    await session.run("DROP TABLE tsops_sync");
  }
}
