import { bytesAtPointer, inlineLength, stringBytes } from "./raw.ts";

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
  #longUsed = 0;

  /** Writes the codes of `rows` texts to `codes` from `start`. Rows whose validity bit is zero get code 0. */
  append(
    strings: Uint8Array,
    valid: Uint8Array | null,
    rows: number,
    codes: Int32Array,
    start: number,
  ): void {
    const words = new Int32Array(strings.buffer, strings.byteOffset, rows * 4);
    let runEnd = 0;
    let run = strings;
    let runPointer = 0;
    for (let i = 0; i < rows; i++) {
      if (valid !== null && ((valid[i >> 3] as number) & (1 << (i & 7))) === 0) continue;
      const length = words[4 * i] as number;
      if (length <= inlineLength) {
        codes[start + i] = this.#shortCode(strings, words, 4 * i);
        continue;
      }
      const pointer = pointerAt(words, 4 * i);
      if (i >= runEnd) {
        // Texts of a chunk mostly lie one behind the other: fetch the whole stretch with one call.
        let end = pointer + length;
        for (runEnd = i + 1; runEnd < rows; runEnd++) {
          if (valid !== null && ((valid[runEnd >> 3] as number) & (1 << (runEnd & 7))) === 0) continue;
          const next = words[4 * runEnd] as number;
          if (next <= inlineLength) continue;
          const at = pointerAt(words, 4 * runEnd);
          if (at >= pointer && at + next <= end) continue;
          if (at !== end) break;
          end += next;
        }
        run = bytesAtPointer(strings, i * stringBytes + 8, end - pointer);
        runPointer = pointer;
      }
      codes[start + i] = this.#longCode(run, pointer - runPointer, length);
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

  #longCode(bytes: Uint8Array, from: number, length: number): number {
    let hash = length;
    for (let i = from; i < from + length; i++)
      hash = Math.imul(hash ^ (bytes[i] as number), 0x01000193) ^ (hash >>> 15);
    const keys = this.#keys;
    const mask = this.#slots.length - 1;
    for (let slot = mixed(length, hash, 0, 0) & mask; ; slot = (slot + 1) & mask) {
      const code = this.#slots[slot] as number;
      if (code < 0) {
        const offset = this.#keep(bytes, from, length);
        const text = this.#decoder.decode(bytes.subarray(from, from + length));
        return this.#add(slot, text, length, hash, offset, 0);
      }
      const k = code * 4;
      if (
        keys[k] === length &&
        keys[k + 1] === hash &&
        this.#sameLong(keys[k + 2] as number, bytes, from, length)
      )
        return code;
    }
  }

  #sameLong(offset: number, bytes: Uint8Array, from: number, length: number): boolean {
    for (let i = 0; i < length; i++) if (this.#long[offset + i] !== bytes[from + i]) return false;
    return true;
  }

  #keep(bytes: Uint8Array, from: number, length: number): number {
    const offset = this.#longUsed;
    if (offset + length > this.#long.length) {
      const larger = new Uint8Array(Math.max(offset + length, this.#long.length * 2));
      larger.set(this.#long.subarray(0, offset));
      this.#long = larger;
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
