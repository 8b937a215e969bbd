import { type BinaryArray, type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import type { ColumnKind, ColumnType } from "../../schema/column-type.ts";
import type { Column, Columns } from "../../schema/columns.ts";
import { compactDictionary } from "../../schema/dictionary.ts";
import type { Table } from "../../schema/table.ts";

const kind = "online-features";
const version = 1;
const arrayTypes = {
  float64: "float64",
  int64: "int64",
  timestamp: "int64",
  bool: "uint8",
  utf8: "int32",
} as const;

interface SavedColumn {
  readonly [key: string]: JsonValue | undefined;
  readonly name: string;
  readonly hasNulls: boolean;
  readonly dictionary?: readonly string[];
}
interface SavedTable {
  readonly [key: string]: JsonValue | undefined;
  readonly name: string;
  readonly rows: number;
  readonly columns: readonly SavedColumn[];
}

/** The state of `onlineFeatures` as bytes: rows of every table in order of arrival. */
export function writeSnapshot(
  tables: Readonly<Record<string, Columns>>,
  definition: string,
  horizon: bigint | null,
): Uint8Array {
  const arrays: Record<string, BinaryArray> = {};
  const saved = Object.entries(tables).map(([table, rows]): SavedTable => {
    const columns = Object.keys(rows.types).map((name): SavedColumn => {
      const found = rows.data[name] as Column;
      const column = found.kind === "utf8" ? compactDictionary(found) : found;
      const values = column.kind === "utf8" ? column.codes : column.values;
      arrays[`${table}/${name}`] = values as BinaryArray;
      if (column.valid !== null) arrays[`${table}/${name}/valid`] = column.valid as Uint8Array<ArrayBuffer>;
      const hasNulls = column.valid !== null;
      return column.kind === "utf8" ? { name, hasNulls, dictionary: column.dictionary } : { name, hasNulls };
    });
    return { name: table, rows: rows.length, columns };
  });
  const header = { definition, horizon: horizon === null ? null : String(horizon), tables: saved };
  return writeBinary(kind, version, header, arrays);
}

/** Reads what `writeSnapshot` wrote. @throws TsopsError MODEL_FORMAT_INVALID, FEATURE_INVALID */
export function readSnapshot(
  bytes: Uint8Array,
  tables: readonly Table[],
  definition: string,
): { readonly rows: Readonly<Record<string, Columns>>; readonly horizon: bigint | null } {
  const contents = readBinary(bytes, kind, version);
  const { definition: savedDefinition, horizon, tables: savedTables } = contents.header;
  if (savedDefinition !== definition)
    throw new TsopsError("FEATURE_INVALID", "The saved online features belong to other feature views.", {
      hint: "Load them with the views they were saved with, or observe the history again.",
    });
  const rows: Record<string, Columns> = {};
  for (const saved of savedTables as unknown as readonly SavedTable[]) {
    const table = tables.find((candidate) => candidate.name === saved.name) as Table;
    const types: Record<string, ColumnType> = {};
    const data: Record<string, Column> = {};
    for (const { name, hasNulls, dictionary } of saved.columns) {
      const type = table.columns[name] as ColumnType;
      const values = contents.array(`${saved.name}/${name}`, arrayTypes[type.kind as ColumnKind], saved.rows);
      const valid = hasNulls
        ? contents.array(`${saved.name}/${name}/valid`, "uint8", (saved.rows + 7) >> 3)
        : null;
      types[name] = type;
      data[name] = (
        type.kind === "utf8"
          ? { kind: "utf8", codes: values, dictionary: dictionary ?? [], valid }
          : { kind: type.kind, values, valid }
      ) as Column;
    }
    rows[saved.name] = { length: saved.rows, types, data };
  }
  return { rows, horizon: typeof horizon === "string" ? BigInt(horizon) : null };
}
