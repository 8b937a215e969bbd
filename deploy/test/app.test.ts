import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import {
  columnsFromArrays,
  createRandom,
  experiment,
  experimentDecision,
  float64,
  formatInstant,
  timestamp,
} from "@tsops/core";
import { driftDecision, driftTest, evaluateAlerts, queueAlerts } from "@tsops/monitor";
import { openHome } from "@tsops/store";
import { mlflowRegistry, mlflowTracker } from "@tsops/store/mlflow";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  daily,
  demand,
  demandRows,
  hour,
  registerModel,
  start,
  units,
} from "../../packages/serve/test/fixtures.ts";
import { service, startService } from "../../test/services.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";
import { readSettings } from "../src/settings.ts";
import { type App, startApp } from "../src/start.ts";

let path: string;
beforeEach(async () => {
  path = join(temporaryDirectory().path, ".tsops");
  await using home = await openHome(path);
  await (await home.table(demand)).append(demandRows(0, 250));
  // The model knows less than the table: the app brings it up to date.
  await registerModel(home, 240, ["champion"]);
});

const environment = () => ({
  TSOPS_HOME: path,
  TSOPS_MODEL: "demand",
  TSOPS_TARGET_TABLE: "demand",
  TSOPS_TARGET: "units",
  PORT: "0",
});
const instant = (index: number) => formatInstant(start + hour * BigInt(index));

