import { describe, expect, it, vi } from "vitest";
import { createRandom } from "../../random.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { randomForest } from "./random-forest.ts";

function stepData(rows: number): { x: FeatureMatrix; y: Float64Array } {
  const random = createRandom("forest");
  const a = Float64Array.from({ length: rows }, () => random.uniform());
  const b = Float64Array.from({ length: rows }, () => random.uniform());
  const y = a.map((value, row) => (value > 0.5 ? 10 : 0) + (b[row]! > 0.5 ? 1 : 0) + random.normal(0, 0.1));
  const columns = [a, b].map((values, c) => ({ name: `x${c}`, kind: "numeric" as const, values }));
  return { x: { rows, columns }, y };
}

describe("randomForest", () => {
  it("averages trees that learn steps", async () => {
    const { x, y } = stepData(150);
    const model = await randomForest({ trees: 15, maxDepth: 4 }).fit(x, y);
    const ask = (a: number, b: number) =>
      model.predict({
        rows: 1,
        columns: x.columns.map((column, c) => ({ ...column, values: Float64Array.of([a, b][c]!) })),
      })[0]!;
    expect(ask(0.9, 0.9)).toBeCloseTo(11, 0);
    expect(ask(0.9, 0.1)).toBeCloseTo(10, 0);
    expect(ask(0.1, 0.9)).toBeCloseTo(1, 0);
    expect(ask(0.1, 0.1)).toBeCloseTo(0, 0);
  });

  it("predicts the mean of its rows when a tree may not split", async () => {
    const { x, y } = stepData(60);
    const model = await randomForest({ trees: 200, minNodeRows: 60 }).fit(x, y);
    const predicted = model.predict(x);
    expect(Math.max(...predicted)).toBe(Math.min(...predicted));
    expect(predicted[0]).toBeCloseTo(y.reduce((sum, value) => sum + value, 0) / 60, 0);
  });

  it("lets each tree see a share of the columns, one at least", async () => {
    const { x, y } = stepData(80);
    const differences = [0.01, 1].map(async (columnFraction) => {
      const model = await randomForest({ trees: 1, columnFraction, seed: 5, maxDepth: 3 }).fit(x, y);
      const flat = (c: number) =>
        model.predict({
          rows: x.rows,
          columns: x.columns.map((column, i) =>
            i === c ? { ...column, values: new Float64Array(x.rows).fill(0.25) } : column,
          ),
        });
      const whole = model.predict(x);
      return [0, 1].filter((c) => flat(c).some((value, row) => value !== whole[row])).length;
    });
    expect(await Promise.all(differences)).toEqual([1, 2]);
  });

  it("refuses options out of range", () => {
    for (const options of [
      { trees: 0 },
      { columnFraction: 0 },
      { rowFraction: 1.5 },
      { minNodeRows: 0.5 },
      { maxDepth: 0 },
    ])
      expect(() => randomForest(options)).toThrow(
        expect.objectContaining({ code: "MODEL_PARAMETER_INVALID" }),
      );
  });

  it("names the package it needs when that is not installed, but loads and predicts without it", async () => {
    const { x, y } = stepData(30);
    const fitted = await randomForest({ trees: 2 }).fit(x, y);
    vi.resetModules();
    vi.doMock("ml-random-forest", () => {
      throw new Error("not installed");
    });
    try {
      const { randomForest: bare } = await import("./random-forest.ts");
      await expect(bare().fit(x, y)).rejects.toMatchObject({
        code: "ADAPTER_MISSING_DEPENDENCY",
        hint: "Run `npm install ml-random-forest`.",
      });
      expect(bare().load(fitted.save()).predict(x)).toEqual(fitted.predict(x));
    } finally {
      vi.doUnmock("ml-random-forest");
      vi.resetModules();
    }
  });
});
