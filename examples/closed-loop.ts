// The closed loop on real data: raw rows -> features -> model -> promotion -> prediction -> drift -> retraining.
//
// Two years of hourly bike rentals are replayed on a virtual clock. Demand grows by 64 % from the first year to the second, so a
// model trained early goes wrong; the loop notices, tells people, retrains, and lets a gate or a live experiment decide. Run it with
// `npm run demo`.
import { rm, writeFile } from "node:fs/promises";
import { relative } from "node:path";
import {
  createRandom,
  createScheduler,
  type ExperimentDecision,
  type Forecaster,
  type GateDecision,
  type Guard,
  gate,
  parseFrequency,
  pipeline,
  promote,
  virtualClock,
} from "@tsops/core";
import { progressBar } from "@tsops/core/progress-bar";
import {
  type AlertObservation,
  type CoverageWatch,
  checkQuality,
  coverageWatch,
  driftDecision,
  driftTest,
  errorChanges,
  evaluateRetrain,
  joinOutcomes,
  learnQuality,
  observeCoverage,
  observeDecision,
  observeDrift,
  observeErrorChanges,
  observePerformance,
  observePromise,
  observeQuality,
  performanceByWindow,
  type QualityFinding,
  type QualityRules,
  requestRetrain,
  retrainPolicy,
  type WindowPerformance,
  worseThanPromised,
} from "@tsops/monitor";
import { type Deployment, deploy } from "@tsops/serve";
import { openHome } from "@tsops/store";
import { openAlerting } from "./closed-loop/alerting.ts";
import { compareWithBaselines } from "./closed-loop/baselines.ts";
import {
  baseline,
  boosted,
  demand,
  forecaster,
  levels,
  modelName,
  views,
  weather,
  zone,
} from "./closed-loop/definitions.ts";
import { openInfrastructure } from "./closed-loop/infrastructure.ts";
import { writeReport } from "./closed-loop/report.ts";
import {
  type ChampionPeriod,
  printAlerts,
  printDecisions,
  printSummary,
  summarise,
} from "./closed-loop/summary.ts";
import { dryRun, joinTrainingSet, registerVersion, splitAt, trainingPanel } from "./closed-loop/train.ts";
import { beginTrial, isUndecided, type Served } from "./closed-loop/trial.ts";
import { openWorld } from "./closed-loop/world.ts";

// ---- 1. A world to replay, a clock that moves only when told, and a home for everything that is kept -------------------------

const homePath = "./.tsops-demo";
await rm(homePath, { recursive: true, force: true });
const world = await openWorld();
const clock = virtualClock(world.start);
const random = createRandom("closed loop");
const createId = () =>
  Array.from({ length: 8 }, () => random.integer(0, 0x10000).toString(16).padStart(4, "0")).join("");
await using home = await openHome(homePath, { clock, createId });
// Everything is in the home, unless the environment names servers: see closed-loop/infrastructure.ts.
const infrastructure = await openInfrastructure(home, {
  tables: [demand, weather],
  views,
  clock,
  environment: process.env,
});
const { tracker, registry, online } = infrastructure;
const demandTable = await home.table(demand);
const weatherTable = await home.table(weather);
const days = parseFrequency("1d", { zone });
const weeks = parseFrequency("1w", { zone });
const bar = progressBar();

// ---- 2. The rules: when to train first, when to retrain, what to alarm about ---------------------------------------------------

const firstTraining = days.add(world.start, 181); // 2011-07-01, after half a year of rows
const holdout = 28; // days on which a candidate and the champion are compared
const policy = retrainPolicy({
  zone,
  window: 14, // when the mean error of the last 14 days ...
  ratio: 1.15, // ... is 15 % above what the champion's backtest promised ...
  breaches: { k: 5, of: 7 }, // ... at 5 of the last 7 daily looks ...
  coolDown: "56d", // ... and the last attempt is 8 weeks ago
  holdout,
});
const guards: readonly Guard[] = [
  { kind: "coverage", level: 80, withinPoints: 10 },
  { kind: "bias", maxShare: 0.15 },
];
const stormDrill = days.add(world.start, 682); // 2012-11-13, two weeks after the storm: see step "train"

