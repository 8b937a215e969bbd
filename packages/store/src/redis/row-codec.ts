import {
  type Column,
  type ColumnKind,
  type Columns,
  type ColumnType,
  type DictionaryBuilder,
  dictionaryBuilder,
  fullBitmap,
  isValid,
  type KeptTable,
  setNull,
} from "@tsops/core";

// A row as bytes: the event time (big-endian, so that bytes compare as times do), a bit for each further column that has a value,
// the values. Equal rows have equal bytes, and only they: -0 is not 0, every NaN is the same, text is kept even where it is no
// valid Unicode. Keys are not in it: they are in the name of the entity.

/** A key's value. */
export type KeyValue = string | bigint | boolean;

/** The columns of a row's bytes after the event time, in order. */
function storedColumns({ types, keys, eventTime }: KeptTable): string[] {
  return Object.keys(types)
    .filter((name) => name !== eventTime && !keys.includes(name))
    .sort();
}

/** The entity of a row by the values of its keys; null where one is null. */
export function entityAt(columns: Columns, names: readonly string[], row: number): KeyValue[] | null {
  const values: KeyValue[] = [];
  for (const name of names) {
    const column = columns.data[name] as Column;
    if (!isValid(column.valid, row)) return null;
    if (column.kind === "utf8") values.push(column.dictionary[column.codes[row] as number] as string);
    else values.push(column.kind === "bool" ? column.values[row] === 1 : (column.values[row] as bigint));
  }
  return values;
}

/** The name of an entity: a list of its key values as JSON writes them, with integers in full. Different for different entities. */
export function entityText(values: readonly KeyValue[]): string {
  return `[${values.map((value) => (typeof value === "string" ? JSON.stringify(value) : String(value))).join(",")}]`;
}

/** An instant or integer as eight bytes that compare as the numbers do. */
export function orderedBytes(value: bigint): Buffer {
  const bytes = Buffer.allocUnsafe(8);
  bytes.writeBigInt64BE(value);
  bytes[0] = (bytes[0] as number) ^ 0x80;
  return bytes;
}

/** The number that `orderedBytes` wrote. */
export function fromOrderedBytes(bytes: Buffer): bigint {
  return bytes.readBigInt64BE() ^ (-1n << 63n);
}

/** Starts writing rows of a table; the result gives the bytes of one. */
export function rowWriter(table: KeptTable, rows: Columns): (row: number) => Buffer {
  const columns = storedColumns(table).map((name) => rows.data[name] as Column);
  const time = rows.data[table.eventTime] as Extract<Column, { kind: "timestamp" }>;
  const bitmapLength = (columns.length + 7) >> 3;
  return (row) => {
    const bitmap = Buffer.alloc(bitmapLength);
    const parts = [orderedBytes(time.values[row] as bigint), bitmap];
    columns.forEach((column, index) => {
      if (!isValid(column.valid, row)) return;
      bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7));
      parts.push(...valueBytes(column, row));
    });
    return Buffer.concat(parts);
  };
}

function valueBytes(column: Column, row: number): Buffer[] {
  switch (column.kind) {
    case "utf8": {
      const text = column.dictionary[column.codes[row] as number] as string;
      const isUnicode = !/\p{Cs}/u.test(text);
      const bytes = Buffer.from(text, isUnicode ? "utf8" : "utf16le");
      return [varint(bytes.length * 2 + (isUnicode ? 0 : 1)), bytes];
    }
    case "bool":
      return [Buffer.of(column.values[row] as number)];
    case "float64": {
      const bytes = Buffer.allocUnsafe(8);
      const value = column.values[row] as number;
      bytes.writeDoubleBE(Number.isNaN(value) ? Number.NaN : value);
      return [bytes];
    }
    default: {
      const bytes = Buffer.allocUnsafe(8);
      bytes.writeBigInt64BE(column.values[row] as bigint);
      return [bytes];
    }
  }
}

/** The bytes of the n-th row (from 0) that is equal to others of one call: each is a fact of its own, and the same one when repeated. */
export function numberedRow(bytes: Buffer, number: number): Buffer {
  return number === 0 ? bytes : Buffer.concat([bytes, varint(number)]);
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  bytes.push(rest);
  return Buffer.from(bytes);
}

