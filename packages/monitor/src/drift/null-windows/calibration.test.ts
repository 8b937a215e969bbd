import { fc, test } from "@fast-check/vitest";
import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { calibratedPValue } from "./calibration.ts";

const share = fc.double({ min: 0, max: 1, noNaN: true });

describe("calibratedPValue", () => {
  const random = createRandom("calibration");
  const uniform = Array.from({ length: 2000 }, () => random.uniform());
  it.each([0.001, 0.01, 0.05, 0.2, 0.5, 0.9])("leaves %d of an exact test about as it is", (pValue) => {
    const found = calibratedPValue(pValue, uniform);
    expect(found).toBeGreaterThan(0.8 * pValue);
    expect(found).toBeLessThan(1.4 * pValue);
  });
  it("takes the chance of a test whose p-values are squares as their root", () => {
    const squares = uniform.map((value) => value ** 2);
    expect(calibratedPValue(0.0001, squares)).toBeGreaterThan(0.008);
    expect(calibratedPValue(0.0001, squares)).toBeLessThan(0.016);
  });
  it("never makes a far smaller p-value of one that 200 windows are too few to know", () => {
    for (let repeat = 0; repeat < 300; repeat++) {
      const draw = createRandom(`far/${repeat}`);
      const found = Array.from({ length: 200 }, () => draw.uniform());
      expect(calibratedPValue(1e-5, found)).toBeGreaterThan(1e-6);
    }
  });
  test.prop([fc.array(share, { maxLength: 60 }), share, share])(
    "is a chance that grows with the p-value",
    (found, a, b) => {
      const [low, high] = [Math.min(a, b), Math.max(a, b)];
      const [least, most] = [calibratedPValue(low, found), calibratedPValue(high, found)];
      expect(least).toBeGreaterThanOrEqual(0);
      expect(most).toBeLessThanOrEqual(1);
      expect(least).toBeLessThanOrEqual(most + 1e-12);
    },
  );
});
