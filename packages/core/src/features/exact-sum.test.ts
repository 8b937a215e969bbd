import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ExactSquareSum, ExactSum, exactStandardDeviation } from "./exact-sum.ts";

/** A float64 as (integer, exponent), by long division of its decimal-free expansion: no bit tricks. */
function asRatio(value: number): { units: bigint } {
  let scaled = Math.abs(value);
  let exponent = 0;
  while (scaled !== 0 && !Number.isSafeInteger(scaled)) {
    if (scaled > Number.MAX_SAFE_INTEGER) {
      scaled /= 2;
      exponent++;
    } else {
      scaled *= 2;
      exponent--;
    }
  }
  const units = BigInt(scaled) << BigInt(exponent + 1074);
  return { units: value < 0 ? -units : units };
}

/** Nearest float64 to units * 2^-1074 by bisection over all doubles, ties to even significand. */
function nearest(units: bigint): number {
  if (units === 0n) return 0;
  const magnitude = units < 0n ? -units : units;
  const limit = (1n << 2098n) - (1n << 2044n);
  const sign = units < 0n ? -1 : 1;
  if (magnitude >= limit) return sign * Number.POSITIVE_INFINITY;
  const view = new DataView(new ArrayBuffer(8));
  const toFloat = (bits: bigint): number => {
    view.setBigUint64(0, bits);
    return view.getFloat64(0);
  };
  let low = 0n;
  let high = 0x7fefffffffffffffn;
  while (low < high) {
    const middle = (low + high + 1n) / 2n;
    if (asRatio(toFloat(middle)).units <= magnitude) low = middle;
    else high = middle - 1n;
  }
  const below = asRatio(toFloat(low)).units;
  if (below === magnitude || low === 0x7fefffffffffffffn) return sign * toFloat(low);
  const above = asRatio(toFloat(low + 1n)).units;
  const down = magnitude - below;
  const up = above - magnitude;
  const chosen = down < up || (down === up && low % 2n === 0n) ? low : low + 1n;
  return sign * toFloat(chosen);
}

const finite = fc.oneof(
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.integer({ min: -1000, max: 1000 }),
  fc.constantFrom(
    0,
    -0,
    5e-324,
    -5e-324,
    Number.MAX_VALUE,
    -Number.MAX_VALUE,
    2 ** -1022,
    1,
    2 ** 53,
    2 ** 32,
    -(2 ** 32),
  ),
  fc.tuple(fc.integer({ min: -1074, max: 1023 }), fc.constantFrom(1, -1)).map(([e, s]) => s * 2 ** e),
);

describe("ExactSum", () => {
  it("is the true sum, rounded once", () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 12 }), (values) => {
        const sum = new ExactSum();
        for (const value of values) sum.add(value);
        const units = values.reduce((total, value) => total + asRatio(value).units, 0n);
        expect(sum.units()).toBe(units);
        expect(sum.value()).toBe(nearest(units));
      }),
      { numRuns: 400 },
    );
  });

  it("forgets what was removed, whatever the order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double(), { maxLength: 8 }),
        fc.array(fc.double(), { maxLength: 8 }),
        (kept, gone) => {
          const sliding = new ExactSum();
          for (const value of gone) sliding.add(value);
          for (const value of kept) sliding.add(value);
          sliding.value();
          for (const value of gone) sliding.remove(value);
          const fresh = new ExactSum();
          for (const value of kept.toReversed()) fresh.add(value);
          expect(sliding.value()).toBe(fresh.value());
        },
      ),
    );
  });

  it("adds two million values of one size without losing a bit", () => {
    const sum = new ExactSum();
    for (let i = 0; i < 2_200_000; i++) sum.add(-0.1);
    expect(sum.units()).toBe(asRatio(-0.1).units * 2_200_000n);
    for (let i = 0; i < 2_200_000; i++) sum.remove(-0.1);
    expect(Object.is(sum.value(), 0)).toBe(true);
  });

  it("rounds ties to even and sees a bit far below", () => {
    const sum = new ExactSum();
    sum.add(2 ** 53);
    sum.add(1);
    expect(sum.value()).toBe(2 ** 53);
    sum.add(5e-324);
    expect(sum.value()).toBe(2 ** 53 + 2);
  });

  it("follows IEEE for NaN and infinities, also after they left", () => {
    const sum = new ExactSum();
    sum.add(1);
    sum.add(Number.POSITIVE_INFINITY);
    expect(sum.value()).toBe(Number.POSITIVE_INFINITY);
    sum.add(Number.NEGATIVE_INFINITY);
    expect(sum.value()).toBeNaN();
    sum.remove(Number.POSITIVE_INFINITY);
    expect(sum.value()).toBe(Number.NEGATIVE_INFINITY);
    sum.add(Number.NaN);
    expect(sum.value()).toBeNaN();
    sum.remove(Number.NaN);
    sum.remove(Number.NEGATIVE_INFINITY);
    expect(sum.value()).toBe(1);
  });
});

describe("exactStandardDeviation", () => {
  const deviation = (values: readonly number[]): number => {
    const sum = new ExactSum();
    const squares = new ExactSquareSum();
    for (const value of values) {
      sum.add(value);
      squares.add(value);
    }
    return exactStandardDeviation(values.length, sum, squares);
  };

  it("sums squares exactly", () => {
    fc.assert(
      fc.property(fc.array(finite, { maxLength: 8 }), (values) => {
        const squares = new ExactSquareSum();
        for (const value of values) squares.add(value);
        expect(squares.units()).toBe(values.reduce((total, value) => total + asRatio(value).units ** 2n, 0n));
        for (const value of values) squares.remove(value);
        expect(squares.units()).toBe(0n);
      }),
      { numRuns: 300 },
    );
  });

  it("matches the textbook two-pass formula on tame numbers", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -1e6, max: 1e6, noNaN: true }), { minLength: 2, maxLength: 20 }),
        (values) => {
          const mean = values.reduce((a, b) => a + b, 0) / values.length;
          const variance = values.reduce((a, b) => a + (b - mean) ** 2, 0) / (values.length - 1);
          const scale = Math.max(...values.map(Math.abs));
          expect(Math.abs(deviation(values) - Math.sqrt(variance))).toBeLessThanOrEqual(
            1e-13 * scale + 1e-150,
          );
        },
      ),
    );
  });

  it("does not cancel, overflow or underflow", () => {
    expect(deviation([1e16, 1e16 + 2])).toBe(Math.sqrt(2));
    expect(deviation([1e9 + 0.25, 1e9 + 0.25, 1e9 + 0.25])).toBe(0);
    expect(deviation([1e300, -1e300])).toBe(Math.sqrt(2) * 1e300);
    expect(deviation([5e-324, -5e-324])).toBe(5e-324);
    expect(deviation([1, Number.NaN])).toBeNaN();
  });

  it("is numpy's std(ddof=1) where that is exact", () => {
    expect(deviation([2, 4, 4, 4, 5, 5, 7, 9])).toBe(Math.sqrt(32 / 7));
    expect(deviation([1, 2])).toBe(Math.SQRT1_2);
  });
});
