import {
  type AsOfPlan,
  anyInTimeSql,
  asOfSql,
  type Column,
  type Columns,
  type ColumnType,
  type Float64Column,
  joinMatchedRows,
  matchableSpine,
  type ViewPlan,
} from "@tsops/core";
import type { DuckSession } from "../engine/engine.ts";
import { quoteInstant } from "../engine/sql-text.ts";
import type { JoinTable } from "./join-tables.ts";

const spineTable = "tsops_spine";

/** Joins one view of plain columns with DuckDB's ASOF JOIN; see `asOfSql`. */
export async function runAsOfPlan(
  session: DuckSession,
  plan: AsOfPlan,
  view: ViewPlan,
  spine: Columns,
  { definition, snapshot }: JoinTable,
  signal: AbortSignal | undefined,
): Promise<Record<string, Column>> {
  await session.load(spineTable, matchableSpine(plan, view, spine), { signal });
  try {
    const keys = view.keys.map((key) => key.column);
    const available = view.availableAt === null ? [] : [view.availableAt];
    const names = [...new Set([...keys, view.eventTime, ...available, ...view.featureColumns])];
    const scan = await snapshot.scan({ columns: names });
    const types: Record<string, ColumnType> = { event_time: { kind: "timestamp", nullable: false } };
    view.featureColumns.forEach((name, i) => {
      types[`c${i}`] = { ...(definition.columns[name] as ColumnType), nullable: true };
    });
    const source = { spine: spineTable, table: scan.sql, instant: quoteInstant };
    const found = await session.columns(asOfSql(view, view.featureColumns, source), { types, signal });
    const data: Record<string, Column> = { [view.eventTime]: found.data["event_time"] as Column };
    view.featureColumns.forEach((name, i) => {
      data[name] = found.data[`c${i}`] as Column;
    });
    const match = new Int32Array(spine.length).fill(-1);
    rowNumbers(found).forEach((row, i) => {
      match[row] = i;
    });
    let inTime: Uint8Array | null = null;
    if (view.knownAt.by !== "ignore") {
      inTime = new Uint8Array(spine.length);
      const any = await session.columns(anyInTimeSql(view, source), { signal });
      for (const row of rowNumbers(any)) inTime[row] = 1;
    }
    return joinMatchedRows(plan, view, spine, {
      match,
      inTime,
      columns: { length: found.length, types, data },
    });
  } finally {
    await session.run(`DROP TABLE ${spineTable}`);
  }
}

function rowNumbers(found: Columns): Float64Array {
  return (found.data["n"] as Float64Column).values;
}
