import { describe, expect, it } from "vitest";
import { standardise } from "../model/standardised.ts";
import { scaleTest } from "./scale-test.ts";

const constant = standardise(new Float64Array(60).fill(3));
const varied = standardise(Float64Array.from({ length: 60 }, (_, i) => Math.sin(7 * i)));

describe("scaleTest beside innovations without any spread", () => {
  it("finds nothing in two of them", () => {
    expect(scaleTest(constant, constant, 1)).toMatchObject({ statistic: 0, pValue: 1, effect: 1 });
  });
  it("finds that a spread vanished, or came, by finite numbers", () => {
    const [vanished, came] = [scaleTest(varied, constant, 1), scaleTest(constant, varied, 1)];
    expect(vanished.effect).toBe(1e-9);
    expect(came.effect / 1e9).toBeCloseTo(1, 9);
    for (const { statistic, pValue } of [vanished, came]) {
      expect(Number.isFinite(statistic)).toBe(true);
      expect(pValue).toBeLessThan(1e-6);
    }
  });
});
