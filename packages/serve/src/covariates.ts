import {
  type Columns,
  type ColumnType,
  columnsFromArrays,
  type FittedForecaster,
  nullable,
  selectColumns,
  seriesKeyText,
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
export async function rowsToAbsorb(
  fitted: FittedForecaster,
  rows: Columns,
  features: DeploymentFeatures | null,
  served: ServedRows,
  now: bigint,
  signal: AbortSignal | undefined,
): Promise<Columns> {
  const { keys, time, target, knownFuture, pastOnly } = fitted.spec;
  const own = selectColumns(rows, [...keys, time, target, ...pastOnly]);
  if (knownFuture.length === 0) return own;
  if (features === null) return selectColumns(rows, [...keys, time, target, ...pastOnly, ...knownFuture]);

  const times = timesOf(rows, time);
  const lastTimeOf = new Map(
    fitted.series.map((key, index) => [seriesKeyText(key), fitted.lastTimes[index] as bigint]),
  );
  const unserved: number[] = [];
  const refs = Array.from({ length: rows.length }, (_, row): RowRef | null => {
    const key = keyAt(rows, keys, row);
    const ref = served.find(key, times[row] as bigint);
    const last = lastTimeOf.get(seriesKeyText(key));
    // Rows of the observed past keep the covariates that the model absorbed with them.
    if (ref === null && (last === undefined || (times[row] as bigint) > last)) unserved.push(row);
    return ref;
  });
  const spine = selectColumns(rows, [...keys, time]);
  const joined = await joinNow(spine, Int32Array.from(unserved), features, { time, now, signal });
  unserved.forEach((row, index) => {
    refs[row] = { columns: joined, row: index };
  });
  return knownFuture.reduce<Columns>((columns, name) => {
    columnOf(joined, name);
    const type = nullable(joined.types[name] as ColumnType);
    const values = refs.map((ref) => (ref === null ? null : valueAt(columnOf(ref.columns, name), ref.row)));
    // The type is found at run time, so it cannot be checked against the values at compile time.
    const arrays = { [name]: values } as Parameters<typeof columnsFromArrays>[1];
    return withColumn(columns, name, type, columnOf(columnsFromArrays({ [name]: type }, arrays), name));
  }, own);
}

/** The features of some rows as known now; of no row, their types alone. */
async function joinNow(
  rows: Columns,
  wanted: Int32Array,
  { source, knownAt }: DeploymentFeatures,
  {
    time,
    now,
    signal,
  }: { readonly time: string; readonly now: bigint; readonly signal: AbortSignal | undefined },
): Promise<Columns> {
  const chosen = takeColumns(rows, wanted);
  const instants = new BigInt64Array(wanted.length).fill(now);
  const spine: Columns = withColumn(chosen, knownAt, timestamp(), {
    kind: "timestamp",
    values: instants,
    valid: null,
  });
  return source.lookup(spine, { time, knownAt: { column: knownAt }, ...(signal && { signal }) });
}
