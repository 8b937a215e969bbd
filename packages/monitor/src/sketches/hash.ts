/** A 64-bit hash as two halves. */
export interface Hash64 {
  high: number;
  low: number;
}

const halves = new DataView(new ArrayBuffer(8));

/** Hashes text by its UTF-16 units, with MurmurHash3's mixing on 32-bit blocks and two seeds (A. Appleby 2011). */
export function hashText(text: string, into: Hash64): void {
  let [high, low] = [0x9747_b28c, 0x1b87_3593];
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    high = mixBlock(high, unit);
    low = mixBlock(low, unit);
  }
  into.high = mixBits(high ^ text.length);
  into.low = mixBits(low ^ text.length);
}

/** Hashes a number by its bits. -0 is 0, and all NaN are one. */
export function hashNumber(value: number, into: Hash64): void {
  halves.setFloat64(0, Number.isNaN(value) ? Number.NaN : value + 0);
  hashHalves(0x3c6e_f372, into);
}

/** Hashes a whole number of 64 bits. */
export function hashInteger(value: bigint, into: Hash64): void {
  halves.setBigInt64(0, value);
  hashHalves(0x2545_f491, into);
}

function hashHalves(seed: number, into: Hash64): void {
  const [first, second] = [halves.getInt32(0), halves.getInt32(4)];
  into.high = mixBits(mixBlock(mixBlock(seed, first), second));
  into.low = mixBits(mixBlock(mixBlock(~seed, second), first));
}

function mixBlock(hash: number, block: number): number {
  let mixed = Math.imul(block, 0xcc9e_2d51);
  mixed = Math.imul((mixed << 15) | (mixed >>> 17), 0x1b87_3593);
  const turned = hash ^ mixed;
  return (Math.imul((turned << 13) | (turned >>> 19), 5) + 0xe654_6b64) | 0;
}

/** A whole number of 32 bits whose every bit depends on every bit of the given one. */
export function mixBits(hash: number): number {
  let mixed = Math.imul(hash ^ (hash >>> 16), 0x85eb_ca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2_ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}
