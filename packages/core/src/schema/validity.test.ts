import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { isValid } from "./columns.ts";
import {
  concatValidity,
  countNulls,
  emptyBitmap,
  fullBitmap,
  setNull,
  setValid,
  sliceValidity,
  takeValidity,
} from "./validity.ts";

const flags = fc.array(fc.boolean(), { maxLength: 70 });

/** A bitmap of flags whose unused bits are set, as foreign bitmaps may have them. */
function bitmapOf(bits: readonly boolean[]): Uint8Array {
  const bitmap = new Uint8Array((bits.length + 7) >> 3).fill(0xff);
  bits.forEach((bit, i) => {
    if (!bit) setNull(bitmap, i);
  });
  return bitmap;
}
const flagsOf = (valid: Uint8Array | null, length: number) =>
  Array.from({ length }, (_, i) => isValid(valid, i));

describe("bitmaps", () => {
  it("count, slice, take and join as arrays of booleans do", () => {
    fc.assert(
      fc.property(flags, flags, fc.array(fc.nat()), fc.nat(), fc.nat(), (a, b, picks, from, to) => {
        const bitmap = bitmapOf(a);
        expect(countNulls(bitmap, a.length)).toBe(a.filter((bit) => !bit).length);
        const [start, end] = [from % (a.length + 1), to % (a.length + 1)].sort((x, y) => x - y) as [
          number,
          number,
        ];
        expect(flagsOf(sliceValidity(bitmap, start, end), end - start)).toEqual(a.slice(start, end));
        const rows = a.length === 0 ? [] : picks.map((pick) => pick % a.length);
        expect(flagsOf(takeValidity(bitmap, Int32Array.from(rows)), rows.length)).toEqual(
          rows.map((row) => a[row]),
        );
        const joined = concatValidity([
          { valid: bitmap, length: a.length },
          { valid: null, length: 3 },
          { valid: bitmapOf(b), length: b.length },
        ]);
        expect(flagsOf(joined, a.length + 3 + b.length)).toEqual([...a, true, true, true, ...b]);
      }),
      { numRuns: 1000 },
    );
  });

  it("are null when no row is", () => {
    const full = fullBitmap(11);
    expect(countNulls(full, 11)).toBe(0);
    expect(full[1]).toBe(0b111);
    expect(sliceValidity(full, 2, 9)).toBeNull();
    expect(takeValidity(full, Int32Array.of(3))).toBeNull();
    expect(concatValidity([{ valid: full, length: 11 }])).toBeNull();
    expect(countNulls(null, 5)).toBe(0);
  });

  it("set single rows", () => {
    const bitmap = emptyBitmap(9);
    setValid(bitmap, 8);
    setValid(bitmap, 2);
    setNull(bitmap, 2);
    expect(flagsOf(bitmap, 9)).toEqual([false, false, false, false, false, false, false, false, true]);
  });
});
