import { createHash, type Hash } from "node:crypto";
import { canonicalJson } from "./canonical-json.ts";
import { assertSchema } from "./schema/check-schema.ts";
import type { ColumnTypes } from "./schema/column-type.ts";
import { type Column, type Columns, isValid } from "./schema/columns.ts";

/** sha256 of bytes, or of text as UTF-8, in lower-case hex. */
export function sha256Hex(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

/**
 * sha256 of a definition in canonical JSON: equal definitions have equal hashes, whatever the order of their properties.
 * @throws TsopsError VALUE_INVALID for what canonical JSON cannot hold.
 */
export function definitionHash(value: unknown): string {
  return sha256Hex(canonicalJson(value));
}

/** Hashes a table that comes in pieces. */
export interface ContentHasher {
  /** @throws TsopsError SCHEMA_MISMATCH when the piece has other columns. */
  update(columns: Columns): void;
  /** The hash of all rows so far, lower-case hex. Ends the hasher. */
  digest(): string;
}

/**
 * sha256 of the content of columns: names and kinds in order, then every value by row. Equal tables have equal hashes
 * wherever they were cut into pieces, however their dictionaries are ordered, and whatever lies under nulls. All NaN
 * count as one value, and -0 as 0. Nullability, units and zones are not content.
 *
 * Format `tsops-columns-1`: the definition hash of `{ format, rows, columns: [[name, kind, V + X], ...] }`. V is the sha256 of
 * one byte (0 or 1) per row. X is the sha256 of the values, little-endian, zero under nulls: float64 and int64 as 8
 * bytes, bool as 1, text as its int32 number by first appearance, followed by every distinct text in that order as
 * its length in UTF-16 units in decimal, `:`, and the units.
 */
export function contentHash(columns: Columns): string {
  const hasher = contentHasher(columns.types);
  hasher.update(columns);
  return hasher.digest();
}

/** Starts a content hash; the digest equals `contentHash` of all pieces concatenated. */
export function contentHasher(types: ColumnTypes): ContentHasher {
  const names = Object.keys(types);
  const hashers = names.map(() => columnHasher());
  let rows = 0;
  let isDone = false;
  return {
    update(columns) {
      if (isDone) throw new TypeError("The content hash is finished.");
      const asNullable = Object.fromEntries(
        Object.entries(types).map(([name, type]) => [name, { ...type, nullable: true }]),
      );
      assertSchema(asNullable, columns.types, "The hashed columns");
      names.forEach((name, i) => {
        hashers[i]?.update(columns.data[name] as Column, columns.length);
      });
      rows += columns.length;
    },
    digest() {
      if (isDone) throw new TypeError("The content hash is finished.");
      isDone = true;
      const columns = names.map((name, i) => [name, types[name]?.kind, hashers[i]?.digest()]);
      return definitionHash({ format: "tsops-columns-1", rows, columns });
    },
  };
}

const blockRows = 8192;

interface ColumnHasher {
  update(column: Column, length: number): void;
  digest(): string;
}

/**
 * Validity goes to one hash (a byte a row) and values to another (fixed width, 0 under nulls), so that neither depends
 * on where pieces begin. Text is numbered by first appearance; the texts themselves follow at the end.
 */
function columnHasher(): ColumnHasher {
  const validity = createHash("sha256");
  const values = createHash("sha256");
  const codes = new Map<string, number>();
  const valid = new Uint8Array(blockRows);
  const block = new BigInt64Array(blockRows);
  const floats = new Float64Array(block.buffer);
  const ints = new Int32Array(block.buffer);
  const bytes = new Uint8Array(block.buffer);

  return {
    update(column, length) {
      const recoded =
        column.kind === "utf8" ? new Int32Array(column.dictionary.length).fill(-1) : new Int32Array(0);
      for (let from = 0; from < length; from += blockRows) {
        const count = Math.min(blockRows, length - from);
        for (let i = 0; i < count; i++) valid[i] = isValid(column.valid, from + i) ? 1 : 0;
        let width = 8;
        switch (column.kind) {
          case "float64":
            for (let i = 0; i < count; i++) {
              const value = valid[i] === 1 ? (column.values[from + i] as number) : 0;
              floats[i] = value + 0;
            }
            canonicalNaN(floats, ints, count);
            break;
          case "bool":
            for (let i = 0; i < count; i++)
              bytes[i] = valid[i] === 1 ? (column.values[from + i] as number) : 0;
            width = 1;
            break;
          case "utf8":
            for (let i = 0; i < count; i++) {
              if (valid[i] === 0) {
                ints[i] = 0;
                continue;
              }
              const code = column.codes[from + i] as number;
              let known = recoded[code] as number;
              if (known < 0) {
                const text = column.dictionary[code] as string;
                known = codes.get(text) ?? codes.size;
                codes.set(text, known);
                recoded[code] = known;
              }
              ints[i] = known;
            }
            width = 4;
            break;
          default:
            for (let i = 0; i < count; i++)
              block[i] = valid[i] === 1 ? (column.values[from + i] as bigint) : 0n;
        }
        validity.update(valid.subarray(0, count));
        values.update(bytes.subarray(0, count * width));
      }
    },
    digest() {
      for (const text of codes.keys()) updateText(values, text);
      return `${validity.digest("hex")}${values.digest("hex")}`;
    },
  };
}

/** UTF-16 with its length, so that lone surrogates stay distinct and texts cannot run into each other. */
function updateText(hash: Hash, text: string): void {
  hash.update(`${text.length}:`);
  hash.update(Buffer.from(text, "utf16le"));
}

function canonicalNaN(floats: Float64Array, ints: Int32Array, count: number): void {
  for (let i = 0; i < count; i++) {
    if (!Number.isNaN(floats[i] as number)) continue;
    ints[2 * i] = 0;
    ints[2 * i + 1] = 0x7ff80000;
  }
}
