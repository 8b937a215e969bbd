// How fast an MLflow server takes metrics from mlflowTracker; all acknowledged when a repeat ends. Started by run.ts.
import type { Metric } from "@tsops/core";
import { mlflowTracker } from "@tsops/store/mlflow";
import { report, timed } from "../harness/measured.ts";
import type { work } from "./work.ts";

const [url, repeats] = [process.argv[2] as string, Number(process.argv[3])];
const tracker = mlflowTracker({ url });
const active = await tracker.startRun({ experiment: "metrics of tsops" });
const once = { warmUp: false };
const run = (name: keyof typeof work, measured: () => Promise<unknown>) =>
  timed(name, repeats, measured, once);
let logged = 0;
const metrics = (length: number): Metric[] => {
  const start = logged;
  logged += length;
  return Array.from({ length }, (_, index) => {
    const step = start + index;
    return { key: `metric-${step % 10}`, value: Math.sin(step), time: 1_700_000_000_000_000n, step };
  });
};
await run("metrics, one a call", () =>
  Promise.all(metrics(500).map((metric) => active.logMetrics([metric]))),
);
await run("metrics in batches of 1,000", async () => {
  for (let batch = 0; batch < 20; batch++) await active.logMetrics(metrics(1_000));
});
await tracker.close();
report();
