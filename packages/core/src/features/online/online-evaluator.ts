import type { ColumnTypes } from "../../schema/column-type.ts";
import { type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import type { FeatureView } from "../feature-view.ts";
import { visibleFrom } from "./forget.ts";
import { KeyBlock } from "./key-block.ts";
import { OnlineDefinition } from "./online-definition.ts";
import { type LookupOptions, OnlineState } from "./online-features.ts";
import { checkObservedRows } from "./online-table.ts";

/** What an online store keeps of a table. */
export interface KeptTable {
  readonly name: string;
  readonly keys: readonly string[];
  readonly eventTime: string;
  readonly availableAt: string | null;
  /** The columns to keep: keys, times, and those that features read. */
  readonly types: ColumnTypes;
}

/** Where a view finds its entities. */
export interface ViewEntities {
  readonly table: string;
  /** Spine columns that hold the table's keys, in the table's order. */
  readonly spineKeys: readonly string[];
}

/**
 * The rules of online features without a place for the rows: an `OnlineStore` that keeps rows elsewhere brings those of the
 * entities that are asked for, and this joins them with the code of the offline join.
 */
export interface OnlineEvaluator {
  /** Equal for equal views in the same order: rows kept for other views do not fit. */
  readonly definition: string;
  readonly tables: readonly KeptTable[];
  /** Table that each view reads, by view. */
  readonly viewTables: Readonly<Record<string, string>>;
  /** @throws TsopsError STORE_NOT_FOUND when no view reads it. */
  table(name: string): KeptTable;
  /**
   * Refuses rows that cannot be kept.
   * @throws TsopsError STORE_NOT_FOUND, COLUMN_NOT_FOUND, SCHEMA_MISMATCH, VALUE_INVALID
   */
  checkRows(table: string, rows: Columns): void;
  /**
   * Where each view finds its entities in a spine.
   * @throws TsopsError as `planAsOfJoin`
   */
  entities(spine: Columns, options: LookupOptions): readonly ViewEntities[];
  /**
   * Joins the views to a spine.
   * @param rows - By table: the kept rows of every entity that the spine asks for, in order of arrival, keys included.
   * @param horizon - What `advance` was told; null when nothing was forgotten.
   * @throws TsopsError as `planAsOfJoin`; TIME_INVALID for a time or a knowledge before the horizon.
   */
  lookup(
    spine: Columns,
    options: LookupOptions,
    rows: Readonly<Record<string, Columns>>,
    horizon: bigint | null,
  ): Columns;
  /**
   * Numbers of the rows that a lookup at or after `horizon` can still see; the others may be dropped.
   * @param rows - The kept rows of one entity, in order of arrival.
   */
  visible(table: string, rows: Columns, horizon: bigint): Int32Array;
}

/**
 * What an `OnlineStore` needs of its views.
 * @throws TsopsError FEATURE_INVALID when two views read tables of one name that differ.
 */
export function onlineEvaluator(views: readonly FeatureView[]): OnlineEvaluator {
  const definition = new OnlineDefinition(views);
  const tables = new Map(
    definition.tables.map((table): [string, KeptTable] => [
      table.name,
      {
        name: table.name,
        keys: table.keys,
        eventTime: table.eventTime,
        availableAt: table.availableAt ?? null,
        types: definition.keptTypes(table),
      },
    ]),
  );
  const kept = (name: string): KeptTable => tables.get(definition.table(name).name) as KeptTable;
  return {
    definition: definition.hash,
    tables: [...tables.values()],
    viewTables: definition.viewTables,
    table: kept,
    checkRows: (name, rows) => checkObservedRows(definition.table(name), kept(name).types, rows),
    entities: (spine, options) =>
      definition.plan(spine.types, options).views.map(({ table, keys }) => ({
        table,
        spineKeys: keys.map((key) => key.spine),
      })),
    lookup(spine, options, rows, horizon) {
      const state = new OnlineState(definition, { repeats: "keep" });
      for (const [table, columns] of Object.entries(rows)) state.observe(table, columns);
      state.horizon = horizon;
      return state.lookup(spine, options);
    },
    visible(name, rows, horizon) {
      const { eventTime, availableAt } = kept(name);
      const time = rows.data[eventTime] as TimestampColumn;
      const available = availableAt === null ? null : (rows.data[availableAt] as TimestampColumn);
      const block = new KeyBlock();
      for (let i = 0; i < rows.length; i++)
        block.insert(
          time.values[i] as bigint,
          available !== null && isValid(available.valid, i) ? (available.values[i] as bigint) : null,
          i,
        );
      const positions = visibleFrom(block, definition.viewPlans(name), rows.data, horizon);
      return Int32Array.from(positions, (position) => block.row[position] as number).sort();
    },
  };
}
