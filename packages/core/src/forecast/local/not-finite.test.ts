import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { conformal } from "../conformal/conformal.ts";
import { arima } from "../models/arima/arima.ts";
import { ets } from "../models/ets/ets.ts";
import { naive } from "../models/naive.ts";
import { randomWalkWithDrift } from "../models/random-walk-with-drift.ts";
import { panel } from "../panel/build-panel.ts";
import { fitSeries } from "./fit-work.ts";
import { fittedValues } from "./fitted-values.ts";
import { normalQuantiles } from "./intervals/normal-quantiles.ts";
import { localForecaster, localParts } from "./local-forecaster.ts";
import type { LocalModel } from "./local-model.ts";

const hour = 3_600_000_000n;

/** Hourly rows of series, their first at `from`, with a column `x` that is known ahead. */
function rowsOf(series: Readonly<Record<string, readonly number[]>>, from = 0) {
  const list = Object.entries(series).flatMap(([shop, y]) =>
    y.map((value, t) => ({ shop, at: hour * BigInt(from + t), y: value })),
  );
  return columnsFromArrays(
    { shop: utf8(), at: timestamp(), y: float64(), x: float64() },
    {
      shop: list.map(({ shop }) => shop),
      at: BigInt64Array.from(list, ({ at }) => at),
      y: Float64Array.from(list, ({ y }) => y),
      x: Float64Array.from(list, (_, row) => (row * 7) % 5),
    },
  );
}

/** A panel of these values, also of those that `panel` itself refuses. */
function panelOf(series: Readonly<Record<string, readonly number[]>>) {
  const small = panel(
    rowsOf(Object.fromEntries(Object.entries(series).map(([shop, y]) => [shop, y.map(() => 0)]))),
    {
      keys: ["shop"],
      time: "at",
      target: "y",
      frequency: "1h",
      knownFuture: ["x"],
    },
  );
  return { ...small, y: Float64Array.from(Object.values(series).flat()) };
}

/** Each step is 1e100 times the one before. */
const growing: LocalModel = {
  kind: "growing",
  params: {},
  neededRows: 2,
  fit: () => ({ parameters: new Float64Array(0), state: Float64Array.of(0) }),
  absorb: ({ state }, value) => {
    state[0] = value;
  },
  forecast: ({ state }, mean) => {
    for (let h = 0; h < mean.length; h++) mean[h] = (state[0] as number) * 1e100 ** (h + 1);
  },
  summary: () => ({}),
};
const growingForecaster = localForecaster(growing, () => growing);

const steady = Array.from({ length: 40 }, (_, t) => 10 + ((t * t * 31) % 7));
/** Its changes are numbers, their squares are not. */
const wild = steady.map((_, t) => (t % 2 === 0 ? 1e200 : -1e200));
/** What lies between its ends is beyond the greatest number. */
const steep = steady.map((_, t) => (t === 0 ? -1.7e308 : 1.7e308));
const series = panelOf({ steady, steep, wild });

