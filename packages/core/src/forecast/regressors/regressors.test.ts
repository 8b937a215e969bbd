import { describe, it } from "vitest";
import { regressorCases } from "../../testing/regressor.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import type { Regressor } from "../regressor.ts";
import { elasticNet, lasso } from "./elastic-net.ts";
import { knn } from "./knn.ts";
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
  knn: () => knn(),
  "knn by distance": () => knn({ neighbours: 8, weights: "distance" }),
  "random forest": () => randomForest({ trees: 3, maxDepth: 6 }),
};

/** Promises that cannot be asked of a regressor as the kit asks them. */
const skips: Record<string, Record<string, string>> = {
  "knn by distance": {
    "follows the rows of greater weight": "a row that was learnt from is predicted by itself alone",
  },
};

for (const [name, make] of Object.entries(regressors))
  describe(`${name} keeps the promises of a regressor:`, { timeout: 60_000 }, () => {
    for (const { name: promise, run, skip } of regressorCases(make, { skip: skips[name] ?? {} }))
      it.skipIf(skip !== undefined)(promise, run);
  });
