import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import initEts, { AutoETS } from "@bsull/augurs/ets";
import initMstl, { MSTL } from "@bsull/augurs/mstl";
import { describe, expect, it, vi } from "vitest";
import { withOwnIntervals } from "../../../test/own-intervals.ts";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { forecasterCases } from "../../testing/forecaster.ts";
import { conformal } from "../conformal/conformal.ts";
import type { Forecaster } from "../forecaster.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { ets } from "../models/ets/ets.ts";
import { panel } from "../panel/build-panel.ts";
import type { Panel } from "../panel/panel.ts";
import { augursEts, augursMstl, augursProphet } from "./index.ts";

const hour = 3_600_000_000n;
const refusesMissing = "it refuses missing targets, see below";
const missingCases = {
  "takes rows that are not there for missing values": refusesMissing,
  "predicts finite numbers where the history has missing values": refusesMissing,
};

const kits: Record<string, [make: () => Promise<Forecaster>, skip?: Record<string, string>]> = {
  augursEts: [() => augursEts(), missingCases],
  augursMstl: [() => augursMstl({ seasonLengths: [24, 48] }), missingCases],
  "augursMstl, imputed": [() => augursMstl({ seasonLengths: [24], impute: true })],
  augursProphet: [() => augursProphet({ weeklySeasonality: false })],
};
for (const [name, [make, skip]] of Object.entries(kits))
  describe(`${name} keeps the promises of a forecaster:`, () => {
    for (const { name: promise, run, skip: reason } of forecasterCases(make, { skip: skip ?? {} }))
      it.skipIf(reason !== undefined)(promise, run);
  });

/** Rows of stations, hourly; a function gives the target, NaN is missing. */
function rowsOf(targets: Record<string, (t: number) => number>, from: number, until: number): Columns {
  const names = Object.keys(targets);
  const length = until - from;
  const at = (i: number) => from + (i % length);
  return columnsFromArrays(
    { station: utf8(), at: timestamp(), y: nullable(float64()) },
    {
      station: Array.from(
        { length: names.length * length },
        (_, i) => names[Math.floor(i / length)] as string,
      ),
      at: BigInt64Array.from({ length: names.length * length }, (_, i) => hour * BigInt(at(i))),
      y: Float64Array.from({ length: names.length * length }, (_, i) =>
        (targets[names[Math.floor(i / length)] as string] as (t: number) => number)(at(i)),
      ),
    },
  );
}

function panelOf(rows: Columns, zone = "UTC"): Panel {
  return panel(rows, { keys: ["station"], time: "at", target: "y", frequency: "1h", zone }) as Panel;
}

/** A target at any time, always the same. */
function noisy(seed: string, base: (t: number) => number): (t: number) => number {
  const random = createRandom(seed);
  const errors = Array.from({ length: 1000 }, () => random.normal());
  return (t) => base(t) + (errors[t] as number);
}

const level = noisy("level", (t) => 50 + 0.02 * t);
const daily = noisy("daily", (t) => 100 + 0.05 * t + 20 * Math.sin((2 * Math.PI * t) / 24));

const wasm = (name: string) =>
  readFileSync(
    createRequire(import.meta.url)
      .resolve(`@bsull/augurs/${name}`)
      .replace(/js$/, "wasm")
      .replace(".wasm", "_bg.wasm"),
  );

