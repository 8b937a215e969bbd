import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Instants } from "./instants.ts";
import { availableIndex, firstAfter, firstAtOrAfter, lastKnown, type OrderedRows } from "./ordered-rows.ts";

const values = fc.array(fc.integer({ min: 0, max: 6 }), { maxLength: 40 });
const asInstants = fc.constantFrom(
  (numbers: readonly number[]): Instants => Float64Array.from(numbers),
  (numbers: readonly number[]): Instants => BigInt64Array.from(numbers, BigInt),
);

describe("ordered rows", () => {
  it("finds the first position at or after, and after, a bound", () => {
    fc.assert(
      fc.property(values, fc.integer({ min: -1, max: 7 }), asInstants, (numbers, bound, make) => {
        const sorted = numbers.toSorted((a, b) => a - b);
        const time = make(sorted);
        const orEnd = (position: number) => (position < 0 ? sorted.length : position);
        expect(firstAtOrAfter(time, 0, sorted.length, bound)).toBe(
          orEnd(sorted.findIndex((value) => value >= bound)),
        );
        expect(firstAfter(time, 0, sorted.length, BigInt(bound))).toBe(
          orEnd(sorted.findIndex((value) => value > bound)),
        );
      }),
    );
  });

  it("finds the last row that was available, with and without an index", () => {
    fc.assert(
      fc.property(
        values,
        fc.nat(40),
        fc.nat(40),
        fc.integer({ min: -1, max: 7 }),
        asInstants,
        (numbers, a, b, known, make) => {
          const [start, end] = [Math.min(a, b, numbers.length), Math.min(Math.max(a, b), numbers.length)];
          const available = make(numbers);
          const rows: OrderedRows = { time: available, available, row: null, columns: {} };
          const found = numbers.slice(start, end).findLastIndex((value) => value <= known);
          const expected = found < 0 ? -1 : start + found;
          expect(lastKnown(rows, start, end, known)).toBe(expected);
          expect(lastKnown({ ...rows, availableIndex: availableIndex(available) }, start, end, known)).toBe(
            expected,
          );
        },
      ),
      { numRuns: 500 },
    );
  });
});
