import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type SyntheticKind, synthetic } from "./__fixtures__/synthetic.ts";
import { gbdt } from "./gbdt.ts";
import type { GbdtOptions } from "./options.ts";

interface Case {
  readonly name: string;
  readonly data: SyntheticKind;
  readonly loss: "squared" | "absolute" | "quantile";
  readonly alpha: number | null;
  readonly options: GbdtOptions & { readonly rows?: number };
  readonly metric: "rmse" | "mae" | "pinball";
  readonly error: number;
}
interface Fixtures {
  readonly train: number;
  readonly test: number;
  readonly seeds: readonly number[];
  readonly cases: readonly Case[];
  readonly exact: readonly { readonly loss: "squared" | "absolute"; readonly predicted: readonly number[] }[];
}

// Written by __fixtures__/make-fixtures.py with the versions it names.
const fixtures = JSON.parse(
  readFileSync(new URL("./__fixtures__/lightgbm.json", import.meta.url), "utf8"),
) as Fixtures;

function errorOf(
  { metric, alpha }: Case,
  y: Float64Array,
  predicted: Float64Array,
  weights: Float64Array,
): number {
  let sum = 0;
  let total = 0;
  for (let row = 0; row < y.length; row++) {
    const residual = y[row]! - predicted[row]!;
    const level = alpha ?? 0.5;
    const loss =
      metric === "rmse"
        ? residual ** 2
        : metric === "mae"
          ? Math.abs(residual)
          : Math.max(level * residual, (level - 1) * residual);
    sum += weights[row]! * loss;
    total += weights[row]!;
  }
  return metric === "rmse" ? Math.sqrt(sum / total) : sum / total;
}

describe("beside LightGBM at equal settings, on rows not seen in training", { timeout: 60_000 }, () => {
  it.each(fixtures.cases.map((one) => [one.name, one] as const))(
    "errs no more than 1.5 % above it: %s",
    async (_name, one) => {
      const { rows = fixtures.train, ...options } = one.options;
      let error = 0;
      for (const seed of fixtures.seeds) {
        const train = synthetic(one.data, 1000 * seed, rows);
        const test = synthetic(one.data, 1000 * seed + 1, fixtures.test);
        const level = one.alpha === null ? {} : { alpha: one.alpha };
        const regressor = gbdt({ trees: 150, ...options, loss: one.loss, ...level, seed });
        const weights = one.data === "weights" ? { weights: train.weights } : {};
        const model = await regressor.fit(train.x, train.y, weights);
        error += errorOf(one, test.y, model.predict(test.x), test.weights) / fixtures.seeds.length;
      }
      expect(error / one.error).toBeLessThan(1.015);
      expect(error / one.error).toBeGreaterThan(0.9);
    },
  );

  it.each(fixtures.exact.map((one) => [one.loss, one] as const))(
    "predicts the same where every distinct value has a bin: %s",
    async (_name, { loss, predicted }) => {
      const train = synthetic("grid", 1000, 400);
      const test = synthetic("grid", 1001, predicted.length);
      const model = await gbdt({ loss, trees: 10, leaves: 8 }).fit(train.x, train.y);
      model.predict(test.x).forEach((value, row) => {
        expect(value, `row ${row}`).toBeCloseTo(predicted[row]!, 5);
      });
    },
  );
});
