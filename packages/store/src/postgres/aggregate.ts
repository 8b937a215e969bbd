import {
  type ColumnKind,
  type ColumnType,
  checkOptions,
  checkWord,
  durationMicros,
  float64,
  int64,
  nullable,
  type Table,
  TsopsError,
} from "@tsops/core";
import type { SourceAggregate, SourceAggregateKind, SourceAggregation } from "@tsops/core/arrow";
import { columnNamed, columnSql, instantOf, whereSql } from "./conditions.ts";
import type { Relation, RelationColumn } from "./relation.ts";
import { instantSql, quoteName } from "./sql-text.ts";
import { itemOf, orderOf, resultOf, type Statement } from "./statements.ts";

/** A row per entity and bucket, by (bucket, keys). */
export function aggregateStatement(
  relation: Relation,
  table: Table,
  aggregation: SourceAggregation,
): Statement {
  checkOptions("VALUE_INVALID", "aggregate()", aggregation, {
    range: true,
    keys: true,
    every: true,
    aggregates: true,
    signal: true,
  });
  const keys = table.keys.map((name) => columnNamed(relation, name));
  const time = columnNamed(relation, table.eventTime);
  const bucket = bucketSql(relation, time, lengthOf(aggregation.every));
  const outputs = Object.entries(aggregation.aggregates).map(([name, aggregate]) => {
    if (name === time.name || table.keys.includes(name))
      throw new TsopsError(
        "SCHEMA_INVALID",
        `The aggregate "${name}" has the name of a key or of the event time.`,
        {
          hint: "Give it another name.",
          details: { column: name },
        },
      );
    return { name, zone: null, ...aggregateOf(relation, time, aggregate) };
  });
  const items = [
    ...keys.map(itemOf),
    `${bucket} AS ${quoteName(time.name)}`,
    ...outputs.map(({ name, sql }) => `${sql} AS ${quoteName(name)}`),
  ];
  const groups = [bucket, ...keys.map(columnSql)];
  const order = [bucket, ...keys.map(orderOf)];
  return {
    sql: `SELECT ${items.join(", ")} FROM ${relation.sql} t${whereSql(relation, table, aggregation)} GROUP BY ${groups.join(", ")} ORDER BY ${order.join(", ")}`,
    columns: [...keys.map(resultOf), { ...resultOf(time), zone: null }, ...outputs],
  };
}

function lengthOf(every: string): bigint {
  const micros = durationMicros(every);
  if (micros > 0n) return micros;
  throw new TsopsError("DURATION_INVALID", `A bucket of ${every} holds nothing.`, {
    hint: 'Give a length: "15m", "1h", "1d".',
  });
}

const firstOfYear1 = -62_135_596_800_000_000n;

function bucketSql({ timescaleSchema }: Relation, time: RelationColumn, micros: bigint): string {
  const length = `interval '${micros} microseconds'`;
  if (timescaleSchema !== null)
    return `${timescaleSchema}.time_bucket(${length}, ${instantOf(time)}, ${instantSql(0n)})`;
  // Older servers round times before the origin wrongly, so it lies early; a whole number of buckets before 1970.
  return `date_bin(${length}, ${instantOf(time)}, ${instantSql((firstOfYear1 / micros) * micros)})`;
}

const kinds: readonly SourceAggregateKind[] = ["count", "sum", "mean", "min", "max", "first", "last"];

function aggregateOf(
  relation: Relation,
  time: RelationColumn,
  { column: name, kind }: SourceAggregate,
): { sql: string; type: ColumnType } {
  checkWord("VALUE_INVALID", "The kind of an aggregate", kind, kinds);
  const column = columnNamed(relation, name);
  const { type } = column;
  const value = valueSql(column);
  const same: ColumnType = { ...type, nullable: true };
  switch (kind) {
    case "count":
      return { sql: `count(${value})`, type: int64() };
    case "sum":
    case "mean": {
      if (type.kind !== "float64" && type.kind !== "int64")
        throw new TsopsError(
          "VALUE_INVALID",
          `The ${kind} of column "${name}" is asked for, which is ${type.kind}.`,
          {
            hint: "Sums and means are of numbers.",
            details: { column: name },
          },
        );
      if (kind === "mean") return { sql: `avg(${value})::float8`, type: nullable(float64()) };
      return { sql: `sum(${value})::${type.kind === "int64" ? "int8" : "float8"}`, type: same };
    }
    case "min":
    case "max":
      return { sql: extremeSql(value, type.kind, kind), type: same };
    case "first":
    case "last":
      return { sql: edgeSql(relation, columnSql(column), value, instantOf(time), kind), type: same };
  }
}

function valueSql(column: RelationColumn): string {
  switch (column.type.kind) {
    case "float64":
      return `${columnSql(column)}::float8`;
    case "int64":
      return `${columnSql(column)}::int8`;
    case "utf8":
      return `${columnSql(column)}::text`;
    case "bool":
      return columnSql(column);
    case "timestamp":
      return instantOf(column);
  }
}

function extremeSql(value: string, of: ColumnKind, kind: "min" | "max"): string {
  if (of === "bool") return kind === "min" ? `bool_and(${value})` : `bool_or(${value})`;
  return of === "utf8" ? `${kind}(${value} COLLATE "C")` : `${kind}(${value})`;
}

function edgeSql(
  { timescaleSchema }: Relation,
  column: string,
  value: string,
  time: string,
  kind: "first" | "last",
): string {
  const known = `FILTER (WHERE ${column} IS NOT NULL)`;
  if (timescaleSchema !== null) return `${timescaleSchema}.${kind}(${value}, ${time}) ${known}`;
  return `(array_agg(${value} ORDER BY ${time}${kind === "last" ? " DESC" : ""}) ${known})[1]`;
}