// ---- 3. What the app holds in memory: online features, the deployment, and how it has done -------------------------------------

const judged: WindowPerformance[] = [];
const quality: QualityFinding[] = [];
const told: string[] = [];
const { found } = infrastructure; // for a Prometheus, where one scrapes
const tell = openAlerting(home, clock, (line) => told.push(line), found);
let sound: QualityRules | null = null; // how rows look, learnt from the first half-year
let deployment: Deployment | null = null;
let champion = { name: "none", since: firstTraining, expectedError: Number.NaN };
const champions: ChampionPeriod[] = [];
let watched: { readonly served: Served; readonly coverage: CoverageWatch } | null = null;
let lastSaid: readonly AlertObservation[] = [];
let trial: ReturnType<typeof beginTrial> | null = null;
let lastAttemptAt: bigint | null = null;

/** Makes a version that the gate or an experiment let through the champion, and has it served and watched. */
async function takeOver(
  { version, promise }: Served,
  decision: GateDecision | ExperimentDecision,
): Promise<void> {
  await promote(modelName, version, {
    registry,
    decisions: home.decisions,
    clock,
    because: decision,
    requestedBy: "daily",
  });
  champion = { name: `${modelName} v${version}`, since: clock.now(), expectedError: promise.overall.mae };
  champions.push(champion);
  watched = { served: { version, promise }, coverage: coverageWatch({ level: 80, modelVersion: version }) };
  if (trial?.challenger.version === version) await endTrial();
  else await stopTrial(`${modelName} v${version} is the champion now`);
  if (deployment !== null) await deployment.refresh();
  else {
    deployment = await deploy(modelName, {
      registry,
      log: home.predictions,
      clock,
      levels,
      shadow: true,
      targetTable: demand.name,
      features: { source: online, knownAt: "cutoff" },
      history: async (since) =>
        (await joinTrainingSet(home, { start: since + 1n, end: clock.now() })).columns,
      newId: createId,
    });
    await infrastructure.watch(deployment);
  }
}

/** Has a candidate predict in the champion's shadow. */
async function tryLive(challenger: Served): Promise<void> {
  if (watched === null || deployment === null) return;
  await stopTrial(`${modelName} v${challenger.version} is tried in its place`);
  await registry.setAlias(modelName, "challenger", challenger.version);
  await deployment.refresh();
  trial = beginTrial(watched.served.version, challenger, guards, clock);
}

/** Ends an experiment that has no verdict yet, with a record of why. */
async function stopTrial(why: string): Promise<void> {
  if (trial !== null) await home.decisions.append(trial.stop(why));
  await endTrial();
}

async function endTrial(): Promise<void> {
  if (trial === null) return;
  trial = null;
  await registry.deleteAlias(modelName, "challenger");
  await deployment?.refresh();
}

/** What was really served over the last days, beside what happened: by the champion, its side of the gate's comparison, or by all. */
async function servedSince(start: bigint, by: { readonly role?: "champion" } = { role: "champion" }) {
  const snapshot = await demandTable.snapshot();
  const outcomes = await snapshot.read({ range: { start, end: clock.now() } });
  // A forecast of a day has the day's eve as its cutoff.
  const predictions = home.predictions.scan({
    deployment: modelName,
    cutoffFrom: start - 1n - 3_600_000_000n,
    ...by,
  });
  return joinOutcomes(predictions, outcomes, { keys: ["city"], time: "at", target: "users" });
}

/**
 * A candidate trained on the hours since `start`, against the champion on the same last days. Takes over if it wins, and is tried live if
 * neither wins.
 */
async function attempt(
  requestedBy: string,
  start: bigint,
  { candidate = forecaster, daysCompared = holdout }: { candidate?: Forecaster; daysCompared?: number } = {},
): Promise<GateDecision> {
  const end = clock.now();
  const from = days.add(end, -daysCompared);
  const training = await trainingPanel(home, { start, end });
  const evaluated = await dryRun(candidate, training, daysCompared);
  const decision = gate({
    subject: modelName,
    candidate: { name: `trained by ${requestedBy}`, backtest: evaluated },
    champion: { name: champion.name, backtest: await servedSince(from) },
    guards,
    alpha: 0.1,
    clock,
    requestedBy,
  });
  await home.decisions.append(decision);
  if (decision.verdict === "promote" || isUndecided(decision)) {
    const { version } = await registerVersion({ tracker, registry }, candidate, training, evaluated);
    const served = { version, promise: evaluated };
    await (decision.verdict === "promote" ? takeOver(served, decision) : tryLive(served));
  }
  return decision;
}

