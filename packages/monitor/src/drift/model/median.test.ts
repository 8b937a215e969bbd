import { createRandom } from "@tsops/core";
import { expect, it } from "vitest";
import { medianOf } from "./median.ts";

it("is the middle of the sorted values, with ties and in any order", () => {
  const random = createRandom("median");
  for (let n = 1; n <= 200; n++)
    for (const make of [
      () => random.normal(),
      () => Math.round(2 * random.normal()),
      (i: number) => i,
      (i: number) => -i,
    ]) {
      const values = Float64Array.from({ length: n }, (_, i) => make(i));
      const sorted = [...values].sort((a, b) => a - b);
      const expected = ((sorted[(n - 1) >> 1] as number) + (sorted[n >> 1] as number)) / 2;
      expect(medianOf(values) + 0).toBe(expected + 0); // -0 counts as 0
    }
  expect(medianOf(new Float64Array(0))).toBe(0);
});
