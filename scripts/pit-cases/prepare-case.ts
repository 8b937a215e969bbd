import {
  type ColumnKind,
  type Columns,
  type ColumnType,
  type ColumnTypes,
  column,
  columnsFromRows,
  type FeatureView,
  featureView,
  type KnownAt,
  type Table,
  table,
} from "@tsops/core";
import type { CaseView, Json, PitCase } from "./case-file.ts";
import {
  type CaseKind,
  columnKind,
  exactMicros,
  kindOf,
  parseNanos,
  parseTime,
  parseValue,
  Skipped,
} from "./case-values.ts";

/** One join of a case. A case with keys of several types is several joins: columns have one type. */
export interface PreparedJoin {
  /** Row of the case's spine by row of this spine. */
  readonly rows: readonly number[];
  readonly spine: Columns;
  readonly views: readonly FeatureView[];
  /** Rows of each view's table in ingest order, by table name. */
  readonly tables: Readonly<Record<string, { readonly table: Table; readonly rows: Columns }>>;
  readonly knownAt: KnownAt;
}

/** Name of view number `i` in the joins. Names of a case may be any text, so columns get names of their own. */
export const viewName = (i: number): string => `v${i}`;
/** Name of feature number `i` of a view. */
export const featureName = (i: number): string => `f${i}`;

type Row = Readonly<Record<string, Json>>;

/** Turns a case into joins by the public API. @throws Skipped, or an error about the case's values. */
export function prepareCase(given: PitCase): readonly PreparedJoin[] {
  const spineKeys = [
    ...new Set(given.views.flatMap((view) => view.keys.map((key) => view.key_map?.[key] ?? key))),
  ];
  const groups = new Map<string, number[]>();
  given.spine.forEach((row, i) => {
    const signature = JSON.stringify(spineKeys.map((key) => keyKind(row[key], given, key)));
    groups.set(signature, [...(groups.get(signature) ?? []), i]);
  });
  if (groups.size === 0) groups.set(JSON.stringify(spineKeys.map((key) => keyKind(null, given, key))), []);
  return [...groups].map(([signature, rows]) => {
    const kinds = JSON.parse(signature) as CaseKind[];
    const kindOfKey = new Map(spineKeys.map((key, i) => [key, kinds[i] as CaseKind]));
    return prepareJoin(given, rows, spineKeys, kindOfKey);
  });
}

/** Kind of a key; null keys match nothing, so they take the kind of any other value of the column. */
function keyKind(value: Json | undefined, given: PitCase, spineKey: string): CaseKind {
  const kind = kindOf(value);
  if (kind !== "null") return kind;
  const others = [
    ...given.spine.map((row) => row[spineKey]),
    ...given.views.flatMap((view) =>
      view.keys
        .filter((key) => (view.key_map?.[key] ?? key) === spineKey)
        .flatMap((key) => view.rows.map((row) => row[key])),
    ),
  ];
  return others.map(kindOf).find((other) => other !== "null") ?? "text";
}

function prepareJoin(
  given: PitCase,
  rows: readonly number[],
  spineKeys: readonly string[],
  kinds: ReadonlyMap<string, CaseKind>,
): PreparedJoin {
  const { options = {} } = given;
  const known = options.as_known_at;
  const knownColumn = known?.startsWith("col:") === true ? known.slice("col:".length) : null;
  const types: Record<string, ColumnType> = {};
  spineKeys.forEach((key, i) => {
    types[keyName(i)] = { kind: keyColumnKind(kinds.get(key) as CaseKind), nullable: true };
  });
  types["at"] = { kind: "timestamp", nullable: true };
  if (knownColumn !== null) types["known"] = { kind: "timestamp", nullable: true };
  const spine = rows.map((i) => {
    const row = given.spine[i] as Row;
    return {
      ...Object.fromEntries(spineKeys.map((key, number) => [keyName(number), keyValue(row[key])])),
      at: parseTime(row["ts"], options.timezone),
      ...(knownColumn === null ? {} : { known: parseTime(row[knownColumn], options.timezone) }),
    };
  });
  const tables: Record<string, { table: Table; rows: Columns }> = {};
  const views = given.views.map((view, i) => {
    const prepared = prepareView(given, view, i, spineKeys, kinds);
    tables[prepared.view.table.name] = { table: prepared.view.table, rows: prepared.rows };
    return prepared.view;
  });
  return { rows, spine: columns(types, spine), views, tables, knownAt: knownAtOf(known, options.timezone) };
}

