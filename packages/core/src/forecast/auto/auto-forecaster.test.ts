import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../test/hourly-series.ts";
import { createRandom } from "../../random.ts";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { panel } from "../panel/build-panel.ts";
import { autoForecaster } from "./auto-forecaster.ts";

const hour = 3_600_000_000n;

/** Rows of days and weeks, whose last two days are low, with noise. */
function load(rows: number, seed: number, noise = 3): number[] {
  const random = createRandom(seed);
  return Array.from(
    { length: rows },
    (_, t) =>
      100 + 20 * Math.sin((Math.PI * t) / 12) + -15 * Number(t % 168 >= 120) + random.normal(0, noise),
  );
}

/** Rows of a day with noise. */
function daily(rows: number, seed: number, noise: number): number[] {
  const random = createRandom(seed);
  return Array.from(
    { length: rows },
    (_, t) => 100 + 20 * Math.sin((Math.PI * t) / 12) + random.normal(0, noise),
  );
}

function manySeries(series: readonly (readonly number[])[]) {
  const key = series.flatMap((y, s) => y.map(() => `s${String(s).padStart(3, "0")}`));
  const at = BigInt64Array.from(series.flatMap((y) => y.map((_, t) => hour * BigInt(t))));
  return panel(
    columnsFromArrays(
      { key: utf8(), at: timestamp(), y: float64() },
      { key, at, y: Float64Array.from(series.flat()) },
    ),
    { keys: ["key"], time: "at", target: "y", frequency: "1h" },
  );
}

