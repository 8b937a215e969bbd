import { type Column, type ColumnTypes, columnsFromRows, TsopsError, throwIfAborted } from "@tsops/core";
import {
  fromArrow,
  type Source,
  type SourceAggregate,
  type SourceAggregation,
  sourceAggregateTypes,
  sourceBucketMicros,
  toArrow,
} from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import { type Accumulator, accumulator } from "./accumulator.ts";
import { compareKeys, keyReader, keyText, type Value, valueAt } from "./values.ts";

const batchRows = 65_536;

/**
 * A row per entity and bucket that has rows, by (bucket, keys): `source.aggregate` where the source has it, else from `scan`, bucket by
 * bucket, holding the sums of one bucket's entities in memory.
 * @throws TsopsError VALUE_INVALID, COLUMN_NOT_FOUND, SCHEMA_INVALID, DURATION_INVALID, and what the source throws
 */
export async function* aggregateOf(
  source: Source,
  aggregation: SourceAggregation,
): AsyncGenerator<RecordBatch, void, undefined> {
  if (source.capabilities.aggregate && source.aggregate !== undefined) {
    yield* source.aggregate(aggregation);
    return;
  }
  const { every, aggregates, ...filter } = aggregation;
  const table = await source.schema({ signal: filter.signal });
  const types = sourceAggregateTypes(table, aggregation);
  const length = sourceBucketMicros(every);
  const outputs = Object.entries(aggregates);
  const read = [...new Set([...table.keys, table.eventTime, ...outputs.map(([, { column }]) => column)])];
  const readTypes = Object.fromEntries(read.map((name) => [name, table.columns[name]])) as ColumnTypes;

  let current: Bucket | null = null;
  let rows: Record<string, Value>[] = [];
  const finish = ({ start, groups }: Bucket): void => {
    for (const { key, parts } of [...groups.values()].sort((a, b) => compareKeys(a.key, b.key))) {
      const row: Record<string, Value> = { [table.eventTime]: start };
      for (const [i, name] of table.keys.entries()) row[name] = key[i] as Value;
      for (const [i, [name, aggregate]] of outputs.entries())
        row[name] = checkedSum((parts[i] as Accumulator).result(), aggregate);
      rows.push(row);
    }
  };
  for await (const batch of source.scan({ ...filter, columns: read })) {
    const columns = fromArrow(batch, readTypes);
    const times = (columns.data[table.eventTime] as Column & { kind: "timestamp" }).values;
    const inputs = outputs.map(([, { column }]) => columns.data[column] as Column);
    const keyOf = keyReader(columns, table.keys);
    for (let row = 0; row < columns.length; row++) {
      const time = times[row] as bigint;
      const start = time - (((time % length) + length) % length);
      if (current === null || current.start !== start) {
        if (current !== null) finish(current);
        current = { start, groups: new Map() };
        if (rows.length >= batchRows) {
          yield* batchesOf(types, rows);
          rows = [];
        }
      }
      const key = keyOf(row);
      const text = keyText(key);
      let group = current.groups.get(text);
      if (group === undefined) {
        group = { key, parts: outputs.map(([, { kind }]) => accumulator(kind)) };
        current.groups.set(text, group);
      }
      for (let i = 0; i < inputs.length; i++) {
        const value = valueAt(inputs[i] as Column, row);
        if (value !== null) (group.parts[i] as Accumulator).add(value);
      }
    }
  }
  throwIfAborted(filter.signal);
  if (current !== null) finish(current);
  if (rows.length > 0) yield* batchesOf(types, rows);
}

interface Bucket {
  readonly start: bigint;
  readonly groups: Map<string, { readonly key: readonly Value[]; readonly parts: readonly Accumulator[] }>;
}

function batchesOf(types: ColumnTypes, rows: readonly Record<string, Value>[]): readonly RecordBatch[] {
  return toArrow(columnsFromRows(types, rows as never)).batches;
}

function checkedSum(value: Value, { column, kind }: SourceAggregate): Value {
  if (kind !== "sum" || typeof value !== "bigint" || BigInt.asIntN(64, value) === value) return value;
  throw new TsopsError("VALUE_INVALID", `A sum of column "${column}" is ${value}, which int64 cannot hold.`, {
    hint: "Take the mean, or shorter buckets.",
    details: { column },
  });
}
