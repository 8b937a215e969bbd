// Wires the `tsops` command to the home that the demo leaves behind, e.g.
//   npm run tsops -- decisions --config examples/tsops.config.ts
//   npm run tsops -- run check-quality --interval 2012-10-29T05:00Z/1d --config examples/tsops.config.ts
import { defineConfig, pipeline } from "@tsops/core";
import { checkQuality } from "@tsops/monitor";
import { openHome } from "@tsops/store";
import { mlflowRegistry, mlflowSettingsFrom, mlflowTracker } from "@tsops/store/mlflow";
import { demand, zone } from "./closed-loop/definitions.ts";

const openDemo = () => openHome("../.tsops-demo", { create: false });

const quality = pipeline("check-quality", { schedule: { every: "1d", zone } }).step(
  "check",
  async ({ interval }) => {
    await using home = await openDemo();
    const snapshot = await (await home.table(demand)).snapshot();
    const rows = await snapshot.read({ range: interval });
    const findings = checkQuality(rows, {
      table: demand,
      frequency: "1h",
      zone,
      interval,
      now: interval.end,
      ranges: { users: { min: 0, max: 5000 } },
      frozen: { users: "6h" },
    });
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
