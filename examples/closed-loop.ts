// The closed loop on real data: raw rows -> features -> model -> promotion -> prediction -> drift -> retraining.
//
// Two years of hourly bike rentals are replayed on a virtual clock. Demand grows by 64 % from the first year to the second, so a
// model trained early goes wrong; the loop notices, retrains, and lets a gate decide. Run it with `npm run demo`.
import { rm } from "node:fs/promises";
import {
  createRandom,
  createScheduler,
  formatInstant,
  gate,
  onlineFeatures,
  parseFrequency,
  pipeline,
  virtualClock,
} from "@tsops/core";
import { deploy, type Deployment } from "@tsops/serve";
import { openHome } from "@tsops/store";
import { baseline, boosted, demand, forecaster, modelName, panelSpec, views, weather, zone } from "./closed-loop/definitions.ts";
import { dryRun, register, trainingPanel } from "./closed-loop/train.ts";
import { openWorld } from "./closed-loop/world.ts";

// 1. A world to replay, a clock that moves only when told, and a home directory for everything that is kept.
const homePath = "./.tsops-demo";
await rm(homePath, { recursive: true, force: true });
const world = await openWorld();
const clock = virtualClock(world.start);
const random = createRandom("demo");
const hexId = () => Array.from({ length: 4 }, () => random.integer(0, 2 ** 32).toString(16).padStart(8, "0")).join("");
await using home = await openHome(homePath, { clock, createId: hexId });
const demandTable = await home.table(demand);
const weatherTable = await home.table(weather);
const days = parseFrequency("1d", { zone });
const firstForecast = days.add(world.start, 181); // 2011-07-01

// 2. The deployment: predicts in this process, with the features that training uses.
const online = onlineFeatures(views);
let deployment: Deployment | null = null;

const go = async () =>
  deploy(modelName, {
    registry: home.registry,
    log: home.predictions,
    clock,
    features: { source: online, knownAt: "cutoff" },
    targetTable: demand.name,
    history: async (since) => (await trainingRows(since + 1n)),
    newId: hexId,
  });

async function trainingRows(start: bigint) {
  const { buildTrainingSet } = await import("@tsops/store");
  const { bikeTrainingSet } = await import("./closed-loop/definitions.ts");
  return (await buildTrainingSet(bikeTrainingSet({ start, end: clock.now() }), { tables: home, engine: await home.engine() })).columns;
}

// 3. What happens every midnight.
let T: Record<string, number> = {};
const timed = async <R>(name: string, work: () => Promise<R>): Promise<R> => { const t = performance.now(); const r = await work(); T[name] = (T[name] ?? 0) + performance.now() - t; return r; };
const daily = pipeline("daily", { schedule: { every: "1d", zone }, startAt: world.start, catchUp: "all" })
  .step("ingest", async ({ interval }) => timed("ingest", async () => {
    const day = world.dayOf(interval.start);
    const yesterday = world.demandOf(day);
    const sky = day === 0 ? [world.weatherOf(0), world.weatherOf(1)] : [world.weatherOf(day + 1)];
    await demandTable.append(yesterday, { txn: { appId: "demand", version: day } });
    for (const rows of sky) {
      await weatherTable.append(rows);
      online.observe(weather.name, rows);
    }
    if (deployment !== null) await deployment.observe(demand.name, yesterday);
    return { rows: yesterday.length };
  }))
  .step("train", async ({ interval }) => {
    if (interval.end !== firstForecast) return null;
    const training = await timed("join", () => trainingPanel(home, { end: interval.end }));
    const [candidate, naive] = await timed("backtest", async () => [await dryRun(forecaster, training, 28), await dryRun(baseline, training, 28)]);
    const decision = gate({ subject: modelName, candidate: { name: "boosted", backtest: candidate! }, champion: null, baseline: { name: "seasonal naive", backtest: naive! }, clock, requestedBy: "daily" });
    console.log(decision.reason);
    const { version } = await timed("register", () => register(home, training, candidate!));
    await home.registry.setAlias(modelName, "champion", version.version);
    deployment = await go();
    return { mae: candidate!.overall.mae };
  })
  .step("serve", async ({interval}) => timed("serve", async () => {
    if (deployment === null || interval.end >= world.end) return null;
    const answer = await deployment.predict();
    const actual = world.demandOf(world.dayOf(interval.end)).data.users.values;
    for (let i = 0; i < 24; i++) { err += Math.abs(answer.forecast.mean[i]! - actual[i]!); n++; if (actual[i]! >= answer.forecast.quantiles[1]!.values[i]! && actual[i]! <= answer.forecast.quantiles[2]!.values[i]!) in80++; }
    return { ids: answer.predictionIds };
  }));
let err = 0, n = 0, in80 = 0;
const scheduler = createScheduler({ pipelines: [daily], ledger: home.ledger, clock, owner: "demo" });
const t0 = performance.now();
let runs = 0;
while (clock.now() < world.end) {
  await clock.advanceBy(3_600_000_000n);
  const out = await scheduler.runDue();
  for (const o of out) if (o.error !== null) throw o.error;
  runs += out.length;
}
console.log(runs, formatInstant(clock.now()), performance.now() - t0, T, "MAE", err / n, in80 / n);
void boosted; void panelSpec;
