import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { untyped } from "../../../../test/without-types.ts";
import { normalCdf, normalQuantile } from "../stats/distributions.ts";
import {
  intervalCoverage,
  intervalScore,
  intervalWidth,
  meanAbsoluteError,
  meanAbsoluteScaledError,
  meanBias,
  overallWeightedAverage,
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

  // Gneiting & Raftery (2007), eq. 21: the score of N(0, 1) at x is x (2 Phi(x) - 1) + 2 phi(x) - 1 / sqrt(pi).
  const scoreOfNormal = (x: number) =>
    x * (2 * normalCdf(x) - 1) +
    (2 * Math.exp((-x * x) / 2)) / Math.sqrt(2 * Math.PI) -
    1 / Math.sqrt(Math.PI);
  const normalQuantiles = (probabilities: readonly number[], rows: number) =>
    probabilities.map((probability) => ({
      probability,
      values: new Float64Array(rows).fill(normalQuantile(probability)),
    }));
  const evenly = (count: number) => Array.from({ length: count }, (_, i) => (i + 1) / (count + 1));

  it("give the ranked probability score of a normal distribution by its quantiles", () => {
    for (const x of [-1.5, 0, 0.3, 2])
      expect(rankedProbabilityScore(Float64Array.of(x), normalQuantiles(evenly(999), 1))).toBeCloseTo(
        scoreOfNormal(x),
        4,
      );
    // Outcomes as they come from that distribution: the mean of their scores is 1 / sqrt(pi).
    const outcomes = Float64Array.from({ length: 2000 }, (_, i) => normalQuantile((i + 0.5) / 2000));
    const expected = outcomes.reduce((sum, x) => sum + scoreOfNormal(x), 0) / outcomes.length;
    expect(expected).toBeCloseTo(1 / Math.sqrt(Math.PI), 3);
    const excess = (probabilities: readonly number[]) =>
      rankedProbabilityScore(outcomes, normalQuantiles(probabilities, outcomes.length)) / expected - 1;
    // What is left out between the quantiles makes it larger, never smaller.
    for (const [probabilities, most] of [
      [[0.025, 0.1, 0.9, 0.975], 0.005],
      [[0.1, 0.9], 0.013],
      [[0.025, 0.975], 0.04],
      [evenly(19), 0.0025],
    ] as const) {
      expect(excess(probabilities)).toBeGreaterThan(0);
      expect(excess(probabilities)).toBeLessThan(most);
    }
  });

  it("integrate the pinball loss of quantiles with straight lines between them, in any order", () => {
    const known = [
      { probability: 0.2, values: Float64Array.of(1) },
      { probability: 0.5, values: Float64Array.of(2) },
      { probability: 0.9, values: Float64Array.of(7) },
    ];
    const between = (p: number) =>
      p < 0.2 ? 1 : p < 0.5 ? 1 + (p - 0.2) / 0.3 : p < 0.9 ? 2 + (5 * (p - 0.5)) / 0.4 : 7;
    const crossed = known.map(({ probability }, i) => ({
      probability,
      values: Float64Array.of([7, 1, 2][i] as number),
    }));
    for (const y of [-3, 1, 1.4, 2, 5, 7, 11]) {
      const outcome = Float64Array.of(y);
      const dense = Array.from({ length: 20_000 }, (_, i) => (i + 0.5) / 20_000);
      const integral = dense.reduce(
        (sum, p) => sum + pinballLoss(outcome, Float64Array.of(between(p)), p) / dense.length,
        0,
      );
      expect(rankedProbabilityScore(outcome, known)).toBeCloseTo(2 * integral, 6);
      expect(rankedProbabilityScore(outcome, [...known].reverse())).toBe(
        rankedProbabilityScore(outcome, known),
      );
      expect(rankedProbabilityScore(outcome, crossed)).toBe(rankedProbabilityScore(outcome, known));
    }
    const median = [{ probability: 0.5, values: Float64Array.of(3) }];
    expect(rankedProbabilityScore(Float64Array.of(5), median)).toBe(2);
    const unknown = [...median, { probability: 0.9, values: Float64Array.of(Number.NaN) }];
    expect(rankedProbabilityScore(Float64Array.of(5), unknown)).toBeNaN();
  });

  it("track a bias: n when all errors are on one side, near 0 when they take turns", () => {
    const y = Float64Array.of(5, 6, Number.NaN, 9);
    for (const [low, signal] of [
      [Float64Array.of(4, 4, 1, 6), -3],
      [Float64Array.of(6, 8, 1, 12), 3],
    ] as const) {
      expect(trackingSignal(y, low)).toBeCloseTo(signal, 12);
      expect(Math.sign(meanBias(y, low))).toBe(Math.sign(signal));
    }
    expect(trackingSignal(y, Float64Array.of(6, 5, 1, 9))).toBe(0);
    expect(trackingSignal(y, y)).toBe(0);
  });

  it("refuse arrays of unequal length", () => {
    expect(() => meanAbsoluteError(Float64Array.of(1), new Float64Array(2))).toThrow(
      /was given 1 outcomes and 2 predictions/,
    );
    expect(() => intervalCoverage(Float64Array.of(1), new Float64Array(1), new Float64Array(2))).toThrow(
      /outcomes and \d+ predictions/,
    );
  });

  it("refuse what is no number, and parameters out of range", () => {
    const [y, predicted] = [Float64Array.of(1, 2, 3), Float64Array.of(2, 2, 2)];
    const refusals: [RegExp, () => unknown][] = [
      [/probability of pinballLoss\(\) lies between 0 and 1, got 90/, () => pinballLoss(y, predicted, 90)],
      [/lies between 0 and 1, got NaN/, () => pinballLoss(y, predicted, Number.NaN)],
      [
        /scale of meanAbsoluteScaledError\(\) is a number, got a list/,
        () => meanAbsoluteScaledError(y, predicted, untyped([1, 2, 3])),
      ],
      [
        /scale of rootMeanSquaredScaledError\(\) is a number, got undefined/,
        () => rootMeanSquaredScaledError(y, predicted, untyped(undefined)),
      ],
      [
        /outcomes of meanAbsoluteError\(\) must be numbers, got the text "3" at 1/,
        () => meanAbsoluteError(untyped([1, "3"]), untyped([2, 2])),
      ],
      [
        /outcomes of meanAbsoluteError\(\) must be a Float64Array, got undefined/,
        () => untyped(meanAbsoluteError)(),
      ],
      [/must be numbers, got 1n at 0/, () => meanBias(untyped(BigInt64Array.of(1n)), Float64Array.of(1))],
      [
        /smape of the model of overallWeightedAverage\(\) is a number, got undefined/,
        () => overallWeightedAverage(untyped({}), untyped({})),
      ],
      [/got undefined/, () => untyped(overallWeightedAverage)()],
      [
        /probability of rankedProbabilityScore\(\) lies between 0 and 1, got undefined/,
        () => rankedProbabilityScore(y, untyped([2])),
      ],
      [/at least one quantile, got a list of 0 values/, () => rankedProbabilityScore(y, [])],
      [
        /level of intervalScore\(\) lies between 0 and 100, got 100/,
        () => intervalScore(y, predicted, predicted, 100),
      ],
      [
        /seasonLength of seasonalNaiveScale\(\) is a whole number of at least 1, got 0/,
        () => seasonalNaiveScale(y, 0),
      ],
      [/The history of seasonalNaiveScale\(\)/, () => seasonalNaiveScale(untyped("abc"), 1)],
    ];
    for (const [message, work] of refusals)
      expect(work).toThrow(
        expect.objectContaining({ code: "VALUE_INVALID", message: expect.stringMatching(message) }),
      );
  });

  it("take plain lists of numbers as they take arrays", () => {
    expect(meanAbsoluteError(untyped([1, 2, Number.NaN]), untyped([2, 4, 5]))).toBe(1.5);
    expect(seasonalNaiveScale(untyped([1, 2, 4]), 1)).toBe(1.5);
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
