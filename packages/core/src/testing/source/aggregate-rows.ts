import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord } from "../../options.ts";
import type { SourceAggregate, SourceAggregateKind, SourceAggregation } from "../../ports/source.ts";
import { type ColumnType, type ColumnTypes, float64, int64, nullable } from "../../schema/column-type.ts";
import type { Table } from "../../schema/table.ts";
import { durationMicros } from "../../time/duration.ts";
import { compareValues, type SourceRow, type SourceValue, scanOrder, valueText } from "./rows.ts";

const kinds: readonly SourceAggregateKind[] = ["count", "sum", "mean", "min", "max", "first", "last"];

/**
 * The columns of an aggregation's answer: the keys, the bucket's start, the aggregates.
 * @throws TsopsError VALUE_INVALID, COLUMN_NOT_FOUND, SCHEMA_INVALID, DURATION_INVALID
 */
export function aggregateTypes(table: Table, aggregation: SourceAggregation): ColumnTypes {
  checkOptions("VALUE_INVALID", "aggregate()", aggregation, {
    range: true,
    keys: true,
    every: true,
    aggregates: true,
    signal: true,
  });
  bucketMicros(aggregation.every);
  const types: Record<string, ColumnType> = {};
  for (const name of [...table.keys, table.eventTime]) types[name] = table.columns[name] as ColumnType;
  for (const [name, aggregate] of Object.entries(aggregation.aggregates)) {
    if (Object.hasOwn(types, name))
      throw new TsopsError(
        "SCHEMA_INVALID",
        `The aggregate "${name}" has the name of a key or of the event time.`,
        {
          hint: "Give it another name.",
          details: { column: name },
        },
      );
    types[name] = typeOf(table, aggregate);
  }
  return types;
}

function bucketMicros(every: string): bigint {
  const micros = durationMicros(every);
  if (micros > 0n) return micros;
  throw new TsopsError("DURATION_INVALID", `A bucket of ${every} holds nothing.`, {
    hint: 'Give a length: "15m", "1h", "1d".',
  });
}

function typeOf(table: Table, { column, kind }: SourceAggregate): ColumnType {
  checkWord("VALUE_INVALID", "The kind of an aggregate", kind, kinds);
  const type = Object.hasOwn(table.columns, column) ? table.columns[column] : undefined;
  if (type === undefined)
    throw new TsopsError("COLUMN_NOT_FOUND", `The table has no column "${column}".`, {
      hint: `It has ${Object.keys(table.columns).join(", ")}.`,
      details: { column },
    });
  if (kind === "count") return int64();
  if ((kind === "sum" || kind === "mean") && type.kind !== "float64" && type.kind !== "int64")
    throw new TsopsError(
      "VALUE_INVALID",
      `The ${kind} of column "${column}" is asked for, which is ${type.kind}.`,
      {
        hint: "Sums and means are of numbers.",
        details: { column },
      },
    );
  return kind === "mean" ? nullable(float64()) : { ...type, nullable: true };
}

/** A row per entity and bucket, by (bucket, keys). */
export function aggregateRows(
  table: Table,
  { every, aggregates }: Pick<SourceAggregation, "every" | "aggregates">,
  rows: readonly SourceRow[],
): SourceRow[] {
  const length = bucketMicros(every);
  const groups = new Map<string, { first: SourceRow; rows: SourceRow[] }>();
  for (const row of [...rows].sort(scanOrder(table))) {
    const time = row[table.eventTime] as bigint;
    const bucket = time - (((time % length) + length) % length);
    const key = [bucket, ...table.keys.map((name) => valueText(row[name]))].join();
    const group = groups.get(key) ?? { first: { ...row, [table.eventTime]: bucket }, rows: [] };
    groups.set(key, group);
    group.rows.push(row);
  }
  return [...groups.values()]
    .map(({ first, rows: members }) => {
      const result: Record<string, SourceValue> = {};
      for (const name of [...table.keys, table.eventTime]) result[name] = first[name] as SourceValue;
      for (const [name, { column, kind }] of Object.entries(aggregates))
        result[name] = aggregated(
          kind,
          members.map((row) => row[column] as SourceValue),
        );
      return result;
    })
    .sort(scanOrder(table));
}

/** Of values by event time. */
function aggregated(kind: SourceAggregateKind, all: readonly SourceValue[]): SourceValue {
  const values = all.filter((value) => value !== null);
  if (kind === "count") return BigInt(values.length);
  const [first] = values;
  if (first === undefined) return null;
  const ordered = () => [...values].sort(compareValues);
  switch (kind) {
    case "first":
      return first;
    case "last":
      return values.at(-1) as SourceValue;
    case "min":
      return ordered()[0] as SourceValue;
    case "max":
      return ordered().at(-1) as SourceValue;
    case "mean":
      return Number(sumOf(values)) / values.length;
    case "sum":
      return sumOf(values);
  }
}

function sumOf(values: readonly SourceValue[]): number | bigint {
  if (typeof values[0] !== "bigint")
    return (values as readonly number[]).reduce((sum, value) => sum + value, 0);
  const sum = (values as readonly bigint[]).reduce((total, value) => total + value, 0n);
  if (BigInt.asIntN(64, sum) === sum) return sum;
  throw new TsopsError("VALUE_INVALID", `A sum is ${sum}, which int64 cannot hold.`, {
    hint: "Take the mean, or shorter buckets.",
  });
}