// ---- 4. What happens every midnight ---------------------------------------------------------------------------------------------

const daily = pipeline("daily", { schedule: { every: "1d", zone }, startAt: world.start, catchUp: "all" })
  .step("ingest", async ({ interval }) => {
    const day = world.dayOf(interval.start);
    const rentals = world.demandOf(day); // of the day that is over
    const forecasts = day === 0 ? [world.weatherOf(0), world.weatherOf(1)] : [world.weatherOf(day + 1)];
    if (sound !== null) {
      const findings = checkQuality(rentals, {
        rules: sound,
        interval,
        now: interval.end,
        frozen: { users: "6h" },
      });
      quality.push(...findings);
      found?.quality(findings, { table: demand.name, now: interval.end });
      await tell(observeQuality(findings, { subject: demand.name }));
    }
    // The transaction makes a repeated append do nothing, so the step can be run again after a crash.
    await Promise.all([
      infrastructure.bring(demand, rentals, { appId: "daily", version: day }),
      (async () => {
        for (const [part, rows] of forecasts.entries())
          await infrastructure.bring(weather, rows, { appId: `daily-${part}`, version: day });
      })(),
    ]);
    for (const rows of forecasts) await online.observe(weather.name, rows);
    if (deployment !== null) await deployment.observe(demand.name, rentals);
    if (day % 60 === 59) await Promise.all([demandTable.compact(), weatherTable.compact()]);
    return { rentals: rentals.length };
  })
  .step("watch", async ({ interval }) => {
    if (deployment === null || interval.start < firstTraining) return { retrain: false };
    const about = { subject: modelName, now: interval.end, requestedBy: "daily" };
    const served = await servedSince(days.add(interval.end, -policy.window));
    const yesterday = performanceByWindow(served, { window: "1d", zone, from: interval.start });
    judged.push(...yesterday);
    found?.performance(yesterday, { deployment: modelName });
    const said: AlertObservation[] = [...observePerformance(yesterday, { subject: modelName })];
    if (watched !== null) {
      const { version: modelVersion, promise } = watched.served;
      watched.coverage.update(served);
      lastSaid = [
        ...observePromise(worseThanPromised(served, promise, { modelVersion }), {
          subject: modelName,
        }),
        ...observeCoverage(watched.coverage, { subject: modelName }),
      ];
      said.push(...lastSaid);
    }
    if (weeks.isOnGrid(interval.end)) {
      const week = weeks.add(interval.end, -1);
      const rows = await joinTrainingSet(home, { start: weeks.add(week, -4), end: interval.end });
      const [reference, current] = splitAt(rows.columns, 4 * 168);
      const report = driftTest(reference, current, {
        time: "at",
        columns: ["users", "sky__temp", "sky__hum", "sky__windspeed", "sky__weather"],
        season: [24],
        zone,
      });
      await home.decisions.append(driftDecision(report, about));
      found?.drift(report, { subject: demand.name, now: interval.end });
      said.push(...observeDrift(report, { subject: demand.name }));
    }
    if (trial !== null) {
      const verdict = trial.judge(await servedSince(trial.since, {}));
      if (verdict.verdict !== "undecided" || weeks.isOnGrid(interval.end))
        await home.decisions.append(verdict);
      said.push(...observeDecision(verdict));
      found?.experiment(verdict);
      if (verdict.verdict === "promote") await takeOver(trial.challenger, verdict);
      if (verdict.verdict === "keep") await endTrial();
    }
    await tell(said);
    const decision = evaluateRetrain({
      policy,
      history: judged,
      state: { champion, lastAttemptAt },
      ...about,
    });
    await home.decisions.append(decision);
    return { retrain: decision.verdict === "retrain" };
  })
  .step("train", async ({ interval, results }) => {
    if (interval.end === firstTraining) {
      const rows = await (await demandTable.snapshot()).read({
        range: { start: world.start, end: interval.end },
      });
      sound = learnQuality(rows, { table: demand, frequency: "1h", zone });
      const training = await trainingPanel(home, { end: interval.end });
      const [evaluated, naive] = [
        await dryRun(forecaster, training, holdout),
        await dryRun(baseline, training, holdout),
      ];
      const decision = gate({
        subject: modelName,
        candidate: { name: "first model", backtest: evaluated },
        champion: null,
        baseline: { name: "seasonal naive", backtest: naive },
        alpha: 0.1,
        clock,
        requestedBy: "daily",
      });
      await home.decisions.append(decision);
      if (decision.verdict === "promote") {
        const { version } = await registerVersion({ tracker, registry }, forecaster, training, evaluated);
        await takeOver({ version, promise: evaluated }, decision);
      }
      return { verdict: decision.verdict };
    }
    if (interval.end === stormDrill) {
      // After Hurricane Sandy somebody asks for a model of the last weeks alone, which ends in the storm. The gate has to hold: it
      // compares the two weeks since.
      const request = requestRetrain({
        subject: modelName,
        why: "A drill: somebody asks for a model of the six weeks up to the storm alone, judged by the two weeks since.",
        now: interval.end,
        requestedBy: "storm drill",
      });
      await home.decisions.append(request);
      const start = days.add(interval.end, -56);
      const { verdict } = await attempt("storm drill", start, { candidate: boosted, daysCompared: 14 });
      return { verdict };
    }
    if (!results.watch.retrain) return { verdict: null };
    lastAttemptAt = interval.end;
    return { verdict: (await attempt("daily", world.start)).verdict };
  })
  .step("serve", async ({ interval }) => {
    if (deployment === null || interval.end >= world.end) return { predictions: [] };
    const { predictionIds } = await deployment.predict();
    await online.advance(interval.end);
    return { predictions: predictionIds };
  });

