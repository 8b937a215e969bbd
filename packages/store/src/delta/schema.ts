import {
  type ColumnKind,
  type ColumnType,
  type ColumnTypes,
  compareSchemas,
  type Table,
  TsopsError,
} from "@tsops/core";
import type { MetaDataAction } from "./actions.ts";

/** Columns that tsops keeps beside a table's own: when and in which commit a row was written, and its place in it. */
export const ingestTypes = {
  _ingest_time: { kind: "timestamp", nullable: true },
  _ingest_version: { kind: "int64", nullable: true },
  _ingest_row: { kind: "int64", nullable: true },
} as const satisfies ColumnTypes;

/** Types of the ingest columns. */
export type IngestTypes = typeof ingestTypes;

/** A column that tsops cannot read, by name and Delta type. */
export interface UnreadableColumn {
  readonly name: string;
  readonly type: string;
}

/** What a table's metadata says about its columns. */
export interface TableSchema {
  /** Readable columns without the ingest columns, in order. */
  readonly types: ColumnTypes;
  /** Delta type of each of them. */
  readonly deltaTypes: ReadonlyMap<string, string>;
  readonly unreadable: readonly UnreadableColumn[];
  /** Whether the table has the ingest columns. */
  readonly hasIngest: boolean;
  /** Our definition; null for a table that another tool created. */
  readonly definition: Table | null;
}

const deltaTypeOf: Readonly<Record<ColumnKind, string>> = {
  float64: "double",
  int64: "long",
  utf8: "string",
  bool: "boolean",
  timestamp: "timestamp",
};

/** Delta types by what they are read as, and the DuckDB type they are written as. */
const readable: Readonly<Record<string, { readonly kind: ColumnKind; readonly sql: string }>> = {
  double: { kind: "float64", sql: "DOUBLE" },
  float: { kind: "float64", sql: "FLOAT" },
  long: { kind: "int64", sql: "BIGINT" },
  integer: { kind: "int64", sql: "INTEGER" },
  short: { kind: "int64", sql: "SMALLINT" },
  byte: { kind: "int64", sql: "TINYINT" },
  string: { kind: "utf8", sql: "VARCHAR" },
  boolean: { kind: "bool", sql: "BOOLEAN" },
  timestamp: { kind: "timestamp", sql: "TIMESTAMPTZ" },
  date: { kind: "timestamp", sql: "DATE" },
};

const settings = {
  name: "tsops.name",
  keys: "tsops.keys",
  eventTime: "tsops.eventTime",
  availableAt: "tsops.availableAt",
} as const;

