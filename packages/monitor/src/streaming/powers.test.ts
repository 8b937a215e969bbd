import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { powersOf } from "./powers.ts";

const steady = { shock: 0, memory: 0 };
const none = { weight: 0, keep: 0, sum: new Float64Array(1), isSuspected: false };

function powers(values: Float64Array) {
  return powersOf({ first: 0, values }, new Uint8Array(values.length), steady, none, false, [24]);
}
function noise(seed: string): Float64Array {
  const random = createRandom(`powers/${seed}`);
  return Float64Array.from({ length: 672 }, () => random.normal());
}

describe("powersOf", () => {
  it("are mostly 1 for independent innovations", () => {
    const reduced = Array.from({ length: 40 }, (_, i) => powers(noise(`${i}`))).flatMap(
      ({ level, season, scale }) => [level, season, scale].filter((power) => power < 1),
    );
    // Each at about 5 %: 6 of 120 are expected.
    expect(reduced.length).toBeLessThan(15);
  });

  it("are less for what depends: days that are high or low, wild or calm, or early or late", () => {
    const random = createRandom("powers/days");
    const days = Float64Array.from({ length: 28 }, () => random.normal());
    const dayOf = (row: number) => days[Math.floor(row / 24)] as number;
    expect(powers(noise("level").map((value, row) => value + 0.5 * dayOf(row))).level).toBeLessThan(0.5);
    expect(powers(noise("scale").map((value, row) => value * Math.exp(0.5 * dayOf(row)))).scale).toBeLessThan(
      0.6,
    );
    const wave = (row: number) => Math.sin((2 * Math.PI * row) / 24);
    expect(powers(noise("season").map((value, row) => value + dayOf(row) * wave(row))).season).toBeLessThan(
      0.5,
    );
  });
});
