import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { learnLevels } from "./learn-levels.ts";
import type { LevelRules } from "./rules.ts";

/** What is learnt of a series of eight weeks of hours. */
function learnt(next: (step: number) => number, length = 1344): LevelRules {
  const values = Float64Array.from({ length }, (_, i) => next(i));
  const changes = Float64Array.from({ length: length - 1 }, (_, i) =>
    Math.abs((values[i + 1] as number) - (values[i] as number)),
  );
  return learnLevels([values], [changes]) as LevelRules;
}

/** An autoregression around the course of a day. */
function daily(seed: string, level: number, wave: number, noise: number): (step: number) => number {
  const random = createRandom(seed);
  let value = 0;
  return (step) => {
    value = 0.9 * value + random.normal(0, noise);
    return level - wave * Math.cos((2 * Math.PI * step) / 24) + value;
  };
}

describe("learnt bounds", () => {
  it("of normal noise reach where one in a million lies, and not three times as far", () => {
    const random = createRandom("normal");
    const { usual, possible } = learnt(() => random.normal());
    for (const end of [-usual[0], usual[1]]) {
      expect(end).toBeGreaterThan(4);
      expect(end).toBeLessThan(9);
    }
    expect(possible[1]).toBeGreaterThan(usual[1]);
    expect(possible[1]).toBeLessThan(20);
  });

  it("of values between two ends stay near these", () => {
    const random = createRandom("uniform");
    const { usual } = learnt(() => random.uniform(50, 60));
    expect(usual[0]).toBeGreaterThan(44);
    expect(usual[1]).toBeLessThan(66);
  });

  it("are 0 and 100, or 1, for percentages and shares that come to be just that", () => {
    const humidity = daily("humidity", 75, 18, 6);
    const percent = (step: number) => Math.round(Math.max(16, Math.min(100, humidity(step))));
    expect(learnt(percent)).toMatchObject({ usual: [0, 100], possible: [0, 100] });
    expect(learnt((step) => percent(step) / 100)).toMatchObject({ usual: [0, 1], possible: [0, 1] });
    // Twice is chance, 99 no end, and flags are no shares.
    const below = (step: number) => Math.min(99, percent(step));
    expect(learnt(below).possible[1]).toBeGreaterThan(100);
    expect(
      learnt((step) => (step === 7 || step === 500 ? 100 : Math.min(95, below(step)))).possible[1],
    ).toBeGreaterThan(100);
    expect(learnt((step) => Number(percent(step) > 70)).possible[1]).toBeGreaterThan(1);
  });

  it("leave room for a level that goes one way steadily, more than for one that came and went", () => {
    const noise = daily("level", 100, 5, 1);
    const rising = learnt((step) => noise(step) + (40 * step) / 1344);
    const returning = learnt((step) => noise(step) + 40 * (1 - Math.abs(step - 672) / 672));
    expect(rising.usual[1]).toBeGreaterThan(210);
    expect(returning.usual[1]).toBeLessThan(rising.usual[1] - 30);
  });

  it("of changes are no wider than those of values", () => {
    const random = createRandom("spiky");
    const { usual, maxStep } = learnt(() => Math.abs(random.normal()) ** 3 * random.normal());
    expect(maxStep).toBeLessThanOrEqual(usual[1] - usual[0]);
    const calm = learnt(daily("load", 20_000, 6000, 300));
    expect(calm.maxStep).toBeLessThan(6000);
    expect(calm.maxStep).toBeGreaterThan(2000);
  });
});
