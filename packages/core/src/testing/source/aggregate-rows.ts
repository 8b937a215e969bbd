import { sourceBucketMicros } from "../../arrow/source-aggregation.ts";
import { TsopsError } from "../../errors.ts";
import type { SourceAggregateKind, SourceAggregation } from "../../ports/source.ts";
import type { Table } from "../../schema/table.ts";
import { compareValues, type SourceRow, type SourceValue, scanOrder, valueText } from "./rows.ts";

/** A row per entity and bucket, by (bucket, keys). */
export function aggregateRows(
  table: Table,
  { every, aggregates }: Pick<SourceAggregation, "every" | "aggregates">,
  rows: readonly SourceRow[],
): SourceRow[] {
  const length = sourceBucketMicros(every);
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
