import { croston, loadForecaster, type PredictionRecord, type Registry, TsopsError } from "@tsops/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type DeploymentEvent, deploy, type Prediction } from "../src/index.ts";
import {
  daily,
  demandRows,
  hour,
  registerModel,
  start,
  units,
  type Workspace,
  workspace,
} from "./fixtures.ts";

let space: Workspace;
beforeEach(async () => {
  space = await workspace();
});
afterEach(() => space.close());

async function logged(): Promise<PredictionRecord[]> {
  const records: PredictionRecord[] = [];
  for await (const record of space.home.predictions.scan()) records.push(record);
  return records;
}

const options = () => ({
  registry: space.home.registry,
  log: space.home.predictions,
  targetTable: "demand",
  clock: space.clock,
});

describe("what callers without types write", () => {
  it("is refused with the option that was meant", async () => {
    await registerModel(space.home, 240, ["champion"]);
    // biome-ignore lint/suspicious/noExplicitAny: what callers without types can write
    const refused = async (work: Promise<any>): Promise<string> => {
      const error: unknown = await work.catch((e: unknown) => e);
      if (!TsopsError.is(error, "MODEL_PARAMETER_INVALID") && !TsopsError.is(error, "SCHEMA_MISMATCH"))
        throw error;
      return `${error.message} ${error.hint}`;
    };
    expect(await refused(deploy("demand", undefined as never))).toMatch(/takes an object of options/);
    expect(await refused(deploy("demand", {} as never))).toMatch(/needs a registry, got undefined/);
    expect(await refused(deploy("demand", { ...options(), shadw: true } as never))).toMatch(/mean "shadow"/);
    expect(await refused(deploy("demand", { ...options(), levels: [0.8] }))).toMatch(/Write 80 for/);
    await using deployment = await deploy("demand", options());
    expect(await refused(deployment.predict({ horizn: 2 } as never))).toMatch(/mean "horizon"/);
    expect(await refused(deployment.predict({ keys: { shop: "a" } } as never))).toMatch(
      /keys must be a list/,
    );
    expect(await refused(deployment.observe("demand", [{ shop: "a" }] as never))).toMatch(/columnsFromRows/);
    expect(await refused(deployment.observe("demand", undefined as never))).toMatch(/got undefined/);
  });
});

describe("predicting", () => {
  it("answers with the champion's forecast and logs one record per series before it answers", async () => {
    const { version } = await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const answer = await deployment.predict();
    expect(answer.modelVersion).toBe(version);
    expect(answer.forecast.length).toBe(48);
    expect([...answer.forecast.mean.slice(0, 24)]).toEqual(
      Array.from({ length: 24 }, (_, i) => units("a", 240 + i)),
    );
    const records = await logged();
    expect(records.map((record) => record.predictionId)).toEqual(answer.predictionIds);
    expect(records.map((record) => record.key)).toEqual([{ shop: "a" }, { shop: "b" }]);
    expect(records[1]?.times[0]).toBe(start + 240n * hour);
    expect(records[1]?.mean).toEqual(answer.forecast.mean.slice(24));
  });

  it("answers for the asked series only, and names the keys that the model never saw", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const answer = await deployment.predict({ keys: [{ shop: "b" }], horizon: 2 });
    expect([...answer.forecast.mean]).toEqual([units("b", 240), units("b", 241)]);
    expect(answer.forecast.series).toEqual([{ shop: "b" }]);
    expect([...answer.forecast.seriesIndex]).toEqual([0, 0]);
    expect(answer.predictionIds).toHaveLength(1);
    const error = await deployment.predict({ keys: [{ shop: "z" }] }).catch((e: unknown) => e);
    expect(TsopsError.is(error, "KEY_UNKNOWN")).toBe(true);
    expect((error as TsopsError).message).toBe('A key was never seen in the fit: {"shop":"z"}.');
    expect((error as TsopsError).details).toMatchObject({ keys: ['{"shop":"z"}'], count: 1 });
  });

  it("gives no answer that could not be recorded", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const broken = {
      ...space.home.predictions,
      append: () => Promise.reject(new TsopsError("STORE_FULL", "The disk is full.")),
    };
    await using deployment = await deploy("demand", { ...options(), log: broken });
    await expect(deployment.predict()).rejects.toThrow("The disk is full.");
  });

  it("refuses to start without a champion, and says how to get one", async () => {
    const error = await deploy("demand", options()).catch((e: unknown) => e);
    expect(TsopsError.is(error, "SERVE_NO_CHAMPION")).toBe(true);
    expect((error as TsopsError).message).toBe('There is no registered model "demand".');
    await registerModel(space.home, 240, []);
    const nameless = await deploy("demand", options()).catch((e: unknown) => e);
    expect(TsopsError.is(nameless, "SERVE_NO_CHAMPION")).toBe(true);
    expect((nameless as TsopsError).hint).toContain('setAlias("demand", "champion"');
  });

  it("waits with closing for calls that are under way, and for their shadows", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await registerModel(space.home, 240, ["challenger"]);
    const deployment = await deploy("demand", { ...options(), shadow: true });
    const answer = deployment.predict();
    await deployment.close();
    expect((await logged()).map((record) => record.role)).toEqual([
      "champion",
      "champion",
      "challenger",
      "challenger",
    ]);
    expect((await answer).modelVersion).toBe(1);
  });

  it("refuses calls after close", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const deployment = await deploy("demand", options());
    await deployment.close();
    const error = await deployment.predict().catch((e: unknown) => e);
    expect(TsopsError.is(error, "SERVE_CLOSED")).toBe(true);
  });
});

