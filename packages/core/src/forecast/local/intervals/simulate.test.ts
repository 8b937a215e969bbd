import { describe, expect, it } from "vitest";
import { createRandom } from "../../../random.ts";
import { float64, timestamp, utf8 } from "../../../schema/column-type.ts";
import { columnsFromArrays } from "../../../schema/from-arrays.ts";
import { conformal } from "../../conformal/conformal.ts";
import { loadForecaster } from "../../load-forecaster.ts";
import { arima } from "../../models/arima/arima.ts";
import { ces } from "../../models/ces/ces.ts";
import { croston } from "../../models/croston.ts";
import { ets, ses } from "../../models/ets/ets.ts";
import { historicAverage } from "../../models/historic-average.ts";
import { mstl } from "../../models/mstl/mstl.ts";
import { naive } from "../../models/naive.ts";
import { randomWalkWithDrift } from "../../models/random-walk-with-drift.ts";
import { seasonalNaive } from "../../models/seasonal-naive.ts";
import { theta } from "../../models/theta/theta.ts";
import { windowAverage } from "../../models/window-average.ts";
import { panel } from "../../panel/build-panel.ts";
import type { FittedLocal, LocalForecaster } from "../local-forecaster.ts";

const rows = 160;
const horizon = 8;
const hour = 3_600_000_000n;

/** A series with a level that moves, and a season of 4. */
function valuesOf(seed: string): Float64Array {
  const random = createRandom(seed);
  let level = 200;
  return Float64Array.from({ length: rows }, (_, t) => {
    level += random.normal(0.2, 2);
    return level + 15 * Math.sin((Math.PI * t) / 2) + random.normal(0, 3);
  });
}

function historyOf(keys: readonly string[]) {
  const columns = columnsFromArrays(
    { key: utf8(), at: timestamp(), y: float64() },
    {
      key: keys.flatMap((key) => Array<string>(rows).fill(key)),
      at: BigInt64Array.from({ length: keys.length * rows }, (_, i) => hour * BigInt(i % rows)),
      y: Float64Array.from(keys.flatMap((key) => [...valuesOf(key)])),
    },
  );
  return panel(columns, { keys: ["key"], time: "at", target: "y", frequency: "1h" });
}

const models: readonly (readonly [string, LocalForecaster])[] = [
  ["naive", naive()],
  ["seasonalNaive", seasonalNaive({ seasonLength: 4 })],
  ["windowAverage", windowAverage({ window: 20 })],
  ["randomWalkWithDrift", randomWalkWithDrift()],
  ["historicAverage", historicAverage()],
  ["ses", ses()],
  ["ets, added season", ets({ seasonLength: 4, error: "additive", trend: "additive", season: "additive" })],
  [
    "ets, relative errors",
    ets({ seasonLength: 4, error: "multiplicative", trend: "none", season: "additive" }),
  ],
  ["ets, multiplied season", ets({ seasonLength: 4, error: "multiplicative", season: "multiplicative" })],
  ["theta", theta({ seasonLength: 4 })],
  ["ces", ces({ seasonLength: 4 })],
  ["arima", arima({ seasonLength: 4 })],
  ["mstl", mstl({ seasonLengths: [4] })],
];

const varianceOf = (values: Float64Array): number => {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (values.length - 1);
};

/** Of a fitted model, what its summary says. */
const numberOf = (fitted: FittedLocal, name: string): number => Number(fitted.fits[0]?.[name]);

