import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { lambdaOf, localScale } from "./local-scale.ts";
import type { LocalScale, TargetTransform } from "./options.ts";
import { differenced, differencePolynomial, transformed, undifferenced, untransformed } from "./target.ts";

const transforms: TargetTransform[] = [
  "none",
  "log",
  "log1p",
  "sqrt",
  { boxCox: 0 },
  { boxCox: 0.25 },
  { boxCox: 1.5 },
  { boxCox: "guerrero", seasonLength: 4 },
];

describe("the target", () => {
  it("comes back from any composition of transform, differences and scale", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 1e4, noNaN: true }), { minLength: 30, maxLength: 60 }),
        fc.constantFrom(...transforms),
        fc.array(fc.integer({ min: 1, max: 7 }), { maxLength: 3 }),
        fc.constantFrom<LocalScale | null>(null, "standard", "robust", "absolute"),
        (values, transform, differences, kind) => {
          const y = Float64Array.from(values);
          const lambda = lambdaOf(y, transform);
          const g = transformed(y, transform, lambda);
          const polynomial = differencePolynomial(differences);
          const raw = differenced(g, polynomial);
          const { center, scale } = localScale(raw, kind);
          const w = raw.map((value) => (value - center) / scale);
          const size = Math.max(...g.map(Math.abs)) * 2 ** differences.length;
          for (let t = differences.reduce((sum, d) => sum + d, 0); t < y.length; t++) {
            const back = undifferenced((w[t] as number) * scale + center, t, g, polynomial, 1, Number.NaN);
            expect(Math.abs(back - (g[t] as number))).toBeLessThanOrEqual(1e-12 * (size + Math.abs(center)));
            expect(untransformed(g[t] as number, transform, lambda) / (y[t] as number)).toBeCloseTo(1, 9);
          }
        },
      ),
      { numRuns: 200 },
    );
  });

  it("has the power under which pieces vary alike", () => {
    const random = createRandom(5);
    const pieces = Array.from({ length: 60 }, (_, i) => 10 + 5 * i);
    const series = (power: number) =>
      Float64Array.from(
        pieces.flatMap((mean) =>
          Array.from({ length: 24 }, () => mean + mean ** power * random.normal(0, 0.1)),
        ),
      );
    const chosen = (power: number) => lambdaOf(series(power), { boxCox: "guerrero", seasonLength: 24 });
    expect(chosen(1)).toBeLessThan(0.12);
    expect(Math.abs(chosen(0.5) - 0.5)).toBeLessThan(0.12);
    expect(chosen(0)).toBeGreaterThan(0.88);
  });

  it("has the power that coreforecast 0.0.20 chooses within the same bounds", () => {
    const series = Float64Array.from(
      { length: 100 },
      (_, i) => 10 + 3 * Math.sin(i * 1.7) * (1 + i / 60) + i / 5,
    );
    // boxcox_lambda(x, method="guerrero", season_length=7, lower=0, upper=1)
    expect(lambdaOf(series, { boxCox: "guerrero", seasonLength: 7 })).toBeCloseTo(0.09584450336041575, 4);
  });

  it("leaves a series that does not vary as it is", () => {
    const flat = new Float64Array(20).fill(3);
    expect(lambdaOf(flat, { boxCox: "guerrero", seasonLength: 4 })).toBe(1);
    expect(localScale(flat, "standard")).toEqual({ center: 3, scale: 1 });
    expect(localScale(flat, "robust")).toEqual({ center: 3, scale: 1 });
    expect(localScale(new Float64Array(4), "absolute")).toEqual({ center: 0, scale: 1 });
    expect(localScale(new Float64Array(4).fill(Number.NaN), "standard")).toEqual({ center: 0, scale: 1 });
  });

  it("becomes 0 where no target gives such a value", () => {
    expect(untransformed(-5, { boxCox: 0.5 }, 0.5)).toBe(0);
    expect(untransformed(-2, "sqrt", 1)).toBe(0);
  });
});
