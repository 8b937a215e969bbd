import { isValid, type Validity } from "./columns.ts";

/** A bitmap of `length` rows, all null. */
export function emptyBitmap(length: number): Uint8Array {
  return new Uint8Array((length + 7) >> 3);
}

/** A bitmap of `length` rows, all valid; unused bits of the last byte are 0. */
export function fullBitmap(length: number): Uint8Array {
  const bitmap = emptyBitmap(length).fill(0xff);
  if ((length & 7) !== 0) bitmap[bitmap.length - 1] = (1 << (length & 7)) - 1;
  return bitmap;
}

/** Marks a row of a bitmap as valid. */
export function setValid(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3] = (bitmap[index >> 3] as number) | (1 << (index & 7));
}

/** Marks a row of a bitmap as null. */
export function setNull(bitmap: Uint8Array, index: number): void {
  bitmap[index >> 3] = (bitmap[index >> 3] as number) & ~(1 << (index & 7));
}

/** Number of null rows among the first `length`. */
export function countNulls(valid: Validity, length: number): number {
  if (valid === null) return 0;
  let ones = 0;
  const whole = length >> 3;
  for (let i = 0; i < whole; i++) ones += ones8[valid[i] as number] as number;
  if ((length & 7) !== 0) ones += ones8[(valid[whole] as number) & ((1 << (length & 7)) - 1)] as number;
  return length - ones;
}

const ones8 = Uint8Array.from({ length: 256 }, (_, byte) => {
  let ones = 0;
  for (let bits = byte; bits !== 0; bits &= bits - 1) ones++;
  return ones;
});

/** The rows [start, end) of a bitmap as a bitmap of their own; null when none of them is null. */
export function sliceValidity(valid: Validity, start: number, end: number): Validity {
  if (valid === null || end <= start) return null;
  const result = emptyBitmap(end - start);
  copyBits(valid, start, result, 0, end - start);
  return countNulls(result, end - start) === 0 ? null : result;
}

/** The rows of a bitmap at `rows`, in that order; null when none of them is null. */
export function takeValidity(valid: Validity, rows: Int32Array): Validity {
  if (valid === null) return null;
  const result = emptyBitmap(rows.length);
  let nulls = 0;
  for (let i = 0; i < rows.length; i++)
    if (isValid(valid, rows[i] as number)) setValid(result, i);
    else nulls++;
  return nulls === 0 ? null : result;
}

/** Bitmaps of several columns one after another; null when no row is null. */
export function concatValidity(
  parts: readonly { readonly valid: Validity; readonly length: number }[],
): Validity {
  if (parts.every((part) => part.valid === null)) return null;
  const result = emptyBitmap(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const { valid, length } of parts) {
    copyBits(valid ?? fullBitmap(length), 0, result, at, length);
    at += length;
  }
  return countNulls(result, at) === 0 ? null : result;
}

/** Copies `length` bits to a bitmap whose target bits are all 0. */
function copyBits(from: Uint8Array, fromBit: number, to: Uint8Array, toBit: number, length: number): void {
  let i = 0;
  if ((toBit & 7) === 0) {
    const shift = fromBit & 7;
    const first = fromBit >> 3;
    const whole = length >> 3;
    for (let byte = 0; byte < whole; byte++) {
      const low = (from[first + byte] as number) >> shift;
      const high = shift === 0 ? 0 : (from[first + byte + 1] as number) << (8 - shift);
      to[(toBit >> 3) + byte] = low | high;
    }
    i = whole << 3;
  }
  for (; i < length; i++) if (isValid(from, fromBit + i)) setValid(to, toBit + i);
}
