import { TsopsError } from "../errors.ts";
import { checkOptions, shown } from "../options.ts";
import type { ColumnType, ColumnTypes } from "../schema/column-type.ts";
import type { Table } from "../schema/table.ts";
import { durationMicros } from "../time/duration.ts";
import {
  aggregateKinds,
  type CheckedSpec,
  type Feature,
  type FeatureOf,
  type FeatureSpec,
} from "./feature.ts";
import { reservedFeatureNames } from "./feature-names.ts";

/** Named features of one entity from one table. */
export interface FeatureView<
  Name extends string = string,
  T extends Table = Table,
  F extends Readonly<Record<string, Feature>> = Readonly<Record<string, Feature>>,
  KeyMap extends Readonly<Record<string, string>> = Readonly<Record<string, string>>,
> {
  readonly name: Name;
  readonly table: T;
  readonly features: F;
  /** Longest age of a row, counted back from the spine time, inclusive. Absent: no limit. */
  readonly ttl?: string;
  /** A row counts only if it is at least this much older than the spine time. */
  readonly lag?: string;
  /** Whether a row exactly at (spine time - lag) counts. Default "inclusive". */
  readonly boundary?: "inclusive" | "exclusive";
  /** View key column -> spine column, where the names differ. */
  readonly keyMap?: KeyMap;
}

/** What `featureView` takes. */
export interface FeatureViewDefinition<
  Name extends string,
  T extends Table,
  F extends Readonly<Record<string, FeatureSpec>>,
  KeyMap extends Readonly<Record<string, string>>,
> {
  /** First part of the joined columns' names, `view__feature`. */
  readonly name: Name;
  readonly table: T;
  /** By feature name: `column`, `sum`, `count`, `mean`, `min`, `max`, `std`, `first`, `last`. */
  readonly features: F;
  readonly ttl?: string | undefined;
  readonly lag?: string | undefined;
  readonly boundary?: "inclusive" | "exclusive" | undefined;
  readonly keyMap?:
    | (KeyMap & {
        readonly [K in keyof KeyMap]: K extends T["keys"][number]
          ? string
          : `Table "${T["name"]}" has no key "${K & string}".`;
      })
    | undefined;
}

/**
 * Defines a feature view. For a spine row at time s, rows of the table with the same keys count when
 * `time <= s - lag` (`<` with boundary "exclusive") and `time >= s - ttl`; windows cover `(s - lag - w, s - lag]`
 * (`[s - lag - w, s - lag)` with "exclusive"). Which rows were known is decided by the join's `knownAt`.
 * @throws TsopsError COLUMN_NOT_FOUND, FEATURE_INVALID, FEATURE_NAME_CLASH, DURATION_INVALID
 * @example
 * const usage = featureView({
 *   name: "usage",
 *   table: rentals,
 *   features: { users: column("users"), users_7d: mean("users", "7d") },
 *   ttl: "30d",
 *   lag: "24h",
 * });
 */
export function featureView<
  const Name extends string,
  const T extends Table,
  const F extends Readonly<Record<string, FeatureSpec>>,
  // biome-ignore lint/complexity/noBannedTypes: an empty map, where no key is renamed
  const KeyMap extends Readonly<Record<string, string>> = {},
