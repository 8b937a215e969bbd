// How fast the home takes metrics, predictions and small calls, all durable when the call returns. Started by run.ts.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Metric, sha256Hex } from "@tsops/core";
import { samplePrediction } from "@tsops/core/testing";
import { openHome } from "@tsops/store";
import { report, timed } from "../harness/measured.ts";
import type { work } from "./work.ts";

const repeats = Number(process.argv[2]);
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const once = { warmUp: false };
const run = (name: keyof typeof work, measured: (repeat: number) => Promise<unknown>) =>
  timed(name, repeats, measured, once);

await run("open a new home", async (repeat) => (await openHome(join(directory, `new-${repeat}`))).close());
await run("open a home that is there", async () => (await openHome(join(directory, "new-0"))).close());

const home = await openHome(join(directory, "home"));
const active = await home.tracker.startRun({ experiment: "metrics" });
const metrics = (length: number, start: number) =>
  Array.from({ length }, (_, i): Metric => {
    const step = start + i;
    return { key: `metric-${step % 10}`, value: Math.sin(step), step };
  });
let logged = 0;
async function logInBatches(count: number, batch: number): Promise<void> {
  for (let start = 0; start < count; start += batch, logged += batch)
    await active.logMetrics(metrics(batch, logged));
}
await run("metrics, one a call", () => logInBatches(200, 1));
await run("metrics in batches of 1,000", () => logInBatches(20_000, 1_000));
await run("metrics in one batch of 100,000", () => logInBatches(100_000, 100_000));

let serial = 0;
const horizon = 24;
const record = () => {
  const values = (): Float64Array =>
    Float64Array.from({ length: horizon }, (_, step) => Math.sin(serial + step));
  return samplePrediction({
    predictionId: sha256Hex(String(serial++)).slice(0, 32),
    times: BigInt64Array.from({ length: horizon }, (_, step) => BigInt(serial + step) * 3_600_000_000n),
    mean: values(),
    quantiles: [0.025, 0.1, 0.9, 0.975].map((probability) => ({ probability, values: values() })),
    features: Object.fromEntries(
      Array.from({ length: 10 }, (_, index) => [`feature_${index}`, [...values()]]),
    ),
    statuses: { weather: Array(horizon).fill("present") },
    featureTimes: { weather: Array(horizon).fill(1_300_000_000_000_000n) },
    featureTables: { weather: "weather" },
  });
};
const records = (count: number) =>
  Array.from({ length: repeats }, () => Array.from({ length: count }, record));
const whole = records(5_000);
await run("predictions of 24 steps, 5,000 in one append", (repeat) =>
  home.predictions.append(whole[repeat] ?? []),
);
await run("scan of 5,000 predictions", async () => {
  let rows = 0;
  for await (const _ of home.predictions.scan()) if (++rows === 5_000) break;
});
const single = records(200);
await run("predictions of 24 steps, one a call", async (repeat) => {
  for (const one of single[repeat] ?? []) await home.predictions.append([one]);
});
const grouped = records(2_000);
await run("predictions of 24 steps, 100 calls at a time", async (repeat) => {
  for (let start = 0; start < 2_000; start += 100)
    await Promise.all(
      (grouped[repeat] ?? []).slice(start, start + 100).map((one) => home.predictions.append([one])),
    );
});
await run("claim and finish of a pipeline run", async (repeat) => {
  for (let index = 0n; index < 100n; index++) {
    const key = { pipeline: `bench-${repeat}`, partition: "", start: index, end: index + 1n };
    await home.ledger.claim(key, { owner: "bench", now: 1n, leaseUntil: 2n });
    await home.ledger.finish(key, "bench", { status: "succeeded", now: 2n });
  }
});
await home.close();
rmSync(directory, { recursive: true });
report();
