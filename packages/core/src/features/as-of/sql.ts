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
  // Inside, columns of the table have names of our own: theirs may be any.
  const keys = view.keys.map((key, i) => `${quoteName(key.column)} AS k${i}`);
  const place = [...view.keys.map((_, i) => `k${i}`), "found_at"];
  const of = (table: string): string => place.map((name) => `${table}.${name}`).join(", ");
  const same = (one: string, other: string): string =>
    place.map((name) => `${one}.${name} = ${other}.${name}`).join(" AND ");
  const time = quoteName(view.eventTime);
  const where =
    view.knownAt.by === "instant" && view.availableAt !== null
      ? ` WHERE ${quoteName(view.availableAt)} <= ${source.instant(view.knownAt.micros)}`
      : "";
  const latestFirst = [
    ...(view.availableAt === null ? [] : [`t.${quoteName(view.availableAt)} DESC NULLS LAST`]),
    "t._ingest_version DESC",
    "t._ingest_row DESC",
  ].join(", ");
  const read = columns.map((name, i) => `, t.${quoteName(name)} AS c${i}`).join("");
  const given = columns.map((_, i) => `, l.c${i}`).join("");
  return `WITH eligible AS NOT MATERIALIZED (SELECT * FROM ${source.table}${where}),
matched AS (
  SELECT s.n, ${of("t")}
  FROM ${source.spine} s ASOF JOIN (SELECT ${[...keys, `${time} AS found_at`].join(", ")} FROM eligible) t
    ON ${[...view.keys.map((_, i) => `t.k${i} = s.k${i}`), "s.upto >= t.found_at"].join(" AND ")}
),
found AS (SELECT DISTINCT ${place.join(", ")} FROM matched),
latest AS (
  SELECT ${of("f")}${read}
  FROM eligible t JOIN found f ON ${keysEqual("t", "f", view)} AND t.${time} = f.found_at
  QUALIFY row_number() OVER (PARTITION BY ${of("f")} ORDER BY ${latestFirst}) = 1
)
SELECT m.n::DOUBLE AS n, m.found_at AS event_time${given}
FROM matched m JOIN latest l ON ${same("m", "l")}`;
}

/**
 * Spine rows that have any row of their key in time, known or not: what tells "not yet known" from "missing". Column `n`.
 */
export function anyInTimeSql(view: ViewPlan, source: Omit<AsOfSqlSource, "instant">): string {
  const keys = view.keys.map((key, i) => `${quoteName(key.column)} AS k${i}`);
  const earliest = `min(${quoteName(view.eventTime)}) AS earliest`;
  return `SELECT s.n::DOUBLE AS n
FROM ${source.spine} s
JOIN (SELECT ${[...keys, earliest].join(", ")} FROM ${source.table} GROUP BY ALL) t
  ON ${[...view.keys.map((_, i) => `t.k${i} = s.k${i}`), "t.earliest <= s.upto"].join(" AND ")}`;
}

/** Equality of a view's keys with the columns k0, k1, ...; always true without keys. Null equals nothing. */
function keysEqual(table: string, keys: string, view: ViewPlan): string {
  if (view.keys.length === 0) return "true";
  return view.keys.map(({ column }, i) => `${table}.${quoteName(column)} = ${keys}.k${i}`).join(" AND ");
}

function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
