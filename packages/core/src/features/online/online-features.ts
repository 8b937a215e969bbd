import { TsopsError } from "../../errors.ts";
import { checkOptions } from "../../options.ts";
import type { ColumnTypes, NamesOfKind } from "../../schema/column-type.ts";
import { type Column, type Columns, isValid, type TimestampColumn } from "../../schema/columns.ts";
import { formatInstant, type InstantInput, toMicros } from "../../time/instant.ts";
import { viewBounds } from "../as-of/bounds.ts";
import { evaluateView } from "../as-of/evaluate.ts";
import { groupByKey } from "../as-of/group-by-key.ts";
import type { KeyRows } from "../as-of/ordered-rows.ts";
import type { AsOfPlan, KnownAt, ViewPlan } from "../as-of/plan.ts";
import { emptyViewResult, joinedTable, viewColumns } from "../as-of/view-result.ts";
import type { FeatureView } from "../feature-view.ts";
import type { CheckedViews, JoinedColumns } from "../joined-columns.ts";
import { OnlineDefinition } from "./online-definition.ts";
import { type ObservedCounts, OnlineTable } from "./online-table.ts";
import { readSnapshot, writeSnapshot } from "./snapshot.ts";

/** How `onlineFeatures` treats its input. */
export interface OnlineFeaturesOptions {
  /**
   * What to do with a row that an earlier `observe` brought already (same key, times and values): "drop" it, as streams
   * deliver at least once, or "keep" it as another fact. Equal rows within one call are always separate facts.
   * Default "drop".
   */
  readonly repeats?: "drop" | "keep";
}

/** As of when `lookup` joins. */
export interface LookupOptions<Time extends string = string> {
  /** Spine column with the time to join as of. */
  readonly time: Time;
  /** As in the offline join: "spine" by default, for tables that declare `availableAt`. */
  readonly knownAt?: KnownAt<Time>;
}

/** Feature values in memory, by the rules and with the code of the offline join. */
export interface OnlineFeatures<Views extends readonly FeatureView[] = readonly FeatureView[]> {
  /**
   * Takes in rows of a table, in any order; columns that no view reads are ignored. Nothing is taken in when it throws.
   * @throws TsopsError STORE_NOT_FOUND (no view reads the table), COLUMN_NOT_FOUND, SCHEMA_MISMATCH, VALUE_INVALID
   */
  observe(table: string, rows: Columns): ObservedCounts;
  /**
   * Joins the views to spine rows, exactly as the offline join would over the rows observed so far: values, feature times
   * and statuses, bit for bit.
   * @throws TsopsError as `planAsOfJoin`; TIME_INVALID for times or knowledge before what `advance` was told.
   */
  lookup<S extends ColumnTypes>(
    spine: Columns<S> & (Views extends CheckedViews<S, Views> ? unknown : CheckedViews<S, Views>),
    options: LookupOptions<NamesOfKind<S, "timestamp">>,
  ): Columns<JoinedColumns<S, Views>>;
  /**
   * Promises that no later lookup asks for a time or a knowledge before `to`, and drops the rows that none can see:
   * what stays is bounded by ttl, lag and windows, and one row a key (and one for each lastNonNull feature).
   * @returns Number of rows dropped. Moving back changes nothing.
   */
  advance(to: InstantInput): number;
  /** Rows kept, by table. */
  readonly size: Readonly<Record<string, number>>;
  /** Table that each view reads, by view. */
  readonly viewTables: Readonly<Record<string, string>>;
  /** Everything observed and kept, as one block of bytes; equal states give equal bytes. */
  save(): Uint8Array;
}

/**
 * Online values of feature views: rows go in with `observe`, features come out with `lookup`.
 * @example
 * const online = onlineFeatures([usage]);
 * online.observe("rentals", rows);
 * const joined = online.lookup(spine, { time: "at" });
 */
export function onlineFeatures<const Views extends readonly FeatureView[]>(
  views: Views,
  options: OnlineFeaturesOptions = {},
): OnlineFeatures<Views> {
  checkOptions("FEATURE_INVALID", "onlineFeatures()", options, { repeats: true });
  return new OnlineState(new OnlineDefinition(views), options) as unknown as OnlineFeatures<Views>;
}

/**
 * Continues from what `save` returned, with the same views.
 * @throws TsopsError MODEL_FORMAT_INVALID when the bytes are damaged; FEATURE_INVALID when they belong to other views.
 */
export function loadOnlineFeatures<const Views extends readonly FeatureView[]>(
  views: Views,
  bytes: Uint8Array,
  options: OnlineFeaturesOptions = {},
): OnlineFeatures<Views> {
  checkOptions("FEATURE_INVALID", "loadOnlineFeatures()", options, { repeats: true });
  const definition = new OnlineDefinition(views);
  const state = new OnlineState(definition, options);
  const snapshot = readSnapshot(bytes, definition.tables, definition.hash);
  for (const [table, rows] of Object.entries(snapshot.rows)) state.table(table).observe(rows, false);
  if (snapshot.horizon !== null) state.horizon = snapshot.horizon;
  return state as unknown as OnlineFeatures<Views>;
}

