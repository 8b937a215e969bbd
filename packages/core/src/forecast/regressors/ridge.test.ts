import fc from "fast-check";
import { describe, expect, it, vi } from "vitest";
import { TsopsError } from "../../errors.ts";
import { createRandom } from "../../random.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { ridge } from "./ridge.ts";

const matrixOf = (...columns: Float64Array[]): FeatureMatrix => ({
  rows: columns[0]?.length ?? 0,
  columns: columns.map((values, c) => ({ name: `x${c}`, kind: "numeric", values })),
});

const problem = fc
  .record({
    seed: fc.integer(),
    rows: fc.integer({ min: 3, max: 60 }),
    width: fc.integer({ min: 1, max: 5 }),
  })
  .map(({ seed, rows, width }) => {
    const random = createRandom(seed);
    const draw = (): Float64Array => Float64Array.from({ length: rows }, () => random.normal(3, 2));
    return {
      columns: Array.from({ length: width }, draw),
      y: draw(),
      weights: Float64Array.from({ length: rows }, () => random.uniform(0.1, 3)),
    };
  });

describe("ridge", () => {
  it("meets the conditions of the minimum of its penalised error", async () => {
    await fc.assert(
      fc.asyncProperty(problem, fc.constantFrom(0, 0.01, 1, 100), async ({ columns, y, weights }, l2) => {
        const model = await ridge({ l2 }).fit(matrixOf(...columns), y, { weights });
        const predicted = model.predict(matrixOf(...columns));
        const total = weights.reduce((sum, weight) => sum + weight, 0);
        const residuals = y.map((value, row) => weights[row]! * (value - predicted[row]!));
        expect(residuals.reduce((sum, value) => sum + value, 0)).toBeCloseTo(0, 7);
        columns.forEach((values, c) => {
          const mean = values.reduce((sum, value, row) => sum + weights[row]! * value, 0) / total;
          const variance =
            values.reduce((sum, value, row) => sum + weights[row]! * (value - mean) ** 2, 0) / total;
          const slope = values.reduce((sum, value, row) => sum + residuals[row]! * value, 0);
          // With fewer rows than columns least squares is solved exactly, and both sides are 0.
          expect(slope).toBeCloseTo(l2 * variance * model.coefficients[c]!, 6);
        });
      }),
      { numRuns: 100 },
    );
  });

  it("recovers a linear rule, whatever the scales, by least squares", async () => {
    const random = createRandom(3);
    const a = Float64Array.from({ length: 50 }, () => random.normal(1e6, 10));
    const b = Float64Array.from({ length: 50 }, () => random.normal(0, 1e-4));
    const y = a.map((value, row) => 5 + 2 * value - 3000 * b[row]!);
    const model = await ridge({ l2: 0 }).fit(matrixOf(a, b), y);
    expect(model.coefficients[0]).toBeCloseTo(2, 6);
    expect(model.coefficients[1]).toBeCloseTo(-3000, 2);
  });

  it("shares the weight between equal columns", async () => {
    const a = Float64Array.from({ length: 20 }, (_, row) => row);
    for (const l2 of [0, 1]) {
      const { coefficients } = await ridge({ l2 }).fit(
        matrixOf(a, a.slice(), new Float64Array(20).fill(4)),
        a,
      );
      expect(coefficients[0]).toBeCloseTo(coefficients[1]!, 9);
      expect(coefficients[2]).toBe(0);
    }
  });

  it("does not care for the units of a column", async () => {
    const random = createRandom(4);
    const a = Float64Array.from({ length: 40 }, () => random.normal());
    const y = a.map((value) => value + random.normal());
    const plain = await ridge({ l2: 10 }).fit(matrixOf(a), y);
    const millis = await ridge({ l2: 10 }).fit(matrixOf(a.map((value) => value * 1000)), y);
    expect(millis.coefficients[0]! * 1000).toBeCloseTo(plain.coefficients[0]!, 9);
  });

  it("flags what was missing, and refuses infinite values and penalties", async () => {
    const a = Float64Array.of(1, 2, Number.NaN, 4, Number.NaN, 6);
    const y = Float64Array.of(1, 2, 50, 4, 50, 6);
    const model = await ridge({ l2: 0 }).fit(matrixOf(a), y);
    expect([...model.predict(matrixOf(a))].map(Math.round)).toEqual([1, 2, 50, 4, 50, 6]);
    const refusal = ridge().fit(matrixOf(Float64Array.of(1, Infinity)), Float64Array.of(1, 2));
    await expect(refusal).rejects.toSatisfy((error) => TsopsError.is(error, "VALUE_INVALID"));
    for (const l2 of [-1, Number.NaN, Infinity])
      expect(() => ridge({ l2 })).toThrow(expect.objectContaining({ code: "MODEL_PARAMETER_INVALID" }));
  });

  it("names the package it needs when that is not installed, but loads and predicts without it", async () => {
    const x = matrixOf(Float64Array.of(1, 2, 3));
    const bytes = (await ridge().fit(x, Float64Array.of(1, 2, 3))).save();
    vi.resetModules();
    vi.doMock("ml-matrix", () => {
      throw new Error("not installed");
    });
    try {
      const { ridge: bare } = await import("./ridge.ts");
      await expect(bare().fit(x, Float64Array.of(1, 2, 3))).rejects.toMatchObject({
        code: "ADAPTER_MISSING_DEPENDENCY",
        hint: "Run `npm install ml-matrix`.",
      });
      expect(bare().load(bytes).predict(x)[0]).toBeCloseTo(ridge().load(bytes).predict(x)[0]!, 12);
    } finally {
      vi.doUnmock("ml-matrix");
      vi.resetModules();
    }
  });
});
