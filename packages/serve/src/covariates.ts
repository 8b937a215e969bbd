import {
  type Columns,
  type ColumnType,
  columnsFromArrays,
  type FittedForecaster,
  nullable,
  selectColumns,
  takeColumns,
  timestamp,
  withColumn,
} from "@tsops/core";
import type { DeploymentFeatures } from "./feature-source.ts";
import { columnOf, keyAt, timesOf, valueAt } from "./rows.ts";
import type { RowRef, ServedRows } from "./served-rows.ts";

/**
 * Observed rows as a forecaster absorbs them: keys, time, target and covariates. Known-future columns come from the features
 * that were served for the same instants; for instants never served they are joined now.
 */
export function rowsToAbsorb(
  fitted: FittedForecaster,
  rows: Columns,
  features: DeploymentFeatures | null,
  served: ServedRows,
  now: bigint,
): Columns {
  const { keys, time, target, knownFuture, pastOnly } = fitted.spec;
  const own = selectColumns(rows, [...keys, time, target, ...pastOnly]);
  if (knownFuture.length === 0) return own;
  if (features === null) return selectColumns(rows, [...keys, time, target, ...pastOnly, ...knownFuture]);

  const times = timesOf(rows, time);
  const refs: (RowRef | null)[] = Array.from({ length: rows.length }, (_, row) =>
    served.find(keyAt(rows, keys, row), times[row] as bigint),
  );
  const unserved = refs.flatMap((ref, row) => (ref === null ? [row] : []));
  if (unserved.length > 0) {
    const joined = joinNow(selectColumns(rows, [...keys, time]), unserved, features, time, now);
    unserved.forEach((row, index) => {
      refs[row] = { columns: joined, row: index };
    });
  }
  return knownFuture.reduce<Columns>((columns, name) => {
    const column = gather(refs as RowRef[], name);
    return withColumn(columns, name, column.type, column.data);
  }, own);
}

function joinNow(
  rows: Columns,
  wanted: readonly number[],
  { source, knownAt }: DeploymentFeatures,
  time: string,
  now: bigint,
): Columns {
  const chosen = takeColumns(rows, Int32Array.from(wanted));
  const instants = new BigInt64Array(wanted.length).fill(now);
  const spine: Columns = withColumn(chosen, knownAt, timestamp(), {
    kind: "timestamp",
    values: instants,
    valid: null,
  });
  return source.lookup(spine, { time, knownAt: { column: knownAt } });
}

function gather(refs: readonly RowRef[], name: string): { type: ColumnType; data: Columns["data"][string] } {
  const first = (refs[0] as RowRef).columns;
  columnOf(first, name);
  const type = nullable(first.types[name] as ColumnType);
  const values = refs.map(({ columns, row }) => valueAt(columnOf(columns, name), row));
  const made = columnsFromArrays({ [name]: type }, { [name]: values } as Parameters<
    typeof columnsFromArrays
  >[1]);
  return { type, data: columnOf(made, name) };
}
