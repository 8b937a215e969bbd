// Wires the `tsops` command to the home that the demo leaves behind, e.g.
//   npm run tsops -- decisions --config examples/tsops.config.ts
//   npm run tsops -- run check-quality --interval 2012-10-29T05:00Z/1d --config examples/tsops.config.ts
import { defineConfig, pipeline, toMicros } from "@tsops/core";
import { checkQuality, learnQuality } from "@tsops/monitor";
import { openHome } from "@tsops/store";
import { mlflowRegistry, mlflowSettingsFrom, mlflowTracker } from "@tsops/store/mlflow";
import { demand, zone } from "./closed-loop/definitions.ts";

const openDemo = () => openHome("../.tsops-demo", { create: false });

/** The first half-year was looked at: it tells how rows have to look, as in the demo. */
const soundUntil = toMicros("2011-07-01T05:00Z");

const quality = pipeline("check-quality", { schedule: { every: "1d", zone } }).step(
  "check",
  async ({ interval }) => {
    await using home = await openDemo();
    const snapshot = await (await home.table(demand)).snapshot();
    const sound = await snapshot.read({ range: { end: soundUntil } });
    const rules = learnQuality(sound, { table: demand, frequency: "1h", zone });
    const rows = await snapshot.read({ range: interval });
    const findings = checkQuality(rows, { rules, interval, now: interval.end, frozen: { users: "6h" } });
    return { rows: rows.length, findings: findings.map(({ sentence }) => sentence) };
  },
);

// Where the runs and models of `npm run stack` are; those of the demo are in its home.
const mlflow = mlflowSettingsFrom(process.env);

export default defineConfig({
  home: openDemo,
  ...(mlflow === null
    ? {}
    : { tracker: () => mlflowTracker(mlflow), registry: () => mlflowRegistry(mlflow) }),
  pipelines: [quality],
});
