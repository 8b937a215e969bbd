// An app that only predicts: a model made elsewhere, here in place, served without the store.
import {
  columnsFromArrays,
  float64,
  type ModelVersion,
  type PredictionRecord,
  panel,
  seasonalNaive,
  timestamp,
} from "@tsops/core";
import { deploy } from "@tsops/serve";

const hour = 3_600_000_000n;
const rows = columnsFromArrays(
  { at: timestamp(), load: float64() },
  {
    at: BigInt64Array.from({ length: 72 }, (_, i) => BigInt(i) * hour),
    load: Float64Array.from({ length: 72 }, (_, i) => i % 24),
  },
);
const history = panel(rows, { time: "at", target: "load", frequency: "1h" });
const model = (await seasonalNaive({ seasonLength: 24 }).fit(history, { horizon: 24 })).save();

const version: ModelVersion = {
  name: "load",
  version: 1,
  runId: null,
  modelId: null,
  createdAt: 0n,
  aliases: ["champion"],
  tags: {},
  lineage: null,
};
const served: PredictionRecord[] = [];
await using deployment = await deploy("load", {
  registry: { resolve: async () => version, readFiles: async () => ({ "model.tsops": model }) },
  log: { append: async (records) => void served.push(...records) },
  targetTable: "loads",
});
const { forecast } = await deployment.predict({ horizon: 3 });
console.log(`predicted ${forecast.mean.join(" ")}, logged ${served.length} record`);
//=> predicted 0 1 2, logged 1 record
