import {
  type AsOfPlan,
  type CheckedViews,
  type Column,
  type Columns,
  type ColumnTypes,
  checkList,
  checkOptions,
  type FeatureView,
  type JoinedColumns,
  type JoinedRow,
  joinedTable,
  type KnownAt,
  type NamesOfKind,
  type Progress,
  planAsOfJoin,
  shown,
  type TableVersion,
  TsopsError,
  throwIfAborted,
  toRows,
} from "@tsops/core";
import { fromArrow, toArrow } from "@tsops/core/arrow";
import type { Table as ArrowTable } from "apache-arrow";
import { type DuckEngine, type DuckSession, openEngine } from "../engine/engine.ts";
import { runAsOfPlan } from "./asof-plan.ts";
import { type ChosenPlan, chosenPlans, explainPlans, type JoinMethod } from "./choose-plan.ts";
import { type JoinAsOf, type JoinTable, type JoinTables, ofTable, openTables } from "./join-tables.ts";
import { runMergePlan } from "./merge-plan.ts";

/** What `asOfJoin` takes. */
export interface AsOfJoinOptions<
  Views extends readonly FeatureView[] = readonly FeatureView[],
  Time extends string = string,
> {
  /** Spine column with the time that features are joined as of. */
  readonly time: Time;
  readonly views: Views;
  /** Where the views' tables are: a home, a directory, or open tables by name. */
  readonly tables: JoinTables;
  /**
   * Up to when a row must have been available: the spine time ("spine", the default for tables that declare
   * `availableAt`), a spine column, one instant, or "ignore" to go by event time only.
   */
  readonly knownAt?: KnownAt<Time> | undefined;
  /** Versions of the tables to read. Default: the newest. */
  readonly asOf?: JoinAsOf | undefined;
  /** Runs the queries. Default: one of the join's own. */
  readonly engine?: DuckEngine | undefined;
  /** How to join views, where both ways can: "auto" (default) chooses. */
  readonly method?: JoinMethod | undefined;
  /** Feature rows to hold in memory at a time, about. Default 4,000,000. */
  readonly maxRowsInMemory?: number | undefined;
  /** Told the views joined so far; of a join in parts also after each part. */
  readonly progress?: Progress | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A spine joined with views. */
export interface AsOfJoinResult<S extends ColumnTypes, Views extends readonly FeatureView[]> {
  /** Spine columns, then for each view its features (`view__feature`), `view__feature_time` and `view__feature_status`. */
  readonly columns: Columns<JoinedColumns<S, Views>>;
  /** Versions that were read, by table name. */
  readonly tableVersions: readonly TableVersion[];
  /** The same columns as an Arrow table. */
  toArrow(): ArrowTable;
  /** The same as row objects; copies. @throws TsopsError VALUE_INVALID for times that a Date would cut. */
  toRows(): JoinedRow<S, Views>[];
  /** How each view was joined and why, one line a view. */
  explain(): string;
}

const defaultMaxRows = 4_000_000;

/**
 * Point-in-time join: gives each spine row the features that were known at its time. One row comes out for each spine row,
 * in the same order; spine columns are the same memory. Rules and costs: docs/explanation/point-in-time.md.
 * @throws TsopsError FEATURE_NAME_CLASH, COLUMN_NOT_FOUND, SCHEMA_MISMATCH before anything is read; STORE_NOT_FOUND,
 *   STORE_CORRUPT, ABORTED
 * @example
 * const joined = await asOfJoin({ spine, time: "at", views: [usage], tables: home });
 */
export async function asOfJoin<const S extends ColumnTypes, const Views extends readonly FeatureView[]>(
  options: AsOfJoinOptions<Views, NamesOfKind<S, "timestamp">> & {
    /** Columns, or an Arrow table, whose columns are then only known at run time. */
    readonly spine: Columns<S> | ArrowTable;
    readonly views: CheckedViews<S, Views>;
  },
): Promise<AsOfJoinResult<S, Views>> {
  return (await join(options as never)) as never;
}

async function join(
  options: AsOfJoinOptions & { readonly spine: Columns | ArrowTable },
): Promise<AsOfJoinResult<ColumnTypes, readonly FeatureView[]>> {
  checkOptions("FEATURE_INVALID", "asOfJoin()", options, {
    spine: true,
    time: true,
    views: true,
    tables: true,
    knownAt: true,
    asOf: true,
    engine: true,
    method: true,
    maxRowsInMemory: true,
    progress: true,
    signal: true,
  });
  checkList("FEATURE_INVALID", "views", options.views);
  const { views, signal } = options;
  throwIfAborted(signal);
  const spine = spineColumns(options.spine);
  const { maxRowsInMemory } = options;
  if (maxRowsInMemory !== undefined && !(Number.isInteger(maxRowsInMemory) && maxRowsInMemory > 0))
    throw new TsopsError(
      "FEATURE_INVALID",
      `maxRowsInMemory is ${shown(maxRowsInMemory)}, not a whole number from 1.`,
      { details: { option: "maxRowsInMemory" } },
    );
  const plan = planAsOfJoin({ spineTypes: spine.types, time: options.time, views, knownAt: options.knownAt });
  const engine = options.engine ?? (await openEngine());
  try {
    const tables = await openTables(
      views.map((view) => view.table),
      options.tables,
      options.asOf,
      engine,
    );
    try {
      const chosen = chosenPlans(plan, options.method ?? "auto");
      const joined = await engine.use((session) =>
        runPlans(session, plan, chosen, spine, tables.byName, options),
      );
      return joinResult(plan, joinedTable(plan.joinedTypes, spine, joined), chosen, tables.versions);
    } finally {
      await tables[Symbol.asyncDispose]();
    }
  } finally {
    if (options.engine === undefined) await engine.close();
  }
}

function spineColumns(spine: Columns | ArrowTable): Columns {
  if (typeof spine === "object" && spine !== null) {
    if ("types" in spine && "data" in spine) return spine;
    if ("schema" in spine && "batches" in spine) return fromArrow(spine);
  }
  throw new TsopsError("SCHEMA_INVALID", "The spine is neither columns nor an Arrow table.", {
    hint: "Make columns of row objects with columnsFromRows.",
  });
}

async function runPlans(
  session: DuckSession,
  plan: AsOfPlan,
  chosen: readonly ChosenPlan[],
  spine: Columns,
  tables: ReadonlyMap<string, JoinTable>,
  {
    maxRowsInMemory = defaultMaxRows,
    progress,
    signal,
  }: Pick<AsOfJoinOptions, "maxRowsInMemory" | "progress" | "signal">,
): Promise<Record<string, Column>> {
  const joined: Record<string, Column> = {};
  let done = 0;
  for (const { method, views } of chosen) {
    throwIfAborted(signal);
    /** @param share - Of this plan, from 0 to 1. */
    const report = (share: number): void =>
      progress?.({ task: "join", done: done + share * views.length, total: plan.views.length });
    const [first] = views;
    const table = tables.get(first.table) as JoinTable;
    const columns = await ofTable(first.table, () =>
      method === "asof"
        ? runAsOfPlan(session, plan, first, spine, table, signal)
        : runMergePlan(session, plan, views, spine, table, { maxRows: maxRowsInMemory, report, signal }),
    );
    report(1);
    done += views.length;
    Object.assign(joined, columns);
  }
  return joined;
}

function joinResult(
  plan: AsOfPlan,
  columns: Columns,
  chosen: readonly ChosenPlan[],
  tableVersions: readonly TableVersion[],
): AsOfJoinResult<ColumnTypes, readonly FeatureView[]> {
  return {
    columns: columns as never,
    tableVersions,
    toArrow: () => toArrow(columns),
    toRows: () => toRows(columns) as never,
    explain: () => explainPlans(plan, chosen),
  };
}