interface DeltaField {
  readonly name: string;
  readonly type: unknown;
  readonly nullable: boolean;
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The metaData action of a new table. */
export function metaDataOf(definition: Table, id: string, createdTimeMs: number): MetaDataAction {
  const fields = Object.entries({ ...definition.columns, ...ingestTypes }).map(
    ([name, type]: [string, ColumnType]): DeltaField => ({
      name,
      type: deltaTypeOf[type.kind],
      nullable: type.nullable,
      metadata: {
        ...(type.unit === undefined ? {} : { "tsops.unit": type.unit }),
        ...(type.zone === undefined ? {} : { "tsops.zone": type.zone }),
      },
    }),
  );
  return {
    id,
    name: definition.name,
    format: { provider: "parquet", options: {} },
    schemaString: JSON.stringify({ type: "struct", fields }),
    partitionColumns: [],
    configuration: {
      [settings.name]: definition.name,
      [settings.keys]: JSON.stringify(definition.keys),
      [settings.eventTime]: definition.eventTime,
      ...(definition.availableAt === undefined ? {} : { [settings.availableAt]: definition.availableAt }),
    },
    createdTime: createdTimeMs,
  };
}

/** @throws TsopsError SCHEMA_INVALID for columns named like those that tsops keeps */
export function refuseReservedNames(types: ColumnTypes): void {
  const reserved = Object.keys(types).filter((name) => name.toLowerCase().startsWith("_ingest_"));
  if (reserved.length > 0)
    throw new TsopsError(
      "SCHEMA_INVALID",
      `Column names beginning with _ingest_ are reserved: ${reserved.join(", ")}.`,
      {
        hint: "Rename the columns.",
        details: { columns: reserved },
      },
    );
  const seen = new Map<string, string>();
  for (const name of Object.keys(types)) {
    const other = seen.get(name.toLowerCase());
    if (other !== undefined)
      throw new TsopsError("SCHEMA_INVALID", `Columns "${other}" and "${name}" differ only in case.`, {
        hint: "Rename one of them: Delta Lake's column names do not depend on case.",
        details: { columns: [other, name] },
      });
    seen.set(name.toLowerCase(), name);
  }
}

/**
 * Reads a table's schema.
 * @throws TsopsError STORE_CORRUPT when the schema or our settings are damaged
 */
export function schemaOf(metaData: MetaDataAction): TableSchema {
  const types: Record<string, ColumnType> = {};
  const deltaTypes = new Map<string, string>();
  const unreadable: UnreadableColumn[] = [];
  let ingest = 0;
  for (const field of fieldsOf(metaData)) {
    const typeName = typeof field.type === "string" ? field.type : JSON.stringify(field.type);
    const kind = kindOf(typeName);
    if (Object.hasOwn(ingestTypes, field.name)) ingest++;
    else if (kind === null) unreadable.push({ name: field.name, type: typeName });
    else {
      types[field.name] = typeFrom(kind, field);
      deltaTypes.set(field.name, typeName);
    }
  }
  return {
    types,
    deltaTypes,
    unreadable,
    hasIngest: ingest === Object.keys(ingestTypes).length,
    definition: definitionOf(metaData, types),
  };
}

/** The DuckDB type in which a column is written, so that other tools find the type that the log promises. */
export function sqlTypeOf(schema: TableSchema, name: string): string {
  const typeName = schema.deltaTypes.get(name) as string;
  const decimal = /^decimal\((\d+),\s*(\d+)\)$/.exec(typeName);
  return decimal === null
    ? (readable[typeName] as { sql: string }).sql
    : `DECIMAL(${decimal[1]}, ${decimal[2]})`;
}

function kindOf(typeName: string): ColumnKind | null {
  if (/^decimal\(\d+,\s*\d+\)$/.test(typeName)) return "float64";
  return Object.hasOwn(readable, typeName) ? (readable[typeName]?.kind ?? null) : null;
}

function typeFrom(kind: ColumnKind, field: DeltaField): ColumnType {
  const unit = field.metadata?.["tsops.unit"];
  const zone = field.metadata?.["tsops.zone"];
  return {
    kind,
    nullable: field.nullable,
    ...(typeof unit === "string" ? { unit } : {}),
    ...(typeof zone === "string" ? { zone } : {}),
  };
}

function fieldsOf(metaData: MetaDataAction): readonly DeltaField[] {
  let schema: unknown;
  try {
    schema = JSON.parse(metaData.schemaString);
  } catch (cause) {
    throw corrupt("its schemaString is not JSON", cause);
  }
  const fields = (schema as { fields?: unknown } | null)?.fields;
  if (!Array.isArray(fields)) throw corrupt("its schemaString has no fields");
  const nameless = fields.findIndex((field) => typeof field?.name !== "string" || field.type === undefined);
  if (nameless >= 0) throw corrupt(`field ${nameless + 1} of its schemaString has no name or no type`);
  return fields as DeltaField[];
}

function definitionOf(metaData: MetaDataAction, types: ColumnTypes): Table | null {
  const found = metaData.configuration ?? {};
  const name = found[settings.name];
  const eventTime = found[settings.eventTime];
  const availableAt = found[settings.availableAt];
  if (name === undefined || eventTime === undefined) return null;
  let keys: unknown;
  try {
    keys = JSON.parse(found[settings.keys] ?? "[]");
  } catch (cause) {
    throw corrupt(`its ${settings.keys} is not JSON`, cause);
  }
  const named = [
    ...(Array.isArray(keys) ? keys : []),
    eventTime,
    ...(availableAt === undefined ? [] : [availableAt]),
  ];
  const missing = named.filter((column) => typeof column !== "string" || !Object.hasOwn(types, column));
  if (!Array.isArray(keys) || missing.length > 0)
    throw corrupt(`it names ${missing.join(", ") || settings.keys}, which is not among its columns`);
  return {
    name,
    columns: types,
    keys: keys as string[],
    eventTime,
    ...(availableAt === undefined ? {} : { availableAt }),
  } as unknown as Table;
}

function corrupt(problem: string, cause?: unknown): TsopsError {
  return new TsopsError("STORE_CORRUPT", `The table's metadata is damaged: ${problem}.`, {
    hint: "Restore the _delta_log directory from a copy of the table.",
    cause,
  });
}

/**
 * Checks the definition that a caller expects against what a table says of itself.
 * @throws TsopsError SCHEMA_MISMATCH; `details` says what differs
 */
export function assertDefinition(expected: Table, found: TableSchema): void {
  const where = `Table "${expected.name}"`;
  const stored = found.definition;
  const columns = withoutLooseNulls(found.types, expected.columns);
  const there = compareSchemas(expected.columns, columns);
  const back = compareSchemas(columns, expected.columns);
  const parts: string[] = [];
  if (there !== null || back !== null) {
    const { missing, extra, wrongKind } = there ?? { missing: [], extra: [], wrongKind: [] };
    if (missing.length > 0) parts.push(`the stored table lacks ${missing.join(", ")}`);
    if (extra.length > 0) parts.push(`the stored table also has ${extra.join(", ")}`);
    for (const { column, expected: wanted, actual } of wrongKind)
      parts.push(`${column} is stored as ${actual}, not ${wanted}`);
    for (const column of back?.unexpectedNullable ?? []) parts.push(`${column} is stored as not nullable`);
  }
  for (const role of ["keys", "eventTime", "availableAt"] as const) {
    const [wanted, actual] = [String(expected[role] ?? "none"), String(stored?.[role] ?? "none")];
    if (stored !== null && wanted !== actual)
      parts.push(`${role} is stored as ${actual || "none"}, not ${wanted || "none"}`);
  }
  if (parts.length === 0) return;
  throw new TsopsError(
    "SCHEMA_MISMATCH",
    `${where} is stored with another definition: ${parts.join("; ")}.`,
    {
      hint: "Use the stored definition, or write to a table of another name.",
      details: { differences: parts },
    },
  );
}

/**
 * The stored types, not nullable where `expected` is not: other tools declare columns as nullable when they create or extend
 * a table. Nulls are then refused where they are read.
 */
function withoutLooseNulls(types: ColumnTypes, expected: ColumnTypes): ColumnTypes {
  return Object.fromEntries(
    Object.entries(types).map(([name, type]) => [
      name,
      Object.hasOwn(expected, name) && !expected[name]?.nullable ? { ...type, nullable: false } : type,
    ]),
  );
}