async function call(app: Pick<App, "address">, route: string, body?: unknown) {
  const response = await fetch(`${app.address}${route}`, {
    ...(body === undefined
      ? {}
      : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, text, json: () => JSON.parse(text) };
}

describe("the app in this process", () => {
  let app: App;
  beforeEach(async () => {
    app = await startApp(readSettings(environment()), false);
  });
  afterEach(() => app.close());

  it("predicts from the last row of the table on, and the log has what it answered", async () => {
    const answer = (await call(app, "/predict", { horizon: 2, keys: [{ shop: "a" }] })).json();
    expect(answer).toMatchObject({ model: "demand", modelVersion: 1 });
    expect(answer.forecast).toEqual(
      [250, 251].map((index, i) => ({
        key: { shop: "a" },
        time: instant(index),
        cutoff: instant(249),
        step: i + 1,
        mean: units("a", index),
        quantiles: expect.any(Object),
      })),
    );
    for (const { mean, quantiles } of answer.forecast) {
      expect(Object.keys(quantiles)).toEqual(["0.025", "0.1", "0.9", "0.975"]);
      const [low, lower, upper, high] = Object.values<number>(quantiles);
      expect([low, lower, mean, upper, high]).toEqual([low, lower, mean, upper, high].sort((a, b) => a - b));
    }
    await using home = await openHome(path);
    const logged = await home.predictions.get(answer.predictionIds[0]);
    expect([...logged.mean]).toEqual([250, 251].map((index) => units("a", index)));
  });

  it("takes rows in: in memory and on disk, a repeated call changes no prediction", async () => {
    const rows = ["a", "b"].map((shop) => ({ shop, at: instant(250), units: units(shop, 250) }));
    for (let i = 0; i < 2; i++)
      expect((await call(app, "/observe", { rows })).json()).toMatchObject({ rows: 2 });
    const { forecast } = (await call(app, "/predict", { horizon: 1 })).json();
    expect(forecast.map((row: { time: string }) => row.time)).toEqual([instant(251), instant(251)]);
    await app.close();
    app = await startApp(readSettings(environment()), false);
    expect((await call(app, "/healthz")).json()).toEqual({
      status: "ok",
      model: "demand",
      version: 1,
      observedUntil: instant(250),
      refreshError: null,
    });
  });

  it.each([
    ["a series that the model does not know", "/predict", { keys: [{ shop: "z" }] }, 422, "KEY_UNKNOWN"],
    ["a misspelt field", "/predict", { horizn: 3 }, 400, "FST_ERR_VALIDATION"],
    ["a number that is a text", "/predict", { horizon: "3" }, 400, "FST_ERR_VALIDATION"],
    [
      "rows without a zone",
      "/observe",
      { rows: [{ shop: "a", at: "2026-01-15", units: 1 }] },
      422,
      "TIME_ZONE_MISSING",
    ],
    [
      "a row of the future",
      "/observe",
      { rows: [{ shop: "a", at: "2999-01-01T00:00Z", units: 1 }] },
      422,
      "PANEL_INVALID",
    ],
    ["another route", "/other", {}, 404, "NOT_FOUND"],
  ])("refuses %s", async (_, route, body, status, code) => {
    const answer = await call(app, route, body);
    expect([answer.status, answer.json().code]).toEqual([status, code]);
  });

  it("shows what it did at /metrics", async () => {
    await call(app, "/predict", {});
    await call(app, "/predict", { keys: [{ shop: "z" }] });
    const { text } = await call(app, "/metrics");
    const series = 'deployment="demand",model="demand",version="1",role="champion"';
    expect(text).toContain(`tsops_predictions_total{${series},outcome="ok"} 1\n`);
    expect(text).toContain(`tsops_predictions_total{${series},outcome="error"} 1\n`);
    expect(text).toMatch(/^process_cpu_seconds_total /m);
  });
});

describe("what the app watches", () => {
  it("shows the error of what it predicted once outcomes are known, findings, and the drift that a pipeline found", async () => {
    const app = await startApp(readSettings({ ...environment(), TSOPS_WATCH_EVERY: "20ms" }), false);
    try {
      const metrics = async () => (await call(app, "/metrics")).text;
      const shows = (line: string) => expect.poll(metrics, { timeout: 30_000 }).toContain(`${line}\n`);
      await call(app, "/predict", { horizon: 2 });
      await shows('tsops_outcomes_missing{deployment="demand",version="",step=""} 4');
      const rows = ["a", "b"].map((shop) => ({ shop, at: instant(250), units: units(shop, 250) + 3 }));
      await call(app, "/observe", { rows });
      await shows('tsops_mean_absolute_error{deployment="demand",version="",step=""} 3');
      await shows('tsops_mean_bias{deployment="demand",version="",step=""} -3');
      await call(app, "/observe", { rows });
      await shows('tsops_quality_findings{table="demand",check="duplicates",severity="error",column="at"} 2');

      const random = createRandom("drift");
      const levels = (from: number, length: number, level: number) =>
        columnsFromArrays(
          { at: timestamp(), units: float64() },
          {
            at: BigInt64Array.from({ length }, (_, i) => start + hour * BigInt(from + i)),
            units: Float64Array.from({ length }, () => level + random.normal()),
          },
        );
      const report = driftTest(levels(0, 300, 10), levels(300, 100, 15), { time: "at", season: [] });
      await using home = await openHome(path);
      const now = start + 250n * hour;
      await home.decisions.append(driftDecision(report, { subject: "demand", now, requestedBy: "test" }));
      await shows('tsops_drift_detected{subject="demand",column="units"} 1');
      await shows(
        `tsops_decision_timestamp_seconds{subject="demand",kind="drift",verdict="drift"} ${Number(now) / 1e6}`,
      );
    } finally {
      await app.close();
    }
  });

  it("shows experiments, alerts that fire, their messages, and whether intervals cover what they promise", async () => {
    const app = await startApp(readSettings({ ...environment(), TSOPS_WATCH_EVERY: "20ms" }), false);
    try {
      const metrics = async () => (await call(app, "/metrics")).text;
      const shows = (line: string) => expect.poll(metrics, { timeout: 30_000 }).toContain(`${line}\n`);
      await using home = await openHome(path);
      const now = start + 250n * hour;
      const trial = experiment({ subject: "demand", champion: "demand v1", challenger: "demand v2" });
      await home.decisions.append(
        experimentDecision(trial, { clock: { now: () => now }, requestedBy: "test" }),
      );
      await shows(
        'tsops_experiment_verdict{subject="demand",champion="demand v1",challenger="demand v2",verdict="undecided"} 1',
      );

      const { alerts, state } = evaluateAlerts({
        rules: [{ name: "error", signal: "mae", when: { above: 5 }, raise: { k: 1, of: 1 } }],
        observations: [{ signal: "mae", subject: "demand", value: 8 }],
        state: null,
        now,
        requestedBy: "test",
      });
      await queueAlerts(alerts, { outbox: home.outbox, channels: [{ name: "on-call" }] });
      await home.snapshots.put("alerts", new TextEncoder().encode(JSON.stringify(state)));
      await shows('tsops_alerts_firing{rule="error",severity="warning"} 1');
      await shows('tsops_alert_messages{channel="on-call",status="waiting"} 1');

      // Blocks of two horizons and ten steps at least: forecasts of one hour, all far off.
      for (let index = 250; index < 264; index++) {
        await call(app, "/predict", { horizon: 1 });
        const rows = ["a", "b"].map((shop) => ({ shop, at: instant(index), units: 10_000 }));
        await call(app, "/observe", { rows });
      }
      await expect
        .poll(metrics, { timeout: 30_000 })
        .toMatch(
          /^tsops_observation_verdict\{subject="demand",signal="coverage_watch",.*level="80".*verdict="(as_promised|too_narrow)"\} 1$/m,
        );
    } finally {
      await app.close();
    }
  });
});

describe.skipIf(service("mlflow").isMissing)("the app beside an MLflow server", () => {
  it("serves the champion of the server", { timeout: 300_000 }, async () => {
    const mlflow = await startService("mlflow", temporaryDirectory().path);
    try {
      const { MLFLOW_TRACKING_URI: url = "" } = mlflow.environment;
      const server = { tracker: mlflowTracker({ url }), registry: mlflowRegistry({ url }) };
      await registerModel(server, 240, []);
      await registerModel(server, 240, ["champion"], daily, 5);
      const app = await startApp(readSettings({ ...environment(), MLFLOW_TRACKING_URI: url }), false);
      try {
        const answer = (await call(app, "/predict", { horizon: 1, keys: [{ shop: "b" }] })).json();
        expect([answer.modelVersion, answer.forecast[0].time]).toEqual([2, instant(250)]);
      } finally {
        await app.close();
      }
    } finally {
      await mlflow.stop();
    }
  });
});

describe("the settings", () => {
  it.each([
    ["TSOPS_MODEL", ""],
    ["PORT", "many"],
    ["TSOPS_REFRESH_EVERY", "soon"],
    ["TSOPS_SHADOW", "yes"],
  ])("%s that is %j is refused by name", (name, value) => {
    const read = () => readSettings({ ...environment(), [name]: value });
    expect(read).toThrow(expect.objectContaining({ code: "CONFIG_INVALID", details: { variable: name } }));
  });
});

describe("the app in a process of its own", () => {
  let child: ChildProcess | undefined;
  afterEach(() => void child?.kill("SIGKILL"));

  it("swaps to a promoted version by itself, answers what it has begun after SIGTERM, and exits with 0", async () => {
    const program = resolve(import.meta.dirname, "../src/app.ts");
    child = spawn(process.execPath, ["--import", "tsx", "--conditions=@tsops/source", program], {
      env: { ...process.env, ...environment(), TSOPS_REFRESH_EVERY: "50ms" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    const exit = once(child, "exit");
    let address = "";
    for await (const line of createInterface({ input: child.stdout! })) {
      address = /^Server listening at (.*)$/.exec(JSON.parse(line).msg)?.[1] ?? "";
      if (address !== "") break;
    }
    child.stdout!.resume();
    {
      await using home = await openHome(path);
      await registerModel(home, 240, ["champion"], daily, 5);
    }
    await expect
      .poll(async () => (await call({ address }, "/healthz")).json().version, { timeout: 30_000 })
      .toBe(2);
    const underWay = Array.from({ length: 20 }, () => call({ address }, "/predict", {}));
    await underWay[0];
    child.kill("SIGTERM");
    const answers = await Promise.allSettled(underWay);
    expect(await exit).toEqual([0, null]);
    const answered = answers.filter(({ status }) => status === "fulfilled");
    await using home = await openHome(path);
    const logged = new Set<string>();
    for await (const { requestId } of home.predictions.scan()) logged.add(requestId);
    // Whatever was answered well is in the log, and whatever is in the log was answered.
    const ok = answered.flatMap((answer) =>
      answer.status === "fulfilled" && answer.value.status === 200 ? [answer.value.json().requestId] : [],
    );
    expect(new Set(ok)).toEqual(logged);
  });
});
