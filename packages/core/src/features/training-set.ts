import { TsopsError } from "../errors.ts";
import { contentHash, definitionHash } from "../hash.ts";
import { checkList, checkOptions, shown } from "../options.ts";
import type { ColumnTypes, NamesOfKind } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import type { Table } from "../schema/table.ts";
import { formatInstant, type InstantInput, toMicros } from "../time/instant.ts";
import { type AsOfPlan, type KnownAt, planAsOfJoin } from "./as-of/plan.ts";
import type { FeatureView } from "./feature-view.ts";
import type { CheckedViews, JoinedColumns, JoinedRow } from "./joined-columns.ts";

/** Where a training set's rows come from: a table (its rows in order of ingest), or columns in memory. */
export type TrainingSpine<S extends ColumnTypes = ColumnTypes> = Table<string, S> | Columns<S>;

/** A point-in-time join that a model is trained on, with its target. Made by `trainingSet`. */
export interface TrainingSet<
  S extends ColumnTypes = ColumnTypes,
  Views extends readonly FeatureView[] = readonly FeatureView[],
> {
  readonly name: string;
  readonly spine: TrainingSpine<S>;
  /** Spine column with the time that features are joined as of. */
  readonly time: string;
  readonly views: Views;
  readonly knownAt: KnownAt;
  /** Column that the model learns to predict. */
  readonly target: string;
  /** Spine rows of a table to take, by event time, [start, end). */
  readonly range: { readonly start?: InstantInput; readonly end?: InstantInput };
}

/** Row object of a training set. */
export type TrainingRow<T> = T extends TrainingSet<infer S, infer Views> ? JoinedRow<S, Views> : never;

/** What `trainingSet` takes. */
export interface TrainingSetDefinition<
  S extends ColumnTypes,
  Views extends readonly FeatureView[],
  Time extends string,
  Target extends string,
> {
  /** Letters, digits, `_` and `-`; names the table it may be saved as. */
  readonly name: string;
  readonly spine: TrainingSpine<S>;
  readonly time: Time;
  readonly views: Views;
  /** As in the join: "spine" by default, for tables that declare `availableAt`. */
  readonly knownAt?: KnownAt<Time>;
  readonly target: Target;
  readonly range?: { readonly start?: InstantInput; readonly end?: InstantInput };
}

/**
 * Defines a training set; nothing is read yet. Names and key types are checked here.
 * @throws TsopsError FEATURE_NAME_CLASH, COLUMN_NOT_FOUND, SCHEMA_MISMATCH, FEATURE_INVALID, TIME_INVALID
 * @example
 * const daily = trainingSet({ name: "daily", spine: rentals, time: "at", views: [usage], target: "users" });
 */
export function trainingSet<const S extends ColumnTypes, const Views extends readonly FeatureView[]>(
  definition: TrainingSetDefinition<
    S,
    Views,
    NamesOfKind<S, "timestamp">,
    keyof JoinedColumns<S, Views> & string
  > & { readonly views: CheckedViews<S, Views> },
): TrainingSet<S, Views> {
  checkOptions(
    "FEATURE_INVALID",
    "trainingSet()",
    definition as TrainingSetDefinition<S, Views, string, string>,
    {
      name: true,
      spine: true,
      time: true,
      views: true,
      knownAt: true,
      target: true,
      range: true,
    },
  );
  const { name, spine, time, views, knownAt, target, range } = definition;
  checkSpine(spine);
  checkList("FEATURE_INVALID", "views", views);
  if (range !== undefined) checkRange("range", range);
  const result: TrainingSet = {
    name,
    spine: spine as TrainingSpine,
    time,
    views,
    knownAt: (knownAt ?? "spine") as KnownAt,
    target,
    range: range ?? {},
  };
  if (range !== undefined && !isTable(result.spine))
    throw new TsopsError("FEATURE_INVALID", `Training set "${name}" has a range, and columns as its spine.`, {
      hint: "Take the rows out of the columns, or give a table.",
    });
  const { joinedTypes } = planTrainingSet(result);
  if (!Object.hasOwn(joinedTypes, target))
    throw new TsopsError(
      "COLUMN_NOT_FOUND",
      `Training set "${name}" has no column "${target}" as its target.`,
      {
        hint: `It has ${Object.keys(joinedTypes).join(", ")}.`,
        details: { column: target },
      },
    );
  return result as unknown as TrainingSet<S, Views>;
}

function checkSpine(spine: unknown): void {
  if (typeof spine === "object" && spine !== null && ("eventTime" in spine || "types" in spine)) return;
  throw new TsopsError("FEATURE_INVALID", `A spine is a table or columns, got ${shown(spine)}.`, {
    hint: "Make columns of row objects with columnsFromRows.",
  });
}

/**
 * Refuses a range with other bounds than `start` and `end`, or that ends before it starts.
 * @throws TsopsError TIME_INVALID
 */
export function checkRange(
  name: string,
  range: { readonly start?: InstantInput | undefined; readonly end?: InstantInput | undefined },
): void {
  checkOptions("TIME_INVALID", name, range, { start: true, end: true });
  const { start, end } = range;
  if (start === undefined || end === undefined || toMicros(start) <= toMicros(end)) return;
  throw new TsopsError(
    "TIME_INVALID",
    `The ${name} starts at ${formatInstant(toMicros(start))}, after its end at ${formatInstant(toMicros(end))}.`,
    { hint: "Swap the two instants." },
  );
}

/** Whether the spine is a table. */
export function isTable<S extends ColumnTypes>(spine: TrainingSpine<S>): spine is Table<string, S> {
  return "eventTime" in spine;
}

/** The join of a training set. */
export function planTrainingSet<S extends ColumnTypes, Views extends readonly FeatureView[]>(
  set: TrainingSet<S, Views>,
): AsOfPlan {
  const spineTypes = isTable(set.spine) ? set.spine.columns : set.spine.types;
  return planAsOfJoin({ spineTypes, time: set.time, views: set.views, knownAt: set.knownAt });
}

/** sha256 of a training set's definition; rows of a spine in memory are part of it. */
export function trainingSetHash<S extends ColumnTypes, Views extends readonly FeatureView[]>(
  set: TrainingSet<S, Views>,
): string {
  const { name, spine, time, views, knownAt, target, range } = set;
  return definitionHash({
    name,
    spine: isTable(spine) ? { table: spine } : { types: spine.types, content: contentHash(spine) },
    time,
    views,
    knownAt:
      typeof knownAt === "string" && (knownAt === "spine" || knownAt === "ignore")
        ? knownAt
        : typeof knownAt === "object" && "column" in knownAt
          ? knownAt
          : { instant: toMicros(knownAt as InstantInput) },
    target,
    range: {
      ...(range.start === undefined ? {} : { start: toMicros(range.start) }),
      ...(range.end === undefined ? {} : { end: toMicros(range.end) }),
    },
  });
}
