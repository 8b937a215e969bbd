/** Distinct texts by their UTF-8 bytes: a text becomes a string once, however many rows hold it. */
export interface TextCodes {
  /** The code of the bytes [start, end). */
  codeOf(bytes: Uint8Array, start: number, end: number): number;
  /** Texts by code. Grows in place until `renew`. */
  readonly dictionary: readonly string[];
  /** Begins a new dictionary once this one has become large, so that memory stays bounded. Codes given before belong to the old one. */
  renewIfLarge(): void;
}

const mostTexts = 1 << 16;
const mostBytes = 1 << 23;

/** Codes by open addressing over the bytes themselves. */
export function textCodes(): TextCodes {
  let arena = Buffer.allocUnsafe(1 << 12);
  let used = 0;
  let dictionary: string[] = [];
  let ends = new Int32Array(256);
  let hashes = new Int32Array(256);
  let slots = new Int32Array(1024).fill(-1);

  const matches = (code: number, bytes: Uint8Array, start: number, length: number): boolean => {
    const from = code === 0 ? 0 : (ends[code - 1] as number);
    if ((ends[code] as number) - from !== length) return false;
    for (let i = 0; i < length; i++) if (arena[from + i] !== bytes[start + i]) return false;
    return true;
  };
  const add = (bytes: Uint8Array, start: number, end: number, hash: number): number => {
    const code = dictionary.length;
    const length = end - start;
    if (used + length > arena.length) {
      const larger = Buffer.allocUnsafe(Math.max(arena.length * 2, used + length));
      larger.set(arena.subarray(0, used));
      arena = larger;
    }
    arena.set(bytes.subarray(start, end), used);
    if (code === ends.length) [ends, hashes] = [doubled(ends), doubled(hashes)];
    used += length;
    ends[code] = used;
    hashes[code] = hash;
    dictionary.push(arena.toString("utf8", used - length, used));
    if (dictionary.length * 2 > slots.length) {
      slots = new Int32Array(slots.length * 2).fill(-1);
      for (let each = 0; each < dictionary.length; each++) place(each, hashes[each] as number);
    } else place(code, hash);
    return code;
  };
  const place = (code: number, hash: number): void => {
    const mask = slots.length - 1;
    let slot = hash & mask;
    while (slots[slot] !== -1) slot = (slot + 1) & mask;
    slots[slot] = code;
  };
  return {
    codeOf(bytes, start, end) {
      // FNV-1a, and a last mix because the slots take the low bits.
      let hash = -2_128_831_035;
      for (let i = start; i < end; i++) hash = Math.imul(hash ^ (bytes[i] as number), 16_777_619);
      hash ^= hash >>> 15;
      const mask = slots.length - 1;
      for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
        const code = slots[slot] as number;
        if (code === -1) return add(bytes, start, end, hash);
        if (hashes[code] === hash && matches(code, bytes, start, end - start)) return code;
      }
    },
    get dictionary() {
      return dictionary;
    },
    renewIfLarge() {
      if (dictionary.length < mostTexts && used < mostBytes) return;
      dictionary = [];
      used = 0;
      if (arena.length > mostBytes) arena = Buffer.allocUnsafe(1 << 12);
      slots = new Int32Array(1024).fill(-1);
    },
  };
}

function doubled(values: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const larger = new Int32Array(values.length * 2);
  larger.set(values);
  return larger;
}
