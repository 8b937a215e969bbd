import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { nullWindows } from "./null-windows.ts";

const reference = { first: 5, values: new Float64Array(1000) };
const current = { first: 1005, values: new Float64Array(200) };
current.values[17] = Number.NaN;

describe("nullWindows", () => {
  it("gives windows of the same place and length, missing where they are, and the same ones for a seed", () => {
    const random = createRandom("shocks");
    const shocks = Float64Array.from({ length: 1000 }, () => random.normal());
    shocks[500] = Number.NaN;
    const draw = () =>
      nullWindows(reference, current, { phi: Float64Array.of(0.5), shocks }, 24, createRandom("draw"));
    const [before, now] = draw();
    expect([before.first, before.values.length, now.first, now.values.length]).toEqual([5, 1000, 1005, 200]);
    expect(Array.from(now.values.keys()).filter((slot) => Number.isNaN(now.values[slot]))).toEqual([17]);
    expect(before.values.some(Number.isNaN)).toBe(false);
    expect(draw()).toEqual([before, now]);
  });

  it("keeps each hour's shocks at that hour", () => {
    // Every shock is the hour of its grid index.
    const shocks = Float64Array.from({ length: 1000 }, (_, slot) => (5 + slot) % 24);
    const [before, now] = nullWindows(
      reference,
      current,
      { phi: new Float64Array(0), shocks },
      24,
      createRandom("hours"),
    );
    for (const { first, values } of [before, now])
      values.forEach((value, slot) => {
        if (!Number.isNaN(value)) expect(value).toBe((first + slot) % 24);
      });
  });

  it("runs the autoregression through both windows where one follows the other", () => {
    const shocks = new Float64Array(1000).fill(1);
    const [before, now] = nullWindows(
      reference,
      current,
      { phi: Float64Array.of(0.9), shocks },
      1,
      createRandom("run"),
    );
    for (const value of [...before.values.subarray(100), now.values[0] as number])
      expect(value).toBeCloseTo(10, 3);
  });
});