describe("forecasters of augurs", () => {
  it("predict what augurs itself predicts, at any level", async () => {
    await initEts({ module_or_path: wasm("ets") });
    await initMstl({ module_or_path: wasm("mstl") });
    const rows = { a: level, b: daily };
    const history = panelOf(rowsOf(rows, 0, 240));
    const y = (s: number) => history.y.subarray(s * 240, (s + 1) * 240);
    const smoothed = new AutoETS(1, "ZZN");
    smoothed.fit(y(0));
    const decomposed = MSTL.ets([24], {});
    decomposed.fit(y(1));
    const levels = { levels: [50, 95], quantiles: [0.5] };
    const horizon = { horizon: 12 };
    const cases = [
      { ours: (await (await augursEts()).fit(history, horizon)).predict(levels), theirs: smoothed, s: 0 },
      {
        ours: (await (await augursMstl({ seasonLengths: [24] })).fit(history, horizon)).predict(levels),
        theirs: decomposed,
        s: 1,
      },
    ];
    for (const { ours, theirs, s } of cases) {
      const own = (values: Float64Array) => [...values.subarray(s * 12, (s + 1) * 12)];
      expect(own(ours.mean)).toEqual(theirs.predict(12).point);
      const found = Object.fromEntries(
        ours.quantiles.map(({ probability, values }) => [probability.toFixed(3), own(values)]),
      );
      expect(found["0.500"]).toEqual(own(ours.mean));
      for (const [share, low, high] of [
        [0.5, "0.250", "0.750"],
        [0.95, "0.025", "0.975"],
      ] as const) {
        const { intervals } = theirs.predict(12, share);
        for (let h = 0; h < 12; h++) {
          expect(found[low]?.[h]).toBeCloseTo(intervals?.lower[h] as number, 5);
          expect(found[high]?.[h]).toBeCloseTo(intervals?.upper[h] as number, 5);
        }
      }
    }
  });

  it("come near to the exponential smoothing of tsops where both have the same forms", async () => {
    const history = panelOf(rowsOf({ a: level }, 0, 300));
    const model = ets({ error: "additive", season: "none", criterion: "aicc" });
    const ours = await withOwnIntervals(model).fit(history, { horizon: 6 });
    const theirs = await (await augursEts({ error: "additive" })).fit(history, { horizon: 6 });
    const [a, b] = [ours.predict({ levels: [80] }), theirs.predict({ levels: [80] })];
    for (let h = 0; h < 6; h++) {
      expect(b.mean[h]).toBeCloseTo(a.mean[h] as number, 1);
      expect(b.quantiles[1]?.values[h]).toBeCloseTo(a.quantiles[1]?.values[h] as number, 1);
    }
  });

  it.each([
    ["augursEts", () => augursEts()],
    ["augursMstl", () => augursMstl({ seasonLengths: [24] })],
    ["augursProphet", () => augursProphet({ weeklySeasonality: false })],
  ] as const)("%s: an update is a fit on the longer history, to the byte", async (name, make) => {
    const forecaster = await make();
    const fitted = await forecaster.fit(panelOf(rowsOf({ a: level, b: daily }, 0, 200)), { horizon: 6 });
    const updated = fitted.update(rowsOf({ b: daily }, 200, 230));
    const rows = { a: panelOf(rowsOf({ a: level }, 0, 200)), b: panelOf(rowsOf({ b: daily }, 0, 230)) };
    for (const [s, [station, alone]] of Object.entries(rows).entries()) {
      const levels = updated.hasIntervals ? [80] : [];
      const anew = (await forecaster.fit(alone, { horizon: 6 })).predict({ levels });
      const asked = updated.predict({ keys: [{ station }], levels });
      expect([s, ...asked.mean]).toEqual([s, ...anew.mean]);
      expect(asked.quantiles).toEqual(anew.quantiles);
    }
    const whole = await forecaster.fit(panelOf(rowsOf({ a: level, b: daily }, 0, 230)), { horizon: 6 });
    expect(updated.update(rowsOf({ a: level }, 200, 230)).save()).toEqual(whole.save());
    expect(() => loadForecaster(whole.save())).toThrow(
      expect.objectContaining({
        code: "MODEL_FORMAT_INVALID",
        hint: expect.stringContaining(`(await ${name}(...)).load(bytes)`),
      }),
    );
  });

  it("refuse missing targets with their rows, in the fit and in updates", async () => {
    const holed = (t: number) => (t === 30 || t === 31 ? Number.NaN : daily(t));
    const history = panelOf(rowsOf({ a: daily, b: holed }, 0, 200));
    for (const forecaster of [await augursEts(), await augursMstl({ seasonLengths: [24] })]) {
      await expect(forecaster.fit(history, { horizon: 3 })).rejects.toMatchObject({
        code: "PANEL_INVALID",
        message: `${forecaster.kind} takes no missing targets; they lack in series {"station":"b"} at 1970-01-02T06:00:00Z and series {"station":"b"} at 1970-01-02T07:00:00Z.`,
        details: { count: 2 },
      });
      const fitted = await forecaster.fit(history, { horizon: 3, failures: "collect" });
      expect(fitted.series).toEqual([{ station: "a" }]);
      expect(fitted.failures).toMatchObject([{ key: { station: "b" }, code: "PANEL_INVALID" }]);
      expect(() => fitted.update(rowsOf({ a: daily }, 201, 210))).toThrow(
        /lack in series {"station":"a"} at 1970-01-09T08:00:00Z/,
      );
    }
  });

  it("begin a series with its first known target", async () => {
    const late = (t: number) => (t < 40 ? Number.NaN : daily(t));
    const forecaster = await augursMstl({ seasonLengths: [24] });
    const trimmed = await forecaster.fit(panelOf(rowsOf({ a: late }, 0, 200)), { horizon: 3 });
    const short = await forecaster.fit(panelOf(rowsOf({ a: daily }, 40, 200)), { horizon: 3 });
    expect(trimmed.save()).toEqual(short.save());
  });

  it("augursMstl with impute bridges gaps, and counts the steps after the last known target", async () => {
    const holed = (t: number) => ((t > 50 && t < 54) || t > 196 ? Number.NaN : daily(t));
    const forecaster = await augursMstl({ seasonLengths: [24], impute: true });
    const fitted = await forecaster.fit(panelOf(rowsOf({ a: holed }, 0, 200)), { horizon: 3 });
    const earlier = await forecaster.fit(panelOf(rowsOf({ a: holed }, 0, 197)), { horizon: 6 });
    expect([...fitted.predict().mean]).toEqual([...earlier.predict().mean.subarray(3)]);
    for (const [h, value] of fitted.predict().mean.entries())
      expect(
        Math.abs(value - (100 + 0.05 * (200 + h) + 20 * Math.sin((2 * Math.PI * (200 + h)) / 24))),
      ).toBeLessThan(4);
  });

  it("tell what augurs could not fit, and fit the others", async () => {
    const vast = (t: number) => 1e100 * (1 + (t % 3));
    const history = panelOf(rowsOf({ a: daily, b: vast }, 0, 100));
    const forecaster = await augursMstl({ seasonLengths: [24] });
    await expect(forecaster.fit(history, { horizon: 3 })).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: expect.stringMatching(/^augursMstl cannot be fitted to series {"station":"b"} \(augurs: .+\)/),
    });
    const fitted = await forecaster.fit(history, { horizon: 3, failures: "collect" });
    expect(fitted.failures).toMatchObject([{ key: { station: "b" }, code: "FIT_FAILED" }]);
    expect(fitted.predict().length).toBe(3);
  });

  it("keep what an update took out of range, and say so when it is asked for, also after loading", async () => {
    const vast = (t: number) => (t < 100 ? daily(t) : 1e100);
    const forecaster = await augursMstl({ seasonLengths: [24] });
    const fitted = await forecaster.fit(panelOf(rowsOf({ a: daily, b: vast }, 0, 100)), { horizon: 3 });
    const updated = fitted.update(rowsOf({ b: vast }, 100, 110));
    for (const one of [updated, forecaster.load(updated.save())]) {
      expect(one.predict({ keys: [{ station: "a" }] }).mean).toEqual(
        fitted.predict({ keys: [{ station: "a" }] }).mean,
      );
      expect(() => one.predict()).toThrow(expect.objectContaining({ code: "FIT_FAILED" }));
    }
  });

  it("say how many rows they need", async () => {
    const rows = (count: number) => panelOf(rowsOf({ a: daily }, 0, count));
    for (const [forecaster, needed] of [
      [await augursEts(), 7],
      [await augursMstl({ seasonLengths: [2] }), 7],
      [await augursMstl({ seasonLengths: [24, 12] }), 48],
    ] as const) {
      expect((await forecaster.fit(rows(needed), { horizon: 2 })).predict().mean.every(Number.isFinite)).toBe(
        true,
      );
      await expect(forecaster.fit(rows(needed - 1), { horizon: 2 })).rejects.toMatchObject({
        code: "SERIES_TOO_SHORT",
        details: { needed },
      });
    }
  });

  it("augursProphet counts days in the panel's zone, over a change of clocks", async () => {
    const rows = (t: number) => {
      // From 2026-02-25 on; the clocks of New York go forward in the night of 8 March.
      const local = new Date((first + t * 3600) * 1000).toLocaleString("en-US", {
        timeZone: "America/New_York",
        hour: "numeric",
        hourCycle: "h23",
      });
      return 50 + (Number(local) === 9 ? 30 : 0);
    };
    const first = Date.UTC(2026, 1, 25) / 1000;
    const length = 24 * 20;
    const columns = columnsFromArrays(
      { at: timestamp(), y: float64() },
      {
        at: BigInt64Array.from({ length }, (_, t) => BigInt(first + t * 3600) * 1_000_000n),
        y: Float64Array.from({ length }, (_, t) => rows(t)),
      },
    );
    const forecaster = await augursProphet({
      dailySeasonality: 11,
      weeklySeasonality: false,
      yearlySeasonality: false,
    });
    const peak = async (zone: string) => {
      const history = panel(columns, { time: "at", target: "y", frequency: "1h", zone });
      const { mean } = (await forecaster.fit(history, { horizon: 24 })).predict();
      return { high: Math.max(...mean), at: mean.indexOf(Math.max(...mean)) };
    };
    const [local, utc] = [await peak("America/New_York"), await peak("UTC")];
    expect(local.at).toBe(Array.from({ length: 24 }, (_, h) => rows(length + h)).indexOf(80));
    expect(local.high).toBeGreaterThan(utc.high + 5);
  });

  it("augursProphet has intervals within conformal, also after saving", async () => {
    const forecaster = conformal(await augursProphet({ weeklySeasonality: false }), { folds: 7 });
    const fitted = await forecaster.fit(panelOf(rowsOf({ a: daily }, 0, 200)), { horizon: 3 });
    const forecast = fitted.predict({ levels: [80] });
    expect(forecast.quantiles.map(({ probability }) => probability)).toEqual([0.1, 0.9]);
    expect(forecaster.load(fitted.save()).predict({ levels: [80] })).toEqual(forecast);
  });

  it("augursProphet goes on with a series that never changes", async () => {
    const fitted = await (await augursProphet()).fit(panelOf(rowsOf({ a: () => 0, b: () => 7 }, 0, 60)), {
      horizon: 2,
    });
    expect([...fitted.predict().mean]).toEqual([0, 0, 7, 7]);
  });

  it("augursProphet goes on where a series stops Stan, and fits the others as ever", async () => {
    // Stan leaves the ground with this series: `Exception thrown` on the standard error.
    const random = createRandom(0);
    const y = Array.from(
      { length: 220 },
      (_, t) =>
        60 +
        20 * Math.sin((2 * Math.PI * t) / 24) +
        5 * Math.sin(t / 40) +
        random.normal() -
        (random.uniform() < 0.3 ? 5 : 0) +
        random.normal(),
    );
    const stopping = (t: number) => y[t] as number;
    const forecaster = await augursProphet({ dailySeasonality: 4, weeklySeasonality: false });
    const fit = (targets: Record<string, (t: number) => number>, until = 220) =>
      forecaster.fit(panelOf(rowsOf(targets, 0, until)), { horizon: 3 });
    const alone = await fit({ b: daily });
    for (let round = 0; round < 3; round++) {
      const fitted = await fit({ a: stopping, b: daily });
      expect([...fitted.predict({ keys: [{ station: "b" }] }).mean]).toEqual([...alone.predict().mean]);
      const [first] = fitted.predict().mean;
      expect(Math.abs((first as number) - 60 - 20 * Math.sin((2 * Math.PI * 220) / 24))).toBeLessThan(8);
      const updated = (await fit({ a: stopping }, 210)).update(rowsOf({ a: stopping }, 210, 220));
      expect(updated.predict().mean[0]).toBe(first);
    }
  });

  it("augursProphet refuses instants within a second", async () => {
    const at = BigInt64Array.from({ length: 40 }, (_, t) => 500_000n * BigInt(t));
    const columns = columnsFromArrays(
      { at: timestamp(), y: float64() },
      { at, y: Float64Array.from(at, Number) },
    );
    const history = panel(columns, { time: "at", target: "y", frequency: "500ms" });
    await expect((await augursProphet()).fit(history, { horizon: 2 })).rejects.toMatchObject({
      code: "PANEL_INVALID",
    });
  });

  it("refuse settings that they do not have", async () => {
    const wrong: [Promise<unknown>, RegExp][] = [
      [augursEts({ seasonLength: 24 } as never), /has no seasons/],
      [augursEts({ error: "none" } as never), /error is one of/],
      [augursEts({ trend: "none" } as never), /trend is one of/],
      [augursEts({ damped: true } as never), /no option "damped"/],
      [augursMstl({} as never), /seasonLengths is a list/],
      [augursMstl({ seasonLengths: [] }), /seasonLengths is a list/],
      [augursMstl({ seasonLengths: [1] }), /seasonLengths must be/],
      [augursMstl({ seasonLengths: [24], impute: "yes" } as never), /impute is true or false/],
      [augursProphet({ growth: "logistic" } as never), /growth is one of/],
      [augursProphet({ dailySeasonality: 0 }), /dailySeasonality must be/],
      [augursProphet({ changepoints: 0 }), /changepoints must be/],
      [augursProphet({ changepointPriorScale: 0 }), /changepointPriorScale is a number above 0/],
    ];
    for (const [refusal, message] of wrong)
      await expect(refusal).rejects.toMatchObject({
        code: "MODEL_PARAMETER_INVALID",
        message: expect.stringMatching(message),
      });
  });

  it("stop a fit of many series when the signal fires, and report progress", async () => {
    const many = Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`s${i}`, daily]));
    const history = panelOf(rowsOf(many, 0, 500));
    const stop = new AbortController();
    const seen: number[] = [];
    const fit = (await augursMstl({ seasonLengths: [24, 168] })).fit(history, {
      horizon: 24,
      signal: stop.signal,
      progress({ task, done, total }) {
        expect([task, total]).toEqual(["fit augursMstl", 200]);
        seen.push(done);
        stop.abort();
      },
    });
    await expect(fit).rejects.toMatchObject({ code: "ABORTED" });
    expect(seen).toHaveLength(1);
    expect(seen[0]).toBeLessThan(200);
  });

  it.each([
    ["@bsull/augurs/ets", "Run `npm install @bsull/augurs`.", "augursEts"],
    ["@bsull/augurs/mstl", "Run `npm install @bsull/augurs`.", "augursMstl"],
    [
      "@bsull/augurs/prophet",
      "Run `npm install @bsull/augurs @bsull/augurs-prophet-wasmstan`.",
      "augursProphet",
    ],
    [
      "@bsull/augurs-prophet-wasmstan",
      "Run `npm install @bsull/augurs @bsull/augurs-prophet-wasmstan`.",
      "augursProphet",
    ],
  ] as const)("name what to install when %s is not there", async (specifier, hint, name) => {
    vi.resetModules();
    vi.doMock(specifier, () => {
      throw new Error("not installed");
    });
    try {
      const bare = await import("./index.ts");
      const making = name === "augursMstl" ? bare.augursMstl({ seasonLengths: [24] }) : bare[name]();
      await expect(making).rejects.toMatchObject({ code: "ADAPTER_MISSING_DEPENDENCY", hint });
    } finally {
      vi.doUnmock(specifier);
      vi.resetModules();
    }
  });
});
