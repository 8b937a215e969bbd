import {
  Bool,
  DataType,
  Dictionary,
  Field,
  Float64,
  Int32,
  Int64,
  Schema,
  TimestampMicrosecond,
  Utf8,
} from "apache-arrow";
import { TsopsError } from "../errors.ts";
import { assertColumnTypes } from "../schema/check-schema.ts";
import type { ColumnKind, ColumnType, ColumnTypes } from "../schema/column-type.ts";
import { type Table, table } from "../schema/table.ts";

interface ArrowByKind {
  float64: Float64;
  int64: Int64;
  utf8: Dictionary<Utf8, Int32>;
  bool: Bool;
  timestamp: TimestampMicrosecond;
}

/** The Arrow types of a set of columns. */
export type ArrowTypes<S extends ColumnTypes> = {
  [K in keyof S & string]: S[K] extends ColumnType<infer Kind> ? ArrowByKind[Kind] : never;
};

const tableKey = "tsops.table";
const unitKey = "tsops.unit";
const zoneKey = "tsops.zone";

/**
 * The Arrow schema of column types or of a table: float64, int64, bool, `timestamp[us, UTC]`, and text as
 * `dictionary<utf8, int32>`. Units and zones go to field metadata (`tsops.unit`, `tsops.zone`), a table's name, keys, event
 * time and available-at column to schema metadata (`tsops.table`), so that `columnTypesOf` and `tableOf` give them back.
 */
export function arrowSchema<S extends ColumnTypes>(source: Table<string, S>): Schema<ArrowTypes<S>>;
/** The Arrow schema of column types without a table. */
export function arrowSchema<S extends ColumnTypes>(source: S): Schema<ArrowTypes<S>>;
export function arrowSchema(source: ColumnTypes | Table): Schema {
  const definition = isTable(source) ? source : null;
  const types = definition === null ? (source as ColumnTypes) : definition.columns;
  assertColumnTypes(types);
  // Dictionary ids count up within a schema instead of within the process: equal types give equal schemas.
  let dictionaries = 0;
  const fields = Object.entries(types).map(([name, type]) => {
    const metadata = new Map<string, string>();
    if (type.unit !== undefined) metadata.set(unitKey, type.unit);
    if (type.zone !== undefined) metadata.set(zoneKey, type.zone);
    return new Field(
      name,
      arrowType(type.kind, () => dictionaries++),
      type.nullable,
      metadata,
    );
  });
  const metadata = new Map<string, string>();
  if (definition !== null) {
    const { name, keys, eventTime, availableAt } = definition;
    metadata.set(tableKey, JSON.stringify({ name, keys, eventTime, availableAt }));
  }
  return new Schema(fields, metadata);
}

function isTable(source: ColumnTypes | Table): source is Table {
  return "columns" in source && !("kind" in source.columns);
}

function arrowType(kind: ColumnKind, nextDictionary: () => number): DataType {
  switch (kind) {
    case "float64":
      return new Float64();
    case "int64":
      return new Int64();
    case "bool":
      return new Bool();
    case "timestamp":
      return new TimestampMicrosecond("UTC");
    case "utf8":
      return new Dictionary(new Utf8(), new Int32(), nextDictionary());
  }
}

/**
 * The column types that `fromArrow` gives a schema's fields: integers of any width become int64, floats float64, text
 * and dictionaries of text utf8, timestamps and dates timestamp.
 * @throws TsopsError SCHEMA_INVALID for types that tsops has no column for (decimals, lists, structs, ...).
 */
export function columnTypesOf(schema: Schema): ColumnTypes {
  const types: Record<string, ColumnType> = {};
  for (const field of schema.fields) {
    const kind = kindOf(field.type);
    if (kind === null)
      throw new TsopsError(
        "SCHEMA_INVALID",
        `Column "${field.name}" is ${field.type}, which tsops has no type for.`,
        {
          hint: "Cast it to a number, text, boolean or timestamp, or select the other columns by giving their types.",
          details: { column: field.name, type: String(field.type) },
        },
      );
    if (Object.hasOwn(types, field.name))
      throw new TsopsError("SCHEMA_INVALID", `Two columns are called "${field.name}".`, {
        hint: "Rename one of them.",
      });
    const unit = field.metadata.get(unitKey);
    const zone = kind === "timestamp" ? field.metadata.get(zoneKey) : undefined;
    types[field.name] = {
      kind,
      nullable: field.nullable,
      ...(unit === undefined ? {} : { unit }),
      ...(zone === undefined ? {} : { zone }),
    };
  }
  assertColumnTypes(types);
  return types;
}

/** The column kind that holds an Arrow type's values without loss, or null. */
export function kindOf(type: DataType): ColumnKind | null {
  if (DataType.isDictionary(type)) return isText(type.dictionary) ? "utf8" : null;
  if (isText(type)) return "utf8";
  if (DataType.isBool(type)) return "bool";
  if (DataType.isInt(type)) return "int64";
  if (DataType.isFloat(type)) return "float64";
  if (DataType.isTimestamp(type) || DataType.isDate(type)) return "timestamp";
  return null;
}

function isText(type: DataType): boolean {
  return DataType.isUtf8(type) || DataType.isLargeUtf8(type) || DataType.isUtf8View(type);
}

/**
 * The table definition that an Arrow schema carries, or null when it carries none.
 * @throws TsopsError SCHEMA_INVALID when it names columns that the schema lacks.
 */
export function tableOf(schema: Schema): Table | null {
  const text = schema.metadata.get(tableKey);
  if (text === undefined) return null;
  let parsed: Record<string, unknown>;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new TsopsError("SCHEMA_INVALID", `The Arrow metadata "${tableKey}" is not JSON.`, {
      hint: "Remove it, or write it with arrowSchema(table).",
      cause,
    });
  }
  const { name, keys, eventTime, availableAt } = parsed;
  return table({
    name: name as string,
    columns: columnTypesOf(schema),
    keys: Array.isArray(keys) ? keys : [],
    eventTime: eventTime as string,
    ...(availableAt === undefined ? {} : { availableAt: availableAt as string }),
  });
}
