import { checkOptions, type Table, TsopsError } from "@tsops/core";
import type { SourceScan } from "@tsops/core/arrow";
import { columnNamed, columnSql, whereSql } from "./conditions.ts";
import type { Relation, RelationColumn } from "./relation.ts";
import type { ResultColumn } from "./row-decoder.ts";
import { quoteName } from "./sql-text.ts";

/** A SELECT and what it gives. */
export interface Statement {
  readonly sql: string;
  readonly columns: readonly ResultColumn[];
}

/** What each kind is cast to, so that its binary format is the same whatever the database's column is. */
const resultTypes = { float64: "float8", int64: "int8", utf8: "text", bool: "bool" } as const;

/** A column as the select list has it. */
export function itemOf(column: RelationColumn): string {
  const { name, type, zone } = column;
  const target =
    type.kind === "timestamp" ? (zone === null ? "timestamptz" : "timestamp") : resultTypes[type.kind];
  return `${columnSql(column)}::${target} AS ${quoteName(name)}`;
}

/** A column to sort by. Bytes decide the order of text, as everywhere in tsops, whatever the database's language. */
export function orderOf(column: RelationColumn): string {
  const isForeign = column.type.kind === "utf8" && !column.isByteOrdered;
  return isForeign ? `${columnSql(column)} COLLATE "C"` : columnSql(column);
}

function selected(relation: Relation, table: Table, names: readonly string[] | undefined): RelationColumn[] {
  const wanted = names ?? Object.keys(table.columns);
  const twice = wanted.find((name, i) => wanted.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TsopsError("SCHEMA_INVALID", `The column "${twice}" is asked for twice.`, {
      hint: "Name each column once.",
      details: { column: twice },
    });
  return wanted.map((name) => columnNamed(relation, name));
}

/** What a selected column gives. */
export const resultOf = ({ name, type, zone }: RelationColumn): ResultColumn => ({ name, type, zone });

/** All rows by (event time, keys). */
export function scanStatement(relation: Relation, table: Table, scan: SourceScan): Statement {
  checkScan("scan()", scan);
  const columns = selected(relation, table, scan.columns);
  const order = [table.eventTime, ...table.keys].map((name) => orderOf(columnNamed(relation, name)));
  return {
    sql: `SELECT ${columns.map(itemOf).join(", ")} FROM ${relation.sql} t${whereSql(relation, table, scan)} ORDER BY ${order.join(", ")}`,
    columns: columns.map(resultOf),
  };
}

/** The last row of each entity, by keys. */
export function latestStatement(relation: Relation, table: Table, scan: SourceScan): Statement {
  checkScan("latest()", scan);
  const columns = selected(relation, table, scan.columns);
  const keys = table.keys.map((name) => orderOf(columnNamed(relation, name)));
  const last = `${orderOf(columnNamed(relation, table.eventTime))} DESC`;
  const from = `FROM ${relation.sql} t${whereSql(relation, table, scan)}`;
  const items = columns.map(itemOf).join(", ");
  return {
    sql:
      keys.length === 0
        ? `SELECT ${items} ${from} ORDER BY ${last} LIMIT 1`
        : `SELECT DISTINCT ON (${keys.join(", ")}) ${items} ${from} ORDER BY ${[...keys, last].join(", ")}`,
    columns: columns.map(resultOf),
  };
}

function checkScan(call: string, scan: SourceScan): void {
  checkOptions("VALUE_INVALID", call, scan, { range: true, keys: true, columns: true, signal: true });
}
