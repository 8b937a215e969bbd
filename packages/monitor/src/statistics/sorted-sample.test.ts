import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import { sortNumbers } from "./radix-sort.ts";
import { sortedSample } from "./sorted-sample.ts";

/** Long enough for the radix passes, of values that share few, many or all of their upper bits. */
const longSample = fc
  .record({
    seeds: fc.array(fc.double({ noNaN: true }), { minLength: 1, maxLength: 60 }),
    length: fc.integer({ min: 2048, max: 6000 }),
    spread: fc.constantFrom(0, 1e-300, 1e-13, 1e-6, 1, 1e9),
  })
  .map(({ seeds, length, spread }) =>
    Float64Array.from(
      { length },
      (_, i) => (seeds[i % seeds.length] as number) + spread * (((i * 7919) % length) / length - 0.5),
    ),
  );

describe("sortedSample", () => {
  it("orders like the built-in sort, and leaves its input as it is", () => {
    fc.assert(
      fc.property(longSample, (values) => {
        fc.pre(!values.some(Number.isNaN));
        const before = values.slice();
        const sorted = sortNumbers(values);
        expect(values).toEqual(before);
        expect(sorted.buffer).not.toBe(values.buffer);
        const expected = before.sort();
        // -0 and 0 are one number; -0 only comes first.
        expect(sorted.every((value, i) => value === expected[i])).toBe(true);
      }),
      { numRuns: 300 },
    );
  });

  it("orders part of a buffer, and long runs of nearly equal values beside others", () => {
    const all = Float64Array.from({ length: 30_000 }, (_, i) =>
      i % 2 === 0 ? 1e9 + ((i * 7919) % 10_007) * 1e-6 : ((i * 104_729) % 15_013) - 7000.5,
    );
    const part = all.subarray(1234, 29_001);
    expect(sortNumbers(part)).toEqual(part.slice().sort());
    expect(sortNumbers(all.map((value) => -Math.abs(value)))).toEqual(all.map((v) => -Math.abs(v)).sort());
  });

  it("refuses NaN with their number, unless they are to be left out", async () => {
    const values = Float64Array.of(2, Number.NaN, 1, Number.NaN);
    expect(await errorOf(() => sortedSample(values))).toMatchObject({
      code: "MONITOR_INVALID",
      message: "The sample has 2 NaN among 4 values.",
      details: { missing: 2, values: 4 },
    });
    expect(sortedSample(values, { nan: "omit" })).toEqual({ sorted: Float64Array.of(1, 2), omitted: 2 });
  });

  it.each<[string, RegExp, () => unknown]>([
    ["nothing", /is empty/, () => sortedSample(new Float64Array())],
    ["only NaN", /nothing but NaN, 1 of/, () => sortedSample(Float64Array.of(Number.NaN), { nan: "omit" })],
    ["a plain list", /takes a Float64Array, got a list of 2/, () => sortedSample(untyped([1, 2]))],
    ["an unknown word", /nan is one of/, () => sortedSample(Float64Array.of(1), untyped({ nan: "drop" }))],
  ])("refuses %s", async (_, message, call) => {
    const error = await errorOf(call);
    expect(error.code).toBe("MONITOR_INVALID");
    expect(error.message).toMatch(message);
  });
});