describe("aborting", () => {
  it("logs nothing and takes nothing in once the signal has fired", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const signal = AbortSignal.abort();
    for (const call of [
      () => deployment.predict({ signal }),
      () => deployment.observe("demand", demandRows(240, 250), { signal }),
      () => deploy("demand", { ...options(), signal }),
    ]) {
      const error = await call().catch((e: unknown) => e);
      expect(TsopsError.is(error, "ABORTED")).toBe(true);
    }
    expect(await logged()).toEqual([]);
    expect(deployment.status().observedUntil).toBe(start + 239n * hour);
  });

  it("stops waiting for a history that never comes", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const stop = new AbortController();
    let loading: AbortSignal | undefined;
    const history = (_since: bigint, signal?: AbortSignal) => {
      loading = signal;
      stop.abort();
      return new Promise<never>(() => undefined);
    };
    const error = await deploy("demand", { ...options(), history, signal: stop.signal }).catch(
      (e: unknown) => e,
    );
    expect(TsopsError.is(error, "ABORTED")).toBe(true);
    expect(loading?.aborted).toBe(true);
  });
});

describe("observing", () => {
  it("refuses rows of the future, which a wrong year makes, and takes nothing in", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const error = await deployment.observe("demand", demandRows(240, 243)).catch((e: unknown) => e);
    expect(TsopsError.is(error, "PANEL_INVALID")).toBe(true);
    expect((error as TsopsError).message).toMatch(
      /2 of 6 rows of the target are of the future: row \d says 2026-01-15T02:00:00Z/,
    );
    expect(deployment.status().observedUntil).toBe(start + 239n * hour);
  });

  it("refuses a history with rows of the future, too", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const history = async () => demandRows(240, 243);
    const error = await deploy("demand", { ...options(), history }).catch((e: unknown) => e);
    expect(TsopsError.is(error, "PANEL_INVALID")).toBe(true);
    expect((error as TsopsError).message).toMatch(/of the future/);
  });

  it("moves the forecast on without a new model, and rows seen before change nothing", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    await space.clock.advanceTo(start + 250n * hour);
    await deployment.observe("demand", demandRows(240, 250));
    const once = await deployment.predict();
    expect(once.forecast.time[0]).toBe(start + 250n * hour);
    await deployment.observe("demand", demandRows(245, 250));
    const twice = await deployment.predict();
    expect(twice.forecast.mean).toEqual(once.forecast.mean);
    expect(twice.forecast.time).toEqual(once.forecast.time);
    expect(deployment.status().observedUntil).toBe(start + 249n * hour);
  });

  it("brings a loaded model up to date from the history", async () => {
    await registerModel(space.home, 200, ["champion"]);
    const asked: bigint[] = [];
    await using deployment = await deploy("demand", {
      ...options(),
      history: async (since) => {
        asked.push(since);
        return demandRows(200, 240);
      },
    });
    expect(asked).toEqual([start + 199n * hour]);
    expect(deployment.status().observedUntil).toBe(start + 239n * hour);
  });

  it("refuses a table that it does not read", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const error = await deployment.observe("demnad", demandRows(240, 241)).catch((e: unknown) => e);
    expect(TsopsError.is(error, "STORE_NOT_FOUND")).toBe(true);
    expect((error as TsopsError).hint).toBe("It reads demand.");
    expect(deployment.status().observedUntil).toBe(start + 239n * hour);
  });

  it("refuses levels that are no percentages before it serves", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const error = await deploy("demand", { ...options(), levels: [120] }).catch((e: unknown) => e);
    expect(TsopsError.is(error, "MODEL_PARAMETER_INVALID")).toBe(true);
  });

  it("serves a model without intervals where none were asked for, and refuses it where some were", async () => {
    await registerModel(space.home, 240, ["champion"], croston());
    await using deployment = await deploy("demand", options());
    expect((await deployment.predict()).forecast.quantiles).toEqual([]);
    const error = await deploy("demand", { ...options(), levels: [80] }).catch((e: unknown) => e);
    expect(error).toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: 'deploy({ levels: [80] }) asks for intervals, and version 1 of "demand", a croston, has none.',
    });
    await using none = await deploy("demand", { ...options(), levels: [] });
    expect((await none.predict()).forecast.quantiles).toEqual([]);
  });

  it("goes on with the last good model where a new champion lacks the intervals that were asked for", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", { ...options(), levels: [80] });
    await registerModel(space.home, 240, ["champion"], croston());
    expect(await deployment.refresh()).toBe(false);
    expect(TsopsError.is(deployment.status().refreshError, "MODEL_PARAMETER_INVALID")).toBe(true);
    const { modelVersion, forecast } = await deployment.predict();
    expect([modelVersion, forecast.quantiles.length]).toEqual([1, 2]);
  });

  it("refuses rows of keys that the model never saw, and stays as it was", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await using deployment = await deploy("demand", options());
    const rows = demandRows(240, 241);
    const strange = { ...rows, data: { ...rows.data, shop: { ...rows.data.shop, dictionary: ["a", "z"] } } };
    const error = await deployment.observe("demand", strange).catch((e: unknown) => e);
    expect(TsopsError.is(error, "KEY_UNKNOWN")).toBe(true);
    expect(deployment.status().observedUntil).toBe(start + 239n * hour);
  });
});

