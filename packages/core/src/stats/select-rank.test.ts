import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { selectRank } from "./select-rank.ts";

describe("the value of a rank", () => {
  it("is what sorting gives, whichever ranks are asked for in ascending order", () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.integer({ min: -3, max: 3 }), fc.double({ noNaN: true })), { minLength: 1 }),
        fc.infiniteStream(fc.nat()),
        (values, picks) => {
          const given = Float64Array.from(values);
          const sorted = given.slice().sort();
          const ranks = [...picks.take(4)].map((pick) => pick % values.length).sort((a, b) => a - b);
          let begin = 0;
          for (const rank of ranks) {
            // -0 and 0 are one value here, not in the order of `sort`.
            expect(selectRank(given, rank, Math.min(begin, rank)) + 0).toBe((sorted[rank] as number) + 0);
            begin = rank + 1;
          }
          expect(
            given
              .slice()
              .sort()
              .map((value) => value + 0),
          ).toEqual(sorted.map((value) => value + 0));
        },
      ),
    );
  });

  it("leaves what lies outside of the given places alone", () => {
    const values = Float64Array.of(9, 5, 4, 3, -9);
    expect(selectRank(values, 1, 1, 3)).toBe(3);
    expect([values[0], values[4]]).toEqual([9, -9]);
  });
});
