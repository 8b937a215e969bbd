import { join } from "node:path";
import {
  assertSchema,
  type ColumnTypes,
  type InstantInput,
  type Table,
  type TableVersion,
  TsopsError,
} from "@tsops/core";
import type { Scan, ScanOptions } from "../delta/scan.ts";
import { type AsOf, type DeltaTable, openTable } from "../delta/table.ts";
import type { DuckEngine } from "../engine/engine.ts";

/** What a join reads of a table at one version; a `Snapshot` is one. */
export interface JoinSnapshot {
  readonly version: number;
  readonly types: ColumnTypes;
  /** Null when unknown. */
  readonly rows: number | null;
  /** The rows, or a part of them, as a relation for DuckDB. */
  scan(options?: ScanOptions): Promise<Scan>;
}

/** A table that can be joined; a `DeltaTable` is one. */
export interface JoinSource {
  /** The table as it was at a version or instant; default: now. */
  snapshot(asOf?: AsOf): Promise<JoinSnapshot>;
}

/** Where a join finds its tables: open tables by name, or a directory with one table per folder (a home has one). */
export type JoinTables = Readonly<Record<string, JoinSource>> | { readonly tablesPath: string };

/** Which versions to read: everything committed at or before an instant, or a version for each table named. */
export type JoinAsOf = InstantInput | Readonly<Record<string, number>>;

/** A table of a join at one version. */
export interface JoinTable {
  readonly definition: Table;
  readonly snapshot: JoinSnapshot;
}

/** The tables of a join, all at the versions that it reads. */
export interface OpenedTables extends AsyncDisposable {
  readonly byName: ReadonlyMap<string, JoinTable>;
  readonly versions: readonly TableVersion[];
}

/**
 * Takes snapshots of the tables that views read.
 * @throws TsopsError STORE_NOT_FOUND when a table or version is not there or `asOf` names a table that the join does not read,
 *   SCHEMA_MISMATCH when a table is not as the views' definition says
 */
export async function openTables(
  definitions: readonly Table[],
  tables: JoinTables,
  asOf: JoinAsOf | undefined,
  engine: DuckEngine,
): Promise<OpenedTables> {
  refuseStrayVersions(definitions, asOf);
  const opened: DeltaTable[] = [];
  const close = async (): Promise<void> => {
    for (const table of opened) await table.close();
  };
  const byName = new Map<string, JoinTable>();
  try {
    for (const definition of definitions) {
      const known = byName.get(definition.name);
      if (known !== undefined) {
        if (known.definition !== definition) assertReadable(definition, known.snapshot);
        continue;
      }
      const table = given(tables, definition.name) ?? (await open(tables, definition, engine));
      if ("close" in table) opened.push(table as DeltaTable);
      const snapshot = await ofTable(definition.name, () => table.snapshot(versionOf(asOf, definition.name)));
      assertReadable(definition, snapshot);
      byName.set(definition.name, { definition, snapshot });
    }
  } catch (error) {
    await close();
    throw error;
  }
  const versions = [...byName].map(([table, { snapshot }]) => ({ table, version: snapshot.version }));
  versions.sort((a, b) => (a.table < b.table ? -1 : 1));
  return { byName, versions, [Symbol.asyncDispose]: close };
}

/** An open table that the caller gave, without its `close`: it stays the caller's. */
function given(tables: JoinTables, name: string): JoinSource | null {
  if ("tablesPath" in tables && typeof tables.tablesPath === "string") return null;
  const byName = tables as Readonly<Record<string, JoinSource>>;
  const found = Object.hasOwn(byName, name) ? byName[name] : undefined;
  if (found === undefined)
    throw new TsopsError("STORE_NOT_FOUND", `The join was given no table "${name}".`, {
      hint: `It was given ${Object.keys(byName).join(", ") || "none"}.`,
      details: { table: name },
    });
  return { snapshot: (asOf) => found.snapshot(asOf) };
}

async function open(tables: JoinTables, definition: Table, engine: DuckEngine): Promise<DeltaTable> {
  const directory = join((tables as { tablesPath: string }).tablesPath, definition.name);
  return (await openTable(directory, { engine })) as DeltaTable;
}

/** Does some work on a table; its errors then say which table. */
export async function ofTable<T>(table: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!TsopsError.is(error) || error.code === "ABORTED") throw error;
    const { code, message, hint, details } = error;
    throw new TsopsError(code, `Table "${table}": ${message}`, {
      ...(hint === undefined ? {} : { hint }),
      details: { ...details, table },
      cause: error,
    });
  }
}

function versionOf(asOf: JoinAsOf | undefined, table: string): AsOf {
  if (asOf === undefined) return {};
  if (!isByTable(asOf)) return { timestamp: asOf };
  const version = Object.hasOwn(asOf, table) ? asOf[table] : undefined;
  return version === undefined ? {} : { version };
}

function isByTable(asOf: JoinAsOf): asOf is Readonly<Record<string, number>> {
  return (
    typeof asOf === "object" && asOf !== null && !(asOf instanceof Date) && !("epochNanoseconds" in asOf)
  );
}

/** A version of a table that is not read would be lost, and the newest version of another one read. */
function refuseStrayVersions(definitions: readonly Table[], asOf: JoinAsOf | undefined): void {
  if (asOf === undefined || !isByTable(asOf)) return;
  const names = [...new Set(definitions.map(({ name }) => name))];
  const stray = Object.keys(asOf).find((name) => !names.includes(name));
  if (stray !== undefined)
    throw new TsopsError("STORE_NOT_FOUND", `asOf names a table "${stray}", which is not read.`, {
      hint: `The tables that are read: ${names.join(", ") || "none"}.`,
      details: { table: stray },
    });
}

function assertReadable(definition: Table, snapshot: JoinSnapshot): void {
  const types: ColumnTypes = snapshot.types;
  const found = Object.entries(types).filter(([name]) => Object.hasOwn(definition.columns, name));
  assertSchema(
    Object.fromEntries(
      Object.entries(definition.columns).map(([name, type]) => [name, { ...type, nullable: true }]),
    ),
    Object.fromEntries(found),
    `The columns of table "${definition.name}"`,
  );
}
