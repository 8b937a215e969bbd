// One case in a process of its own, so that its peak memory is its own: prints JSON. Started by run.ts.
import { availableParallelism } from "node:os";
import { type Columns, column, featureView, max, mean, onlineFeatures, std, sum } from "@tsops/core";
import { asOfJoin, openEngine, openTable } from "@tsops/store";
import { report, timed } from "../harness/measured.ts";
import { inputColumns, readings } from "./input.ts";

const [directory, name, repeats] = process.argv.slice(2) as [string, string, string];
const plain = { a: column("a"), b: column("b"), c: column("c") };
const view = <const F extends object>(features: F) =>
  featureView({ name: "v", table: readings, features } as never);

const joins: Readonly<Record<string, { readonly features: object; readonly knownAt: "spine" | "ignore" }>> = {
  "3 columns, by event time": { features: plain, knownAt: "ignore" },
  "3 columns, as known at the spine time": { features: plain, knownAt: "spine" },
  "7 day mean, as known at the spine time": { features: { a: mean("a", "7d") }, knownAt: "spine" },
  "7 day sum, mean, max and std, as known at the spine time": {
    features: { s: sum("a", "7d"), m: mean("a", "7d"), x: max("a", "7d"), d: std("a", "7d") },
    knownAt: "spine",
  },
  "30 day mean, as known at the spine time": { features: { a: mean("a", "30d") }, knownAt: "spine" },
};

async function measureJoin(): Promise<void> {
  const { features, knownAt } = joins[name] as (typeof joins)[string];
  const { asked } = inputColumns();
  const engine = await openEngine({ threads: Math.min(2, availableParallelism()) });
  const table = await openTable(directory, { engine });
  await timed(name, Number(repeats), () =>
    asOfJoin({
      spine: asked as Columns,
      time: "at",
      views: [view(features)],
      tables: { readings: table },
      knownAt,
      engine,
    } as never),
  );
  await engine.close();
}

/** One row in and one spine row out, as a server does. */
async function measureOnline(): Promise<void> {
  const { feature, asked } = inputColumns();
  const views = [view({ a: column("a"), m: mean("a", "1d") })] as never;
  let online = onlineFeatures(views);
  await timed("online: observe rows", Number(repeats), () => {
    online = onlineFeatures(views);
    online.observe("readings", feature as Columns);
  });
  const { sensor, at } = asked.data;
  const spines = Array.from({ length: 1_000 }, (_, i) => ({
    ...asked,
    length: 1,
    data: {
      sensor: { ...sensor, values: sensor.values.subarray(i, i + 1) },
      at: { ...at, values: at.values.subarray(i, i + 1) },
    },
  }));
  await timed("online: 1 column and a 1 day mean over 33 rows, 1,000 lookups of a row", 5, () => {
    for (const spine of spines) online.lookup(spine as never, { time: "at" } as never);
  });
}

await (name === "online" ? measureOnline() : measureJoin());
report();
