import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { dithered, ditherFor } from "./dither.ts";
import { rankNoiseFor } from "./rank-noise.ts";

const random = createRandom("dither");
const normal = Float64Array.from({ length: 672 }, () => random.normal());

describe("ditherFor", () => {
  it("leaves values alone of which few are equal", () => {
    const dither = ditherFor(normal);
    expect(dithered(dither, 0.3, 7)).toBe(0.3);
    expect(dithered(ditherFor(normal.map((value) => Math.round(10 * value))), 3, 7)).toBe(3);
  });

  it("spreads rounded values over about a step, the same way at the same place", () => {
    const dither = ditherFor(normal.map((value) => Math.round(value)));
    const spread = Float64Array.from({ length: 1000 }, (_, index) => dithered(dither, 0, index));
    expect(Math.max(...spread)).toBeCloseTo(0.5, 1);
    expect(Math.min(...spread)).toBeCloseTo(-0.5, 1);
    expect(dithered(dither, 0, 7)).toBe(dithered(dither, 0, 7));
  });
});

describe("rankNoiseFor", () => {
  it("is nothing for normal noise and wide for two humps", () => {
    expect(rankNoiseFor(normal)).toBe(0);
    expect(rankNoiseFor(normal.map((value, i) => (i % 2 ? 1 : -1) + value / 5))).toBeGreaterThan(0);
  });
});
