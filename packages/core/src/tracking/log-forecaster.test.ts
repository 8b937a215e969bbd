import { expect, it } from "vitest";
import type { BacktestResult } from "../forecast/backtest/result.ts";
import { conformal } from "../forecast/conformal/conformal.ts";
import type { FittedForecaster, Forecaster } from "../forecast/forecaster.ts";
import { gbdt } from "../forecast/gbdt/gbdt.ts";
import { reduce } from "../forecast/reduce/reduce.ts";
import { definitionHash } from "../hash.ts";
import type { ModelLineage, TrainingSetLineage } from "../lineage.ts";
import type { ActiveRun } from "../ports/tracker.ts";
import { coreVersion } from "../version.ts";
import { logBacktest } from "./log-backtest.ts";
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

it("passes its signal on to every call of the run", async () => {
  const { signal } = new AbortController();
  const signals: unknown[] = [];
  const note = async (_: unknown, options?: { signal?: AbortSignal }) => void signals.push(options?.signal);
  const run = { logParams: note, logInputs: note, logModel: note, logMetrics: note } as unknown as ActiveRun;
  const forecaster = conformal(reduce(gbdt(), { lags: [1] }));
  const fitted = { predict() {}, save: () => Uint8Array.of(1), horizon: 1 } as unknown as FittedForecaster;
  const trainingSet = { name: "bikes", contentHash: "0", rows: 1 } as unknown as TrainingSetLineage;
  await logForecaster(run, { name: "bikes", forecaster, fitted, trainingSet, signal });
  const overall = { intervals: [], quantiles: [] };
  await logBacktest(run, { byFold: [], overall } as unknown as BacktestResult, { signal });
  expect(signals).toEqual([signal, signal, signal, signal]);
});
