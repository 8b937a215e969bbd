import { type Columns, isValid } from "@tsops/core";
import { type Origin, originOf } from "./origin.ts";
import type { CastType, RelationColumn, ServerType } from "./relation.ts";

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
const widths: Readonly<Record<Exclude<ServerType, CastType>, number>> = {
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

/** An encoder of rows of these columns. */
export function rowEncoder(columns: readonly RelationColumn[]): RowEncoder {
  const fixed =
    2 + columns.reduce((sum, { serverType }) => sum + 4 + widths[serverType as keyof typeof widths], 0);
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
