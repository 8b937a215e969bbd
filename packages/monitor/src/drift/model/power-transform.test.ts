import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { choosePower, transformed } from "./power-transform.ts";

function persistent(seed: string, change: (value: number) => number) {
  const random = createRandom(seed);
  let value = 0;
  const values = Float64Array.from({ length: 800 }, () => {
    value = 0.8 * value + 0.6 * random.normal();
    return change(value);
  });
  return { first: 0, values };
}
const powerOf = (series: ReturnType<typeof persistent>) => choosePower(series, series, 24, 8).power;

describe("choosePower", () => {
  it("takes logarithms of a log-normal series, roots of a squared one, and normal ones as they are", () => {
    expect(powerOf(persistent("a", Math.exp))).toBe(0);
    expect(powerOf(persistent("a", (value) => (value + 6) ** 2))).toBe(0.5);
    expect(powerOf(persistent("a", (value) => value + 6))).toBe(1);
    expect(powerOf(persistent("a", (value) => value + 1000))).toBe(1);
  });
  it("takes columns with values below zero as they are, and has a logarithm for zeros", () => {
    const amounts = persistent("b", Math.exp);
    expect(choosePower(amounts, { first: 0, values: Float64Array.of(3, -1) }, 24, 8).power).toBe(1);
    amounts.values[7] = 0;
    const power = choosePower(amounts, amounts, 24, 8);
    expect(transformed(amounts, power).values.every(Number.isFinite)).toBe(true);
  });
  it("does not let the zeros of a night choose the scale, nor dust at dawn", () => {
    const clouds = persistent("d", (value) => 1 / (1 + Math.exp(value)));
    const height = (row: number) => Math.max(0, Math.round(1000 * Math.sin((2 * Math.PI * row) / 24)) / 1000);
    const solar = { first: 0, values: clouds.values.map((share, row) => 500 * height(row) * share) };
    const scale = choosePower(solar, solar, 24, 8);
    expect(scale.power).not.toBe(0);
    const dusty = {
      first: 0,
      values: solar.values.map((value, row) => (row % 24 === 13 ? 1e-13 * row : value)),
    };
    const withDust = choosePower(dusty, dusty, 24, 8);
    expect(withDust.power).toBe(scale.power);
    if (scale.power !== 1) expect(withDust.shift).toBeGreaterThan(scale.shift / 2);
  });
  it("takes no logarithms because shocks are skew", () => {
    const random = createRandom("skew");
    let value = 0;
    const values = Float64Array.from({ length: 872 }, () => {
      value = 0.7 * value - Math.log(1 - random.uniform());
      return value;
    }).slice(200);
    expect(powerOf({ first: 0, values })).not.toBe(0);
  });
  it("tells shifts in the column's units about its centre", () => {
    const { inUnits } = choosePower(persistent("c", Math.exp), persistent("c", Math.exp), 24, 8);
    const outcome = { test: "level", statistic: 1, pValue: 0.1, effect: Math.LN2, meaning: "shift" } as const;
    // The centre is near e^0 = 1, and the shift doubles it.
    expect(inUnits(outcome).effect).toBeGreaterThan(0.7);
    expect(inUnits(outcome).effect).toBeLessThan(1.4);
    expect(inUnits({ ...outcome, meaning: "ratio of spreads" }).effect).toBe(Math.LN2);
  });
});
