import { bytesAtPointer, inlineLength, stringBytes } from "./raw.ts";

const recentSlots = 2048;

/**
 * Dictionary codes of texts that arrive as DuckDB `string_t`s. A text is decoded once: short ones (up to 12 bytes, stored in
 * the `string_t` itself) are recognised by their 16 bytes, longer ones by a hash and comparison of their bytes.
 */
export class TextCodes {
  readonly dictionary: string[] = [];
  readonly #decoder = new TextDecoder("utf-8", { ignoreBOM: true });
  #slots = new Int32Array(1024).fill(-1);
  /** Four words per entry: short texts' `string_t`; longer texts' length, hash, offset into `#long`, unused. */
  #keys = new Int32Array(512 * 4);
  #long = new Uint8Array(4096);
  #longView = new DataView(this.#long.buffer);
  #longUsed = 0;
  /** Five words per slot: chunk, length, pointer (two words), code. */
  readonly #recent = new Int32Array(recentSlots * 5);
  #chunk = 0;

  /** Writes the codes of `rows` texts to `codes` from `start`. Rows whose validity bit is zero get code 0. */
  append(
    strings: Uint8Array,
    valid: Uint8Array | null,
    rows: number,
    codes: Int32Array,
    start: number,
  ): void {
    const words = new Int32Array(strings.buffer, strings.byteOffset, rows * 4);
    const run: Run = { bytes: strings, view: this.#longView, pointer: 0, end: 0 };
    this.#chunk++;
    for (let i = 0; i < rows; i++) {
      if (!isSet(valid, i)) continue;
      const at = 4 * i;
      if ((words[at] as number) <= inlineLength) {
        codes[start + i] = this.#shortCode(strings, words, at);
        continue;
      }
      // Texts of a dictionary page share their memory while the chunk lives.
      const slot = ((words[at + 2] as number) ^ ((words[at + 2] as number) >>> 11)) & (recentSlots - 1);
      const recent = this.#recent;
      const r = slot * 5;
      if (
        recent[r] === this.#chunk &&
        recent[r + 1] === words[at] &&
        recent[r + 2] === words[at + 2] &&
        recent[r + 3] === words[at + 3]
      ) {
        codes[start + i] = recent[r + 4] as number;
        continue;
      }
      if (i >= run.end) fetchRun(run, strings, words, valid, i, rows);
      const code = this.#longCode(run, pointerAt(words, at) - run.pointer, words[at] as number);
      codes[start + i] = code;
      recent[r] = this.#chunk;
      recent[r + 1] = words[at] as number;
      recent[r + 2] = words[at + 2] as number;
      recent[r + 3] = words[at + 3] as number;
      recent[r + 4] = code;
    }
  }

  #shortCode(strings: Uint8Array, words: Int32Array, at: number): number {
    const a = words[at] as number;
    const b = words[at + 1] as number;
    const c = words[at + 2] as number;
    const d = words[at + 3] as number;
    const keys = this.#keys;
    const mask = this.#slots.length - 1;
    for (let slot = mixed(a, b, c, d) & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot] as number;
      if (code < 0) {
        const text = this.#decoder.decode(strings.subarray(at * 4 + 4, at * 4 + 4 + a));
        return this.#add(slot, text, a, b, c, d);
      }
      const k = code * 4;
      if (keys[k] === a && keys[k + 1] === b && keys[k + 2] === c && keys[k + 3] === d) return code;
    }
  }

  #longCode(run: Run, from: number, length: number): number {
    const { view, bytes } = run;
    const hash = hashOf(view, from, length);
    const keys = this.#keys;
    const slots = this.#slots;
    const mask = slots.length - 1;
    for (let slot = mixed(length, hash, 0, 0) & mask; ; slot = (slot + 1) & mask) {
      const code = slots[slot] as number;
      if (code < 0) {
        const offset = this.#keep(bytes, from, length);
        const text = this.#decoder.decode(bytes.subarray(from, from + length));
        return this.#add(slot, text, length, hash, offset, 0);
      }
      const k = code * 4;
      const isSame =
        keys[k] === length &&
        keys[k + 1] === hash &&
        sameBytes(this.#longView, keys[k + 2] as number, view, from, length);
      if (isSame) return code;
    }
  }

  #keep(bytes: Uint8Array, from: number, length: number): number {
    const offset = this.#longUsed;
    if (offset + length > this.#long.length) {
      const larger = new Uint8Array(Math.max(offset + length, this.#long.length * 2));
      larger.set(this.#long.subarray(0, offset));
      this.#long = larger;
      this.#longView = new DataView(larger.buffer);
    }
    this.#long.set(bytes.subarray(from, from + length), offset);
    this.#longUsed = offset + length;
    return offset;
  }

  #add(slot: number, text: string, a: number, b: number, c: number, d: number): number {
    const code = this.dictionary.length;
    this.dictionary.push(text);
    if (code * 4 >= this.#keys.length) {
      const larger = new Int32Array(this.#keys.length * 2);
      larger.set(this.#keys);
      this.#keys = larger;
    }
    this.#keys.set([a, b, c, d], code * 4);
    this.#slots[slot] = code;
    if (this.dictionary.length * 2 > this.#slots.length) this.#grow();
    return code;
  }

  #grow(): void {
    const slots = new Int32Array(this.#slots.length * 2).fill(-1);
    const mask = slots.length - 1;
    const keys = this.#keys;
    for (let code = 0; code < this.dictionary.length; code++) {
      const k = code * 4;
      const length = keys[k] as number;
      const isShort = length <= inlineLength;
      let slot =
        mixed(
          length,
          keys[k + 1] as number,
          isShort ? (keys[k + 2] as number) : 0,
          isShort ? (keys[k + 3] as number) : 0,
        ) & mask;
      while ((slots[slot] as number) >= 0) slot = (slot + 1) & mask;
      slots[slot] = code;
    }
    this.#slots = slots;
  }
}

/** A hash of at least 13 bytes, four at a time; the last four may overlap those before. */
function hashOf(view: DataView, from: number, length: number): number {
  let hash = length;
  const last = from + length - 4;
  for (let at = from; at < last; at += 4)
    hash = Math.imul(hash ^ view.getInt32(at, true), 0x9e3779b1) ^ (hash >>> 15);
  return Math.imul(hash ^ view.getInt32(last, true), 0x9e3779b1) ^ (hash >>> 15);
}

function sameBytes(a: DataView, fromA: number, b: DataView, fromB: number, length: number): boolean {
  const last = length - 4;
  for (let at = 0; at < last; at += 4)
    if (a.getInt32(fromA + at, true) !== b.getInt32(fromB + at, true)) return false;
  return a.getInt32(fromA + last, true) === b.getInt32(fromB + last, true);
}

/** Memory of successive long texts, for the rows before `end`. */
interface Run {
  bytes: Uint8Array;
  /** Of the same bytes. */
  view: DataView;
  pointer: number;
  end: number;
}

/**
 * Fetches the longest stretch of memory that the texts from row `first` on fill without a gap, in either direction: DuckDB
 * lays texts one behind the other, its own tables from the end. One call for many texts.
 */
function fetchRun(
  run: Run,
  strings: Uint8Array,
  words: Int32Array,
  valid: Uint8Array | null,
  first: number,
  rows: number,
): void {
  let lowest = first;
  let low = pointerAt(words, 4 * first);
  let high = low + (words[4 * first] as number);
  let i = first + 1;
  for (; i < rows; i++) {
    if (!isSet(valid, i)) continue;
    const length = words[4 * i] as number;
    if (length <= inlineLength) continue;
    const pointer = pointerAt(words, 4 * i);
    if (pointer === high) high += length;
    else if (pointer + length === low) {
      low = pointer;
      lowest = i;
    } else if (pointer < low || pointer + length > high) break;
  }
  run.bytes = bytesAtPointer(strings, lowest * stringBytes + 8, high - low);
  run.view = new DataView(run.bytes.buffer, run.bytes.byteOffset, run.bytes.byteLength);
  run.pointer = low;
  run.end = i;
}

function isSet(valid: Uint8Array | null, row: number): boolean {
  return valid === null || ((valid[row >> 3] as number) & (1 << (row & 7))) !== 0;
}

/** Addresses fit a double: user space ends far below 2^53. */
function pointerAt(words: Int32Array, at: number): number {
  return ((words[at + 3] as number) >>> 0) * 4294967296 + ((words[at + 2] as number) >>> 0);
}

/** A hash of four words; multipliers from xxHash and splitmix. */
function mixed(a: number, b: number, c: number, d: number): number {
  let hash =
    Math.imul(a, 0x9e3779b1) ^ Math.imul(b, 0x85ebca6b) ^ Math.imul(c, 0xc2b2ae35) ^ Math.imul(d, 0x27d4eb2f);
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  hash = Math.imul(hash ^ (hash >>> 12), 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}
