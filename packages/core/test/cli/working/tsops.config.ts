import {
  defineConfig,
  type ModelVersion,
  type PredictionLog,
  pipeline,
  type Registry,
  type Run,
  type Tracker,
  TsopsError,
  toMicros,
  virtualClock,
} from "@tsops/core";
import { memoryDecisionLog, memoryLedger, samplePrediction } from "@tsops/core/testing";

/** The present of the virtual clock. */
const now = toMicros("2011-07-02T06:00Z");
const decisions = memoryDecisionLog();
for (const [day, verdict] of [
  [1, "reject"],
  [2, "promote"],
  [3, "promote"],
] as const)
  await decisions.append({
    id: `gate-${day}`,
    kind: "gate",
    subject: day === 3 ? "trams" : "bikes",
    time: toMicros(`2011-06-0${day}T00:00Z`),
    verdict,
    reason: `Reason ${day}.`,
    requestedBy: "test",
    evidence: { p: day / 100, n: 28n, bound: Number.POSITIVE_INFINITY },
  });

const prediction = samplePrediction({ predictionId: "prediction-1" });
const predictions: PredictionLog = {
  append: async () => {},
  async get(predictionId) {
    if (predictionId.startsWith("prediction-"))
      return { ...prediction, predictionId, modelVersion: Number(predictionId.slice(11)) };
    throw new TsopsError("PREDICTION_NOT_FOUND", `There is no prediction "${predictionId}".`, {
      hint: "Check the id.",
    });
  },
  async *scan() {},
};

const version: ModelVersion = {
  name: "bikes",
  version: 1,
  runId: "run-1",
  modelId: "m-1",
  createdAt: toMicros("2011-06-02T00:00Z"),
  aliases: ["champion"],
  tags: {},
  lineage: {
    codeVersion: "3f2a91c",
    definitionHash: "d".repeat(64),
    trainingSet: {
      name: "bikes_train",
      definitionHash: "e".repeat(64),
      contentHash: "c".repeat(64),
      rows: 4344,
      tables: [
        { table: "rides", version: 12 },
        { table: "weather", version: 3 },
      ],
    },
    modelHash: "b".repeat(64),
    seed: "7",
    environment: { node: "20.20.2" },
  },
};
const registry = {
  async getVersion(name: string, number: number): Promise<ModelVersion> {
    if (number === 9) throw new TsopsError("MODEL_NOT_FOUND", `There is no version 9 of "${name}".`);
    if (number === 2) return { ...version, version: 2, runId: "run-gone" };
    if (number === 3) return { ...version, version: 3, runId: null, lineage: null };
    return version;
  },
  listModels: async () => ["bikes"],
} as unknown as Registry;

const tracker = {
  async getRun(runId: string): Promise<Run> {
    if (runId !== "run-1") throw new TsopsError("RUN_NOT_FOUND", `There is no run "${runId}".`);
    return {
      runId,
      experiment: "bikes",
      name: "train 2011-06-02",
      status: "FINISHED",
      startTime: toMicros("2011-06-02T00:00Z"),
      endTime: null,
      params: { trees: "400" },
      metrics: { mae: 39.2 },
      tags: {},
      inputs: [],
    };
  },
  searchRuns: async () => [],
} as unknown as Tracker;

let failures = 1;
const daily = pipeline("daily", { schedule: { every: "1d" } })
  .step("ingest", ({ log, progress, interval }) => {
    log("read", { rows: 24 });
    progress({ task: "rows", done: 24, total: 24 });
    return { rows: 24, until: interval.end };
  })
  .step("train", ({ results }) => results.ingest.rows * 2);
const fails = pipeline("fails", { schedule: { every: "1d" }, retry: { attempts: 1 } })
  .step("first", () => 1)
  .step("second", () => {
    if (failures-- > 0)
      throw new TsopsError("SERIES_TOO_SHORT", "12 rows, 48 needed.", {
        hint: "Load more.",
        details: { rows: 12 },
      });
    return 2;
  });
const retries = pipeline("retries", { schedule: { every: "1d" } }).step("only", () => {
  throw new Error("not yet");
});
const hourly = pipeline("hourly", { schedule: { every: "1h" }, partitions: ["east", "west"] }).step(
  "x",
  () => null,
);
const manual = pipeline("manual").step("x", () => null);

const ledger = memoryLedger();
const held = { partition: "", start: toMicros("2011-01-01T00:00Z"), end: toMicros("2011-01-02T00:00Z") };
await ledger.claim({ pipeline: "daily", ...held }, { owner: "other:1", now, leaseUntil: now + 60_000_000n });
await ledger.claim({ pipeline: "manual", ...held }, { owner: "x", now, leaseUntil: now + 60_000_000n });
await ledger.finish({ pipeline: "manual", ...held }, "x", { status: "cancelled", now });

export default defineConfig({
  home: () => ({ ledger, decisions, predictions, registry, tracker }),
  pipelines: [daily, fails, retries, hourly, manual],
  codeVersion: "3f2a91c",
  clock: virtualClock(now),
});