// ---- 5. The replay: hour by hour, whatever is due runs --------------------------------------------------------------------------

const scheduler = createScheduler({ pipelines: [daily], ledger: home.ledger, clock, owner: "demo" });
const total = days.count(world.start, world.end);
while (clock.now() < world.end) {
  await clock.advanceBy(3_600_000_000n);
  for (const run of await scheduler.runDue()) {
    if (run.error !== null) throw run.error;
    if (found !== null)
      for (const decision of await home.decisions.list({ from: run.entry.end })) found.decision(decision);
    const done = days.count(world.start, run.entry.end);
    bar({ task: "replay", done, total, figures: { champion: champion.name } });
  }
}

// ---- 6. What came of it ---------------------------------------------------------------------------------------------------------

const everything = await joinTrainingSet(home, { end: world.end });
const compared = await compareWithBaselines(everything.columns, firstTraining, bar);
bar.stop();
const served = await servedSince(firstTraining);
const decisions = await home.decisions.list({ limit: 10_000 });
const summary = summarise(served, compared, decisions, champions);
printAlerts(told);
printDecisions(decisions);
printSummary(summary.quarters, compared.scale);
const observations = [
  ...lastSaid,
  ...observeErrorChanges(errorChanges(performanceByWindow(served, { window: "1w", zone })), {
    subject: modelName,
  }),
];
await writeFile(`${homePath}/summary.json`, JSON.stringify(summary, null, 2));
const { report, picture } = await writeReport(
  { home, registry },
  served,
  compared,
  { quality, observations },
  clock.now(),
);
const lastPrediction = served.predictionIds.at(-1);
await infrastructure.close();
const shown = (path: string) => `./${relative(process.cwd(), path)}`;
console.log(`
The weather in this data is the weather that was measured: it stands in for a weather forecast, which would be wrong at times.

report                 ${shown(report)}
forecast               ${shown(picture)}
runs, models, tables   ${homePath}   (mlflow ui --backend-store-uri sqlite:///${homePath.slice(2)}/mlflow.db)
where a number is from npm run tsops -- lineage ${lastPrediction} --config examples/tsops.config.ts
why a model was taken  npm run tsops -- decisions --kind gate --config examples/tsops.config.ts`);
