import type { ColumnType } from "../../schema/column-type.ts";
import { type Column, type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import { takeColumns } from "../../schema/reshape.ts";
import { viewBounds } from "./bounds.ts";
import { toInstants } from "./instants.ts";
import type { AsOfPlan, ViewPlan } from "./plan.ts";
import { emptyViewResult, statusCode, viewColumns } from "./view-result.ts";

/**
 * The spine as `asOfSql` reads it: the rows that can match at all (time and key not null), with their number `n`, the latest
 * event time that counts, `upto`, and the parts of the key, `k0`, `k1`, ...
 */
export function matchableSpine(plan: AsOfPlan, view: ViewPlan, spine: Columns): Columns {
  const time = spine.data[plan.time] as TimestampColumn;
  const keys = view.keys.map((key) => spine.data[key.spine] as Column);
  const rows: number[] = [];
  for (let row = 0; row < spine.length; row++)
    if (isValid(time.valid, row) && keys.every((key) => isValid(key.valid, row))) rows.push(row);
  const numbers = Int32Array.from(rows);
  const exclusive = view.boundary === "exclusive" ? 1n : 0n;
  const latest = new BigInt64Array(spine.length);
  const shifted = toInstants(time.values, time.valid, "-", -view.lagMicros - exclusive);
  for (const row of rows) latest[row] = BigInt(shifted[row] as number | bigint);
  const types: Record<string, ColumnType> = {
    n: { kind: "int64", nullable: false },
    upto: { kind: "timestamp", nullable: false },
  };
  const data: Record<string, Column> = {
    n: {
      kind: "int64",
      values: BigInt64Array.from({ length: spine.length }, (_, row) => BigInt(row)),
      valid: null,
    },
    upto: { kind: "timestamp", values: latest, valid: null },
  };
  keys.forEach((key, i) => {
    types[`k${i}`] = { kind: key.kind, nullable: false };
    data[`k${i}`] = key;
  });
  return takeColumns({ length: spine.length, types, data }, numbers);
}

/** What a query found for the rows of a spine. */
export interface MatchedRows {
  /** Row of `columns` by spine row: the latest known row in time, whatever its age; -1 for none. */
  readonly match: Int32Array;
  /** By spine row, 1 where any row is in time, known or not; null: only where there is a match. */
  readonly inTime: Uint8Array | null;
  /** Event time and feature columns. */
  readonly columns: Columns;
}

/** The columns that one view of plain columns adds to the spine, from rows that a query matched: applies the ttl. */
export function joinMatchedRows(
  plan: AsOfPlan,
  view: ViewPlan,
  spine: Columns,
  { match, inTime, columns }: MatchedRows,
): Record<string, Column> {
  const result = emptyViewResult(view, spine.length);
  const time = columns.data[view.eventTime] as TimestampColumn;
  const { oldest } = viewBounds(plan, view, spine);
  for (let row = 0; row < spine.length; row++) {
    const found = match[row] as number;
    if (found < 0) {
      if (inTime !== null && inTime[row] === 1) result.status[row] = statusCode("not_yet_known");
    } else if (oldest !== null && (time.values[found] as bigint) < (oldest[row] as number | bigint)) {
      result.status[row] = statusCode("expired");
    } else {
      result.status[row] = statusCode("present");
      result.latest[row] = found;
    }
  }
  return viewColumns(view, result, columns.data);
}
