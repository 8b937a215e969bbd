import type { KnownAt } from "../features/as-of/plan.ts";
import { column, type FeatureSpec } from "../features/feature.ts";
import { type FeatureView, featureView } from "../features/feature-view.ts";
import type { ColumnType, ColumnTypes } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import { columnsFromRows } from "../schema/from-rows.ts";
import { type Table, table } from "../schema/table.ts";
import { type MicrosRowOf, toRows } from "../schema/to-rows.ts";
import type { AsOfCase, CaseColumnKinds } from "./as-of-cases.ts";
import type { OracleKnownAt, OracleMatch, OracleRow, OracleValue } from "./as-of-oracle.ts";

/** A generated case in the terms of the public API. */
export interface DefinedCase {
  readonly spine: Columns;
  readonly time: string;
  readonly views: readonly FeatureView[];
  /** Rows of every table, in ingest order. */
  readonly tables: Readonly<Record<string, { readonly table: Table; readonly rows: Columns }>>;
  readonly knownAt: KnownAt | undefined;
}

/** Tables, views and columns of a generated case. */
export function defineCase(given: AsOfCase): DefinedCase {
  const tables: Record<string, { table: Table; rows: Columns }> = {};
  const views = given.views.map((view) => {
    const types = nullableTypes(view.kinds, [view.time]);
    const definition = table({
      name: view.table,
      columns: types,
      keys: view.keys.map((key) => key.column),
      eventTime: view.time as never,
      ...(view.availableAt === null ? {} : { availableAt: view.availableAt }),
    });
    tables[view.table] = { table: definition, rows: rowsToColumns(types, view.rows) };
    const features = Object.entries(view.features).map(([name, feature]): [string, FeatureSpec] => [
      name,
      "aggregate" in feature
        ? {
            from: "window",
            aggregate: feature.aggregate,
            column: feature.column,
            window: `${feature.windowMicros}us`,
          }
        : column(feature.column, { lastNonNull: feature.lastNonNull }),
    ]);
    return featureView({
      name: view.name,
      table: definition as Table,
      features: Object.fromEntries(features),
      ttl: view.ttlMicros === null ? undefined : `${view.ttlMicros}us`,
      lag: view.lagMicros === 0n ? undefined : `${view.lagMicros}us`,
      boundary: view.boundary,
      keyMap: Object.fromEntries(
        view.keys.filter((key) => key.column !== key.spine).map((key) => [key.column, key.spine]),
      ),
    });
  });
  const spine = rowsToColumns(nullableTypes(given.spineKinds, []), given.spine);
  return { spine, time: given.time, views, tables, knownAt: knownAtOf(given.knownAt) };
}

/** The matches of one view in a joined table, as the oracle gives them. */
export function matchesOf(joined: Columns, view: AsOfCase["views"][number]): OracleMatch[] {
  const rows = toRows(joined, { timestamps: "micros" }) as MicrosRowOf<ColumnTypes>[] as Record<
    string,
    OracleValue
  >[];
  return rows.map((row) => ({
    features: Object.fromEntries(
      Object.keys(view.features).map((name) => [name, row[`${view.name}__${name}`] as OracleValue]),
    ),
    featureTime: row[`${view.name}__feature_time`] as bigint | null,
    status: row[`${view.name}__feature_status`] as OracleMatch["status"],
  }));
}

function nullableTypes(kinds: CaseColumnKinds, required: readonly string[]): ColumnTypes {
  const types: Record<string, ColumnType> = {};
  for (const [name, kind] of Object.entries(kinds))
    types[name] = { kind, nullable: !required.includes(name) };
  return types;
}

function rowsToColumns(types: ColumnTypes, rows: readonly OracleRow[]): Columns {
  return columnsFromRows(types, rows as never);
}

function knownAtOf(knownAt: OracleKnownAt | undefined): KnownAt | undefined {
  if (typeof knownAt === "object" && "micros" in knownAt) return knownAt.micros;
  return knownAt;
}
