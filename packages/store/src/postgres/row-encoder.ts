import { type Columns, isValid, localToInstants, TsopsError, type Utf8Column, type Zone } from "@tsops/core";
import type { RelationColumn, ServerType } from "./relation.ts";
import { fitsTimestamptz } from "./sql-text.ts";

/** Turns columns into PostgreSQL's binary COPY format, a buffer at a time and no object a row. */
export interface RowEncoder {
  /**
   * Takes the columns to write next. @throws TsopsError VALUE_INVALID, TIME_INVALID for what the database cannot hold
   */
  begin(columns: Columns): void;
  /**
   * Writes rows into `bytes` from `at` on, as many as fit.
   * @returns Where they end. The same `at`: not even one row fits, see `needed`.
   */
  write(bytes: Buffer, view: DataView, at: number): number;
  /** Whether all rows that were begun are written. */
  readonly isDone: boolean;
  /** Bytes of the next row. */
  readonly needed: number;
  /** Rows written so far. */
  readonly rows: number;
}

/** What the format begins with: its signature, no flags, no extension. */
export const copyHeader: Buffer = Buffer.from("5047434f50590aff0d0a000000000000000000", "hex");
/** What it ends with. */
export const copyTrailer: Buffer = Buffer.from("ffff", "hex");

const epoch = 946_684_800_000_000;
const epochLow = epoch % 2 ** 32;
const epochHigh = Math.floor(epoch / 2 ** 32);

/** Bytes of a value, without its length. */
const widths: Readonly<Record<ServerType, number>> = {
  bool: 1,
  date: 4,
  float4: 4,
  float8: 8,
  int2: 2,
  int4: 4,
  int8: 8,
  text: 0,
  timestamp: 8,
  timestamptz: 8,
  varchar: 0,
};

/** A column on its way out. */
interface Origin {
  readonly serverType: ServerType;
  readonly doubles: Float64Array;
  readonly bytes: Uint8Array;
  readonly words: Int32Array;
  readonly codes: Int32Array;
  /** UTF-8 of a dictionary's texts, one after the other, and where each ends. */
  readonly texts: Uint8Array;
  readonly ends: Int32Array;
  readonly valid: Uint8Array | null;
}

/** An encoder of rows of these columns. */
export function rowEncoder(columns: readonly RelationColumn[]): RowEncoder {
  const fixed = 2 + columns.reduce((sum, { serverType }) => sum + 4 + widths[serverType], 0);
  const textAt = columns.flatMap(({ type }, i) => (type.kind === "utf8" ? [i] : []));
  let origins: Origin[] = [];
  let row = 0;
  let length = 0;
  let before = 0;

  const sizeOfRow = (): number => {
    let size = fixed;
    for (const i of textAt) {
      const { codes, ends, valid } = origins[i] as Origin;
      if (valid !== null && !isValid(valid, row)) continue;
      const code = codes[row] as number;
      size += (ends[code] as number) - (code === 0 ? 0 : (ends[code - 1] as number));
    }
    return size;
  };
  return {
    begin(next) {
      before += length;
      length = next.length;
      row = 0;
      origins = columns.map((column) => originOf(column, next, before));
    },
    write(bytes, view, start) {
      let at = start;
      const count = origins.length;
      const end = bytes.length;
      for (; row < length; row++) {
        if (at + (textAt.length === 0 ? fixed : sizeOfRow()) > end) break;
        view.setInt16(at, count);
        at += 2;
        for (let i = 0; i < count; i++) {
          const { serverType, doubles, bytes: bits, words, codes, texts, ends, valid } = origins[i] as Origin;
          if (valid !== null && ((valid[row >> 3] as number) & (1 << (row & 7))) === 0) {
            view.setInt32(at, -1);
            at += 4;
            continue;
          }
          switch (serverType) {
            case "float8":
              view.setInt32(at, 8);
              view.setFloat64(at + 4, doubles[row] as number);
              at += 12;
              break;
            case "timestamptz":
            case "timestamp": {
              const low = ((words[row * 2] as number) >>> 0) - epochLow;
              view.setInt32(at, 8);
              view.setInt32(at + 4, (words[row * 2 + 1] as number) - epochHigh - (low < 0 ? 1 : 0));
              view.setInt32(at + 8, low);
              at += 12;
              break;
            }
            case "int8":
              view.setInt32(at, 8);
              view.setInt32(at + 4, words[row * 2 + 1] as number);
              view.setInt32(at + 8, words[row * 2] as number);
              at += 12;
              break;
            case "text":
            case "varchar": {
              const code = codes[row] as number;
              const to = ends[code] as number;
              let from = code === 0 ? 0 : (ends[code - 1] as number);
              view.setInt32(at, to - from);
              at += 4;
              while (from < to) bytes[at++] = texts[from++] as number;
              break;
            }
            case "bool":
              view.setInt32(at, 1);
              bytes[at + 4] = bits[row] as number;
              at += 5;
              break;
            case "float4":
              view.setInt32(at, 4);
              view.setFloat32(at + 4, doubles[row] as number);
              at += 8;
              break;
            case "int4":
              view.setInt32(at, 4);
              view.setInt32(at + 4, words[row * 2] as number);
              at += 8;
              break;
            case "int2":
              view.setInt32(at, 2);
              view.setInt16(at + 4, words[row * 2] as number);
              at += 6;
          }
        }
      }
      return at;
    },
    get isDone() {
      return row === length;
    },
    get needed() {
      return sizeOfRow();
    },
    get rows() {
      return before + row;
    },
  };
}

