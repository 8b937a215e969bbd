import { describe, it } from "vitest";
import { regressorCases } from "../../testing/regressor.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import type { Regressor } from "../regressor.ts";
import { elasticNet, lasso } from "./elastic-net.ts";
import { randomForest } from "./random-forest.ts";
import { ridge } from "./ridge.ts";

const regressors: Record<string, () => Regressor> = {
  gbdt: () => gbdt({ trees: 30 }),
  "gbdt, absolute loss, sampled": () =>
    gbdt({ loss: "absolute", trees: 40, rowFraction: 0.7, columnFraction: 0.7, seed: 3 }),
  "gbdt, median": () => gbdt({ loss: "quantile", alpha: 0.5, trees: 40 }),
  ridge: () => ridge(),
  "least squares": () => ridge({ l2: 0 }),
  "elastic net": () => elasticNet(),
  "lasso, its penalty given": () => lasso({ penalty: 0.01 }),
  "random forest": () => randomForest({ trees: 3, maxDepth: 6 }),
};

for (const [name, make] of Object.entries(regressors))
  describe(`${name} keeps the promises of a regressor:`, { timeout: 60_000 }, () => {
    for (const { name: promise, run } of regressorCases(make)) it(promise, run);
  });
