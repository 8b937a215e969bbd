import { isAscii } from "node:buffer";
import { type Data, type DataType, makeData, makeVector, Utf8, Vector } from "apache-arrow";
import { TsopsError } from "../errors.ts";
import { isValid, type Validity } from "../schema/columns.ts";
import type { dictionaryBuilder } from "../schema/dictionary.ts";

const loneSurrogate = /\p{Surrogate}/u;

/** Vectors by dictionary: pieces of one table share theirs, which Arrow's file format asks for and which saves the encoding. */
const encoded = new WeakMap<readonly string[], Vector<Utf8>>();

/**
 * The Arrow vector of a dictionary.
 * @throws TsopsError VALUE_INVALID for text with a lone surrogate, which UTF-8 cannot hold.
 */
export function dictionaryVector(texts: readonly string[], column: string): Vector<Utf8> {
  let vector = encoded.get(texts);
  if (vector === undefined || vector.length !== texts.length) {
    vector = encodeDictionary(texts, column);
    encoded.set(texts, vector);
  }
  return vector;
}

function encodeDictionary(texts: readonly string[], column: string): Vector<Utf8> {
  const valueOffsets = new Int32Array(texts.length + 1);
  let total = 0;
  for (let i = 0; i < texts.length; i++) {
    const text = texts[i] as string;
    if (loneSurrogate.test(text))
      throw new TsopsError(
        "VALUE_INVALID",
        `A text of column "${column}" holds half a character (a lone surrogate).`,
        {
          hint: "Repair it with text.toWellFormed(), which puts U+FFFD in its place.",
          details: { column, text: JSON.stringify(text) },
        },
      );
    total += Buffer.byteLength(text);
    if (total > 0x7fffffff)
      throw new TsopsError("VALUE_INVALID", `The texts of column "${column}" exceed 2 GiB.`, {
        hint: "Convert the rows in several pieces.",
      });
    valueOffsets[i + 1] = total;
  }
  const data = Buffer.alloc(total);
  for (let i = 0; i < texts.length; i++) data.write(texts[i] as string, valueOffsets[i] as number);
  return makeVector(makeData({ type: new Utf8(), length: texts.length, nullCount: 0, valueOffsets, data }));
}

/** Texts of a vector, null for null entries. */
export function textsOf(vector: Vector): (string | null)[] {
  const texts: (string | null)[] = [];
  for (const data of vector.data) {
    const reader = textReader(data);
    for (let i = 0; i < data.length; i++) texts.push(data.getValid(i) ? reader.copy(i) : null);
  }
  return texts;
}

/** Codes of a column of plain text (any Arrow text layout) in several chunks. */
export function encodeTexts(
  chunks: readonly Data[],
  length: number,
  valid: Validity,
): { codes: Int32Array; dictionary: readonly string[] } {
  const codes = new Int32Array(length);
  const known = new Map<string, number>();
  const dictionary: string[] = [];
  let at = 0;
  for (const data of chunks) {
    const reader = textReader(data);
    for (let i = 0; i < data.length; i++, at++) {
      if (!isValid(valid, at)) continue;
      const text = reader.view(i);
      let code = known.get(text);
      if (code === undefined) {
        const kept = reader.copy(i);
        code = dictionary.length;
        known.set(kept, code);
        dictionary.push(kept);
      }
      codes[at] = code;
    }
  }
  return { codes, dictionary };
}

interface TextReader {
  /** The text, possibly as a slice of one long string: cheap to look up, but it keeps that string alive. */
  view(index: number): string;
  /** The text on its own. */
  copy(index: number): string;
}

// One string over all bytes is only made up to this length: V8's limit is 2^29 - 24.
const longestText = 1 << 28;

function textReader(data: Data<DataType>): TextReader {
  const { values, valueOffsets } = data as { values?: unknown; valueOffsets?: unknown };
  if (
    !(values instanceof Uint8Array) ||
    !(valueOffsets instanceof Int32Array || valueOffsets instanceof BigInt64Array)
  ) {
    const vector = new Vector([data]);
    const get = (index: number) => vector.get(index) as string;
    return { view: get, copy: get };
  }
  const start = Number(valueOffsets[0] ?? 0);
  const end = Number(valueOffsets[data.length] ?? 0);
  const bytes = Buffer.from(values.buffer, values.byteOffset, values.byteLength);
  const from = (index: number) => Number(valueOffsets[index]);
  const copy = (index: number) => bytes.toString("utf8", from(index), from(index + 1));
  if (end - start > longestText || !isAscii(bytes.subarray(start, end))) return { view: copy, copy };
  const all = bytes.toString("latin1", start, end);
  return { view: (index) => all.substring(from(index) - start, from(index + 1) - start), copy };
}

/** Maps the entries of one dictionary to codes of a shared one; null entries become -1. */
export function mergeDictionary(
  entries: readonly (string | null)[],
  shared: ReturnType<typeof dictionaryBuilder>,
): Int32Array {
  return Int32Array.from(entries, (text) => (text === null ? -1 : shared.codeOf(text)));
}