/** Makes columns of rows' bytes. */
export class RowReader {
  readonly #table: KeptTable;
  readonly #time: BigInt64Array;
  readonly #keys: readonly ColumnWriter[];
  readonly #columns: readonly ColumnWriter[];
  #length = 0;

  /** @param capacity - The number of rows that will be added. */
  constructor(table: KeptTable, capacity: number) {
    const writer = (name: string) => new ColumnWriter(name, table.types[name] as ColumnType, capacity);
    this.#table = table;
    this.#time = new BigInt64Array(capacity);
    this.#keys = table.keys.map(writer);
    this.#columns = storedColumns(table).map(writer);
  }

  /** @param entity - Values of the keys; null where nobody looks at these columns. */
  add(entity: readonly KeyValue[] | null, bytes: Buffer): void {
    const row = this.#length++;
    this.#time[row] = fromOrderedBytes(bytes);
    this.#keys.forEach((column, part) => {
      if (entity !== null) column.set(row, entity[part] as KeyValue);
    });
    const bitmap = bytes.subarray(8);
    let at = 8 + ((this.#columns.length + 7) >> 3);
    this.#columns.forEach((column, index) => {
      if (((bitmap[index >> 3] as number) & (1 << (index & 7))) === 0) column.setNull(row);
      else at = column.read(row, bytes, at);
    });
  }

  columns(): Columns {
    const { types, eventTime } = this.#table;
    const data: Record<string, Column> = {};
    for (const column of [...this.#keys, ...this.#columns]) data[column.name] = column.column();
    data[eventTime] = { kind: "timestamp", values: this.#time, valid: null };
    return { length: this.#length, types, data };
  }
}

class ColumnWriter {
  readonly name: string;
  readonly #kind: ColumnKind;
  readonly #values: Float64Array | BigInt64Array | Uint8Array | Int32Array;
  readonly #dictionary: DictionaryBuilder = dictionaryBuilder();
  #valid: Uint8Array | null = null;

  constructor(name: string, { kind }: ColumnType, capacity: number) {
    this.name = name;
    this.#kind = kind;
    if (kind === "float64") this.#values = new Float64Array(capacity);
    else if (kind === "utf8") this.#values = new Int32Array(capacity);
    else this.#values = kind === "bool" ? new Uint8Array(capacity) : new BigInt64Array(capacity);
  }

  set(row: number, value: KeyValue): void {
    if (typeof value === "string") this.#values[row] = this.#dictionary.codeOf(value);
    else if (typeof value === "boolean") this.#values[row] = value ? 1 : 0;
    else (this.#values as BigInt64Array)[row] = value;
  }

  setNull(row: number): void {
    this.#valid ??= fullBitmap(this.#values.length);
    setNull(this.#valid, row);
  }

  /** Reads a value that begins at `at`; returns where the next one does. */
  read(row: number, bytes: Buffer, at: number): number {
    switch (this.#kind) {
      case "utf8": {
        let head = 0;
        let unit = 1;
        let next = at;
        for (;;) {
          const byte = bytes[next++] as number;
          head += (byte & 0x7f) * unit;
          if (byte < 0x80) break;
          unit *= 0x80;
        }
        const end = next + Math.floor(head / 2);
        this.set(row, bytes.toString(head % 2 === 0 ? "utf8" : "utf16le", next, end));
        return end;
      }
      case "bool":
        this.#values[row] = bytes[at] as number;
        return at + 1;
      case "float64":
        this.#values[row] = bytes.readDoubleBE(at);
        return at + 8;
      default:
        this.#values[row] = bytes.readBigInt64BE(at) as never;
        return at + 8;
    }
  }

  column(): Column {
    const valid = this.#valid;
    if (this.#kind === "utf8")
      return { kind: "utf8", codes: this.#values as Int32Array, dictionary: this.#dictionary.texts, valid };
    return { kind: this.#kind, values: this.#values, valid } as Column;
  }
}
