import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { normalCdf, normalQuantile } from "../stats/distributions.ts";
import {
  intervalCoverage,
  intervalScore,
  intervalWidth,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  meanBias,
  pinballLoss,
  rankedProbabilityScore,
  rootMeanSquaredError,
  rootMeanSquaredScaledError,
  seasonalNaiveScale,
  symmetricPercentageError,
  trackingSignal,
} from "./metrics.ts";

const fixture = JSON.parse(readFileSync(new URL("./__fixtures__/metrics.json", import.meta.url), "utf8"));
const array = (name: string): Float64Array => Float64Array.from(fixture[name]);

describe("metrics", () => {
  it("agree with scikit-learn and utilsforecast", () => {
    const [y, mean, lower, upper] = [array("y"), array("mean"), array("lower"), array("upper")];
    const scale = (kind: "absolute" | "squared") =>
      seasonalNaiveScale(array("history"), fixture.season, kind);
    const found: Record<string, number> = {
      meanAbsoluteError: meanAbsoluteError(y, mean),
      rootMeanSquaredError: rootMeanSquaredError(y, mean),
      pinballLoss: pinballLoss(y, lower, 0.1),
      symmetricPercentageError: symmetricPercentageError(y, mean),
      meanBias: meanBias(y, mean),
      meanAbsoluteScaledError: meanAbsoluteScaledError(y, mean, scale("absolute")),
      rootMeanSquaredScaledError: rootMeanSquaredScaledError(y, mean, scale("squared")),
      intervalCoverage: intervalCoverage(y, lower, upper),
      intervalScore: intervalScore(y, lower, upper, 80),
    };
    expect(Object.keys(found)).toEqual(Object.keys(fixture.expected));
    for (const [name, value] of Object.entries(found))
      expect(value, name).toBeCloseTo(fixture.expected[name], 10);
  });

  it("leave rows without an outcome out, and are NaN of nothing", () => {
    const y = Float64Array.of(1, Number.NaN, 3);
    const f = Float64Array.of(2, 100, 5);
    expect(meanAbsoluteError(y, f)).toBe(1.5);
    expect(meanBias(y, f)).toBe(1.5);
    expect(intervalCoverage(y, Float64Array.of(0, 0, Number.NaN), f)).toBe(1);
    expect(intervalWidth(y, Float64Array.of(0, 0, 4), f)).toBe(1.5);
    expect(meanAbsoluteError(new Float64Array(0), new Float64Array(0))).toBeNaN();
    expect(seasonalNaiveScale(Float64Array.of(1, 2), 2)).toBeNaN();
    expect(meanAbsoluteError(Float64Array.of(1), Float64Array.of(Number.NaN))).toBeNaN();
  });

  it("give the ranked probability score of a normal distribution by its quantiles", () => {
    // Gneiting & Raftery (2007), eq. 21: the score of N(0, 1) at x is x (2 Phi(x) - 1) + 2 phi(x) - 1 / sqrt(pi).
    const probabilities = Array.from({ length: 999 }, (_, i) => (i + 1) / 1000);
    for (const x of [-1.5, 0, 0.3, 2]) {
      const exact =
        x * (2 * normalCdf(x) - 1) +
        (2 * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI) -
        1 / Math.sqrt(Math.PI);
      const score = rankedProbabilityScore(
        Float64Array.of(x),
        probabilities.map((probability) => ({
          probability,
          values: Float64Array.of(normalQuantile(probability)),
        })),
      );
      expect(score).toBeCloseTo(exact, 2);
    }
    const median = [{ probability: 0.5, values: Float64Array.of(3) }];
    expect(rankedProbabilityScore(Float64Array.of(5), median)).toBe(2);
  });

  it("track a bias: n when all errors are on one side, near 0 when they take turns", () => {
    const y = Float64Array.of(5, 6, Number.NaN, 9);
    expect(trackingSignal(y, Float64Array.of(4, 4, 1, 6))).toBeCloseTo(3, 12);
    expect(trackingSignal(y, Float64Array.of(6, 5, 1, 9))).toBe(-0);
    expect(trackingSignal(y, y)).toBe(0);
  });

  it("refuse arrays of unequal length", () => {
    expect(() => meanAbsoluteError(Float64Array.of(1), new Float64Array(2))).toThrow(RangeError);
    expect(() => intervalCoverage(Float64Array.of(1), new Float64Array(1), new Float64Array(2))).toThrow(
      RangeError,
    );
  });

  it("scale with the target, or stay where they are relative", () => {
    const pairs = fc.array(
      fc.tuple(
        fc.double({ min: 0.1, max: 1e3, noNaN: true }),
        fc.double({ min: 0.1, max: 1e3, noNaN: true }),
      ),
      { minLength: 1, maxLength: 30 },
    );
    fc.assert(
      fc.property(pairs, fc.double({ min: 0.01, max: 100, noNaN: true }), (rows, k) => {
        const y = Float64Array.from(rows, ([a]) => a);
        const f = Float64Array.from(rows, ([, b]) => b);
        const times = (values: Float64Array) => values.map((value) => value * k);
        const close = (a: number, b: number) =>
          expect(Math.abs(a - b)).toBeLessThanOrEqual(1e-9 * Math.max(1, Math.abs(b)));
        close(meanAbsoluteError(times(y), times(f)), k * meanAbsoluteError(y, f));
        close(rootMeanSquaredError(times(y), times(f)), k * rootMeanSquaredError(y, f));
        close(pinballLoss(times(y), times(f), 0.3), k * pinballLoss(y, f, 0.3));
        close(symmetricPercentageError(times(y), times(f)), symmetricPercentageError(y, f));
        close(pinballLoss(y, f, 0.5), meanAbsoluteError(y, f) / 2);
      }),
    );
  });

  it("reward the true quantile: no other value has a smaller pinball loss", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -50, max: 50 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: -60, max: 60 }),
        (values, other) => {
          const y = Float64Array.from(values);
          const sorted = y.slice().sort();
          const quantile = sorted[Math.ceil(0.8 * sorted.length) - 1] as number;
          const loss = (value: number) => pinballLoss(y, new Float64Array(y.length).fill(value), 0.8);
          expect(loss(quantile)).toBeLessThanOrEqual(loss(other) + 1e-9);
        },
      ),
    );
  });
});
