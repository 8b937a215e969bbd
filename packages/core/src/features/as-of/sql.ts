import type { ViewPlan } from "./plan.ts";

/** Relations that a query reads, as text for a FROM clause. */
export interface SortedRowsSource {
  /** Columns `n` (key number below 2^31) and `k0`, `k1`, ... (the parts of the key). */
  readonly keys: string;
  /** The table's columns by name, and `_ingest_version`, `_ingest_row`. */
  readonly table: string;
}

/**
 * Reads the rows of a view's table whose keys are wanted, in the order that `joinSortedRows` takes: by key number, event
 * time, available at (null first), ingest. Columns of the result: `n` (INTEGER), then `c0`, `c1`, ... as in `columns`.
 */
export function sortedRowsSql(view: ViewPlan, columns: readonly string[], source: SortedRowsSource): string {
  const selected = columns.map((name, i) => `t.${quoteName(name)} AS c${i}`);
  const order = [
    "k.n::INTEGER",
    `t.${quoteName(view.eventTime)}`,
    ...(view.availableAt === null ? [] : [`t.${quoteName(view.availableAt)} NULLS FIRST`]),
    "t._ingest_version",
    "t._ingest_row",
  ];
  return `SELECT ${["k.n::INTEGER AS n", ...selected].join(", ")}
FROM ${source.table} t JOIN ${source.keys} k ON ${keysEqual("t", "k", view)}
ORDER BY ${order.join(", ")}`;
}

/** Relations that `asOfSql` reads. */
export interface AsOfSqlSource {
  /** Columns `n` (spine row number), `upto` (latest event time that counts) and `k0`, `k1`, ...; no nulls. */
  readonly spine: string;
  /** The table's columns by name, and `_ingest_version`, `_ingest_row`. */
  readonly table: string;
  /** Text of an instant as SQL. */
  readonly instant: (micros: bigint) => string;
}

/**
 * The latest row for each spine row with DuckDB's ASOF JOIN, for a view of plain columns that goes by event time only or by
 * one instant of knowledge. Columns of the result: `n`, `event_time`, then `c0`, `c1`, ... as in `columns`; spine rows
 * without a match are left out, and the ttl is not applied.
 *
 * An ASOF JOIN takes any of several rows of one time, so it finds the time only; which of them counts (latest available,
 * then latest ingested) is decided afterwards, among rows at times that were found. The table is read twice, each time only
 * the columns that are needed.
 */
export function asOfSql(view: ViewPlan, columns: readonly string[], source: AsOfSqlSource): string {
  const keys = view.keys.map((key) => quoteName(key.column));
  const time = quoteName(view.eventTime);
  const where =
    view.knownAt.by === "instant" && view.availableAt !== null
      ? ` WHERE ${quoteName(view.availableAt)} <= ${source.instant(view.knownAt.micros)}`
      : "";
  const timeColumns = [...keys, time].join(", ");
  const latestFirst = [
    ...(view.availableAt === null ? [] : [`t.${quoteName(view.availableAt)} DESC NULLS LAST`]),
    "t._ingest_version DESC",
    "t._ingest_row DESC",
  ].join(", ");
  const partition = [...keys, time].map((name) => `t.${name}`).join(", ");
  const samePlace = (a: string, b: string): string =>
    [...keys, time].map((name) => `${a}.${name} = ${b}.${name}`).join(" AND ");
  const selected = columns.map((name, i) => `, t.${quoteName(name)} AS c${i}`).join("");
  return `WITH eligible AS NOT MATERIALIZED (SELECT * FROM ${source.table}${where}),
matched AS (
  SELECT s.n, ${[...keys, time].map((name) => `t.${name}`).join(", ")}
  FROM ${source.spine} s ASOF JOIN (SELECT ${timeColumns} FROM eligible) t
    ON ${keysEqual("t", "s", view)} AND s.upto >= t.${time}
),
found AS (SELECT DISTINCT ${timeColumns} FROM matched),
latest AS (
  SELECT t.* FROM eligible t JOIN found f ON ${samePlace("t", "f")}
  QUALIFY row_number() OVER (PARTITION BY ${partition} ORDER BY ${latestFirst}) = 1
)
SELECT m.n::DOUBLE AS n, t.${time} AS event_time${selected}
FROM matched m JOIN latest t ON ${samePlace("m", "t")}`;
}

/**
 * Spine rows that have any row of their key in time, known or not: what tells "not yet known" from "missing". Column `n`.
 */
export function anyInTimeSql(view: ViewPlan, source: Omit<AsOfSqlSource, "instant">): string {
  const keys = view.keys.map((key) => quoteName(key.column));
  const group = keys.length === 0 ? "" : ` GROUP BY ${keys.join(", ")}`;
  return `SELECT s.n::DOUBLE AS n
FROM ${source.spine} s
JOIN (SELECT ${[...keys, `min(${quoteName(view.eventTime)}) AS earliest`].join(", ")} FROM ${source.table}${group}) t
  ON ${keysEqual("t", "s", view)} AND t.earliest <= s.upto`;
}

/** Equality of a view's keys with the columns k0, k1, ...; always true without keys. Null equals nothing. */
function keysEqual(table: string, keys: string, view: ViewPlan): string {
  if (view.keys.length === 0) return "true";
  return view.keys.map(({ column }, i) => `${table}.${quoteName(column)} = ${keys}.k${i}`).join(" AND ");
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