/** Registers a version as champion whose forecasts lie 1000 times its number above the demand. */
const registerDistinct = (version: number) =>
  registerModel(space.home, 240, ["champion"], daily, 1000 * version);

/** What the version of `registerDistinct` forecasts for a shop. */
const forecastOf = (version: number, shop: string) =>
  Array.from({ length: 24 }, (_, i) => units(shop, 240 + i) + 1000 * version);

function expectOfItsVersion({ modelVersion, forecast }: Prediction): void {
  expect([...forecast.mean]).toEqual([...forecastOf(modelVersion, "a"), ...forecastOf(modelVersion, "b")]);
}

describe("swapping", () => {
  it("takes over a new champion between calls; no call fails and none sees half of it", async () => {
    await registerDistinct(1);
    const events: DeploymentEvent[] = [];
    await using deployment = await deploy("demand", { ...options(), onEvent: (event) => events.push(event) });
    let swapping = true;
    const answers: Prediction[] = [];
    const caller = (async () => {
      while (swapping) answers.push(await deployment.predict());
    })();
    for (let version = 2; version <= 6; version++) {
      await registerDistinct(version);
      expect(await deployment.refresh()).toBe(true);
      const answer = await deployment.predict();
      expect(answer.modelVersion).toBe(version);
      answers.push(answer);
    }
    swapping = false;
    await caller;
    answers.forEach(expectOfItsVersion);
    expect(events).toMatchObject([1, 2, 3, 4, 5].map((from) => ({ type: "swapped", from, to: from + 1 })));
    // What was answered is what was logged.
    const records = await logged();
    expect(new Set(records.map((record) => record.predictionId))).toEqual(
      new Set(answers.flatMap((answer) => answer.predictionIds)),
    );
    for (const { modelVersion, key, mean } of records)
      expect([...mean]).toEqual(forecastOf(modelVersion, String(key["shop"])));
  });

  it("rolls back when the alias is moved back", async () => {
    await registerDistinct(1);
    await using deployment = await deploy("demand", options());
    await registerDistinct(2);
    await deployment.refresh();
    const between = await deployment.predict();
    expect(between.modelVersion).toBe(2);
    expectOfItsVersion(between);
    await space.home.registry.setAlias("demand", "champion", 1);
    expect(await deployment.refresh()).toBe(true);
    const after = await deployment.predict();
    expect(after.modelVersion).toBe(1);
    expectOfItsVersion(after);
  });

  it("keeps serving the last good model while the registry is away, and says so", async () => {
    await registerModel(space.home, 240, ["champion"]);
    let isAway = false;
    const registry: Registry = {
      ...space.home.registry,
      resolve: (...args) =>
        isAway ? Promise.reject(new Error("connection refused")) : space.home.registry.resolve(...args),
    };
    const events: DeploymentEvent[] = [];
    await using deployment = await deploy("demand", {
      ...options(),
      registry,
      onEvent: (e) => events.push(e),
    });
    isAway = true;
    expect(await deployment.refresh()).toBe(false);
    expect((await deployment.predict()).modelVersion).toBe(1);
    expect(deployment.status().refreshError).toEqual(new Error("connection refused"));
    expect(events.map((event) => event.type)).toEqual(["refresh_failed"]);
    isAway = false;
    await deployment.refresh();
    expect(deployment.status().refreshError).toBe(null);
  });

  it("looks the alias up by itself, as often as asked", async () => {
    await registerDistinct(1);
    let noticed: () => void = () => undefined;
    const isNoticed = new Promise<void>((resolve) => {
      noticed = resolve;
    });
    await using deployment = await deploy("demand", {
      ...options(),
      refreshEvery: "10s",
      onEvent: () => noticed(),
    });
    await registerDistinct(2);
    await space.clock.advanceBy(11_000_000n);
    await isNoticed;
    const answer = await deployment.predict();
    expect(answer.modelVersion).toBe(2);
    expectOfItsVersion(answer);
  });
});

