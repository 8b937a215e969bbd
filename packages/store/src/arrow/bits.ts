/** Validity bits of a column that grows: absent until the first null. */
export class ValidityBuilder {
  #bits: Uint8Array | null = null;
  #length = 0;

  /** Appends `count` bits; null stands for `count` ones. Bits of `source` past `count` are ignored. */
  append(source: Uint8Array | null, count: number): void {
    const start = this.#length;
    this.#length = start + count;
    if (this.#bits === null && (source === null || allOnes(source, count))) return;
    const bits = this.#reserve(start + count, start);
    if (source === null) setOnes(bits, start, count);
    else copyBits(source, count, bits, start);
  }

  /** The bits so far, `ceil(length / 8)` bytes; null when all of them are ones. */
  finish(): Uint8Array | null {
    return this.#bits === null ? null : this.#bits.slice(0, (this.#length + 7) >> 3);
  }

  #reserve(length: number, used: number): Uint8Array {
    const bytes = ((length + 7) >> 3) + 1;
    if (this.#bits === null) {
      this.#bits = new Uint8Array(Math.max(bytes, 256));
      setOnes(this.#bits, 0, used);
    } else if (this.#bits.length < bytes) {
      const larger = new Uint8Array(Math.max(bytes, this.#bits.length * 2));
      larger.set(this.#bits);
      this.#bits = larger;
    }
    return this.#bits;
  }
}

/** Whether the first `count` bits are ones. */
export function allOnes(bits: Uint8Array, count: number): boolean {
  const whole = count >> 3;
  for (let i = 0; i < whole; i++) if (bits[i] !== 0xff) return false;
  const rest = (1 << (count & 7)) - 1;
  return ((bits[whole] ?? 0) & rest) === rest;
}

function setOnes(bits: Uint8Array, start: number, count: number): void {
  const end = start + count;
  let at = start;
  for (; at < end && (at & 7) !== 0; at++) bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
  bits.fill(0xff, at >> 3, Math.max(at >> 3, end >> 3));
  for (at = Math.max(at, end & ~7); at < end; at++)
    bits[at >> 3] = (bits[at >> 3] as number) | (1 << (at & 7));
}

/** Copies the first `count` bits of `source` to bit `start` of `target`, whose bits from there on are zero. */
function copyBits(source: Uint8Array, count: number, target: Uint8Array, start: number): void {
  const shift = start & 7;
  const first = start >> 3;
  const whole = count >> 3;
  for (let i = 0; i <= whole; i++) {
    const byte = i < whole ? (source[i] as number) : (source[i] ?? 0) & ((1 << (count & 7)) - 1);
    if (byte === 0) continue;
    target[first + i] = (target[first + i] as number) | (byte << shift);
    if (shift !== 0 && byte >> (8 - shift) !== 0)
      target[first + i + 1] = (target[first + i + 1] as number) | (byte >> (8 - shift));
  }
}
