import { TsopsError } from "../../errors.ts";
import { checkColumns, shown } from "../../options.ts";
import {
  bool,
  type ColumnType,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import type { Panel } from "./panel.ts";

/**
 * Rows as a fitted forecaster takes them: columns, or plain objects such as come from JSON or a database. Objects hold the key columns, the time as a `Date`, text with
 * an offset or microseconds as `bigint`, and the values; other fields are ignored.
 */
export type RowsInput = Columns | readonly object[];

/**
 * Rows as columns, in the types of a panel.
 * @param call - As people write it, for messages.
 * @throws TsopsError PANEL_INVALID for what is neither; VALUE_INVALID, TIME_INVALID and TIME_ZONE_MISSING as `columnsFromRows`.
 */
export function columnsOf(
  call: string,
  {
    spec,
    series,
    known,
    past,
    static: statics,
  }: Pick<Panel, "spec" | "series" | "known" | "past" | "static">,
  rows: RowsInput,
): Columns {
  if (!Array.isArray(rows)) {
    refuseOneRow(call, rows, [...spec.keys, spec.time, spec.target]);
    if (typeof rows !== "object" || rows === null)
      throw new TsopsError("PANEL_INVALID", `${call} takes rows, got ${shown(rows)}.`, {
        hint: `Give a list of them, [{ ${[...spec.keys, spec.time, spec.target].join(", ")} }], or columns.`,
      });
    checkColumns("PANEL_INVALID", call, rows);
    return rows as Columns;
  }
  const list = rows as readonly unknown[];
  /** The first value of a field; undefined where no row has the field, null where all have none. */
  const firstValueOf = (name: string): unknown => {
    let isThere = false;
    for (const row of list) {
      if (typeof row !== "object" || row === null || !Object.hasOwn(row, name)) continue;
      isThere = true;
      const value = (row as Record<string, unknown>)[name];
      if (value !== null && value !== undefined) return value;
    }
    return isThere ? null : undefined;
  };
  const types: Record<string, ColumnType> = {};
  for (const name of spec.keys) types[name] = typeOfKey(series[0]?.[name]);
  types[spec.time] = timestamp();
  const add = (name: string, isText: boolean) => {
    const value = firstValueOf(name);
    // A column that no row has is missing as it is among columns, and told so where it is needed.
    if (value !== undefined) types[name] = nullable(isText ? utf8() : typeOfNumber(value));
  };
  add(spec.target, false);
  for (const { name, kind } of [...known, ...past, ...statics]) add(name, kind === "categorical");
  return columnsFromRows(types, list as never) as Columns;
}

/** @throws TsopsError PANEL_INVALID for one row in the place of a list */
function refuseOneRow(call: string, rows: unknown, names: readonly string[]): void {
  if (typeof rows !== "object" || rows === null || "types" in rows) return;
  if (!names.some((name) => Object.hasOwn(rows, name))) return;
  throw new TsopsError("PANEL_INVALID", `${call} takes a list of rows or columns, got one row.`, {
    hint: `Give a list with it: [{ ${Object.keys(rows).join(", ")} }].`,
  });
}

function typeOfKey(value: unknown): ColumnType {
  if (typeof value === "bigint") return int64();
  return typeof value === "boolean" ? bool() : utf8();
}

function typeOfNumber(value: unknown): ColumnType {
  if (typeof value === "bigint") return int64();
  return typeof value === "boolean" ? bool() : float64();
}
