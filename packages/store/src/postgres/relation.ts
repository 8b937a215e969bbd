import {
  type ColumnKind,
  type ColumnType,
  resolveZone,
  type Table,
  TsopsError,
  type Zone,
} from "@tsops/core";
import type { Session } from "./session.ts";
import { quoteName } from "./sql-text.ts";

/** A type of PostgreSQL that is read as text, by a cast, and not written. */
export type CastType = "bpchar" | "citext" | "enum" | "name" | "uuid";

/** A type of PostgreSQL whose values a column kind holds exactly. */
export type ServerType =
  | CastType
  | "bool"
  | "date"
  | "float4"
  | "float8"
  | "int2"
  | "int4"
  | "int8"
  | "text"
  | "timestamp"
  | "timestamptz"
  | "varchar";

/** A column of the table, as the database has it. */
export interface RelationColumn {
  readonly name: string;
  readonly type: ColumnType;
  readonly serverType: ServerType;
  /** Of `timestamp` and `date`: where their clocks hang. */
  readonly zone: Zone | null;
  /** Whether the database orders its text by bytes. */
  readonly isByteOrdered: boolean;
  /** Whether the database takes texts for equal only when their bytes are. */
  readonly isByteEqual: boolean;
}

/** The database's table. */
export interface Relation {
  /** In SQL. */
  readonly sql: string;
  /** By name, in the table's order. */
  readonly columns: ReadonlyMap<string, RelationColumn>;
  /** The schema of TimescaleDB's functions in SQL; null where the extension is not there. */
  readonly timescaleSchema: string | null;
}

/** What each kind is read from, the best first. */
const readable: Readonly<Record<ColumnKind, readonly ServerType[]>> = {
  float64: ["float8", "float4", "int4", "int2"],
  int64: ["int8", "int4", "int2"],
  utf8: ["text", "varchar", "uuid", "enum", "bpchar", "citext", "name"],
  bool: ["bool"],
  timestamp: ["timestamptz", "timestamp", "date"],
};

/** What a kind cannot be written to although it is read from it. */
const writable: Readonly<Record<ColumnKind, readonly ServerType[]>> = {
  ...readable,
  float64: ["float8", "float4"],
  utf8: ["text", "varchar"],
  timestamp: ["timestamptz", "timestamp"],
};

/** The relation that the definition describes, without a look into the database: what a call asks for can be checked against it. */
export function declaredRelation(table: Table, sql: string): Relation {
  const columns = Object.entries(table.columns).map(([name, type]): [string, RelationColumn] => {
    const [serverType] = readable[type.kind] as readonly [ServerType];
    return [name, { name, type, serverType, zone: null, isByteOrdered: true, isByteEqual: true }];
  });
  return { sql, columns: new Map(columns), timescaleSchema: null };
}

const catalog = `
SELECT a.attname::text,
  (WITH RECURSIVE base AS (
     SELECT t.typname, t.typbasetype, t.typtype
     UNION ALL
     SELECT u.typname, u.typbasetype, u.typtype FROM base JOIN pg_type u ON u.oid = base.typbasetype
   ) SELECT CASE typtype WHEN 'e' THEN 'enum' ELSE typname::text END FROM base WHERE typbasetype = 0),
  format_type(a.atttypid, a.atttypmod),
  (COALESCE(k.collname, '') IN ('C', 'POSIX', 'ucs_basic'))::text,
  COALESCE(k.collisdeterministic, true)::text,
  (SELECT quote_ident(n.nspname) FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE e.extname = 'timescaledb')
FROM pg_attribute a
JOIN pg_type t ON t.oid = a.atttypid
LEFT JOIN pg_collation k ON k.oid = a.attcollation
WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped`;

/** Relations whose names differ in capitals only, or that lie in another schema. */
const namesakes = `
SELECT format('%I.%I', n.nspname, c.relname)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND lower(c.relname) = (SELECT lower(part) FROM unnest(parse_ident($1)) WITH ORDINALITY AS p(part, i) ORDER BY i DESC LIMIT 1)
ORDER BY 1 LIMIT 5`;

/**
 * Looks the database's table up and checks that it has what the definition says.
 * @throws TsopsError STORE_NOT_FOUND; SCHEMA_INVALID, TIME_ZONE_MISSING for a column that does not fit
 */
export async function findRelation(
  session: Session,
  table: Table,
  sql: string,
  purpose: "read" | "write",
): Promise<Relation> {
  const found = new Map<string, readonly (string | null)[]>();
  for (const row of await session.rows(catalog, [sql])) found.set(row[0] as string, row);
  if (found.size === 0) {
    const alike = (await session.rows(namesakes, [sql])).map(([name]) => name);
    throw new TsopsError("STORE_NOT_FOUND", `The database has no table ${sql}.`, {
      hint:
        alike.length > 0
          ? `Did you mean ${alike.join(" or ")}? Capital letters count.`
          : "Create it with createTable(), or name it by `relation`.",
      details: { relation: sql },
    });
  }
  const columns = new Map<string, RelationColumn>();
  for (const [name, type] of Object.entries(table.columns)) {
    const row = found.get(name);
    if (row === undefined)
      throw new TsopsError("SCHEMA_INVALID", `The table ${sql} has no column "${name}".`, {
        hint: `It has ${[...found.keys()].join(", ")}.`,
        details: { column: name },
      });
    columns.set(name, columnOf(name, type, row, sql, purpose));
  }
  const [first] = found.values();
  return { sql, columns, timescaleSchema: first?.[5] ?? null };
}

function columnOf(
  name: string,
  type: ColumnType,
  [, typeName, fullType, isByteOrdered, isByteEqual]: readonly (string | null)[],
  sql: string,
  purpose: "read" | "write",
): RelationColumn {
  const allowed = (purpose === "read" ? readable : writable)[type.kind];
  const serverType = allowed.find((each) => each === typeName);
  const details = { column: name, expected: type.kind, actual: fullType };
  if (serverType === undefined)
    throw new TsopsError(
      "SCHEMA_INVALID",
      `Column "${name}" of ${sql} is ${fullType}, which cannot be ${purpose === "read" ? "read as" : "written from"} ${type.kind}.`,
      { hint: hintFor(name, typeName ?? "", allowed), details },
    );
  const isLocal = serverType === "timestamp" || serverType === "date";
  if (isLocal && type.zone === undefined)
    throw new TsopsError(
      "TIME_ZONE_MISSING",
      `Column "${name}" of ${sql} is ${fullType}: its values are no instants until a zone is declared.`,
      { hint: `Declare where its clocks hang: timestamp({ zone: "Europe/Berlin" }).`, details },
    );
  return {
    name,
    type,
    serverType,
    zone: isLocal ? resolveZone(type.zone as string) : null,
    isByteOrdered: isByteOrdered === "true",
    isByteEqual: isByteEqual === "true",
  };
}

function hintFor(name: string, typeName: string, allowed: readonly ServerType[]): string {
  const [best] = allowed;
  const cast = `${quoteName(name)}::${best}`;
  if (typeName === "numeric")
    return `numeric has more digits than any column here holds: read a view with ${cast}, so that the rounding is your decision.`;
  return `It needs ${allowed.join(", ")}: change the definition's type, or read a view with ${cast}.`;
}