describe("forecasts that are not finite", () => {
  it("make a fit fail, by the mean or by an interval", async () => {
    await expect(naive().fit(series, { horizon: 3 })).rejects.toMatchObject({
      code: "FIT_FAILED",
      message:
        'naive cannot be fitted to series {"shop":"steep"} (The interval of step 1 is bounded by -Infinity.) and series {"shop":"wild"} (The interval of step 1 is bounded by -Infinity.).',
    });
    await expect(
      randomWalkWithDrift().fit(panelOf({ steep }), { horizon: 2, failures: "collect" }),
    ).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: expect.stringContaining("The forecast of step 1 is Infinity."),
    });
  });

  it("are collected, and the others are fitted as if alone", async () => {
    const fitted = await naive().fit(series, { horizon: 3, failures: "collect" });
    expect(fitted.failures.map(({ key, code }) => [key["shop"], code])).toEqual([
      ["steep", "FIT_FAILED"],
      ["wild", "FIT_FAILED"],
    ]);
    const alone = await naive().fit(panelOf({ steady }), { horizon: 3 });
    expect(fitted.predict({ levels: [80] })).toEqual(alone.predict({ levels: [80] }));
  });

  it("are found on a thread as well", () => {
    const found = fitSeries({
      kind: "naive",
      params: {},
      series: [steady, wild].map((y) => ({ y: Float64Array.from(y), regressors: [] })),
      wanted: { horizon: 3, keptRows: 3, isWidened: true },
    });
    expect(found).toMatchObject([{ parameters: expect.anything() }, { code: "FIT_FAILED" }]);
  });

  it("are refused only within the horizon: a model that grows without bounds has a near future", async () => {
    const one = panelOf({ steady });
    expect((await growingForecaster.fit(one, { horizon: 3 })).predict().mean.at(-1)).toBeGreaterThan(1e300);
    await expect(growingForecaster.fit(one, { horizon: 4 })).rejects.toMatchObject({ code: "FIT_FAILED" });
    // One step ahead is all that fitted values look at, however long the history is.
    expect((await fittedValues(growingForecaster, one)).length).toBe(steady.length);
  });

  it("come of slopes that are no numbers, too", async () => {
    const { model, loadModel } = localParts(arima({ order: [0, 0, 0], regressors: ["x"] })) ?? {};
    const broken = { ...(model as LocalModel), slopes: () => Float64Array.of(Number.NaN) };
    await expect(
      localForecaster(broken, loadModel as () => LocalModel).fit(panelOf({ steady }), { horizon: 2 }),
    ).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: expect.stringContaining("A slope of the regressors is not finite."),
    });
  });

  it("are refused after an update, by the name of the series; the others can be predicted", async () => {
    const fitted = await growingForecaster.fit(panelOf({ a: steady, b: steady }), { horizon: 2 });
    const updated = fitted.update(rowsOf({ a: [12], b: [1e120] }, steady.length));
    expect(() => updated.predict()).toThrow(
      expect.objectContaining({
        code: "FIT_FAILED",
        message:
          'growing has no finite forecast of series {"shop":"b"} (The forecast of step 2 is Infinity.).',
        details: {
          count: 1,
          series: [{ key: { shop: "b" }, message: "The forecast of step 2 is Infinity." }],
        },
      }),
    );
    // What is asked for is there.
    expect(updated.predict({ horizon: 1 }).mean).toEqual(Float64Array.of(12 * 1e100, 1e120 * 1e100));
    expect(updated.predict({ keys: [{ shop: "a" }] }).mean).toEqual(
      Float64Array.of(12 * 1e100, 12 * 1e100 ** 2),
    );
  });

  it("are told by the fit, whatever level is asked for later, so that one series never stops the others", async () => {
    const random = createRandom("wild");
    const of = (sd: number) =>
      Array.from({ length: 60 }, () => Math.exp(Math.min(600, random.normal(0, sd))));
    const all = Object.fromEntries(
      [0.1, 3, 30, 60].flatMap((sd) => [0, 1].map((i) => [`${sd} ${i}`, of(sd)])),
    );
    const relative = { error: "multiplicative", trend: "additive" } as const;
    for (const [forecaster, failed] of [
      [ets({ ...relative, season: "none" }), true],
      [ets({ ...relative, season: "multiplicative", seasonLength: 4 }), true],
      [ets({ error: "additive", season: "multiplicative", seasonLength: 4 }), false],
    ] as const) {
      const fitted = await forecaster.fit(panelOf(all), { horizon: 200, failures: "collect" });
      expect(fitted.failures.length > 0).toBe(failed);
      expect(fitted.series.length).toBeGreaterThan(3);
      for (const level of [1, 99.99999]) fitted.predict({ levels: [level] });
    }
  });

  it("are refused among the paths, by the name of the series", async () => {
    /** Steady, until a value above 12 takes it out of range. */
    const brittle: LocalModel = {
      ...growing,
      kind: "brittle",
      absorb: ({ state }, value) => {
        state[0] = value > 12 ? Number.POSITIVE_INFINITY : 10;
      },
      forecast: ({ state }, mean) => {
        mean.fill(state[0] as number);
      },
      quantiles: (_, mean, probabilities, values) => normalQuantiles(mean, () => 1, probabilities, values),
    };
    const below = steady.map((value) => value % 7);
    const fitted = await localForecaster(brittle, () => brittle).fit(panelOf({ a: below, b: below }), {
      horizon: 3,
    });
    fitted.predict({ levels: [95] });
    await expect(fitted.samplePaths({ paths: 500, keys: [{ shop: "b" }] })).rejects.toThrow(
      expect.objectContaining({
        code: "FIT_FAILED",
        message: expect.stringMatching(
          /^brittle has no path of series {"shop":"b"} \(Step [23] of path \d+ is (Infinity|NaN)\.\)\.$/,
        ),
      }),
    );
  });

  it("of a forecaster within another are refused there", async () => {
    const fitted = await conformal(naive(), { folds: 5, levels: [50] }).fit(series, {
      horizon: 2,
      failures: "collect",
    });
    expect(fitted.series).toEqual([{ shop: "steady" }]);
  });
});