describe("a registry that does not answer", () => {
  /** Answers until `hang` is called, then never; `answer` lets it answer again, what waited included. */
  function hangingRegistry(call: "resolve" | "readFiles") {
    let gate = Promise.resolve();
    let open: () => void = () => undefined;
    const registry: Registry = {
      ...space.home.registry,
      [call]: async (name: string, what: never) => {
        await gate;
        return space.home.registry[call](name, what);
      },
    };
    return {
      registry,
      hang() {
        gate = new Promise((resolve) => {
          open = resolve;
        });
      },
      answer: () => open(),
    };
  }

  it.for(["resolve", "readFiles"] as const)(
    "in %s holds up neither predictions nor observing nor closing",
    { timeout: 5000 },
    async (call) => {
      await registerDistinct(1);
      const { registry, hang } = hangingRegistry(call);
      const deployment = await deploy("demand", { ...options(), registry });
      await registerDistinct(2);
      hang();
      const refreshing = deployment.refresh().catch((e: unknown) => e);
      await space.clock.advanceTo(start + 241n * hour);
      await deployment.observe("demand", demandRows(240, 241));
      expect(deployment.status().observedUntil).toBe(start + 240n * hour);
      expect((await deployment.predict()).modelVersion).toBe(1);
      const stop = new AbortController();
      const stopped = deployment.refresh({ signal: stop.signal }).catch((e: unknown) => e);
      stop.abort();
      expect(TsopsError.is(await stopped, "ABORTED")).toBe(true);
      expect(deployment.status().refreshError).toBe(null);
      await deployment.close();
      expect(TsopsError.is(await refreshing, "SERVE_CLOSED")).toBe(true);
    },
  );

  it("gives the version that was loaded meanwhile the rows observed since", async () => {
    await registerDistinct(1);
    const { registry, hang, answer } = hangingRegistry("readFiles");
    await using deployment = await deploy("demand", { ...options(), registry });
    await registerDistinct(2);
    hang();
    const refreshing = deployment.refresh();
    // The look-up has to be over: rows observed before the loading begins are for the history.
    await new Promise((resolve) => setImmediate(resolve));
    await space.clock.advanceTo(start + 242n * hour);
    await deployment.observe("demand", demandRows(240, 242));
    await space.clock.advanceTo(start + 245n * hour);
    await deployment.observe("demand", demandRows(242, 245));
    answer();
    expect(await refreshing).toBe(true);
    expect(deployment.status()).toMatchObject({
      champion: { version: 2 },
      observedUntil: start + 244n * hour,
    });
  });

  it("does not go back to an older champion when an earlier refresh ends late", async () => {
    await registerDistinct(1);
    const { registry, hang, answer } = hangingRegistry("readFiles");
    await using deployment = await deploy("demand", { ...options(), registry });
    await registerDistinct(2);
    hang();
    const early = deployment.refresh();
    await new Promise((resolve) => setImmediate(resolve));
    await space.home.registry.setAlias("demand", "champion", 1);
    expect(await deployment.refresh()).toBe(false);
    answer();
    expect(await early).toBe(false);
    expect(deployment.status().champion.version).toBe(1);
  });
});

