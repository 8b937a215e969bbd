import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TsopsError } from "../../errors.ts";
import { createRandom } from "../../random.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { gbdt } from "./gbdt.ts";
import type { GbdtOptions, LossName } from "./options.ts";

/** Two numeric columns that the target does not follow strictly, one with holes, and a category. */
function problemOf(seed: number, rows: number) {
  const random = createRandom(seed);
  const draw = (of: () => number): Float64Array => Float64Array.from({ length: rows }, of);
  const a = draw(() => random.normal());
  const b = draw(() => (random.uniform() < 0.1 ? Number.NaN : random.integer(-5, 6)));
  const c = draw(() => random.integer(6));
  const y = a.map((value, row) =>
    Math.abs(Math.sin(2 * value) + (b[row] || 0) * 0.1 * (c[row]! - 2) + random.normal(0, 0.5)),
  );
  const x: FeatureMatrix = {
    rows,
    columns: [
      { name: "a", kind: "numeric", values: a },
      { name: "b", kind: "numeric", values: b },
      { name: "c", kind: "categorical", values: c },
    ],
  };
  return { x, y, random };
}

const losses: readonly LossName[] = ["squared", "absolute", "quantile", "huber", "poisson", "tweedie"];

describe("monotone constraints", { timeout: 60_000 }, () => {
  it("hold exactly, for every loss, with sampling, penalties, weights, categories and missing values", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 30, max: 200 }),
        fc.constantFrom(...losses),
        fc.record({
          leaves: fc.integer({ min: 2, max: 16 }),
          minLeafRows: fc.integer({ min: 1, max: 8 }),
          l1: fc.constantFrom(0, 0.3),
          l2: fc.constantFrom(0, 1),
          rowFraction: fc.constantFrom(1, 0.6),
        }),
        fc.boolean(),
        async (seed, rows, loss, more, weighted) => {
          const { x, y, random } = problemOf(seed, rows);
          const options: GbdtOptions = {
            ...more,
            loss,
            ...(loss === "quantile" ? { alpha: 0.8 } : {}),
            trees: 12,
            learningRate: 0.3,
            categorical: { smoothing: 1, minGroupRows: 1 },
            monotone: { a: "increasing", b: "decreasing" },
          };
          const weights = weighted ? y.map(() => random.uniform(0.1, 3)) : undefined;
          const model = await gbdt(options).fit(x, y, weights === undefined ? {} : { weights });
          for (let probe = 0; probe < 40; probe++) {
            const [a, b, c] = [random.normal(), random.integer(-5, 6), random.integer(7)];
            const here = model.predictRow([a, b, c]);
            expect(model.predictRow([a + random.uniform(0, 2), b, c])).toBeGreaterThanOrEqual(here);
            expect(model.predictRow([a, b + random.integer(1, 4), c])).toBeLessThanOrEqual(here);
          }
        },
      ),
      { numRuns: 150 },
    );
  });

  it("change nothing where the target keeps to them anyway", async () => {
    const x: FeatureMatrix = {
      rows: 300,
      columns: [
        { name: "a", kind: "numeric", values: Float64Array.from({ length: 300 }, (_, row) => row % 25) },
      ],
    };
    const y = x.columns[0]!.values.map((value) => value ** 1.5);
    const plain = (await gbdt({ trees: 20 }).fit(x, y)).predict(x);
    const bound = (await gbdt({ trees: 20, monotone: { a: "increasing" } }).fit(x, y)).predict(x);
    bound.forEach((value, row) => {
      expect(value).toBeCloseTo(plain[row]!, 9);
    });
  });

  it("leave a column no effect that may only act the other way", async () => {
    const values = Float64Array.from({ length: 200 }, (_, row) => row);
    const x: FeatureMatrix = { rows: 200, columns: [{ name: "a", kind: "numeric", values }] };
    const model = await gbdt({ monotone: { a: "decreasing" } }).fit(x, values);
    expect(model.treeCount).toBe(0);
  });

  it("are refused on columns that are not there or have no order, and in words that mean nothing", async () => {
    const { x, y } = problemOf(1, 50);
    const codeOf = async (options: GbdtOptions): Promise<string> =>
      (async () => gbdt(options).fit(x, y))().then(
        () => "nothing was thrown",
        (error) => (TsopsError.is(error) ? `${error.code}: ${error.message}` : String(error)),
      );
    expect(await codeOf({ monotone: { d: "increasing" } })).toMatch(/MODEL_PARAMETER_INVALID.*"d"/);
    expect(await codeOf({ monotone: { c: "increasing" } })).toMatch(/MODEL_PARAMETER_INVALID.*categorical/);
    expect(await codeOf({ monotone: { a: "up" as "increasing" } })).toMatch(/MODEL_PARAMETER_INVALID.*"up"/);
    expect(await codeOf({ monotone: [1, -1] as never })).toMatch(/MODEL_PARAMETER_INVALID/);
  });
});
