import { TsopsError } from "../errors.ts";
import { checkOptions, checkWord, shown } from "../options.ts";
import type { SourceAggregate, SourceAggregateKind, SourceAggregation } from "../ports/source.ts";
import { type ColumnType, type ColumnTypes, float64, int64, nullable } from "../schema/column-type.ts";
import type { Table } from "../schema/table.ts";
import { durationMicros } from "../time/duration.ts";

const kinds: readonly SourceAggregateKind[] = ["count", "sum", "mean", "min", "max", "first", "last"];

/**
 * The columns of the answer of `Source.aggregate`: the keys, the bucket's start, the aggregates.
 * @throws TsopsError VALUE_INVALID, COLUMN_NOT_FOUND, SCHEMA_INVALID, DURATION_INVALID
 */
export function sourceAggregateTypes(table: Table, aggregation: SourceAggregation): ColumnTypes {
  checkOptions("VALUE_INVALID", "aggregate()", aggregation, {
    range: true,
    keys: true,
    every: true,
    aggregates: true,
    signal: true,
  });
  sourceBucketMicros(aggregation.every);
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

/**
 * The length of an aggregation's buckets in microseconds.
 * @throws TsopsError DURATION_INVALID
 */
export function sourceBucketMicros(every: string): bigint {
  if (typeof every !== "string")
    throw new TsopsError(
      "DURATION_INVALID",
      `aggregate() needs every, the length of a bucket, got ${shown(every)}.`,
      {
        hint: 'Give a length: "15m", "1h", "1d".',
      },
    );
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
