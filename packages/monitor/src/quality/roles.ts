import { type Column, type Columns, type Table, type TimestampColumn, TsopsError } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import type { KeyColumn } from "../key-reader.ts";
import { seriesOf, type TimedRows } from "./series.ts";

/** Columns by their roles, and the series that they make. */
export interface Roles {
  readonly table: Pick<Table, "keys" | "eventTime" | "availableAt">;
  readonly time: TimestampColumn;
  readonly series: readonly TimedRows[];
  /** Keys of the series, by first appearance; none for no rows. */
  readonly keyTexts: readonly string[];
}

/**
 * Reads the roles of columns.
 * @throws TsopsError COLUMN_NOT_FOUND, SCHEMA_MISMATCH
 */
export function rolesOf(columns: Columns, table: Roles["table"]): Roles {
  checkMade("The table of a quality check", "a table(), or its { keys, eventTime }", table, {
    keys: "list",
    eventTime: "text",
  });
  const time = timeColumn(columns, table.eventTime);
  const keys = table.keys.map((name) => keyColumn(columns, name));
  const known = table.availableAt === undefined ? null : timeColumn(columns, table.availableAt);
  return { table, time, ...seriesOf(columns, table.keys, time, keys, known) };
}

/** A column that has to be there. @throws TsopsError COLUMN_NOT_FOUND */
export function columnNamed(columns: Columns, name: string): Column {
  const column = Object.hasOwn(columns.data, name) ? columns.data[name] : undefined;
  if (column === undefined)
    throw new TsopsError("COLUMN_NOT_FOUND", `There is no column "${name}" to check.`, {
      hint: `The columns are ${Object.keys(columns.types).join(", ")}.`,
    });
  return column;
}

function timeColumn(columns: Columns, name: string): TimestampColumn {
  const column = columnNamed(columns, name);
  if (column.kind === "timestamp") return column;
  throw new TsopsError("SCHEMA_MISMATCH", `The time column "${name}" is ${column.kind}.`, {
    hint: "A time is a timestamp.",
  });
}

function keyColumn(columns: Columns, name: string): KeyColumn {
  const column = columnNamed(columns, name);
  if (column.kind !== "float64") return column;
  throw new TsopsError("SCHEMA_MISMATCH", `The key column "${name}" is float64.`, {
    hint: "Keys are utf8, int64, bool or timestamp.",
  });
}
