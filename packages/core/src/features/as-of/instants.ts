import { isValid, type Validity } from "../../schema/columns.ts";

/**
 * Microseconds as float64 where all of them are exact, else as int64. JavaScript compares numbers with bigints exactly,
 * so code that only compares takes both.
 */
export type Instants = Float64Array | BigInt64Array;

// Not 2 ** 53: that is also what 2 ** 53 + 1 is rounded to.
const exactLimit = 2 ** 53 - 1;
const minInt64 = -(2n ** 63n);
const maxInt64 = 2n ** 63n - 1n;
const isLittleEndian = new Uint8Array(Uint32Array.of(1).buffer)[0] === 1;

/**
 * Instants in the fastest exact form, optionally moved by whole microseconds (results beyond int64 are clamped).
 * @param absent - What null rows become: before ("-") or after ("+") every instant.
 */
export function toInstants(values: BigInt64Array, valid: Validity, absent: "-" | "+", shift = 0n): Instants {
  return asFloats(values, valid, absent, shift) ?? asIntegers(values, valid, absent, shift);
}

function asFloats(
  values: BigInt64Array,
  valid: Validity,
  absent: "-" | "+",
  shift: bigint,
): Float64Array | null {
  const offset = Number(shift);
  const limit = exactLimit - Math.abs(offset);
  if (!(limit > 0)) return null;
  const missing = absent === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
  // Two 32-bit reads instead of one bigint: no allocation.
  const words = new Int32Array(values.buffer, values.byteOffset, values.length * 2);
  const result = new Float64Array(values.length);
  for (let i = 0; i < values.length; i++) {
    if (valid !== null && !isValid(valid, i)) {
      result[i] = missing;
      continue;
    }
    const upper = words[2 * i + (isLittleEndian ? 1 : 0)] as number;
    const lower = (words[2 * i + (isLittleEndian ? 0 : 1)] as number) >>> 0;
    const value = upper * 0x100000000 + lower;
    if (!(Math.abs(value) <= limit)) return null;
    result[i] = value + offset;
  }
  return result;
}

function asIntegers(values: BigInt64Array, valid: Validity, absent: "-" | "+", shift: bigint): BigInt64Array {
  const missing = absent === "-" ? minInt64 : maxInt64;
  return values.map((value, i) => {
    if (!isValid(valid, i)) return missing;
    const moved = value + shift;
    return moved < minInt64 + 1n ? minInt64 + 1n : moved > maxInt64 - 1n ? maxInt64 - 1n : moved;
  });
}

/** Elementwise maximum. */
export function laterOf(a: Instants, b: Instants): Instants {
  if (a instanceof Float64Array && b instanceof Float64Array)
    return a.map((value, i) => Math.max(value, b[i] as number));
  return BigInt64Array.from({ length: a.length }, (_, i) => {
    const first = asBigInt(a[i] as number | bigint);
    const second = asBigInt(b[i] as number | bigint);
    return first > second ? first : second;
  });
}

function asBigInt(value: number | bigint): bigint {
  if (typeof value === "bigint") return value;
  return Number.isFinite(value) ? BigInt(value) : value < 0 ? minInt64 : maxInt64;
}