function knownAtOf(known: string | undefined, zone: string | undefined): KnownAt {
  if (known === undefined) return "ignore";
  if (known === "spine") return "spine";
  return known.startsWith("col:") ? { column: "known" } : (parseTime(known, zone) as bigint);
}

function prepareView(
  given: PitCase,
  view: CaseView,
  number: number,
  spineKeys: readonly string[],
  kinds: ReadonlyMap<string, CaseKind>,
): { view: FeatureView; rows: Columns } {
  const { options = {} } = given;
  const zone = view.timezone ?? options.timezone;
  const keys = view.keys.map((key, i) => {
    const spineKey = view.key_map?.[key] ?? key;
    const name = keyName(spineKeys.indexOf(spineKey));
    return {
      key,
      kind: kinds.get(spineKey) as CaseKind,
      spine: name,
      column: spineKey === key ? name : `mapped${i}`,
    };
  });
  const types: Record<string, ColumnType> = {
    ts: { kind: "timestamp", nullable: false },
    created: { kind: "timestamp", nullable: true },
  };
  for (const { column: name, kind } of keys) types[name] = { kind: keyColumnKind(kind), nullable: true };
  view.features.forEach((feature, i) => {
    const values = view.rows.map((row) => row[feature]);
    types[featureName(i)] = {
      kind: columnKind(values, `feature ${feature} of view ${view.name}`),
      nullable: true,
    };
  });
  // A row with a key of another type, or without a time, matches nothing; tables do not hold the latter.
  const rows = view.rows.flatMap((row) => {
    const ts = parseTime(row["ts"], zone);
    const isOfKinds = keys.every(({ key, kind }) => [kind, "null"].includes(kindOf(row[key])));
    if (ts === null || !isOfKinds) return [];
    return [
      {
        ts,
        created: parseTime(row["created"], zone),
        ...Object.fromEntries(keys.map(({ key, column: name }) => [name, keyValue(row[key])])),
        ...Object.fromEntries(
          view.features.map((feature, i) => [
            featureName(i),
            featureValue(row[feature], types[featureName(i)]),
          ]),
        ),
      },
    ];
  });
  const definition = table({
    name: `t${number}`,
    columns: types as ColumnTypes,
    keys: keys.map((key) => key.column),
    eventTime: "ts" as never,
    availableAt: "created",
  }) as Table;
  const lastNonNull = choice(options.nulls, ["keep", "last_non_null"], "nulls") === "last_non_null";
  const boundary = choice(options.boundary, ["inclusive", "exclusive"], "boundary");
  const ttl = view.ttl ?? options.ttl;
  const lag = options.lag === undefined ? 0n : parseNanos(options.lag);
  const features = view.features.map((_, i) => [featureName(i), column(featureName(i), { lastNonNull })]);
  return {
    // A feature view has a feature; a case may only ask for time and status.
    view: featureView({
      name: viewName(number),
      table: definition,
      features:
        view.features.length === 0 ? { [featureName(0)]: column("ts") } : Object.fromEntries(features),
      ttl: ttl === undefined ? undefined : exactMicros(parseNanos(ttl), "at most"),
      lag: exactMicros(lag, boundary === "exclusive" ? "more than" : "at least"),
      boundary,
      keyMap: Object.fromEntries(
        keys.filter((key) => key.column !== key.spine).map((key) => [key.column, key.spine]),
      ),
    }),
    rows: columns(types, rows),
  };
}

function keyName(i: number): string {
  return `k${i}`;
}

function keyColumnKind(kind: CaseKind): ColumnKind {
  return kind === "text" ? "utf8" : kind === "boolean" ? "bool" : "int64";
}

function keyValue(value: Json | undefined): bigint | string | boolean | null {
  const parsed = parseValue(value);
  if (typeof parsed !== "number") return parsed;
  if (!Number.isSafeInteger(parsed) || Object.is(parsed, -0))
    throw new Skipped(`keys are not floats, and ${value} is one`);
  return BigInt(parsed);
}

function featureValue(value: Json | undefined, type: ColumnType | undefined): ReturnType<typeof parseValue> {
  return type?.kind === "utf8" ? ((value ?? null) as string | null) : parseValue(value);
}

function choice<T extends string>(value: string | undefined, known: readonly [T, ...T[]], name: string): T {
  if (value === undefined) return known[0];
  const found = known.find((candidate) => candidate === value);
  if (found === undefined)
    throw new Error(`options.${name} is ${JSON.stringify(value)}, not ${known.join(" or ")}.`);
  return found;
}

function columns(types: Readonly<Record<string, ColumnType>>, rows: readonly object[]): Columns {
  return columnsFromRows(types, rows as never) as Columns;
}
