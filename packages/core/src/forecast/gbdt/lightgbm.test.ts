import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { type SyntheticKind, synthetic } from "./__fixtures__/synthetic.ts";
import { gbdt } from "./gbdt.ts";
import type { GbdtOptions, LossName } from "./options.ts";

interface Case {
  readonly name: string;
  readonly data: SyntheticKind;
  readonly loss: LossName;
  readonly alpha: number | null;
  readonly options: GbdtOptions & { readonly rows?: number };
  readonly metric: "rmse" | "mae" | "pinball" | "poisson deviance" | "tweedie deviance";
  readonly error: number;
}
interface Fixtures {
  readonly train: number;
  readonly test: number;
  readonly seeds: readonly number[];
  readonly cases: readonly Case[];
  readonly exact: readonly {
    readonly loss: LossName;
    readonly data: SyntheticKind;
    readonly minLeafRows: number;
    readonly predicted: readonly number[];
  }[];
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
    sum += weights[row]! * lossAt(metric, y[row]!, predicted[row]!, alpha ?? 0.5);
    total += weights[row]!;
  }
  return metric === "rmse" ? Math.sqrt(sum / total) : sum / total;
}

function lossAt(metric: Case["metric"], target: number, predicted: number, level: number): number {
  const residual = target - predicted;
  switch (metric) {
    case "rmse":
      return residual ** 2;
    case "mae":
      return Math.abs(residual);
    case "pinball":
      return Math.max(level * residual, (level - 1) * residual);
    case "poisson deviance":
      return 2 * ((target > 0 ? target * Math.log(target / predicted) : 0) - residual);
    // For the power 1.5.
    case "tweedie deviance":
      return 4 * (target / Math.sqrt(predicted) + Math.sqrt(predicted) - 2 * Math.sqrt(target));
  }
}

describe("beside LightGBM at equal settings, on rows not seen in training", { timeout: 60_000 }, () => {
  it.each(fixtures.cases.map((one) => [one.name, one] as const))(
    "errs no more than 1 % above it: %s",
    async (_name, one) => {
      const { rows = fixtures.train, ...options } = one.options;
      let error = 0;
      for (const seed of fixtures.seeds) {
        const train = synthetic(one.data, 1000 * seed, rows);
        const test = synthetic(one.data, 1000 * seed + 1, fixtures.test);
        const level = one.alpha === null ? {} : { alpha: one.alpha };
        const regressor = gbdt({ trees: 150, ...options, loss: one.loss, ...level, seed });
        const weights = ["weights", "counts"].includes(one.data) ? { weights: train.weights } : {};
        const model = await regressor.fit(train.x, train.y, weights);
        error += errorOf(one, test.y, model.predict(test.x), test.weights) / fixtures.seeds.length;
      }
      expect(error / one.error).toBeLessThan(1.01);
      expect(error / one.error).toBeGreaterThan(0.9);
    },
  );

  it.each(fixtures.exact.map((one) => [one.loss, one] as const))(
    "predicts the same where every distinct value has a bin: %s",
    async (_name, { loss, data, minLeafRows, predicted }) => {
      const train = synthetic(data, 1000, 400);
      const test = synthetic(data, 1001, predicted.length);
      const model = await gbdt({ loss, trees: 10, leaves: 8, minLeafRows }).fit(train.x, train.y);
      model.predict(test.x).forEach((value, row) => {
        expect(value, `row ${row}`).toBeCloseTo(predicted[row]!, 5);
      });
    },
  );
});
