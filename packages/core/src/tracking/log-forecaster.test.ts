import { expect, it } from "vitest";
import { conformal } from "../forecast/conformal/conformal.ts";
import type { FittedForecaster, Forecaster } from "../forecast/forecaster.ts";
import { gbdt } from "../forecast/gbdt/gbdt.ts";
import { reduce } from "../forecast/reduce/reduce.ts";
import { definitionHash } from "../hash.ts";
import type { ModelLineage } from "../lineage.ts";
import type { ActiveRun } from "../ports/tracker.ts";
import { coreVersion } from "../version.ts";
import { logForecaster } from "./log-forecaster.ts";

/** The lineage that is logged for a forecaster. */
async function logged(forecaster: Forecaster): Promise<ModelLineage> {
  let lineage: ModelLineage | null = null;
  const run = {
    logParams: async () => {},
    logModel: async (model: { lineage: ModelLineage }) => {
      lineage = model.lineage;
    },
  } as unknown as ActiveRun;
  const save = () => Uint8Array.of(1);
  const fitted = { predict: () => {}, save, horizon: 1 } as unknown as FittedForecaster;
  await logForecaster(run, { name: "bikes", forecaster, fitted, trainingSet: null });
  return lineage as unknown as ModelLineage;
}

it("logs the seed and the versions that nobody gave", async () => {
  const lineage = await logged(conformal(reduce(gbdt(), { lags: [1] })));
  expect(lineage.seed).toBe("0");
  expect(lineage.environment).toEqual({ node: process.versions.node, "@tsops/core": coreVersion() });
  expect(lineage.codeVersion).toBeNull();
});

it("hashes defaults as if they had been written out, so a changed default changes the hash", async () => {
  const short = conformal(reduce(gbdt(), { lags: [1], calendar: ["hour"] }));
  const written = conformal(
    reduce(gbdt({ trees: 100, learningRate: 0.1, seed: 0, loss: "squared" }), {
      lags: [1],
      calendar: [{ field: "hour", as: "categorical" }],
      transform: "none",
    }),
    { folds: 20, window: 40, spread: "constant", levels: [80, 95] },
  );
  expect(short.params).toEqual(written.params);
  expect(short.params).toMatchObject({
    folds: 20,
    forecaster: { params: { transform: "none", regressor: { params: { trees: 100, leaves: 31, seed: 0 } } } },
  });
  expect((await logged(short)).definitionHash).toBe(
    definitionHash({ kind: "conformal", params: written.params }),
  );
});