/** Rows by table, joined by core's one evaluation. */
export class OnlineState {
  readonly #definition: OnlineDefinition;
  readonly #online: ReadonlyMap<string, OnlineTable>;
  readonly #dropRepeats: boolean;
  horizon: bigint | null = null;

  constructor(definition: OnlineDefinition, { repeats = "drop" }: OnlineFeaturesOptions) {
    this.#definition = definition;
    this.#dropRepeats = repeats === "drop";
    this.#online = new Map(
      definition.tables.map((table) => [table.name, new OnlineTable(table, definition.keptTypes(table))]),
    );
  }

  table(name: string): OnlineTable {
    return this.#online.get(this.#definition.table(name).name) as OnlineTable;
  }

  observe(table: string, rows: Columns): ObservedCounts {
    return this.table(table).observe(rows, this.#dropRepeats);
  }

  lookup(spine: Columns, options: LookupOptions): Columns {
    const plan = this.#definition.plan(spine.types, options);
    this.#refuseForgotten(plan, spine);
    const joined: Record<string, Column> = {};
    for (const view of plan.views) {
      const result = emptyViewResult(view, spine.length);
      const table = this.table(view.table);
      const keys = table.findKeys(
        spine,
        view.keys.map((key) => key.spine),
      );
      const columns = table.columns().data;
      evaluateView(view, viewBounds(plan, view, spine), keyRows(table, view, columns, keys), result);
      for (const [name, column] of Object.entries(viewColumns(view, result, columns)))
        joined[name] = column.kind === "utf8" ? ownDictionary(column) : column;
    }
    return joinedTable(plan.joinedTypes, spine, joined);
  }

  advance(to: InstantInput): number {
    const horizon = toMicros(to);
    if (this.horizon !== null && horizon <= this.horizon) return 0;
    this.horizon = horizon;
    let dropped = 0;
    for (const [name, table] of this.#online)
      dropped += table.forget(this.#definition.viewPlans(name), horizon);
    return dropped;
  }

  get size(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#online].map(([name, table]) => [name, table.length]));
  }

  get viewTables(): Readonly<Record<string, string>> {
    return this.#definition.viewTables;
  }

  save(): Uint8Array {
    const rows = Object.fromEntries([...this.#online].map(([name, table]) => [name, table.keptRows()]));
    return writeSnapshot(rows, this.#definition.hash, this.horizon);
  }

  #refuseForgotten(plan: AsOfPlan, spine: Columns): void {
    const { horizon } = this;
    if (horizon === null) return;
    const refuse = (micros: bigint, what: string): never => {
      throw new TsopsError(
        "TIME_INVALID",
        `The ${what} ${formatInstant(micros)} is before ${formatInstant(horizon)}, up to which rows were forgotten.`,
        { hint: "Look up in order of time, or advance less far.", details: { what } },
      );
    };
    const columns = new Set([plan.time]);
    for (const { knownAt } of plan.views) {
      if (knownAt.by === "column") columns.add(knownAt.column);
      if (knownAt.by === "instant" && knownAt.micros < horizon) refuse(knownAt.micros, "knowledge");
    }
    for (const name of columns) {
      const column = spine.data[name] as TimestampColumn;
      for (let i = 0; i < spine.length; i++)
        if (isValid(column.valid, i) && (column.values[i] as bigint) < horizon)
          refuse(column.values[i] as bigint, name === plan.time ? "time" : "knowledge");
    }
  }
}

function* keyRows(
  table: OnlineTable,
  view: ViewPlan,
  columns: Readonly<Record<string, Column>>,
  keys: Int32Array,
): Iterable<KeyRows> {
  for (const { key, spineRows } of groupByKey(keys, table.keys)) {
    const block = table.block(key);
    if (block === undefined) continue;
    const { time, row, length } = block;
    const available = view.knownAt.by === "ignore" ? null : block.available;
    yield { rows: { time, available, row, columns }, start: 0, end: length, spineRows };
  }
}

/** A copy of the column with a dictionary of its own: the table's grows with later rows. */
function ownDictionary(column: Extract<Column, { readonly kind: "utf8" }>): Column {
  const renumbered = new Map<number, number>();
  const codes = column.codes.map((code, i) => {
    if (!isValid(column.valid, i)) return 0;
    const known = renumbered.get(code) ?? renumbered.size;
    renumbered.set(code, known);
    return known;
  });
  const dictionary = [...renumbered.keys()].map((code) => column.dictionary[code] as string);
  return { kind: "utf8", codes, dictionary, valid: column.valid };
}
