import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Columns, type PredictionRecord, TsopsError, takeColumns } from "@tsops/core";
import { redisOnlineStore } from "@tsops/store/redis";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type RunningService, service, startService } from "../../../test/services.ts";
import { temporaryDirectory } from "../../../test/temporary-directory.ts";
import { type DeploymentEvent, deploy } from "../src/index.ts";
import { registerFeatureModel } from "./feature-model.ts";
import {
  demandRows,
  features,
  hour,
  recent,
  sky,
  start,
  type Workspace,
  weatherRows,
  workspace,
} from "./fixtures.ts";

const redis = service("redis");

describe.skipIf(redis.isMissing)("a deployment whose features are in Redis", () => {
  const state = join(temporaryDirectory().path, "redis");
  let server: RunningService;
  let pid: number;
  const startServer = async (settings: Readonly<Record<string, string | undefined>> = {}) => {
    server = await startService("redis", state, settings);
    pid = Number(readFileSync(join(state, "pid"), "utf8"));
  };
  beforeAll(() => startServer());
  afterAll(() => server?.stop());

  let space: Workspace;
  let namespaces = 0;
  const openStore = () =>
    redisOnlineStore({
      connection: server.environment["TSOPS_REDIS_URL"] as string,
      views: [sky, recent],
      namespace: `replay-${namespaces++}`,
    });
  let store: ReturnType<typeof openStore>;
  beforeEach(async () => {
    space = await workspace();
    store = openStore();
    // The same history as the features in memory have.
    await store.observe("weather", weatherRows(0, 264));
    await store.observe("demand", demandRows(0, 240));
  });
  afterEach(async () => {
    await store.close();
    await space.close();
  });

  const options = () => ({
    registry: space.home.registry,
    log: space.home.predictions,
    clock: space.clock,
    targetTable: "demand",
  });
  const both = async (onEvent?: (event: DeploymentEvent) => void) => {
    const inMemory = await deploy("demand", { ...options(), deployment: "memory", features: features(240) });
    const inRedis = await deploy("demand", {
      ...options(),
      deployment: "redis",
      features: { source: store, knownAt: "known_at" },
      ...(onEvent && { onEvent }),
    });
    return { inMemory, inRedis, close: () => Promise.all([inMemory.close(), inRedis.close()]) };
  };
  type Deployments = Awaited<ReturnType<typeof both>>;

  const record = async (ids: readonly string[]) =>
    Promise.all(
      ids.map(async (id) => {
        const {
          features: values,
          featureTimes,
          featureTables,
          statuses,
          mean,
          times,
          modelVersion,
        } = (await space.home.predictions.get(id)) as PredictionRecord;
        return { values, featureTimes, featureTables, statuses, mean, times, modelVersion };
      }),
    );
  /** Predicts with both; what they answer and log is the same, bit for bit. */
  const expectSame = async ({ inMemory, inRedis }: Deployments, horizon: number): Promise<void> => {
    const [a, b] = await Promise.all([inMemory.predict({ horizon }), inRedis.predict({ horizon })]);
    expect(b.forecast).toEqual(a.forecast);
    expect(await record(b.predictionIds)).toEqual(await record(a.predictionIds));
  };
  const observeBoth = async ({ inMemory, inRedis }: Deployments, table: string, rows: Columns) => {
    await inMemory.observe(table, rows);
    await inRedis.observe(table, rows);
  };
  const failure = async (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => null,
      (error: unknown) => (TsopsError.is(error) ? error.code : error),
    );

  it("gives the forecasts, statuses and feature times of features in memory over a replay", async () => {
    await registerFeatureModel(space.home, 240);
    const deployments = await both();
    try {
      for (let n = 240; n < 288; n += 6) {
        await space.clock.advanceTo(start + BigInt(n) * hour);
        await expectSame(deployments, n % 12 === 0 ? 24 : 3);
        await space.clock.advanceTo(start + BigInt(n + 6) * hour);
        await observeBoth(deployments, "weather", weatherRows(n + 24, n + 30));
        const rows = demandRows(n, n + 6);
        await observeBoth(deployments, "demand", rows);
        // Delivered again, in part.
        await observeBoth(deployments, "demand", takeColumns(rows, Int32Array.of(1, 7)));
        if (n === 264) {
          await registerFeatureModel(space.home, n);
          const swapped = [await deployments.inMemory.refresh(), await deployments.inRedis.refresh()];
          expect(swapped).toEqual([true, true]);
        }
      }
      expect(deployments.inRedis.status().observedUntil).toBe(start + 287n * hour);
      expect(deployments.inRedis.status().champion.version).toBe(2);
    } finally {
      await deployments.close();
    }
  });

  it("rejects while Redis is away without taking in anything, and goes on by itself when it is back", async () => {
    await registerFeatureModel(space.home, 240);
    const deployments = await both();
    const { inRedis } = deployments;
    try {
      await expectSame(deployments, 24);
      await space.clock.advanceTo(start + 246n * hour);
      const { TSOPS_REDIS_PORT } = server.environment;
      process.kill(pid, "SIGKILL");
      expect(await failure(inRedis.predict())).toBe("ADAPTER_UNAVAILABLE");
      expect(await failure(inRedis.observe("demand", demandRows(240, 246)))).toBe("ADAPTER_UNAVAILABLE");
      expect(inRedis.status().observedUntil).toBe(start + 239n * hour);
      await startServer({ TSOPS_REDIS_PORT });
      await observeBoth(deployments, "demand", demandRows(240, 246));
      expect(inRedis.status().observedUntil).toBe(start + 245n * hour);
      await expectSame(deployments, 12);
    } finally {
      await deployments.close();
    }
  });

  it("takes in observations in the order in which they came, whoever waits for the store", async () => {
    await registerFeatureModel(space.home, 240);
    const deployments = await both();
    const { inMemory, inRedis } = deployments;
    try {
      await space.clock.advanceTo(start + 264n * hour);
      const batches = Array.from({ length: 24 }, (_, n) => demandRows(240 + n, 241 + n));
      for (const rows of batches) await inMemory.observe("demand", rows);
      const waiting = batches.map((rows) => inRedis.observe("demand", rows));
      const refreshed = inRedis.refresh();
      await Promise.all([...waiting, refreshed]);
      expect(inRedis.status().observedUntil).toBe(start + 263n * hour);
      await observeBoth(deployments, "weather", weatherRows(264, 288));
      await expectSame(deployments, 24);
    } finally {
      await deployments.close();
    }
  });

  it("leaves the store as it is when the model refuses the rows", async () => {
    await registerFeatureModel(space.home, 240);
    const deployments = await both();
    const { inRedis } = deployments;
    try {
      await space.clock.advanceTo(start + 264n * hour);
      const changed = demandRows(238, 264);
      changed.data.units.values[0] = 7;
      expect(await failure(inRedis.observe("demand", changed))).toBe("PANEL_INVALID");
      expect(await store.observe("demand", demandRows(240, 241))).toMatchObject({ accepted: 2, repeated: 0 });
    } finally {
      await deployments.close();
    }
  });

  it("waits at its close for an observation that is under way, and refuses those behind it", async () => {
    await registerFeatureModel(space.home, 240);
    const deployments = await both();
    const { inRedis } = deployments;
    await space.clock.advanceTo(start + 264n * hour);
    const first = failure(inRedis.observe("demand", demandRows(240, 241)));
    const second = failure(inRedis.observe("demand", demandRows(241, 242)));
    await deployments.close();
    expect(await Promise.all([first, second])).toEqual([null, "SERVE_CLOSED"]);
  });
});
