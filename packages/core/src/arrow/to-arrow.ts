import {
  Table as ArrowTable,
  type Data,
  type DataType,
  makeData,
  RecordBatch,
  type Schema,
  Struct,
} from "apache-arrow";
import type { ColumnTypes } from "../schema/column-type.ts";
import type { Column, Columns } from "../schema/columns.ts";
import type { Table } from "../schema/table.ts";
import { countNulls } from "../schema/validity.ts";
import { type ArrowTypes, arrowSchema } from "./schema.ts";
import { dictionaryVector } from "./text.ts";

/**
 * An Arrow table of columns, in one batch. Numbers, timestamps, codes and null bitmaps share memory with the columns;
 * booleans are packed to bits and dictionaries encoded.
 * @param options.table - Carried in the schema's metadata, for `tableOf`.
 * @throws TsopsError VALUE_INVALID for text with a lone surrogate.
 */
export function toArrow<S extends ColumnTypes>(
  columns: Columns<S>,
  options: { readonly table?: Table<string, S> } = {},
): ArrowTable<ArrowTypes<S>> {
  const schema: Schema =
    options.table === undefined
      ? arrowSchema(columns.types)
      : arrowSchema({ ...options.table, columns: columns.types });
  const children = schema.fields.map((field) =>
    arrowData(columns.data[field.name] as Column, field.type, columns.length, field.name),
  );
  const struct = makeData({
    type: new Struct(schema.fields),
    length: columns.length,
    nullCount: 0,
    children,
  });
  return new ArrowTable(schema, [new RecordBatch(schema, struct)]) as unknown as ArrowTable<ArrowTypes<S>>;
}

function arrowData(column: Column, type: DataType, length: number, name: string): Data {
  const nullCount = countNulls(column.valid, length);
  const nullBitmap = nullCount === 0 ? null : column.valid;
  const shared = { type, length, nullCount, nullBitmap };
  switch (column.kind) {
    case "utf8":
      return makeData({
        ...shared,
        data: column.codes,
        dictionary: dictionaryVector(column.dictionary, name),
      } as never);
    case "bool":
      return makeData({ ...shared, data: packBits(column.values, length) } as never);
    default:
      return makeData({ ...shared, data: column.values } as never);
  }
}

function packBits(values: Uint8Array, length: number): Uint8Array {
  const bits = new Uint8Array((length + 7) >> 3);
  for (let i = 0; i < length; i++)
    if (values[i] !== 0) bits[i >> 3] = (bits[i >> 3] as number) | (1 << (i & 7));
  return bits;
}
