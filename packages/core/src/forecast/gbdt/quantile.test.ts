import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectQuantile, selectWeightedQuantile } from "./quantile.ts";

const levels = fc.constantFrom(0.001, 0.1, 0.25, 1 / 3, 0.5, 0.9, 0.999);

/** Mean pinball loss of a constant. */
function pinball(
  values: readonly number[],
  weights: readonly number[],
  constant: number,
  alpha: number,
): number {
  return values.reduce((sum, value, i) => {
    const residual = value - constant;
    return sum + weights[i]! * Math.max(alpha * residual, (alpha - 1) * residual);
  }, 0);
}

describe("the quantile of a leaf", { timeout: 60_000 }, () => {
  it("is the usual median for a half", () => {
    expect(selectQuantile(Float64Array.of(3, 1, 2), 3, 0.5)).toBe(2);
    expect(selectQuantile(Float64Array.of(4, 1, 2, 3), 4, 0.5)).toBe(2.5);
    expect(selectQuantile(Float64Array.of(7), 1, 0.5)).toBe(7);
    expect(selectQuantile(Float64Array.of(9, 1, 5, -100), 3, 0.5)).toBe(5);
  });

  it("follows Hyndman and Fan's definition 2", () => {
    const tenths = Float64Array.from({ length: 10 }, (_, i) => 9 - i);
    expect(selectQuantile(tenths.slice(), 10, 0.1)).toBe(0.5);
    expect(selectQuantile(tenths.slice(), 10, 0.15)).toBe(1);
    expect(selectQuantile(tenths.slice(), 10, 0.9)).toBe(8.5);
    expect(selectQuantile(tenths.slice(), 10, 0.95)).toBe(9);
  });

  it("minimises the pinball loss over all values", () => {
    const value = fc.integer({ min: -20, max: 20 });
    fc.assert(
      fc.property(
        fc.array(fc.tuple(value, fc.constantFrom(0.25, 1, 3, 7.5)), { minLength: 1 }),
        levels,
        (pairs, alpha) => {
          const values = pairs.map(([v]) => v);
          const weights = pairs.map(([, w]) => w);
          const ones = values.map(() => 1);
          const plain = selectQuantile(Float64Array.from(values), values.length, alpha);
          const weighted = selectWeightedQuantile(
            Float64Array.from(values),
            Float64Array.from(weights),
            values.length,
            alpha,
          );
          for (const other of values) {
            expect(pinball(values, ones, plain, alpha)).toBeLessThanOrEqual(
              pinball(values, ones, other, alpha) + 1e-9,
            );
            expect(pinball(values, weights, weighted, alpha)).toBeLessThanOrEqual(
              pinball(values, weights, other, alpha) + 1e-9,
            );
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  it("counts a whole weight like that many equal rows", () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.integer({ min: -5, max: 5 }), fc.integer({ min: 1, max: 4 })), { minLength: 1 }),
        levels,
        (pairs, alpha) => {
          const repeated = pairs.flatMap(([value, times]) => Array<number>(times).fill(value));
          expect(
            selectWeightedQuantile(
              Float64Array.from(pairs, ([value]) => value),
              Float64Array.from(pairs, ([, weight]) => weight),
              pairs.length,
              alpha,
            ),
          ).toBe(selectQuantile(Float64Array.from(repeated), repeated.length, alpha));
        },
      ),
      { numRuns: 500 },
    );
  });
});
