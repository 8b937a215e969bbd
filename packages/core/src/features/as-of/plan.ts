import { TsopsError } from "../../errors.ts";
import type { ColumnType, ColumnTypes } from "../../schema/column-type.ts";
import { durationMicros } from "../../time/duration.ts";
import { type InstantInput, toMicros } from "../../time/instant.ts";
import type { WindowAggregate } from "../feature.ts";
import { featureColumn, featureStatusColumn, featureTimeColumn } from "../feature-names.ts";
import type { FeatureView } from "../feature-view.ts";
import { joinedTypes } from "../joined-columns.ts";

/**
 * Up to when a row must have been available to count: the spine time of each row, a spine column, one instant, or
 * "ignore" (by event time only). Tables that declare no `availableAt` always join by event time only.
 */
export type KnownAt<Column extends string = string> =
  | "spine"
  | "ignore"
  | { readonly column: Column }
  | InstantInput;

/** `KnownAt`, checked, with instants as microseconds. */
export type ResolvedKnownAt =
  | { readonly by: "ignore" }
  | { readonly by: "column"; readonly column: string }
  | { readonly by: "instant"; readonly micros: bigint };

/** One entity key of a view. */
export interface PlannedKey {
  /** Column of the view's table. */
  readonly column: string;
  /** Column of the spine. */
  readonly spine: string;
  readonly type: ColumnType;
}

/** A column of the latest eligible row. */
export interface PlannedRowFeature {
  /** Joined name, `view__feature`. */
  readonly name: string;
  readonly column: string;
  readonly lastNonNull: boolean;
}

/** An aggregate over a window. */
export interface PlannedWindowFeature {
  readonly name: string;
  readonly column: string;
  readonly aggregate: WindowAggregate;
  readonly windowMicros: bigint;
}

/** What the join has to do for one view, with every choice made. */
export interface ViewPlan {
  readonly view: string;
  readonly table: string;
  readonly keys: readonly PlannedKey[];
  readonly eventTime: string;
  readonly availableAt: string | null;
  readonly knownAt: ResolvedKnownAt;
  readonly ttlMicros: bigint | null;
  readonly lagMicros: bigint;
  readonly boundary: "inclusive" | "exclusive";
  readonly rowFeatures: readonly PlannedRowFeature[];
  readonly windowFeatures: readonly PlannedWindowFeature[];
  /** Table columns that features read, without keys, event time and available at unless they are features too. */
  readonly featureColumns: readonly string[];
  readonly featureTimeName: string;
  readonly statusName: string;
}

/** An as-of join with every choice made: what an engine executes. */
export interface AsOfPlan {
  /** Spine column with the time that features are joined as of. */
  readonly time: string;
  readonly spineTypes: ColumnTypes;
  readonly views: readonly ViewPlan[];
  /** Spine columns, then view by view: features in the order of their definition, feature time, status. */
  readonly joinedTypes: ColumnTypes;
}

/** What `planAsOfJoin` takes. */
export interface AsOfPlanOptions {
  readonly spineTypes: ColumnTypes;
  readonly time: string;
  readonly views: readonly FeatureView[];
  readonly knownAt?: KnownAt | undefined;
}

/**
 * Resolves a join against its spine: checks names, key types and times before anything runs.
 * @throws TsopsError FEATURE_NAME_CLASH, COLUMN_NOT_FOUND, SCHEMA_MISMATCH, TIME_INVALID, TIME_ZONE_MISSING
 */
export function planAsOfJoin(options: AsOfPlanOptions): AsOfPlan {
  const { spineTypes, time, views } = options;
  requireTimestamp(spineTypes, time, "time");
  const types = joinedTypes(spineTypes, views);
  const knownAt = resolveKnownAt(options.knownAt, spineTypes, time);
  const planned = views.map((view) => {
    const keys = view.table.keys.map((key) => planKey(view, key, spineTypes));
    return { ...planView(view), keys, ...(view.table.availableAt === undefined ? {} : { knownAt }) };
  });
  return { time, spineTypes, joinedTypes: types, views: planned };
}

/** What a view asks for before it meets a spine: no keys, and by event time only. */
export function planView(view: FeatureView): ViewPlan {
  const { table } = view;
  const features = Object.entries(view.features);
  return {
    view: view.name,
    table: table.name,
    keys: [],
    eventTime: table.eventTime,
    availableAt: table.availableAt ?? null,
    knownAt: { by: "ignore" },
    ttlMicros: view.ttl === undefined ? null : durationMicros(view.ttl),
    lagMicros: view.lag === undefined ? 0n : durationMicros(view.lag),
    boundary: view.boundary ?? "inclusive",
    rowFeatures: features.flatMap(([name, spec]) =>
      spec.from === "row"
        ? [{ name: featureColumn(view.name, name), column: spec.column, lastNonNull: spec.lastNonNull }]
        : [],
    ),
    windowFeatures: features.flatMap(([name, spec]) =>
      spec.from === "window"
        ? [
            {
              name: featureColumn(view.name, name),
              column: spec.column,
              aggregate: spec.aggregate,
              windowMicros: durationMicros(spec.window),
            },
          ]
        : [],
    ),
    featureColumns: [...new Set(features.map(([, spec]) => spec.column))],
    featureTimeName: featureTimeColumn(view.name),
    statusName: featureStatusColumn(view.name),
  };
}

function planKey(view: FeatureView, key: string, spineTypes: ColumnTypes): PlannedKey {
  const spine = view.keyMap?.[key] ?? key;
  const type = view.table.columns[key] as ColumnType;
  const found = Object.hasOwn(spineTypes, spine) ? spineTypes[spine] : undefined;
  const details = { view: view.name, key, spineColumn: spine };
  if (found === undefined)
    throw new TsopsError(
      "COLUMN_NOT_FOUND",
      `View "${view.name}" needs a spine column "${spine}" for its key.`,
      {
        hint: `The spine has ${Object.keys(spineTypes).join(", ")}: rename one, or map the key with keyMap.`,
        details,
      },
    );
  if (found.kind !== type.kind)
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `View "${view.name}" needs spine column "${spine}" as ${type.kind}, not ${found.kind}.`,
      { hint: "Convert one of the two: keys are compared by type and value, never coerced.", details },
    );
  return { column: key, spine, type };
}

function resolveKnownAt(
  knownAt: KnownAt | undefined,
  spineTypes: ColumnTypes,
  time: string,
): ResolvedKnownAt {
  if (knownAt === undefined || knownAt === "spine") return { by: "column", column: time };
  if (knownAt === "ignore") return { by: "ignore" };
  if (typeof knownAt === "object" && "column" in knownAt) {
    requireTimestamp(spineTypes, knownAt.column, "knownAt");
    return { by: "column", column: knownAt.column };
  }
  return { by: "instant", micros: toMicros(knownAt) };
}

function requireTimestamp(types: ColumnTypes, column: string, role: string): void {
  const type = Object.hasOwn(types, column) ? types[column] : undefined;
  if (type === undefined)
    throw new TsopsError("COLUMN_NOT_FOUND", `The spine has no column "${column}" for ${role}.`, {
      hint: `It has ${Object.keys(types).join(", ")}.`,
      details: { column },
    });
  if (type.kind !== "timestamp")
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `Spine column "${column}" is ${type.kind}; ${role} needs a timestamp.`,
      {
        hint: "Declare it with timestamp().",
        details: { column },
      },
    );
}
