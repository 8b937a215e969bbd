import type { ColumnKind, ColumnType, Table } from "@tsops/core";
import {
  type SourceAggregate,
  type SourceAggregation,
  sourceAggregateTypes,
  sourceBucketMicros,
} from "@tsops/core/arrow";
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
  const types = sourceAggregateTypes(table, aggregation);
  const keys = table.keys.map((name) => columnNamed(relation, name));
  const time = columnNamed(relation, table.eventTime);
  const bucket = bucketSql(relation, time, sourceBucketMicros(aggregation.every));
  const outputs = Object.entries(aggregation.aggregates).map(([name, aggregate]) => ({
    name,
    zone: null,
    sql: aggregateSql(relation, time, aggregate),
    type: types[name] as ColumnType,
  }));
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

const firstOfYear1 = -62_135_596_800_000_000n;

function bucketSql({ timescaleSchema }: Relation, time: RelationColumn, micros: bigint): string {
  const length = `interval '${micros} microseconds'`;
  if (timescaleSchema !== null)
    return `${timescaleSchema}.time_bucket(${length}, ${instantOf(time)}, ${instantSql(0n)})`;
  // Older servers round times before the origin wrongly, so it lies early; a whole number of buckets before 1970.
  return `date_bin(${length}, ${instantOf(time)}, ${instantSql((firstOfYear1 / micros) * micros)})`;
}

function aggregateSql(
  relation: Relation,
  time: RelationColumn,
  { column: name, kind }: SourceAggregate,
): string {
  const column = columnNamed(relation, name);
  const { type } = column;
  const value = valueSql(column);
  switch (kind) {
    case "count":
      return `count(${value})`;
    case "sum":
      return `sum(${value})::${type.kind === "int64" ? "int8" : "float8"}`;
    case "mean":
      return `avg(${value})::float8`;
    case "min":
    case "max":
      return extremeSql(value, type.kind, kind);
    case "first":
    case "last":
      return edgeSql(relation, columnSql(column), value, instantOf(time), kind);
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
