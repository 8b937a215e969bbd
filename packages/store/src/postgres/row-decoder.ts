import {
  type Column,
  type Columns,
  type ColumnType,
  fullBitmap,
  localToInstants,
  setNull,
  type Table,
  TsopsError,
  type Zone,
} from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import type { RecordBatch } from "apache-arrow";
import { quoteName } from "./sql-text.ts";
import { type TextCodes, textCodes } from "./text-codes.ts";

/** A column that a statement gives, cast to the one server type of its kind. */
export interface ResultColumn {
  readonly name: string;
  readonly type: ColumnType;
  /** Of instants that come as `timestamp`: where its clocks hang. Null: they come as `timestamptz`. */
  readonly zone: Zone | null;
}

/** Turns PostgreSQL's binary COPY format into Arrow, one pass over the bytes and no object a row. */
export interface RowDecoder {
  /**
   * Reads the bytes [start, end) of the format, which may end anywhere.
   * @param view - Over the same bytes.
   * @throws TsopsError VALUE_INVALID, TIME_INVALID for what the columns cannot hold
   */
  read(bytes: Uint8Array, view: DataView, start: number, end: number): void;
  /** A batch that is full, or null. */
  take(): RecordBatch | null;
  /** The rows that are left, or null; the end of the format. */
  finish(): RecordBatch | null;
  /** Rows read so far. */
  readonly rows: number;
}

/** The format's signature, flags and length of its header extension. */
const headerLength = 19;
const incomplete = -1;

// Microseconds from 1970 to 2000, where PostgreSQL counts from, in two words.
const epoch = 946_684_800_000_000;
const epochLow = epoch % 2 ** 32;
const epochHigh = Math.floor(epoch / 2 ** 32);

/** What a column's rows are put into. */
interface Target {
  readonly kind: ColumnType["kind"];
  readonly isNullable: boolean;
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
  readonly codes: Int32Array;
  readonly longs: BigInt64Array;
  /** The same memory as `longs`. */
  readonly words: Int32Array;
  valid: Uint8Array | null;
}

/** A decoder of rows that have these columns. */
export function rowDecoder(
  columns: readonly ResultColumn[],
  table: Table | undefined,
  batchRows: number,
): RowDecoder {
  const types = Object.fromEntries(columns.map(({ name, type }) => [name, type]));
  const texts: (TextCodes | null)[] = columns.map(({ type }) => (type.kind === "utf8" ? textCodes() : null));
  const full: RecordBatch[] = [];
  let targets = columns.map(({ type }) => targetOf(type, batchRows));
  let row = 0;
  let before = 0;
  let headerLeft = headerLength;
  let rest: Uint8Array | null = null;
  let isDone = false;

  const flush = (): RecordBatch => {
    const data: Record<string, Column> = {};
    for (const [i, column] of columns.entries())
      data[column.name] = columnOf(column, targets[i] as Target, texts[i]?.dictionary, row, before);
    const batch = { length: row, types, data } as Columns;
    before += row;
    row = 0;
    // Arrow shares the memory: the next batch gets its own.
    targets = columns.map(({ type }) => targetOf(type, batchRows));
    const [result] = toArrow(batch, table === undefined ? {} : { table }).batches;
    for (const each of texts) each?.renewIfLarge();
    return result as RecordBatch;
  };
  /** Reads one row at `at`; gives where it ends, or `incomplete`. */
  const readRow = (bytes: Uint8Array, view: DataView, at: number, end: number): number => {
    if (at + 2 > end) return incomplete;
    const count = view.getInt16(at);
    at += 2;
    if (count === -1) {
      isDone = true;
      return at;
    }
    if (count !== targets.length) throw malformed(`a row has ${count} values instead of ${targets.length}`);
    for (let i = 0; i < count; i++) {
      if (at + 4 > end) return incomplete;
      const length = view.getInt32(at);
      at += 4;
      const target = targets[i] as Target;
      if (length < 0) {
        if (!target.isNullable) throw isNull(columns[i] as ResultColumn, before + row);
        target.valid ??= fullBitmap(batchRows);
        setNull(target.valid, row);
        continue;
      }
      if (at + length > end) return incomplete;
      switch (target.kind) {
        case "float64":
          if (length !== 8) throw malformed(`a float8 has ${length} bytes`);
          target.doubles[row] = view.getFloat64(at);
          break;
        case "timestamp": {
          if (length !== 8) throw malformed(`a timestamp has ${length} bytes`);
          const low = view.getUint32(at + 4) + epochLow;
          const high = view.getInt32(at);
          const sum = high + epochHigh + (low >= 2 ** 32 ? 1 : 0);
          if (sum > 0x7fffffff || (high === -0x80000000 && low === epochLow))
            throw isBeyond(columns[i] as ResultColumn, before + row, high, view.getUint32(at + 4));
          target.words[row * 2] = low;
          target.words[row * 2 + 1] = sum;
          break;
        }
        case "int64":
          if (length !== 8) throw malformed(`an int8 has ${length} bytes`);
          target.words[row * 2] = view.getInt32(at + 4);
          target.words[row * 2 + 1] = view.getInt32(at);
          break;
        case "bool":
          if (length !== 1) throw malformed(`a bool has ${length} bytes`);
          target.bytes[row] = bytes[at] as number;
          break;
        case "utf8":
          target.codes[row] = (texts[i] as TextCodes).codeOf(bytes, at, at + length);
      }
      at += length;
    }
    row++;
    return at;
  };
  const read = (bytes: Uint8Array, view: DataView, start: number, end: number): void => {
    if (rest !== null) {
      const joined: Uint8Array = Buffer.concat([rest, bytes.subarray(start, end)]);
      rest = null;
      read(joined, new DataView(joined.buffer, joined.byteOffset, joined.length), 0, joined.length);
      return;
    }
    let at = start;
    if (headerLeft > 0) {
      const skipped = Math.min(headerLeft, end - start);
      headerLeft -= skipped;
      at += skipped;
    }
    while (at < end && !isDone) {
      const next = readRow(bytes, view, at, end);
      if (next === incomplete) {
        rest = bytes.slice(at, end);
        return;
      }
      at = next;
      if (row === batchRows) full.push(flush());
    }
  };
  return {
    read,
    take: () => full.shift() ?? null,
    finish() {
      if (!isDone || rest !== null) throw malformed("it ends in the middle");
      return row === 0 ? null : flush();
    },
    get rows() {
      return before + row;
    },
  };
}

