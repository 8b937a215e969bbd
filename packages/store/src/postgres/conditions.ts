import { checkInterval, type Interval, type Table, TsopsError, type Zone } from "@tsops/core";
import type { SourceFilter, SourceKey } from "@tsops/core/arrow";
import type { Relation, RelationColumn } from "./relation.ts";
import { fitsTimestamptz, instantSql, localSql, quoteName, quoteText } from "./sql-text.ts";

/** A column of the relation in SQL; statements call the relation `t`. Texts are told apart by their bytes. */
export function columnSql({ name, type, serverType, isByteEqual }: RelationColumn): string {
  const column = `t.${quoteName(name)}`;
  if (!isByteEqual) return `(${column}::text COLLATE "C")`;
  const isOther = type.kind === "utf8" && serverType !== "text" && serverType !== "varchar";
  return isOther ? `(${column}::text)` : column;
}

/** A column of times as `timestamptz` in SQL. */
export function instantOf(column: RelationColumn): string {
  const { zone } = column;
  return zone === null
    ? columnSql(column)
    : `(${columnSql(column)}::timestamp AT TIME ZONE ${zoneSql(zone)})`;
}

/** An offset as an interval, because the sign of offsets in zone names is the other way round in PostgreSQL. */
function zoneSql({ id, fixedOffset }: Zone): string {
  return fixedOffset === null ? quoteText(id) : `interval '${fixedOffset} seconds'`;
}

/** The column of the table by that name. @throws TsopsError COLUMN_NOT_FOUND */
export function columnNamed(relation: Relation, name: string): RelationColumn {
  const column = relation.columns.get(name);
  if (column !== undefined) return column;
  throw new TsopsError("COLUMN_NOT_FOUND", `The table has no column "${name}".`, {
    hint: `It has ${[...relation.columns.keys()].join(", ")}.`,
    details: { column: name },
  });
}

/** `WHERE ...` of a filter; empty where it has no conditions. Constants, so that the planner can leave chunks and partitions out. */
export function whereSql(relation: Relation, table: Table, { range, keys }: SourceFilter): string {
  if (range !== undefined) checkInterval("The range", range);
  const conditions = [
    ...(range === undefined ? [] : rangeSql(columnNamed(relation, table.eventTime), range)),
    ...(keys === undefined ? [] : [keysSql(relation, table, keys)]),
  ];
  return conditions.length === 0 ? "" : ` WHERE ${conditions.join(" AND ")}`;
}

const microsOfDay = 86_400_000_000n;

function rangeSql(column: RelationColumn, { start, end }: Interval): string[] {
  const conditions: string[] = [];
  const compare = (operator: string, micros: bigint): void => {
    // Before the first day that the server knows: all rows are later.
    if (!fitsTimestamptz(micros)) {
      if (operator === "<") conditions.push("false");
      return;
    }
    conditions.push(`${instantOf(column)} ${operator} ${instantSql(micros)}`);
    // Local times are compared as instants; a wider condition on the column itself lets an index serve.
    const wider = operator === "<" ? micros + microsOfDay : micros - microsOfDay;
    if (column.zone !== null && fitsTimestamptz(wider))
      conditions.push(`${columnSql(column)} ${operator} ${localSql(wider)}`);
  };
  compare(">=", start);
  compare("<", end);
  return conditions;
}

function keysSql(relation: Relation, table: Table, keys: readonly SourceKey[]): string {
  const columns = table.keys.map((name) => columnNamed(relation, name));
  const tuples = keys
    .map((key) => constantsOf(key, columns))
    .filter((constants): constants is string[] => constants !== null);
  if (tuples.length === 0) return "false";
  const [only] = columns;
  if (only === undefined) return "true";
  if (columns.length === 1) {
    const list = tuples.map(([constant]) => constant).join(", ");
    return `${instantOf(only)} = ANY (ARRAY[${list}]::${arrayTypes[only.type.kind]}[])`;
  }
  const rows = tuples.map((constants) => `(${constants.join(", ")})`).join(", ");
  return `(${columns.map(instantOf).join(", ")}) IN (VALUES ${rows})`;
}

const arrayTypes = {
  utf8: "text",
  int64: "int8",
  bool: "bool",
  timestamp: "timestamptz",
  float64: "float8",
} as const;

/** A key's values as constants; null for a text that no row can hold. */
function constantsOf(key: SourceKey, columns: readonly RelationColumn[]): string[] | null {
  const names = columns.map(({ name }) => name);
  const unknown = Object.keys(key).find((name) => !names.includes(name));
  if (unknown !== undefined) throw invalidKey(`has no key "${unknown}"`, names);
  const constants: string[] = [];
  let isPossible = true;
  for (const { name, type } of columns) {
    const value = key[name];
    if (value === undefined) throw invalidKey(`also has the key "${name}"`, names);
    const constant = constantOf(value, type.kind);
    if (constant === undefined)
      throw new TsopsError("VALUE_INVALID", `The key "${name}" is ${type.kind}, got ${typeof value}.`, {
        hint: "Give text for utf8, a bigint for int64 and timestamp (microseconds), true or false for bool.",
        details: { column: name },
      });
    if (constant === null) isPossible = false;
    else constants.push(constant);
  }
  return isPossible ? constants : null;
}

function constantOf(
  value: string | bigint | boolean,
  kind: keyof typeof arrayTypes,
): string | null | undefined {
  if (kind === "utf8" && typeof value === "string")
    return value.includes("\0") || /\p{Surrogate}/u.test(value) ? null : `${quoteText(value)}::text`;
  if (kind === "bool" && typeof value === "boolean") return String(value);
  if (typeof value !== "bigint") return undefined;
  if (BigInt.asIntN(64, value) !== value) return null;
  if (kind === "int64") return `'${value}'::int8`;
  if (kind === "timestamp") return fitsTimestamptz(value) ? instantSql(value) : null;
  return undefined;
}

function invalidKey(what: string, names: readonly string[]): TsopsError {
  return new TsopsError("VALUE_INVALID", `The table ${what}.`, {
    hint: `Give a value for each of its keys: ${names.join(", ") || "it has none"}.`,
  });
}
