import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { type Columns, formatInstant } from "@tsops/core";
import { toArrow } from "@tsops/core/arrow";
import { deploy } from "@tsops/serve";
import { openHome } from "@tsops/store";
import { mlflowRegistry, mlflowTracker } from "@tsops/store/mlflow";
import { type PostgresSource, postgresSource } from "@tsops/store/postgres";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { registerFeatureModel } from "../../packages/serve/test/feature-model.ts";
import {
  demand,
  demandRows,
  features,
  hour,
  start,
  units,
  weather,
  weatherRows,
} from "../../packages/serve/test/fixtures.ts";
import { type RunningService, service, startService } from "../../test/services.ts";
import { temporaryDirectory } from "../../test/temporary-directory.ts";

const names = ["postgres", "redis", "mlflow", "prometheus"] as const;
type Name = (typeof names)[number];
const instant = (index: number) => formatInstant(start + hour * BigInt(index));

// One story, in order: the app in a process of its own, on the servers of the stack.
describe.skipIf(names.some((name) => service(name).isMissing))("the app on the servers of the stack", () => {
  const running = new Map<Name, RunningService>();
  const { path } = temporaryDirectory();
  const homePath = join(path, ".tsops");
  const sources: { demand: PostgresSource; weather: PostgresSource } = {} as never;
  let app: ChildProcess;
  let exit: Promise<unknown[]>;
  let address = "";

  const startOne = async (name: Name, settings: Readonly<Record<string, string | undefined>> = {}) => {
    running.set(name, await startService(name, join(path, name), settings));
  };
  const variable = (name: Name, key: string): string => running.get(name)?.environment[key] as string;
  const call = async (route: string, body?: unknown) => {
    const response = await fetch(`${address}${route}`, {
      ...(body === undefined
        ? {}
        : { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify(body) }),
    });
    return { status: response.status, body: (await response.json()) as never };
  };
  const write = (source: PostgresSource, rows: Columns) => source.write(toArrow(rows).batches);
  const poll = (read: () => Promise<unknown>) => expect.poll(read, { timeout: 60_000, interval: 50 });
  const readiness = async () => {
    const { status, body } = await call("/readyz");
    return [status, (body as { services: object }).services];
  };
  const isReady = { database: "ok", online: "ok", registry: "ok" };

  beforeAll(async () => {
    // PostgreSQL's files belong to another user, who must reach them.
    chmodSync(path, 0o755);
    // One by one: what runs when another fails is known, and ended.
    for (const name of ["postgres", "redis", "mlflow"] as const) await startOne(name);
    const connection =
      variable("postgres", "TSOPS_TIMESCALE_URL") ?? variable("postgres", "TSOPS_POSTGRES_URL");
    sources.demand = postgresSource({ connection, table: demand });
    sources.weather = postgresSource({ connection, table: weather });
    await sources.demand.createTable();
    await sources.weather.createTable();
    await write(sources.demand, demandRows(0, 250));
    await write(sources.weather, weatherRows(0, 300));
    {
      await using home = await openHome(homePath);
      await home.table(demand);
    }
    const url = variable("mlflow", "MLFLOW_TRACKING_URI");
    await registerFeatureModel({ tracker: mlflowTracker({ url }), registry: mlflowRegistry({ url }) }, 240);

    app = spawn(
      process.execPath,
      ["--import", "tsx", "--conditions=@tsops/source", resolve(import.meta.dirname, "../src/app.ts")],
      {
        env: {
          ...process.env,
          TSOPS_HOME: homePath,
          TSOPS_MODEL: "demand",
          TSOPS_TARGET_TABLE: "demand",
          TSOPS_TARGET: "units",
          TSOPS_DATABASE_URL: connection,
          TSOPS_REDIS_URL: variable("redis", "TSOPS_REDIS_URL"),
          TSOPS_FEATURES: join(import.meta.dirname, "features.ts"),
          MLFLOW_TRACKING_URI: url,
          TSOPS_REFRESH_EVERY: "100ms",
          TSOPS_SYNC_EVERY: "100ms",
          TSOPS_WATCH_EVERY: "100ms",
          PORT: "0",
        },
        stdio: ["ignore", "pipe", "inherit"],
      },
    );
    exit = once(app, "exit");
    for await (const line of createInterface({ input: app.stdout! })) {
      address = /^Server listening at (.*)$/.exec(JSON.parse(line).msg)?.[1] ?? "";
      if (address !== "") break;
    }
    app.stdout!.resume();
  }, 300_000);
  afterAll(async () => {
    app?.kill("SIGKILL");
    await Promise.all(Object.values(sources).map((source) => source.close()));
    for (const one of running.values()) await one.stop();
  });

  it("is ready, with the rows of the database in the home and their features in Redis", async () => {
    expect(await readiness()).toEqual([200, isReady]);
    await using home = await openHome(homePath);
    expect((await (await home.table(demand)).snapshot()).rows).toBe(500);
    expect((await (await home.table(weather)).snapshot()).rows).toBe(600);
    expect((await call("/healthz")).body).toMatchObject({ version: 1, observedUntil: instant(249) });
  });

  it("predicts over HTTP what a deployment with features in memory does", async () => {
    const { status, body } = await call("/predict", { horizon: 12 });
    expect(status).toBe(200);
    const url = variable("mlflow", "MLFLOW_TRACKING_URI");
    const inMemory = features(240);
    inMemory.source.observe("weather", weatherRows(264, 300));
    await using home = await openHome(join(path, "other"));
    const oracle = await deploy("demand", {
      registry: mlflowRegistry({ url }),
      log: home.predictions,
      targetTable: "demand",
      features: inMemory,
    });
    await oracle.observe("demand", demandRows(240, 250));
    const { forecast } = await oracle.predict({ horizon: 12 });
    await oracle.close();
    const rows = (body as { forecast: { time: string; mean: number }[] }).forecast;
    expect(rows.map(({ time }) => time)).toEqual([...forecast.time].map((time) => formatInstant(time)));
    expect(rows.map(({ mean }) => mean)).toEqual([...forecast.mean]);
  });

  it("takes in what another program writes to the database", async () => {
    await write(sources.demand, demandRows(250, 252));
    await poll(async () => (await call("/healthz")).body).toMatchObject({ observedUntil: instant(251) });
  });

  it("keeps an outcome that it is told in the database", async () => {
    const rows = ["a", "b"].map((shop) => ({ shop, at: instant(252), units: units(shop, 252) }));
    expect(await call("/observe", { rows })).toMatchObject({ status: 200, body: { rows: 2 } });
    let stored = 0;
    for await (const batch of sources.demand.scan()) stored += batch.numRows;
    expect(stored).toBe(2 * 253);
    await using home = await openHome(homePath);
    expect((await (await home.table(demand)).snapshot()).rows).toBe(2 * 253);
  });

  it("takes in a correction and a series that the model does not know, and goes on with the others", async () => {
    const corrected = demandRows(251, 252);
    corrected.data.units.values.fill(7);
    const rows = demandRows(253, 254);
    const unknown = { ...rows, data: { ...rows.data, shop: { ...rows.data.shop, dictionary: ["z", "b"] } } };
    await write(sources.demand, corrected);
    await write(sources.demand, unknown);
    await write(sources.demand, demandRows(253, 254));
    await poll(async () => (await call("/healthz")).body).toMatchObject({ observedUntil: instant(253) });
    expect(await readiness()).toEqual([200, isReady]);
  });

  it("is scraped by a real Prometheus: predictions, rows, and the error of what it predicted", async () => {
    await startOne("prometheus", { TSOPS_PROMETHEUS_TARGET: new URL(address).host });
    const value = async (expression: string): Promise<number | null> => {
      const url = `${variable("prometheus", "PROMETHEUS_URI")}/api/v1/query?query=${encodeURIComponent(expression)}`;
      const answer = (await (await fetch(url)).json()) as {
        data: { result: { value: [number, string] }[] };
      };
      const found = answer.data.result[0]?.value[1];
      return found === undefined ? null : Number(found);
    };
    await poll(() => value('tsops_predictions_total{deployment="demand",outcome="ok"}')).toBe(1);
    await poll(() => value('tsops_app_rows_total{table="demand"}')).toBe(500 + 4 + 2 + 2 + 4);
    await poll(() => value('tsops_app_row_failures_total{table="demand"}')).toBe(1);
    await poll(() => value('tsops_outcomes{deployment="demand",version="",step=""}')).toBe(8);
    expect(await value('tsops_mean_absolute_error{deployment="demand",version="",step=""}')).toBeGreaterThan(
      0,
    );
  });

  it("is not ready while Redis is away, and ready again when it is back", async () => {
    const { TSOPS_REDIS_PORT } = running.get("redis")!.environment;
    process.kill(Number(readFileSync(join(path, "redis/pid"), "utf8")), "SIGKILL");
    await poll(readiness).toEqual([503, { ...isReady, online: "ADAPTER_UNAVAILABLE" }]);
    expect((await call("/predict", {})).status).toBe(503);
    expect((await call("/healthz")).status).toBe(200);
    await startOne("redis", { TSOPS_REDIS_PORT });
    await poll(readiness).toEqual([200, isReady]);
    expect((await call("/predict", {})).status).toBe(200);
  });

  it("is not ready while PostgreSQL is away, and takes in later what was written", async () => {
    const port = new URL(variable("postgres", "TSOPS_POSTGRES_URL")).port;
    await running.get("postgres")!.stop();
    await poll(readiness).toEqual([503, { ...isReady, database: "ADAPTER_UNAVAILABLE" }]);
    const rows = ["a", "b"].map((shop) => ({ shop, at: instant(254), units: units(shop, 254) }));
    expect((await call("/observe", { rows })).status).toBe(503);
    expect((await call("/predict", {})).status).toBe(200);
    await startOne("postgres", { TSOPS_POSTGRES_PORT: port });
    await poll(readiness).toEqual([200, isReady]);
    expect((await call("/observe", { rows })).status).toBe(200);
    await write(sources.demand, demandRows(255, 256));
    await poll(async () => (await call("/healthz")).body).toMatchObject({ observedUntil: instant(255) });
  });

  it("serves the last good version while MLflow is away, and says so", async () => {
    const { port } = new URL(variable("mlflow", "MLFLOW_TRACKING_URI"));
    await running.get("mlflow")!.stop();
    await poll(readiness).toEqual([200, { ...isReady, registry: "ADAPTER_UNAVAILABLE" }]);
    expect((await call("/predict", {})).status).toBe(200);
    await startOne("mlflow", { TSOPS_MLFLOW_PORT: port });
    await poll(readiness).toEqual([200, isReady]);
  });

  it("ends with 0 on SIGTERM, with what it answered in the log", async () => {
    const answered = call("/predict", {});
    const { requestId } = (await answered).body as { requestId: string };
    app.kill("SIGTERM");
    expect(await exit).toEqual([0, null]);
    await using home = await openHome(homePath);
    const logged: string[] = [];
    for await (const record of home.predictions.scan()) logged.push(record.requestId);
    expect(logged).toContain(requestId);
    await expect(call("/healthz")).rejects.toThrow();
  });
});