>(
  definition: FeatureViewDefinition<Name, T, F, KeyMap> & {
    readonly features: { readonly [K in keyof F]: CheckedSpec<T, F[K]> };
  },
): FeatureView<Name, T, { readonly [K in keyof F]: FeatureOf<T["columns"], F[K]> }, KeyMap> {
  checkOptions(
    "FEATURE_INVALID",
    "featureView()",
    definition as FeatureViewDefinition<string, Table, F, KeyMap>,
    {
      name: true,
      table: true,
      features: true,
      ttl: true,
      lag: true,
      boundary: true,
      keyMap: true,
    },
  );
  const { name, table, ttl, lag, boundary } = definition as FeatureViewDefinition<string, Table, F, KeyMap>;
  const keyMap = definition.keyMap as KeyMap | undefined;
  const invalid = (message: string, hint: string): TsopsError =>
    new TsopsError("FEATURE_INVALID", message, { hint, details: { view: name } });
  if (typeof name !== "string" || name === "")
    throw invalid("A feature view needs a name.", "Give it the first part of its columns' names.");
  if (typeof table !== "object" || table === null || !Array.isArray(table.keys))
    throw invalid(`View "${name}" has no table, got ${shown(table)}.`, "Give it one made by table().");
  if (
    typeof definition.features !== "object" ||
    definition.features === null ||
    Array.isArray(definition.features)
  )
    throw invalid(
      `View "${name}" has no features, got ${shown(definition.features)}.`,
      'Name at least one: features: { users: column("users") }.',
    );
  const names = Object.keys(definition.features);
  if (names.length === 0) throw invalid(`View "${name}" has no features.`, "Name at least one.");
  if (ttl !== undefined) durationMicros(ttl);
  if (lag !== undefined) durationMicros(lag);
  if (boundary !== undefined && boundary !== "inclusive" && boundary !== "exclusive")
    throw invalid(
      `View "${name}" has boundary ${JSON.stringify(boundary)}.`,
      'Use "inclusive" or "exclusive".',
    );
  for (const key of Object.keys(keyMap ?? {}))
    if (!table.keys.includes(key))
      throw invalid(
        `View "${name}" maps the key "${key}", which table "${table.name}" does not have.`,
        `Its keys are ${table.keys.join(", ") || "none"}.`,
      );
  const features: Record<string, Feature> = {};
  for (const feature of names) {
    if (feature === "" || feature === "__proto__")
      throw invalid(`View "${name}" has a feature named ${JSON.stringify(feature)}.`, "Rename it.");
    if (reservedFeatureNames.includes(feature))
      throw new TsopsError("FEATURE_NAME_CLASH", `View "${name}" has a feature named "${feature}".`, {
        hint: `Every view adds a column ${name}__${feature} of its own: rename the feature.`,
      });
    features[feature] = resolveFeature(
      name,
      table,
      feature,
      (definition.features as F)[feature] as FeatureSpec,
    );
  }
  return {
    name,
    table,
    features,
    ...(ttl === undefined ? {} : { ttl }),
    ...(lag === undefined ? {} : { lag }),
    ...(boundary === undefined ? {} : { boundary }),
    ...(keyMap === undefined ? {} : { keyMap }),
  } as unknown as FeatureView<Name, T, { readonly [K in keyof F]: FeatureOf<T["columns"], F[K]> }, KeyMap>;
}

function resolveFeature(view: string, table: Table, feature: string, spec: FeatureSpec): Feature {
  const columns: ColumnTypes = table.columns;
  if (typeof spec !== "object" || spec === null || typeof spec.column !== "string")
    throw new TsopsError("FEATURE_INVALID", `Feature "${feature}" of view "${view}" is ${shown(spec)}.`, {
      hint: 'Make it with column("users"), mean("users", "7d") and the like.',
      details: { view, feature },
    });
  const type = Object.hasOwn(columns, spec.column) ? columns[spec.column] : undefined;
  const label = `Feature "${feature}" of view "${view}"`;
  if (type === undefined)
    throw new TsopsError(
      "COLUMN_NOT_FOUND",
      `${label} reads column "${spec.column}", which table "${table.name}" does not have.`,
      {
        hint: `Its columns are ${Object.keys(columns).join(", ")}.`,
        details: { view, feature, column: spec.column },
      },
    );
  if (spec.from === "row") return { ...spec, type: { ...type, nullable: true } };
  const kinds: readonly string[] | undefined =
    spec.aggregate in aggregateKinds
      ? aggregateKinds[spec.aggregate as keyof typeof aggregateKinds]
      : undefined;
  if (kinds !== undefined && !kinds.includes(type.kind))
    throw new TsopsError(
      "FEATURE_INVALID",
      `${label} is ${spec.aggregate} of column "${spec.column}", which is ${type.kind}.`,
      { hint: `${spec.aggregate}() takes ${kinds.join(", ")} columns.`, details: { view, feature } },
    );
  if (typeof spec.window !== "string")
    throw new TsopsError("FEATURE_INVALID", `${label} has no window, got ${shown(spec.window)}.`, {
      hint: `Write ${spec.aggregate}(${JSON.stringify(spec.column)}, "7d").`,
      details: { view, feature },
    });
  if (durationMicros(spec.window) === 0n)
    throw new TsopsError("FEATURE_INVALID", `${label} has an empty window, "${spec.window}".`, {
      hint: "Give the window a length, or use column() for the latest row.",
      details: { view, feature },
    });
  return { ...spec, type: windowType(spec.aggregate, type) };
}

function windowType(aggregate: string, { unit, ...type }: ColumnType): ColumnType {
  const withUnit = unit === undefined ? {} : { unit };
  if (aggregate === "count") return { kind: "int64", nullable: true };
  if (aggregate === "sum" || aggregate === "mean" || aggregate === "std")
    return { kind: "float64", nullable: true, ...withUnit };
  return { ...type, nullable: true, ...withUnit };
}

/** Column types that a view's features have, by feature name. */
export type FeatureTypes<F extends Readonly<Record<string, Feature>>> = {
  readonly [K in keyof F]: F[K] extends Feature<infer C> ? C : never;
} & ColumnTypes;
