import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { fitSlowLevel, shiftBesideSlowLevel, withoutSlowLevel } from "./slow-level.ts";

/** White noise with a share of an AR(0.95) in it. */
function noise(seed: string, share: number, rows = 672): Float64Array {
  const random = createRandom(`slow-level/${seed}`);
  let level = 0;
  return Float64Array.from({ length: rows }, () => {
    level = 0.95 * level + Math.sqrt(1 - 0.95 ** 2) * random.normal();
    return Math.sqrt(share) * level + Math.sqrt(1 - share) * random.normal();
  });
}
const foundIn = (share: number) =>
  Array.from({ length: 40 }, (_, i) => {
    const values = noise(`${share}/${i}`, share);
    const mean = values.reduce((a, b) => a + b, 0) / values.length;
    return fitSlowLevel(values.map((value) => value - mean));
  });

describe("fitSlowLevel", () => {
  it("finds a faint level that wanders, and seldom one in white noise", () => {
    expect(foundIn(0.2).filter(({ weight }) => weight > 0).length).toBeGreaterThan(30);
    expect(foundIn(0).filter(({ weight }) => weight > 0).length).toBeLessThan(4);
    expect(foundIn(0).filter(({ isSuspected }) => isSuspected).length).toBeLessThan(14);
  });

  it("leaves innovations whose sums of two days vary less, and of a lasting shift what it says", () => {
    const values = noise("long", 0.2, 5000);
    const level = fitSlowLevel(values);
    const left = values.map((value) => withoutSlowLevel(level, value));
    expect(varianceOfSums(left)).toBeLessThan(0.6 * varianceOfSums(values));
    const shift = fitSlowLevel(values);
    let last = 0;
    for (let row = 0; row < 2000; row++) last = withoutSlowLevel(shift, 0.5);
    expect(last).toBeCloseTo(0.5 * shiftBesideSlowLevel(shift), 6);
  });

  it("leaves everything as it is where there is none, and stands missing values", () => {
    const none = fitSlowLevel(new Float64Array(100));
    expect([none.weight, none.isSuspected]).toEqual([0, false]);
    expect(withoutSlowLevel(none, 1.5)).toBe(1.5);
    const level = fitSlowLevel(noise("gaps", 0.3).map((value, row) => (row % 5 === 0 ? Number.NaN : value)));
    expect(withoutSlowLevel(level, Number.NaN)).toBeNaN();
    expect(withoutSlowLevel(level, 1)).not.toBeNaN();
  });
});

function varianceOfSums(values: Float64Array): number {
  let [squares, blocks] = [0, 0];
  for (let from = 0; from + 48 <= values.length; from += 48) {
    squares += values.slice(from, from + 48).reduce((a, b) => a + b, 0) ** 2;
    blocks++;
  }
  return squares / blocks;
}