describe("autoForecaster", () => {
  it("finds the seasons, beats seasonal naive, and says what it did", async () => {
    const y = load(24 * 42, 1);
    const fitted = await autoForecaster().fit(hourlyPanel(y.slice(0, -48)), { horizon: 48, threads: 1 });
    const { choice } = fitted;
    expect(choice.seasonLengths).toEqual([24, 168]);
    expect(choice.score).toBeLessThan(0.8);
    expect(choice.members.length).toBeGreaterThan(0);
    const scores = choice.candidates.map(({ score }) => score ?? Number.POSITIVE_INFINITY);
    expect(scores).toEqual([...scores].sort((a, b) => a - b));
    expect(choice.candidates.find(({ name }) => name === "seasonalNaive")?.score).toBe(1);
    const outcomes = y.slice(-48);
    const error = (mean: Float64Array) =>
      mean.reduce((sum, value, h) => sum + Math.abs(value - (outcomes[h] as number)), 0) / 48;
    const naive = await seasonalNaive({ seasonLength: 24 }).fit(hourlyPanel(y.slice(0, -48)), {
      horizon: 48,
    });
    expect(error(fitted.predict().mean)).toBeLessThan(0.7 * error(naive.predict().mean));
  });

  it("gives finite forecasts, whatever comes", async () => {
    const random = createRandom(9);
    const kinds: ((t: number) => number)[] = [
      () => 0,
      () => 5,
      (t) => t,
      (t) => -t * t,
      () => (random.uniform() < 0.8 ? 0 : 10 * random.uniform()),
      (t) => (t % 24) * 1e9,
      (t) => 1e-9 * Math.sin(t) + 1e6 * Number(t === 150),
      () => random.normal(),
    ];
    for (const kind of kinds) {
      const y = Array.from({ length: 200 }, (_, t) => kind(t));
      const fitted = await autoForecaster().fit(hourlyPanel(y), { horizon: 12, threads: 1 });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      for (const values of [mean, ...quantiles.map((quantile) => quantile.values)])
        expect(values.every(Number.isFinite)).toBe(true);
    }
  });

  it.each([
    ["two seasons and a horizon, less what can be held out twice", 36, 1],
    ["nearly what can be held out twice", 47, 1],
    ["two and a half, of which nothing can be held out", 30, 0],
    ["just two", 24, 0],
    ["enough to hold out two horizons", 48, 2],
  ])("keeps the season where the history is short: %s", async (_, rows, folds) => {
    // Another measure than the one it chooses by: what came after.
    const errors = { auto: 0, naive: 0 };
    for (const seed of [1, 2, 3]) {
      const random = createRandom(seed);
      const y = Array.from(
        { length: rows + 12 },
        (_, t) =>
          100 + 40 * Math.sin((Math.PI * t) / 6) + 15 * Math.cos((Math.PI * t) / 3) + random.normal(0, 4),
      );
      const at = BigInt64Array.from({ length: rows }, (_, t) => BigInt(Date.UTC(2020, t)) * 1000n);
      const history = panel(
        columnsFromArrays({ at: timestamp(), y: float64() }, { at, y: Float64Array.from(y.slice(0, rows)) }),
        { time: "at", target: "y", frequency: "1mo" },
      );
      const errorOf = (mean: Float64Array) =>
        mean.reduce((sum, value, h) => sum + Math.abs(value - (y[rows + h] as number)) / 36, 0);
      const fitted = await autoForecaster({ budget: "5s" }).fit(history, { horizon: 12, threads: 1 });
      expect(fitted.choice).toMatchObject({ folds, referenceSeason: 12 });
      errors.auto += errorOf(fitted.predict().mean);
      const seasonal = await seasonalNaive({ seasonLength: 12 }).fit(history, { horizon: 12 });
      errors.naive += errorOf(seasonal.predict().mean);
    }
    // Without a season: more than 20.
    expect(errors.auto).toBeLessThan(1.3 * errors.naive);
  });

  it("says which given seasons the history is too short for, and uses the others", async () => {
    const { choice } = await autoForecaster({ budget: "5s", seasonLengths: [24, 168] }).fit(
      hourlyPanel(load(200, 4)),
      { horizon: 48, threads: 1 },
    );
    expect(choice).toMatchObject({ seasonLengths: [24], seasonsTooLong: [168], folds: 2 });
  });

  it("has intervals that hold what they promise", async () => {
    const series = Array.from({ length: 40 }, (_, s) =>
      daily(24 * 12, 100 + s, 1 + (s % 7)).map((v) => v * (s + 1)),
    );
    const fitted = await autoForecaster({ seasonLengths: [24] }).fit(
      manySeries(series.map((y) => y.slice(0, -24))),
      { horizon: 24 },
    );
    const { quantiles } = fitted.predict({ levels: [80, 95] });
    const at = (probability: number) =>
      quantiles.find((one) => Math.abs(one.probability - probability) < 1e-9)?.values as Float64Array;
    for (const [level, lower, upper] of [
      [0.8, at(0.1), at(0.9)],
      [0.95, at(0.025), at(0.975)],
    ] as const) {
      let held = 0;
      series.forEach((y, s) => {
        y.slice(-24).forEach((value, h) => {
          const row = s * 24 + h;
          held += Number(value >= (lower[row] as number) && value <= (upper[row] as number));
        });
      });
      expect(Math.abs(held / (40 * 24) - level)).toBeLessThan(0.05);
    }
  });

  it("moves on with new rows, saved in between or not", async () => {
    const y = load(24 * 30, 4);
    const fitted = await autoForecaster({ seasonLengths: [24] }).fit(hourlyPanel(y.slice(0, 600)), {
      horizon: 24,
    });
    const next = fitted.update(hourlyRows(y.slice(600, 630), 600));
    const restored = loadForecaster(fitted.save()).update(hourlyRows(y.slice(600, 630), 600));
    expect(restored.save()).toEqual(next.save());
    expect(restored.predict({ levels: [80] })).toEqual(next.predict({ levels: [80] }));
    expect(next.choice).toEqual(fitted.choice);
    expect(next.forecaster.origins).toBe(fitted.forecaster.origins + 1);
    expect((await next.samplePaths({ paths: 10 })).sums("steps")).toBeDefined();
  });

  it("does what it can for short series among long ones, and for those alone", async () => {
    const long = [1, 2, 3, 4].map((seed) => load(24 * 14, seed));
    const mixed = await autoForecaster({ seasonLengths: [24] }).fit(
      manySeries([...long, load(30, 5), [7, 8, 9]]),
      { horizon: 12 },
    );
    expect(mixed.choice.judgedSeries).toBe(4);
    const { mean, quantiles } = mixed.predict({ levels: [80] });
    expect(mean.every(Number.isFinite)).toBe(true);
    // The short ones have intervals of a width.
    for (let row = 4 * 12; row < 6 * 12; row++)
      expect((quantiles[1]?.values[row] as number) > (quantiles[0]?.values[row] as number)).toBe(true);
    const short = await autoForecaster().fit(hourlyPanel([3, 4, 3, 5]), { horizon: 3, threads: 1 });
    expect(short.choice).toMatchObject({ folds: 0, score: null, combine: "alone" });
    const forecast = short.predict({ levels: [80, 95] });
    const widths = [0, 1, 2].map(
      (h) => (forecast.quantiles[3]?.values[h] as number) - (forecast.quantiles[0]?.values[h] as number),
    );
    expect(widths[0]).toBeGreaterThan(0);
    expect(widths[2]).toBeGreaterThan(widths[0] as number);
  });

  it("learns what known-future columns do, and ignores those that do nothing", async () => {
    const random = createRandom(3);
    const rows = 24 * 35;
    const horizon = 24;
    const total = rows + horizon;
    const promotion = Float64Array.from({ length: total }, () => Number(random.uniform() < 0.15));
    const idle = Float64Array.from({ length: total }, () => random.normal());
    const weather = Array.from({ length: total }, () => (random.uniform() < 0.5 ? "sun" : "rain"));
    const base = load(total, 4, 2);
    const y = Float64Array.from(base, (value, t) => value + 60 * (promotion[t] as number));
    const at = BigInt64Array.from({ length: total }, (_, t) => hour * BigInt(t));
    const columns = (start: number, end: number) =>
      columnsFromArrays(
        { at: timestamp(), y: float64(), promotion: float64(), idle: float64(), weather: utf8() },
        {
          at: at.slice(start, end),
          y: y.slice(start, end),
          promotion: promotion.slice(start, end),
          idle: idle.slice(start, end),
          weather: weather.slice(start, end),
        },
      );
    const history = panel(columns(0, rows), {
      time: "at",
      target: "y",
      frequency: "1h",
      knownFuture: ["promotion", "idle", "weather"],
    });
    const fitted = await autoForecaster().fit(history, { horizon });
    const { mean } = fitted.predict({ future: columns(rows, total) });
    const error =
      mean.reduce((sum, value, h) => sum + Math.abs(value - (y[rows + h] as number)), 0) / horizon;
    expect(fitted.choice.seasonLengths).toEqual([24, 168]);
    expect(error).toBeLessThan(6);
    expect(fitted.choice.members).toContain("arima with known columns");
    // @ts-expect-error the columns are known to be needed
    expect(() => fitted.predict()).toThrow(/future/);
    const restored = loadForecaster(fitted.save());
    expect(restored.predict({ future: columns(rows, total) }).mean).toEqual(mean);
  });

  it("stays above zero where the history does, and only there", async () => {
    const random = createRandom(2);
    const counts = Array.from({ length: 200 }, () => Math.floor(3 * random.uniform() ** 3));
    const fitted = await autoForecaster().fit(hourlyPanel(counts), { horizon: 12, threads: 1 });
    expect(fitted.choice.lowest).toBe(0);
    expect(fitted.predict({ levels: [95] }).quantiles[0]?.values.every((value) => value >= 0)).toBe(true);
    const below = await autoForecaster().fit(hourlyPanel(counts.map((value) => value - 1)), {
      horizon: 12,
    });
    expect(below.choice.lowest).toBe(null);
  });

  it("leaves out what the budget has no time for, and says so", async () => {
    const history = manySeries([1, 2, 3].map((seed) => load(24 * 14, seed)));
    const fitted = await autoForecaster({ budget: "1us" }).fit(history, { horizon: 24, threads: 1 });
    expect(fitted.choice.members).toEqual(["seasonalNaive"]);
    expect(
      fitted.choice.candidates.filter(({ skipped }) => /budget/.test(skipped ?? "")).length,
    ).toBeGreaterThan(4);
  });

  it("forecasts what is sold on average where most days sell nothing, and not nothing", async () => {
    let [sum, sold] = [0, 0];
    for (let i = 0; i < 6; i++) {
      const random = createRandom(`sales ${i}`);
      const y = Array.from({ length: 200 }, () => (random.integer(100) < 65 ? 0 : 1 + random.integer(9)));
      const fitted = await autoForecaster({ budget: "5s", seasonLengths: [7] }).fit(hourlyPanel(y), {
        horizon: 7,
        threads: 1,
      });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      for (const value of mean) {
        expect(value).toBeGreaterThan(0.5);
        expect(value).toBeLessThan(4);
      }
      expect(quantiles[0]?.values.every((bound) => bound === 0)).toBe(true);
      sum += mean.reduce((total, value) => total + value, 0) / 7;
      sold += y.reduce((total, value) => total + value, 0) / 200;
    }
    expect(Math.abs(sum / sold - 1)).toBeLessThan(0.25);
  });

  it("tries ARIMA also where many values are missing", async () => {
    const random = createRandom(4);
    const y = Array.from({ length: 260 }, (_, t) => (t % 5 < 2 && t > 0 ? null : 100 + random.normal()));
    const { choice } = await autoForecaster({ budget: "2m", seasonLengths: [7] }).fit(hourlyPanel(y), {
      horizon: 3,
      threads: 1,
    });
    expect(choice.candidates.find(({ name }) => name === "arima")?.score).toBeGreaterThan(0);
  });

  it("is stopped by its signal", async () => {
    const history = manySeries(Array.from({ length: 20 }, (_, s) => load(24 * 21, s)));
    const controller = new AbortController();
    const fit = autoForecaster().fit(history, {
      horizon: 24,
      signal: controller.signal,
      progress: () => controller.abort(),
    });
    await expect(fit).rejects.toMatchObject({ code: "ABORTED" });
  });

  it("refuses settings that make no sense, by name", () => {
    expect(() => autoForecaster({ budget: "soon" })).toThrow(/soon/);
    expect(() => autoForecaster({ seasonLengths: [1] })).toThrow(/seasonLengths\[0\]/);
  });
});
