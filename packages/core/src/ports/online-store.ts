import type { FeatureView } from "../features/feature-view.ts";
import type { CheckedViews, JoinedColumns } from "../features/joined-columns.ts";
import type { LookupOptions } from "../features/online/online-features.ts";
import type { ObservedCounts } from "../features/online/online-table.ts";
import type { ColumnTypes, NamesOfKind } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import type { InstantInput } from "../time/instant.ts";
import type { CallOptions } from "./call-options.ts";

/**
 * Online values of feature views, in memory or behind a server: rows go in with `observe`, features come out with `lookup`.
 * It keeps the recent rows of each entity and joins them by the rules of the offline join; `onlineEvaluator` has these, so that
 * no store has rules of its own.
 */
export interface OnlineStore<Views extends readonly FeatureView[] = readonly FeatureView[]> {
  /** Table that each view reads, by view. */
  readonly viewTables: Readonly<Record<string, string>>;
  /**
   * Takes in rows of a table, in any order and all or none; resolves when a later `lookup` of any client sees them. Columns that
   * no view reads are ignored. A row that was brought before (same key, times and values) changes nothing, so a call that
   * failed can be repeated; equal rows within one call are separate facts. Of rows with one key and the same times the one that
   * arrived last wins. ABORTED and ADAPTER_UNAVAILABLE leave open whether the rows were taken in.
   * @throws TsopsError STORE_NOT_FOUND (no view reads the table), COLUMN_NOT_FOUND, SCHEMA_MISMATCH, VALUE_INVALID, STORE_FULL,
   * ADAPTER_UNAVAILABLE, ABORTED
   */
  observe(table: string, rows: Columns, options?: CallOptions): Promise<ObservedCounts>;
  /**
   * Joins the views to spine rows, exactly as the offline join would over the rows observed so far: values, feature times and
   * statuses, bit for bit. All rows are of one moment: a concurrent `observe` is seen whole or not at all.
   * @throws TsopsError as `planAsOfJoin`; TIME_INVALID for times or knowledge before what `advance` was told;
   * ADAPTER_UNAVAILABLE, ABORTED
   */
  lookup<S extends ColumnTypes>(
    spine: Columns<S> & (Views extends CheckedViews<S, Views> ? unknown : CheckedViews<S, Views>),
    options: LookupOptions<NamesOfKind<S, "timestamp">> & CallOptions,
  ): Promise<Columns<JoinedColumns<S, Views>>>;
  /**
   * Promises for all clients that no later lookup asks for a time or a knowledge before `to`, and drops the rows that none can
   * see: what stays is bounded by ttl, lag and windows, and one row a key (and one for each lastNonNull feature).
   * @returns Number of rows dropped by this call. Moving back changes nothing.
   */
  advance(to: InstantInput, options?: CallOptions): Promise<number>;
  /** Lets go of what the store opened itself. Later calls reject with STORE_UNAVAILABLE; calling it again does nothing. */
  close(): Promise<void>;
  /** Same as `close`. */
  [Symbol.asyncDispose](): Promise<void>;
}

/** Durable snapshots of in-memory state by name, so that a restarted process continues where it was. */
export interface SnapshotStore {
  /** Replaces the snapshot atomically and durably. */
  put(name: string, bytes: Uint8Array, options?: CallOptions): Promise<void>;
  /** The bytes as they were put last; null when there is no snapshot of that name. */
  get(name: string, options?: CallOptions): Promise<Uint8Array | null>;
}