describe("sample paths of models of single series", { timeout: 60_000 }, () => {
  it.each(models)("%s: each step is distributed as the model's own quantiles say", async (_, forecaster) => {
    const fitted = await forecaster.fit(historyOf(["a"]), { horizon });
    const probabilities = [0.1, 0.5, 0.9];
    const { quantiles } = fitted.predict({ quantiles: probabilities });
    const paths = await fitted.samplePaths({ paths: 4000, seed: 1 });
    const sums = paths.sums("series");
    for (let h = 0; h < horizon; h++) {
      const [low, middle, high] = quantiles.map(({ values }) => values[h] as number) as [
        number,
        number,
        number,
      ];
      const width = high - low;
      // Three standard errors of a quantile of 4,000 draws are a twentieth of the width, and theta's analytic intervals hold its line still.
      const draws = sums[h] as (typeof sums)[number];
      for (const [p, expected] of [
        [0.1, low],
        [0.5, middle],
        [0.9, high],
      ] as const)
        expect(Math.abs(draws.quantile(p) - expected) / width).toBeLessThan(0.06);
    }
  });

  it("have sums as wide as errors that last make them", async () => {
    const history = historyOf(["a"]);
    const options = { paths: 20_000, seed: 2 };
    const walk = await naive().fit(history, { horizon });
    // A walk: an error of step j moves all steps from j on.
    const ofWalk = Array.from({ length: horizon }, (_, j) => (horizon - j) ** 2).reduce((a, b) => a + b);
    const [walked] = (await walk.samplePaths(options)).sums("steps");
    // Levels are percent here as everywhere.
    for (const level of [0.8, 100, 180, "80"])
      expect(() => walked?.interval(level as number)).toThrow(/A level must be a number of percent/);
    const walkVariance = ofWalk * numberOf(walk, "deviation") ** 2;
    expect(varianceOf(walked?.values as Float64Array) / walkVariance).toBeCloseTo(1, 1);

    const smooth = await ses().fit(history, { horizon });
    const alpha = numberOf(smooth, "alpha");
    // Its own step, and a share of alpha of all after it.
    const ofSmooth = Array.from({ length: horizon }, (_, j) => (1 + (horizon - 1 - j) * alpha) ** 2);
    const [smoothed] = (await smooth.samplePaths(options)).sums("steps");
    const smoothVariance = ofSmooth.reduce((a, b) => a + b) * numberOf(smooth, "deviation") ** 2;
    expect(varianceOf(smoothed?.values as Float64Array) / smoothVariance).toBeCloseTo(1, 1);
  });

  it("depend on the seed alone, not on which other series are asked for, and are the same after loading", async () => {
    const fitted = await ets({ seasonLength: 4 }).fit(historyOf(["a", "b", "c"]), { horizon });
    const all = await fitted.samplePaths({ paths: 50 });
    expect(all.series).toHaveLength(3);
    const one = await fitted.samplePaths({ paths: 50, keys: [{ key: "b" }] });
    expect(one.values).toEqual(all.values.slice(50 * horizon, 2 * 50 * horizon));
    expect((await fitted.samplePaths({ paths: 50, seed: 1 })).values).not.toEqual(all.values);
    const loaded = loadForecaster(fitted.save()) as unknown as FittedLocal;
    expect((await loaded.samplePaths({ paths: 50 })).values).toEqual(all.values);
  });

  it("move with the regressors that are known for the future", async () => {
    const random = createRandom(3);
    const price = Float64Array.from({ length: rows + horizon }, () => 10 + random.normal());
    const at = (from: number, count: number) =>
      BigInt64Array.from({ length: count }, (_, t) => hour * BigInt(from + t));
    const history = panel(
      columnsFromArrays(
        { at: timestamp(), y: float64(), price: float64() },
        {
          at: at(0, rows),
          y: price.slice(0, rows).map((value) => 90 - 4 * value + random.normal()),
          price: price.slice(0, rows),
        },
      ),
      { time: "at", target: "y", frequency: "1h", knownFuture: ["price"] },
    );
    const fitted = await arima({ regressors: ["price"] }).fit(history, { horizon });
    const future = columnsFromArrays(
      { at: timestamp(), price: float64() },
      { at: at(rows, horizon), price: price.slice(rows) },
    );
    const means = (await fitted.samplePaths({ paths: 4000, future })).sums("series");
    const { mean } = fitted.predict({ future });
    means.forEach((draws, h) => {
      expect(Math.abs(draws.mean - (mean[h] as number))).toBeLessThan(0.1);
    });
    await expect(fitted.samplePaths()).rejects.toThrow(/price/);
  });

  it("stop with their signal, also within a series, as others have their turn meanwhile", async () => {
    const walk = await naive().fit(historyOf(["a"]), { horizon });
    const controller = new AbortController();
    setTimeout(() => controller.abort(), 5);
    await expect(walk.samplePaths({ paths: 1_000_000, signal: controller.signal })).rejects.toThrow(
      expect.objectContaining({ code: "ABORTED" }),
    );
    const { signal } = controller;
    await expect(walk.samplePaths({ paths: 1, signal })).rejects.toThrow(/cancelled/);
    const judged = await conformal(naive(), { folds: 5 }).fit(historyOf(["a"]), { horizon });
    await expect(judged.samplePaths({ paths: 1, signal })).rejects.toThrow(/cancelled/);
  });

  it("are refused where the model has no distribution, and when they are asked for wrongly", async () => {
    const fitted = await croston().fit(historyOf(["a"]), { horizon });
    await expect(fitted.samplePaths()).rejects.toThrow(/no distribution/);
    const walk = await naive().fit(historyOf(["a"]), { horizon });
    await expect(walk.samplePaths({ paths: 0 })).rejects.toThrow(/paths/);
    await expect(walk.samplePaths({ horizon: 9 })).rejects.toThrow(/horizon/);
    // @ts-expect-error there is no such option
    await expect(walk.samplePaths({ path: 3 })).rejects.toThrow(/path/);
  });
});