const nothing = { doubles: new Float64Array(0), bytes: new Uint8Array(0), words: new Int32Array(0) };
const noText = { codes: new Int32Array(0), texts: new Uint8Array(0), ends: new Int32Array(0) };

function originOf(column: RelationColumn, { data, length }: Columns, before: number): Origin {
  const { name, serverType, zone } = column;
  const found = data[name];
  if (found === undefined) throw new TypeError(`no column ${name}`);
  const { valid } = found;
  const shared = { ...nothing, ...noText, serverType, valid };
  switch (found.kind) {
    case "float64":
      if (serverType === "float4") checkFloats(name, found.values, length, valid, before);
      return { ...shared, doubles: found.values };
    case "bool":
      return { ...shared, bytes: found.values };
    case "utf8":
      return { ...shared, codes: found.codes, ...encodeTexts(name, found, before) };
    case "int64":
      if (serverType !== "int8") checkIntegers(name, found.values, length, valid, before, serverType);
      return { ...shared, words: wordsOf(found.values) };
    case "timestamp": {
      checkInstants(name, found.values, length, valid, before);
      const values =
        zone === null ? found.values : toWallClock(name, found.values, zone, length, valid, before);
      return { ...shared, words: wordsOf(values) };
    }
  }
}

function wordsOf(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

const loneSurrogate = /\p{Surrogate}/u;

function encodeTexts(
  name: string,
  { codes, dictionary, valid }: Utf8Column,
  before: number,
): Pick<Origin, "texts" | "ends"> {
  const ends = new Int32Array(dictionary.length);
  let total = 0;
  for (const [code, text] of dictionary.entries()) {
    if (text.includes("\0") || loneSurrogate.test(text)) {
      // A dictionary may hold texts that no row has.
      const row = codes.findIndex((each, at) => each === code && isValid(valid, at));
      if (row >= 0)
        throw new TsopsError(
          "VALUE_INVALID",
          `Column "${name}" holds ${text.includes("\0") ? "NUL" : "half a character (a lone surrogate)"} in row ${before + row}, which PostgreSQL cannot store.`,
          {
            hint: "Remove it from the text before writing.",
            details: { column: name, row: before + row, text: JSON.stringify(text) },
          },
        );
    }
    total += Buffer.byteLength(text);
    ends[code] = total;
  }
  const texts = Buffer.allocUnsafe(total);
  for (const [code, text] of dictionary.entries())
    texts.write(text, code === 0 ? 0 : (ends[code - 1] as number));
  return { texts, ends };
}

type Valid = Uint8Array | null;

function checkFloats(name: string, values: Float64Array, length: number, valid: Valid, before: number): void {
  for (let row = 0; row < length; row++)
    if (!Object.is(Math.fround(values[row] as number), values[row]) && isValid(valid, row))
      throw doesNotFit(name, before + row, String(values[row]), "real");
}

function checkIntegers(
  name: string,
  values: BigInt64Array,
  length: number,
  valid: Valid,
  before: number,
  serverType: ServerType,
): void {
  const bound = serverType === "int4" ? 2n ** 31n : 2n ** 15n;
  for (let row = 0; row < length; row++) {
    const value = values[row] as bigint;
    if ((value >= bound || value < -bound) && isValid(valid, row))
      throw doesNotFit(name, before + row, String(value), serverType === "int4" ? "integer" : "smallint");
  }
}

function checkInstants(
  name: string,
  values: BigInt64Array,
  length: number,
  valid: Valid,
  before: number,
): void {
  const words = wordsOf(values);
  for (let row = 0; row < length; row++)
    // The high word is below this from about 4714 BC on: only then it is looked at exactly.
    if (
      (words[row * 2 + 1] as number) < -49_096_000 &&
      !fitsTimestamptz(values[row] as bigint) &&
      isValid(valid, row)
    )
      throw doesNotFit(name, before + row, `${values[row]} µs`, "timestamptz", "TIME_INVALID");
}

/** What the zone's clocks show, where that leads back to the same instant. */
function toWallClock(
  name: string,
  values: BigInt64Array,
  zone: Zone,
  length: number,
  valid: Valid,
  before: number,
): BigInt64Array {
  const local = new BigInt64Array(length);
  for (let row = 0; row < length; row++) {
    if (!isValid(valid, row)) continue;
    const micros = values[row] as bigint;
    local[row] = micros + BigInt(zone.periodAt(Math.floor(Number(micros) / 1e6)).offset) * 1_000_000n;
  }
  const back = local.slice();
  const problem = localToInstants(back, zone, (row) => isValid(valid, row));
  if (problem === null) return local;
  throw new TsopsError(
    "TIME_INVALID",
    `Column "${name}" holds an instant in row ${before + problem.row} that ${zone.id} has no time of its own for: its clocks show it twice.`,
    {
      hint: "Change the column's type to timestamptz, which keeps instants.",
      details: { column: name, row: before + problem.row },
    },
  );
}

function doesNotFit(
  name: string,
  row: number,
  value: string,
  serverType: string,
  code: "VALUE_INVALID" | "TIME_INVALID" = "VALUE_INVALID",
): TsopsError {
  return new TsopsError(
    code,
    `Column "${name}" holds ${value} in row ${row}, which ${serverType} cannot hold.`,
    {
      hint: "Widen the column's type in the database, or leave the row out.",
      details: { column: name, row },
    },
  );
}