describe("shadow", () => {
  it("lets the challenger predict on the same instant, logs it, and never returns it", async () => {
    await registerModel(space.home, 240, ["champion"]);
    const { version } = await registerModel(space.home, 240, ["challenger"], daily);
    const deployment = await deploy("demand", { ...options(), shadow: true });
    const answer = await deployment.predict();
    await deployment.close();
    expect(answer.modelVersion).toBe(1);
    const records = await logged();
    expect(records.filter((r) => r.role === "champion").map((r) => r.modelVersion)).toEqual([1, 1]);
    expect(records.filter((r) => r.role === "challenger").map((r) => r.modelVersion)).toEqual([
      version,
      version,
    ]);
    expect(new Set(records.map((r) => r.requestId)).size).toBe(1);
  });

  it("answers although the challenger fails", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await registerModel(space.home, 240, ["challenger"]);
    const events: DeploymentEvent[] = [];
    let appended = 0;
    const log = {
      ...space.home.predictions,
      append: (records: readonly PredictionRecord[]) =>
        records[0]?.role === "challenger"
          ? Promise.reject(new Error("no room"))
          : space.home.predictions.append(records).then(() => {
              appended++;
            }),
    };
    const deployment = await deploy("demand", {
      ...options(),
      log,
      shadow: true,
      onEvent: (e) => events.push(e),
    });
    await deployment.predict();
    await deployment.close();
    expect(appended).toBe(1);
    expect(events).toMatchObject([{ type: "shadow_failed", error: new Error("no room") }]);
  });

  it("keeps a challenger that cannot be loaded or cannot absorb away from the champion, and tries it again", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await registerModel(space.home, 240, ["challenger"]);
    const events: DeploymentEvent[] = [];
    let broken: "files" | "update" | null = "files";
    const registry: Registry = {
      ...space.home.registry,
      readFiles: (name, version, ...rest) =>
        version === 2 && broken === "files"
          ? Promise.reject(new Error("files gone"))
          : space.home.registry.readFiles(name, version, ...rest),
    };
    let loaded = 0;
    await using deployment = await deploy("demand", {
      ...options(),
      registry,
      shadow: true,
      onEvent: (e) => events.push(e),
      load: (files) => {
        const fitted = loadForecaster(files["model.tsops"] as Uint8Array);
        const isChallenger = loaded++ > 0;
        return {
          ...fitted,
          update(rows) {
            if (isChallenger && broken === "update") throw new Error("no such key");
            return fitted.update(rows);
          },
        };
      },
    });
    expect(events).toMatchObject([{ type: "shadow_failed", error: { message: "files gone" } }]);
    expect(deployment.status()).toMatchObject({ champion: { version: 1 }, challenger: null });

    broken = "update";
    await deployment.refresh();
    expect(deployment.status().challenger?.version).toBe(2);
    await space.clock.advanceTo(start + 245n * hour);
    await deployment.observe("demand", demandRows(240, 245));
    expect(deployment.status()).toMatchObject({ challenger: null, observedUntil: start + 244n * hour });
    expect(events.slice(1)).toMatchObject([
      { type: "challenger_changed", to: 2 },
      { type: "shadow_failed", error: { message: "no such key" } },
    ]);

    broken = null;
    await deployment.refresh();
    expect(deployment.status().challenger?.version).toBe(2);
  });

  it("swaps a promoted challenger in without loading it again", async () => {
    await registerModel(space.home, 240, ["champion"]);
    await registerModel(space.home, 240, ["challenger"]);
    let loads = 0;
    const registry: Registry = {
      ...space.home.registry,
      readFiles: (...args) => {
        loads++;
        return space.home.registry.readFiles(...args);
      },
    };
    await using deployment = await deploy("demand", { ...options(), registry, shadow: true });
    await space.clock.advanceTo(start + 245n * hour);
    await deployment.observe("demand", demandRows(240, 245));
    await space.home.registry.setAlias("demand", "champion", 2);
    await deployment.refresh();
    expect(loads).toBe(2);
    expect(deployment.status()).toMatchObject({ champion: { version: 2 }, challenger: null });
    expect(deployment.status().observedUntil).toBe(start + 244n * hour);
  });
});
