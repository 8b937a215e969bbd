// One case in a process of its own, so that its peak memory is its own: prints JSON. Started by run.ts.
import { availableParallelism } from "node:os";
import { type Columns, column, featureView, max, mean, onlineFeatures, std, sum } from "@tsops/core";
import { asOfJoin, openEngine, openTable } from "@tsops/store";
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

/** Milliseconds on the clock and of all threads' processor time, which other programs on the machine disturb less. */
async function timed(work: () => Promise<unknown>): Promise<{ times: number[]; cpuTimes: number[] }> {
  const [times, cpuTimes]: [number[], number[]] = [[], []];
  for (let i = 0; i < Number(repeats); i++) {
    const [started, cpu] = [performance.now(), process.cpuUsage()];
    await work();
    const used = process.cpuUsage(cpu);
    times.push(performance.now() - started);
    cpuTimes.push((used.user + used.system) / 1000);
  }
  return { times, cpuTimes };
}

async function joinTimes(): Promise<object> {
  const { features, knownAt } = joins[name] as (typeof joins)[string];
  const { asked } = inputColumns();
  const engine = await openEngine({ threads: Math.min(2, availableParallelism()) });
  const table = await openTable(directory, { engine });
  let rows = 0;
  const measured = await timed(async () => {
    const joined = await asOfJoin({
      spine: asked as Columns,
      time: "at",
      views: [view(features)],
      tables: { readings: table },
      knownAt,
      engine,
    } as never);
    rows = (joined as { columns: Columns }).columns.length;
  });
  await engine.close();
  return { ...measured, rows };
}

/** One row in and one spine row out, as a server does: microseconds of each. */
function onlineTimes(): object {
  const { feature, asked } = inputColumns();
  const online = onlineFeatures([view({ a: column("a"), m: mean("a", "1d") })] as never);
  const observed = performance.now();
  online.observe("readings", feature as Columns);
  const observeMs = performance.now() - observed;
  const times: number[] = [];
  const { sensor, at } = asked.data;
  for (let i = 0; i < 20_000; i++) {
    const one = {
      ...asked,
      length: 1,
      data: {
        sensor: { ...sensor, values: sensor.values.subarray(i, i + 1) },
        at: { ...at, values: at.values.subarray(i, i + 1) },
      },
    };
    const started = performance.now();
    online.lookup(one as never, { time: "at" } as never);
    times.push(performance.now() - started);
  }
  return { times: times.slice(1_000), observeMs };
}

const result = name === "online" ? onlineTimes() : await joinTimes();
process.stdout.write(JSON.stringify({ ...result, peakMb: process.resourceUsage().maxRSS / 1024 }));