const none = new ArrayBuffer(0);

function targetOf({ kind, nullable: isNullable }: ColumnType, rows: number): Target {
  const longs = kind === "int64" || kind === "timestamp" ? new ArrayBuffer(rows * 8) : none;
  return {
    kind,
    isNullable,
    doubles: new Float64Array(kind === "float64" ? rows : 0),
    bytes: new Uint8Array(kind === "bool" ? rows : 0),
    codes: new Int32Array(kind === "utf8" ? rows : 0),
    longs: new BigInt64Array(longs),
    words: new Int32Array(longs),
    valid: null,
  };
}

function columnOf(
  { name, type, zone }: ResultColumn,
  { doubles, bytes, codes, longs, valid: bits }: Target,
  dictionary: readonly string[] | undefined,
  length: number,
  before: number,
): Column {
  const valid = bits === null ? null : bits.slice(0, (length + 7) >> 3);
  const isFull = length === Math.max(doubles.length, bytes.length, codes.length, longs.length);
  // A small rest must not keep the memory of a whole batch.
  const own = <T extends { slice(start: number, end: number): T }>(values: T): T =>
    isFull ? values : values.slice(0, length);
  switch (type.kind) {
    case "float64":
      return { kind: "float64", values: own(doubles), valid };
    case "bool":
      return { kind: "bool", values: own(bytes), valid };
    case "utf8":
      return { kind: "utf8", codes: own(codes), dictionary: dictionary as readonly string[], valid };
    case "int64":
      return { kind: "int64", values: own(longs), valid };
    case "timestamp": {
      const values = own(longs);
      if (zone !== null) toInstants(name, values, zone, valid, before);
      return { kind: "timestamp", values, valid };
    }
  }
}

function toInstants(
  name: string,
  values: BigInt64Array,
  zone: Zone,
  valid: Uint8Array | null,
  before: number,
): void {
  const problem = localToInstants(
    values,
    zone,
    (row) => valid === null || ((valid[row >> 3] as number) & (1 << (row & 7))) !== 0,
  );
  if (problem === null) return;
  throw new TsopsError(
    "TIME_INVALID",
    `Column "${name}" holds a local time in row ${before + problem.row} that ${zone.id} has ${problem.kind === "repeated" ? "twice" : "never"}.`,
    {
      hint: `Keep instants: change the column's type to timestamptz. Rows count from 0 in the order of the call; read a narrower range to find the one.`,
      details: { column: name, row: before + problem.row },
    },
  );
}

function isNull({ name }: ResultColumn, row: number): TsopsError {
  return new TsopsError("VALUE_INVALID", `Column "${name}" is not nullable and is null in row ${row}.`, {
    hint: `Mark the type with nullable(...), or fill the nulls: they are found by WHERE ${quoteName(name)} IS NULL.`,
    details: { column: name, row },
  });
}

function isBeyond({ name }: ResultColumn, row: number, high: number, low: number): TsopsError {
  const isFirst = high === -0x80000000 && low === 0;
  const isLast = high === 0x7fffffff && low === 0xffffffff;
  const what = isFirst ? "-infinity" : isLast ? "infinity" : "a time after the year 294246";
  return new TsopsError(
    "TIME_INVALID",
    `Column "${name}" holds ${what} in row ${row}, which is no instant.`,
    {
      hint: `Read a narrower range, or correct the rows: they are found by WHERE ${isFirst || isLast ? `NOT isfinite(${quoteName(name)})` : `${quoteName(name)} > '294246-01-01'`}.`,
      details: { column: name, row },
    },
  );
}

function malformed(what: string): TsopsError {
  return new TsopsError(
    "ADAPTER_UNAVAILABLE",
    `The server's binary COPY is not what its format says: ${what}.`,
    {
      hint: "Connect to PostgreSQL directly, without a program in between that changes answers.",
    },
  );
}
