// How fast the home takes metrics, predictions and small calls. Run: npx tsx --conditions=@tsops/source bench/tracking/tsops.ts
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { type Metric, sha256Hex } from "@tsops/core";
import { samplePrediction } from "@tsops/core/testing";
import { openHome } from "@tsops/store";

const repeats = 5;
const directory = mkdtempSync(join(tmpdir(), "tsops-bench-"));
const results: Record<string, { unit: string; minimum: number; median: number; maximum: number }> = {};

/** Runs `work` several times; `count` units of work a time give units per second. */
async function measure(
  name: string,
  unit: string,
  count: number,
  work: (repeat: number) => Promise<void>,
): Promise<void> {
  const rates: number[] = [];
  for (let repeat = 0; repeat < repeats; repeat++) {
    const started = performance.now();
    await work(repeat);
    rates.push((count / (performance.now() - started)) * 1000);
  }
  rates.sort((a, b) => a - b);
  const round = (value: number | undefined): number => Math.round((value ?? 0) * 10) / 10;
  results[name] = {
    unit,
    minimum: round(rates[0]),
    median: round(rates[Math.floor(repeats / 2)]),
    maximum: round(rates.at(-1)),
  };
  process.stdout.write(
    `${name}: ${results[name].median} ${unit} (${results[name].minimum} .. ${results[name].maximum})\n`,
  );
}

await measure("open a new home", "homes/s", 1, async (repeat) => {
  await (await openHome(join(directory, `new-${repeat}`))).close();
});
await measure("open an existing home", "homes/s", 1, async () => {
  await (await openHome(join(directory, "new-0"))).close();
});

const home = await openHome(join(directory, "home"));
for (const batch of [1, 100, 1000, 10_000, 100_000]) {
  const total = batch === 1 ? 200 : Math.max(20_000, batch);
  const run = await home.tracker.startRun({ experiment: `batches of ${batch}` });
  await measure(`metrics in batches of ${batch}`, "rows/s", total, async (repeat) => {
    for (let start = 0; start < total; start += batch) {
      const metrics = Array.from({ length: batch }, (_, index): Metric => {
        const step = repeat * total + start + index;
        return { key: `metric-${step % 10}`, value: Math.sin(step), step };
      });
      await run.logMetrics(metrics);
    }
  });
}

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
const single = records(200);
await measure("predictions one after another", "predictions/s", 200, async (repeat) => {
  for (const one of single[repeat] ?? []) await home.predictions.append([one]);
});
const grouped = records(2000);
await measure("predictions, 100 calls at a time", "predictions/s", 2000, async (repeat) => {
  for (let start = 0; start < 2000; start += 100)
    await Promise.all(
      (grouped[repeat] ?? []).slice(start, start + 100).map((one) => home.predictions.append([one])),
    );
});
const whole = records(5000);
await measure("predictions in one append", "predictions/s", 5000, (repeat) =>
  home.predictions.append(whole[repeat] ?? []),
);
await measure("scan of predictions", "predictions/s", serial, async () => {
  let rows = 0;
  for await (const _ of home.predictions.scan()) rows++;
  if (rows !== serial) throw new Error(`${rows} of ${serial} predictions were read`);
});
await measure("claim and finish of a pipeline run", "runs/s", 100, async (repeat) => {
  for (let index = 0n; index < 100n; index++) {
    const key = { pipeline: `bench-${repeat}`, partition: "", start: index, end: index + 1n };
    await home.ledger.claim(key, { owner: "bench", now: 1n, leaseUntil: 2n });
    await home.ledger.finish(key, "bench", { status: "succeeded", now: 2n });
  }
});
await home.close();
rmSync(directory, { recursive: true });

const machine = {
  node: process.version,
  cpu: cpus()[0]?.model,
  cores: cpus().length,
  repeats,
  peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
};
writeFileSync(new URL("results.json", import.meta.url), `${JSON.stringify({ machine, results }, null, 2)}\n`);
