import { join } from "node:path";
import {
  type Columns,
  type ColumnTypes,
  checkOptions,
  contentHash,
  type FeatureView,
  isTable,
  type JoinedColumns,
  type JoinedRow,
  type Progress,
  planTrainingSet,
  type Table,
  type TableVersion,
  type TrainingSet,
  type TrainingSetLineage,
  TsopsError,
  throwIfAborted,
  trainingSetHash,
} from "@tsops/core";
import type { Table as ArrowTable } from "apache-arrow";
import { openOrCreateTable } from "../delta/table.ts";
import { type DuckEngine, openEngine } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import { asOfJoin } from "./as-of-join.ts";
import {
  type JoinAsOf,
  type JoinSnapshot,
  type JoinTable,
  type JoinTables,
  ofTable,
  openTables,
} from "./join-tables.ts";

/** What `buildTrainingSet` takes. */
export interface BuildOptions {
  /** Where the tables of the views and the spine are. */
  readonly tables: JoinTables;
  /** Versions of the tables to read. Default: the newest. */
  readonly asOf?: JoinAsOf | undefined;
  /** Directory of tables in which to save the set as a Delta table of its own; see `BuiltTrainingSet.directory`. */
  readonly saveIn?: string | undefined;
  readonly engine?: DuckEngine | undefined;
  /** Told the views joined and, with `saveIn`, the rows written. */
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A training set with its rows and where they came from. */
export interface BuiltTrainingSet<S extends ColumnTypes, Views extends readonly FeatureView[]> {
  readonly columns: Columns<JoinedColumns<S, Views>>;
  /** Enough to build the same rows again. */
  readonly lineage: TrainingSetLineage;
  /** Where it was saved: a table named after the set and its content, written once. Null when it was not saved. */
  readonly directory: string | null;
  /** The columns as an Arrow table; numbers are not copied. */
  toArrow(): ArrowTable;
  /** Row objects (copies). */
  toRows(): JoinedRow<S, Views>[];
  /** How each view was joined and why. */
  explain(): string;
}

/**
 * Builds a training set: reads spine and views at one version of each table, joins them, and hashes the result.
 * @throws TsopsError STORE_NOT_FOUND, SCHEMA_MISMATCH, STORE_CORRUPT, STORE_FULL, STORE_READ_ONLY, ABORTED
 */
export async function buildTrainingSet<S extends ColumnTypes, Views extends readonly FeatureView[]>(
  set: TrainingSet<S, Views>,
  options: BuildOptions,
): Promise<BuiltTrainingSet<S, Views>> {
  checkOptions("FEATURE_INVALID", "buildTrainingSet()", options, {
    tables: true,
    asOf: true,
    saveIn: true,
    engine: true,
    progress: true,
    signal: true,
  });
  const engine = options.engine ?? (await openEngine());
  try {
    return (await build(set as unknown as TrainingSet, { ...options, engine })) as never;
  } finally {
    if (options.engine === undefined) await engine.close();
  }
}

/**
 * Builds a training set again from its lineage, and checks that every byte is the same.
 * @throws TsopsError FEATURE_INVALID when the definition is not the one of the lineage; STORE_CORRUPT when the rows differ;
 *   STORE_NOT_FOUND, STORE_CORRUPT when a version is gone (vacuum removes old ones)
 */
export async function rebuildTrainingSet<S extends ColumnTypes, Views extends readonly FeatureView[]>(
  set: TrainingSet<S, Views>,
  lineage: TrainingSetLineage,
  options: Omit<BuildOptions, "asOf">,
): Promise<BuiltTrainingSet<S, Views>> {
  const hash = trainingSetHash(set);
  if (hash !== lineage.definitionHash)
    throw new TsopsError(
      "FEATURE_INVALID",
      `Training set "${set.name}" is not defined as it was when "${lineage.name}" was built.`,
      {
        hint: "Use the code of that time, or build a new training set.",
        details: { expected: lineage.definitionHash, found: hash },
      },
    );
  const asOf = Object.fromEntries(lineage.tables.map(({ table, version }) => [table, version]));
  const built = await buildTrainingSet(set, { ...options, asOf });
  if (built.lineage.contentHash !== lineage.contentHash || built.lineage.rows !== lineage.rows)
    throw new TsopsError(
      "STORE_CORRUPT",
      `Training set "${lineage.name}" came out with ${built.lineage.rows} rows of other content than the ${lineage.rows} it had.`,
      {
        hint: "Its tables were changed by other means than appending: restore them from a copy.",
        details: { expected: lineage.contentHash, found: built.lineage.contentHash },
      },
    );
  return built;
}

async function build(
  set: TrainingSet,
  options: BuildOptions & { readonly engine: DuckEngine },
): Promise<BuiltTrainingSet<ColumnTypes, readonly FeatureView[]>> {
  const { engine, progress, signal, saveIn } = options;
  throwIfAborted(signal);
  planTrainingSet(set);
  const spineTable = isTable(set.spine) ? set.spine : null;
  const definitions = [...(spineTable === null ? [] : [spineTable]), ...set.views.map((view) => view.table)];
  const tables = await openTables(definitions, options.tables, options.asOf, engine);
  try {
    const spine =
      spineTable === null
        ? (set.spine as Columns)
        : await ofTable(spineTable.name, () =>
            readSpine(
              set,
              spineTable,
              (tables.byName.get(spineTable.name) as JoinTable).snapshot,
              engine,
              signal,
            ),
          );
    const joined = await asOfJoin({
      spine,
      time: set.time,
      views: set.views,
      knownAt: set.knownAt as never,
      // The snapshots that were taken above, so that spine and features are of one moment.
      tables: Object.fromEntries(
        [...tables.byName].map(([name, { snapshot }]) => [name, { snapshot: async () => snapshot }]),
      ),
      engine,
      progress,
      signal,
    });
    const columns = joined.columns as Columns;
    const lineage: TrainingSetLineage = {
      name: set.name,
      definitionHash: trainingSetHash(set),
      tables: tables.versions as readonly TableVersion[],
      rows: columns.length,
      contentHash: contentHash(columns),
    };
    const directory = saveIn === undefined ? null : await save(set, columns, lineage, saveIn, options);
    return { ...joined, columns: columns as never, lineage, directory };
  } finally {
    await tables[Symbol.asyncDispose]();
  }
}

/** The rows of a spine table in order of ingest, which compaction keeps. */
async function readSpine(
  { range }: TrainingSet,
  { columns: types }: Table,
  snapshot: JoinSnapshot,
  engine: DuckEngine,
  signal: AbortSignal | undefined,
): Promise<Columns> {
  const names = Object.keys(types);
  const { sql } = await snapshot.scan({ columns: names, range });
  const query = `SELECT ${names.map(quoteName).join(", ")} FROM ${sql} ORDER BY _ingest_version, _ingest_row`;
  return engine.use((session) => session.columns(query, { types, signal }));
}

/** Saves the rows as a table that is written once: its name holds the hash of its content. */
async function save(
  set: TrainingSet,
  columns: Columns,
  lineage: TrainingSetLineage,
  saveIn: string,
  { engine, progress, signal }: BuildOptions & { readonly engine: DuckEngine },
): Promise<string> {
  const name = `${set.name}-${lineage.contentHash.slice(0, 12)}`;
  const time = columns.types[set.time];
  if (time?.nullable === true)
    throw new TsopsError(
      "SCHEMA_INVALID",
      `Training set "${set.name}" cannot be saved: its time "${set.time}" is nullable.`,
      {
        hint: "Leave out spine rows without a time and declare the column as timestamp().",
      },
    );
  const definition = { name, columns: columns.types, keys: [], eventTime: set.time } as unknown as Table;
  const directory = join(saveIn, name);
  const table = await openOrCreateTable(directory, definition, { engine });
  try {
    const txn = { appId: `tsops training set ${lineage.contentHash}`, version: 1 };
    await table.append(columns, { txn, progress, signal });
  } finally {
    await table.close();
  }
  return directory;
}
