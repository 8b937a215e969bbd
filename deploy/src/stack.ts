import {
  type Column,
  type Columns,
  columnsFromRows,
  type FeatureView,
  type InputRowOf,
  memoryOnlineStore,
  type OnlineStore,
  selectColumns,
  type Table,
  type TimestampColumn,
  TsopsError,
  timestamp,
  withColumn,
} from "@tsops/core";
import type { DeltaTable, Home } from "@tsops/store";
import { postgresSource } from "@tsops/store/postgres";
import { redisOnlineStore } from "@tsops/store/redis";
import type { Definitions } from "./definitions.ts";
import type { FedTable } from "./feed.ts";
import type { Dependency } from "./readiness.ts";

/** Online values in Redis, or in memory. */
export function onlineStore(views: readonly FeatureView[], redis: string | null): OnlineStore {
  return redis === null ? memoryOnlineStore({ views }) : redisOnlineStore({ connection: redis, views });
}

/** The target's table, which comes first, and those that views read; each with its source where there is a database. */
export async function fedTables(
  home: Pick<Home, "table">,
  target: { readonly definition: Table; readonly table: DeltaTable },
  views: readonly FeatureView[],
  database: string | null,
): Promise<FedTable[]> {
  const tables = [target];
  for (const { table: definition } of views)
    if (!tables.some(({ definition: { name } }) => name === definition.name))
      tables.push({ definition, table: (await home.table(definition)) as unknown as DeltaTable });
  return tables.map((one) => ({
    ...one,
    source: database === null ? null : postgresSource({ connection: database, table: one.definition }),
  }));
}

/** Rows with the features that were known at their own event times, as a model absorbs them. */
export async function withFeatures(
  rows: Columns,
  { eventTime }: Table,
  online: OnlineStore,
  knownAt: string,
  signal: AbortSignal,
): Promise<Columns> {
  const { values } = rows.data[eventTime] as TimestampColumn;
  const spine: Columns = withColumn(rows, knownAt, timestamp(), { kind: "timestamp", values, valid: null });
  const joined = await online.lookup(spine, { time: eventTime, knownAt: { column: knownAt }, signal });
  return Object.keys(joined.types)
    .filter((name) => !(name in rows.types) && name !== knownAt)
    .reduce<Columns>(
      (all, name) =>
        withColumn(
          all,
          name,
          joined.types[name] as NonNullable<(typeof joined.types)[string]>,
          joined.data[name] as Column as never,
        ) as Columns,
      rows,
    );
}

/** What the app cannot answer without. */
export function dependenciesOf(
  { source, definition }: FedTable,
  online: OnlineStore | null,
  definitions: Definitions | null,
): Dependency[] {
  const dependencies: Dependency[] = [];
  if (source !== null)
    dependencies.push({
      name: "database",
      async check(signal) {
        const { isHealthy, detail } = await source.health({ signal });
        if (!isHealthy) throw new TsopsError("ADAPTER_UNAVAILABLE", detail);
      },
    });
  if (online !== null && definitions !== null) {
    const { knownAt } = definitions;
    const { columns, keys, eventTime } = definition;
    const none = columnsFromRows(columns, [] as InputRowOf<typeof columns>[]);
    const values = new BigInt64Array(0);
    // A lookup of nothing is a round trip all the same.
    const spine: Columns = withColumn(selectColumns(none, [...keys, eventTime]), knownAt, timestamp(), {
      kind: "timestamp",
      values,
      valid: null,
    });
    dependencies.push({
      name: "online",
      check: (signal) => online.lookup(spine, { time: eventTime, knownAt: { column: knownAt }, signal }),
    });
  }
  return dependencies;
}
