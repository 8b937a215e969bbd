import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { parseFrequency } from "../../time/frequency.ts";
import type { FittedForecaster } from "../forecaster.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { windowAverage } from "../models/window-average.ts";
import { panel } from "../panel/build-panel.ts";
import type { Panel } from "../panel/panel.ts";
import { panelToColumns, selectRows, slicePanel } from "../panel/panel-slices.ts";
import type { FeatureMatrix, FittedRegressor, Regressor } from "../regressor.ts";
import { elasticNet, lasso } from "../regressors/elastic-net.ts";
import { knn } from "../regressors/knn.ts";
import { ridge } from "../regressors/ridge.ts";
import type { ReduceOptions, TargetTransform, WindowFeature } from "./options.ts";
import { reduce } from "./reduce.ts";

const hour = 3_600_000_000n;

/** Records what it is fitted on and predicts with a fixed function of the row, whatever that was. */
function stub(rowValue: (row: Record<string, number>) => number) {
  const seen: { x: FeatureMatrix; y: Float64Array }[] = [];
  const fitted = (featureNames: readonly string[]): FittedRegressor => ({
    kind: "stub",
    featureNames,
    predict: (x) =>
      Float64Array.from({ length: x.rows }, (_, row) =>
        rowValue(Object.fromEntries(x.columns.map(({ name, values }) => [name, values[row] as number]))),
      ),
    save: () => new TextEncoder().encode(JSON.stringify(featureNames)),
  });
  const regressor: Regressor = {
    kind: "stub",
    params: {},
    async fit(x, y) {
      seen.push({ x, y });
      return fitted(x.columns.map(({ name }) => name));
    },
    load: (bytes) => fitted(JSON.parse(new TextDecoder().decode(bytes))),
  };
  return { regressor, seen };
}

interface Options {
  readonly seriesCount?: number;
  readonly rows?: number;
  readonly holes?: number;
}

/** Series of hourly rows with a counter `id` and a number `temp` known beforehand, a text `sky`, and `load` that is not. */
function randomPanel(seed: number, { seriesCount = 2, rows = 120, holes = 0.1 }: Options = {}) {
  const random = createRandom(seed);
  const length = seriesCount * rows;
  const known = (make: () => number) => Float64Array.from({ length }, make);
  return panel(
    columnsFromArrays(
      {
        key: utf8(),
        at: timestamp(),
        y: nullable(float64()),
        id: float64(),
        temp: float64(),
        sky: utf8(),
        load: nullable(float64()),
      },
      {
        key: Array.from({ length }, (_, i) => `s${Math.floor(i / rows)}`),
        at: BigInt64Array.from({ length }, (_, i) => hour * BigInt(i % rows)),
        y: Array.from({ length }, () => (random.uniform() < holes ? null : random.uniform(0.5, 9))),
        id: Float64Array.from({ length }, (_, i) => i),
        temp: known(() => random.normal()),
        sky: Array.from({ length }, () => ["clear", "mist", "rain"][random.integer(3)] as string),
        load: known(() => random.normal()),
      },
    ),
    {
      keys: ["key"],
      time: "at",
      target: "y",
      frequency: "1h",
      knownFuture: ["id", "temp", "sky"],
      pastOnly: ["load"],
    },
  );
}

/** The last `rows` rows of each series as columns, and the panel without them. */
function split(whole: Panel, rows: number) {
  const length = (s: number) => (whole.offsets[s + 1] as number) - (whole.offsets[s] as number);
  return {
    history: selectRows(whole, (s) => [0, length(s) - rows]),
    later: panelToColumns(selectRows(whole, (s) => [length(s) - rows, length(s)])),
  };
}

const everything: ReduceOptions = {
  lags: [6, 24, 25],
  windows: [
    { aggregate: "mean", width: 5 },
    { aggregate: "mean", width: 3, every: 24 },
    { aggregate: "max", width: 4, lag: 7 },
    { aggregate: "min", width: 2, every: 5, lag: 6 },
    { aggregate: "std", width: 6 },
    { aggregate: "median", width: 6 },
    { aggregate: "ewm", width: 5, alpha: 0.3 },
    { of: "temp", aggregate: "mean", width: 3, lag: 0 },
    { of: "temp", aggregate: "mean", width: 8, compare: "difference" },
    { of: "load", aggregate: "mean", width: 4 },
  ],
  matches: [{ fields: ["hour", "sky"], count: 2, within: 72 }],
  calendar: ["hour", "weekday", "trend"],
  positions: [7, 24],
  fourier: [{ length: 24.5, terms: 2 }],
  covariateLags: { temp: [1], load: [6] },
  level: { width: 24 },
};
const horizon = 6;

describe("features", () => {
  it("are what a slow and obvious calculation says, in training", async () => {
    for (const by of ["ratio", "difference"] as const) {
      const whole = randomPanel(1);
      const { regressor, seen } = stub(() => 0);
      const windows: WindowFeature[] = [
        ...(everything.windows ?? []),
        ...(["mean", "std", "min", "max"] as const).map((aggregate) => ({
          aggregate,
          width: "all" as const,
        })),
      ];
      await reduce(regressor, { ...everything, windows, level: { width: 24, by } }).fit(whole, { horizon });
      const { x, y } = seen[0] as (typeof seen)[number];
      const column = (name: string) => x.columns.find((one) => one.name === name)?.values as Float64Array;
      const rows = (whole.offsets[1] as number) - (whole.offsets[0] as number);
      const isMissing = Number.isNaN;
      expect(x.rows).toBeGreaterThan(80);
      for (let row = 0; row < x.rows; row++) {
        const id = column("id")[row] as number;
        const s = Math.floor(id / rows);
        const t = id % rows;
        const series = Array.from(whole.y.subarray(s * rows, (s + 1) * rows));
        const temp = Array.from(whole.known[1]?.values.subarray(s * rows, (s + 1) * rows) ?? []);
        const sky = Array.from(whole.known[2]?.values.subarray(s * rows, (s + 1) * rows) ?? []);
        const load = Array.from(whole.past[0]?.values.subarray(s * rows, (s + 1) * rows) ?? []);
        // Forecasts of 6 steps, the last of which would have ended with the panel.
        let cutoff = rows - 1 - horizon;
        while (cutoff >= t) cutoff -= horizon;
        const known = (from: number, until: number) =>
          series.slice(from, until + 1).filter((v) => !isMissing(v));
        const mean = (values: number[]) => values.reduce((a, b) => a + b, 0) / values.length;
        const level = mean(known(cutoff - 23, cutoff));
        const related = (value: number, spread = false) =>
          by === "ratio" ? value / level : spread ? value : value - level;
        const daily = [1, 2, 3].map((day) => series[t - 24 * day] as number).filter((v) => !isMissing(v));
        const sorted = known(cutoff - 5, cutoff).sort((a, b) => a - b);
        const half = sorted.length / 2;
        const six = known(cutoff - 5, cutoff);
        const newestFirst = [0, 1, 2, 3, 4].map(
          (back) => [series[cutoff - back] as number, 0.7 ** back] as const,
        );
        const weighted = newestFirst.filter(([v]) => !isMissing(v));
        const all = known(0, cutoff);
        const cell = parseFrequency("1h").indexOf(0n) + t;
        const modulo = (a: number, b: number) => ((a % b) + b) % b;
        const matched: number[] = [];
        for (let i = cutoff; i >= t - 72 && matched.length < 2; i--)
          if (i >= 0 && i % 24 === t % 24 && sky[i] === sky[t] && !isMissing(series[i] as number))
            matched.push(series[i] as number);
        const expected: Record<string, number> = {
          lag_6: related(series[t - 6] as number),
          lag_25: related(series[t - 25] as number),
          mean_5: related(mean(known(cutoff - 4, cutoff))),
          mean_3_every_24: related(mean(daily)),
          max_4_lag_7: related(Math.max(...known(t - 10, t - 7))),
          min_2_every_5_lag_6: related(
            Math.min(...[t - 6, t - 11].map((i) => series[i] as number).filter((v) => !isMissing(v))),
          ),
          std_6: related(
            Math.sqrt(six.reduce((sum, v) => sum + (v - mean(six)) ** 2, 0) / (six.length - 1)),
            true,
          ),
          median_6: related(
            ((sorted[Math.ceil(half) - 1] as number) + (sorted[Math.floor(half)] as number)) / 2,
          ),
          "ewm_5_alpha_0.3": related(
            weighted.reduce((sum, [v, weight]) => sum + v * weight, 0) /
              weighted.reduce((sum, [, weight]) => sum + weight, 0),
          ),
          mean_all: related(mean(all)),
          std_all: related(
            Math.sqrt(all.reduce((sum, v) => sum + (v - mean(all)) ** 2, 0) / (all.length - 1)),
            true,
          ),
          min_all: related(Math.min(...all)),
          max_all: related(Math.max(...all)),
          position_7: modulo(cell, 7),
          position_24: modulo(cell, 24),
          "fourier_24.5_sin_1": Math.sin((2 * Math.PI * cell) / 24.5),
          "fourier_24.5_cos_2": Math.cos((4 * Math.PI * cell) / 24.5),
          temp_mean_3_lag_0: mean(temp.slice(t - 2, t + 1)),
          temp_minus_mean_8: (temp[t] as number) - mean(temp.slice(cutoff - 7, cutoff + 1)),
          temp_lag_1: temp[t - 1] as number,
          load_mean_4: mean(load.slice(cutoff - 3, cutoff + 1)),
          load_lag_6: load[t - 6] as number,
          match_hour_sky_2: matched.length === 0 ? Number.NaN : related(mean(matched)),
          calendar_hour: t % 24,
          calendar_weekday: (3 + Math.floor(t / 24)) % 7,
          calendar_trend: t,
          temp: temp[t] as number,
          sky: sky[t] as number,
        };
        for (const [name, value] of Object.entries(expected)) {
          const found = column(name)[row] as number;
          if (Number.isFinite(value))
            expect(found, `${name} of row ${t}, cutoff ${cutoff}`).toBeCloseTo(value, 9);
          else expect(found, `${name} of row ${t}`).toBeNaN();
        }
        expect(y[row]).toBeCloseTo(related(series[t] as number), 9);
      }
    }
  });

  it("are the same in training and in prediction", async () => {
    for (const options of [
      everything,
      {
        lags: [1, 3],
        windows: [{ aggregate: "mean", width: 4 }],
        calendar: ["hour"],
        level: { width: 8 },
      } satisfies ReduceOptions,
    ]) {
      const whole = randomPanel(2, { holes: 0 });
      const { history, later } = split(whole, horizon);
      const inTraining = stub(() => 0);
      await reduce(inTraining.regressor, options).fit(whole, { horizon });
      const trained = (inTraining.seen[0] as { x: FeatureMatrix }).x;
      const met: FeatureMatrix[] = [];
      const { regressor } = stub(() => 1);
      const watching: Regressor = {
        ...regressor,
        fit: async (x, y) => {
          const fitted = await regressor.fit(x, y);
          return {
            ...fitted,
            predict: (rows) => {
              met.push(rows);
              return fitted.predict(rows);
            },
          };
        },
      };
      (await reduce(watching, options).fit(history, { horizon })).predict({ future: later });
      const byId = new Map(
        Array.from(trained.columns.find((c) => c.name === "id")?.values ?? [], (id, row) => [id, row]),
      );
      // A recursion meets its own predictions from the second step on; its first step is as in training.
      for (const x of met.slice(0, 1))
        for (let row = 0; row < x.rows; row++) {
          const id = x.columns.find((c) => c.name === "id")?.values[row] as number;
          const other = byId.get(id) as number;
          x.columns.forEach(({ name, values }, c) => {
            if (name !== "calendar_trend") expect(values[row], name).toBe(trained.columns[c]?.values[other]);
          });
        }
    }
  });

  it("never know anything after the row's cutoff", async () => {
    const rows = 120;
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 30, max: rows - 1 }),
        fc.boolean(),
        async (seed, changed, isRecursive) => {
          const options: ReduceOptions = isRecursive ? { ...everything, lags: [1, 24] } : everything;
          const trainingRows = async (spoil: boolean) => {
            const whole = randomPanel(seed, { seriesCount: 1, rows, holes: 0 });
            if (spoil) whole.y[changed] = 1000;
            if (spoil) (whole.past[0]?.values as Float64Array)[changed] = 1000;
            const { regressor, seen } = stub(() => 0);
            await reduce(regressor, options).fit(whole, { horizon });
            return (seen[0] as { x: FeatureMatrix }).x;
          };
          const [clean, spoilt] = [await trainingRows(false), await trainingRows(true)];
          const ids = clean.columns.find((c) => c.name === "id")?.values as Float64Array;
          let moved = 0;
          for (let row = 0; row < clean.rows; row++) {
            const t = ids[row] as number;
            let cutoff = rows - 1 - horizon;
            while (cutoff >= t) cutoff -= horizon;
            if (isRecursive) cutoff = t - 1;
            clean.columns.forEach(({ name, values }, c) => {
              if (Object.is(values[row], spoilt.columns[c]?.values[row])) return;
              moved++;
              expect(changed, `${name} of row ${t}, cutoff ${cutoff}`).toBeLessThanOrEqual(cutoff);
            });
          }
          if (changed < rows - 30) expect(moved).toBeGreaterThan(0);
        },
      ),
      { numRuns: 25 },
    );
  });
});

describe("the target", () => {
  const mean = (fitted: FittedForecaster, future: ReturnType<typeof panelToColumns>) =>
    fitted.predict({ future }).mean;

  it("of a season's differences, when no change is predicted, is the seasonal naive forecast", async () => {
    const { history, later } = split(randomPanel(3), horizon);
    const { regressor } = stub(() => 0);
    const reduced = await reduce(regressor, { lags: [6], differences: [24] }).fit(history, { horizon });
    const naive = await seasonalNaive({ seasonLength: 24 }).fit(history, { horizon });
    expect(reduced.strategy).toBe("direct");
    expect(mean(reduced, later)).toEqual(naive.predict().mean);
  });

  it("in relation to its level, when 1 is predicted, is the window average", async () => {
    const { history, later } = split(randomPanel(4), horizon);
    const average = await windowAverage({ window: 24 }).fit(history, { horizon });
    for (const [by, value] of [
      ["ratio", 1],
      ["difference", 0],
    ] as const) {
      const { regressor } = stub(() => value);
      const reduced = await reduce(regressor, { lags: [6], level: { width: 24, by } }).fit(history, {
        horizon,
      });
      mean(reduced, later).forEach((predicted, row) => {
        expect(predicted).toBeCloseTo(average.predict().mean[row] as number, 10);
      });
    }
  });

  it("is undone exactly: predicting the value of a lag gives that value, under all transformations", async () => {
    const { history, later } = split(randomPanel(5, { holes: 0 }), horizon);
    const naive = await seasonalNaive({ seasonLength: 24 }).fit(history, { horizon });
    const transforms: TargetTransform[] = [
      "none",
      "log",
      "log1p",
      "sqrt",
      { boxCox: 0.3 },
      { boxCox: "guerrero", seasonLength: 24 },
    ];
    const targets: ReduceOptions[] = [
      {},
      { level: { width: 12 } },
      { level: { width: 12, by: "difference" } },
      { scale: "standard" },
      { scale: "robust", level: { width: 12, by: "difference" } },
      { scale: "absolute" },
    ];
    for (const transform of transforms)
      for (const target of targets) {
        const { regressor } = stub((row) => row["lag_24"] as number);
        const options: ReduceOptions = { lags: [24], transform, ...target };
        const reduced = await reduce(regressor, options).fit(history, { horizon });
        mean(reduced, later).forEach((predicted, row) => {
          expect(predicted).toBeCloseTo(naive.predict().mean[row] as number, 9);
        });
      }
  });

  it("of two differences is rebuilt step by step in a recursion", async () => {
    const { history, later } = split(randomPanel(6, { seriesCount: 1, holes: 0 }), horizon);
    const { regressor } = stub(() => 0.25);
    const reduced = await reduce(regressor, { lags: [1], differences: [1, 24] }).fit(history, { horizon });
    expect(reduced.strategy).toBe("recursive");
    const y = [...history.y];
    for (let h = 0; h < horizon; h++) {
      const n = y.length;
      y.push(0.25 + (y[n - 1] as number) + (y[n - 24] as number) - (y[n - 25] as number));
    }
    mean(reduced, later).forEach((predicted, h) => {
      expect(predicted).toBeCloseTo(y[history.y.length + h] as number, 9);
    });
  });

  it("of a recursion is fed back: each step sees the prediction before it", async () => {
    const { history, later } = split(randomPanel(7, { seriesCount: 1, holes: 0 }), horizon);
    const { regressor } = stub((row) => 2 * (row["lag_1"] as number));
    const reduced = await reduce(regressor, { lags: [1] }).fit(history, { horizon });
    const last = history.y[history.y.length - 1] as number;
    mean(reduced, later).forEach((predicted, h) => {
      expect(predicted).toBeCloseTo(last * 2 ** (h + 1), 6);
    });
  });

  it("has forecasts that scale with it when it is put in relation to its level", async () => {
    const whole = randomPanel(8);
    const { history, later } = split(whole, horizon);
    const forecaster = reduce(ridge(), {
      lags: [6, 24],
      calendar: ["hour"],
      covariates: ["temp"],
      level: { width: 24 },
    });
    const plain = mean(await forecaster.fit(history, { horizon }), later);
    const scaled = mean(
      await forecaster.fit({ ...history, y: history.y.map((v) => 1000 * v) }, { horizon }),
      later,
    );
    scaled.forEach((value, row) => {
      expect(value / 1000).toBeCloseTo(plain[row] as number, 6);
    });
  });
});

/** Whether each phase of the last season has a value within five seasons. */
function isKnownInSeason({ offsets, y }: Panel, season: number): boolean {
  for (let s = 0; s + 1 < offsets.length; s++) {
    const [start, end] = [offsets[s] as number, offsets[s + 1] as number];
    for (let last = end - season; last < end; last++) {
      const values = [0, 1, 2, 3, 4].map((back) => last - back * season).filter((row) => row >= start);
      if (values.every((row) => Number.isNaN(y[row]))) return false;
    }
  }
  return true;
}

describe("update", () => {
  it("gives the forecasts of a fit on the longer history with the same regressor, to the bit", async () => {
    const value = (row: Record<string, number>) =>
      Object.entries(row).reduce(
        (sum, [name, v]) => (name === "id" || Number.isNaN(v) ? sum : sum + v / (name.length + 3)),
        0,
      );
    await fc.assert(
      fc.asyncProperty(
        fc.integer(),
        fc.integer({ min: 1, max: 30 }),
        fc.constantFrom(0, 1, 2, 3, 4),
        async (seed, added, which) => {
          const whole = randomPanel(seed, { rows: 150, holes: 0.15 });
          const longer = split(whole, horizon);
          const shorter = split(longer.history, added);
          const options: ReduceOptions = [
            everything,
            { ...everything, lags: [1, 24], transform: "sqrt" as const },
            { lags: [24], differences: [24], windows: [{ aggregate: "mean" as const, width: 9 }] },
            { lags: [2], differences: [1, 12], transform: "log1p" as const },
            {
              lags: [1],
              windows: [{ aggregate: "std" as const, width: "all" as const }],
              transform: { boxCox: 0.4 },
            },
          ][which] as ReduceOptions;
          // What stands in for a value that is missing five seasons running is learnt by the fit, like the regressor.
          const season = Math.max(1, ...(options.differences ?? []));
          fc.pre([shorter.history, longer.history].every((history) => isKnownInSeason(history, season)));
          const { regressor } = stub(value);
          const forecaster = reduce(regressor, options);
          const atOnce = await forecaster.fit(longer.history, { horizon });
          const updated = (await forecaster.fit(shorter.history, { horizon })).update(shorter.later);
          const loaded = forecaster.load(updated.save());
          const expected = mean(atOnce, longer.later);
          expect(mean(updated, longer.later)).toEqual(expected);
          expect(mean(loaded, longer.later)).toEqual(expected);
        },
      ),
      { numRuns: 40 },
    );
    function mean(fitted: FittedForecaster, future: ReturnType<typeof panelToColumns>) {
      return fitted.predict({ future }).mean;
    }
  });
});

describe("a scaled target", () => {
  it("keeps the scales of the fit: row by row, all at once and restored, updates give the same bits", async () => {
    const whole = split(randomPanel(21, { holes: 0.1 }), horizon);
    const { history, later } = split(whole.history, 9);
    expect(whole.history.offsets[1]).toBe(114);
    const { regressor } = stub((row) => (row["lag_1"] as number) + (row["mean_5"] as number));
    const forecaster = reduce(regressor, {
      lags: [1],
      windows: [{ aggregate: "mean", width: 5 }],
      transform: { boxCox: "guerrero", seasonLength: 24 },
      differences: [1],
      scale: "standard",
    });
    const fitted: FittedForecaster = await forecaster.fit(history, { horizon });
    const atOnce = fitted.update(later).predict({ future: whole.later }).mean;
    let step = forecaster.load(fitted.save());
    for (let row = 9; row > 0; row--)
      step = step.update(panelToColumns(selectRows(whole.history, () => [114 - row, 115 - row])));
    expect(step.predict({ future: whole.later }).mean).toEqual(atOnce);
    expect(atOnce.every(Number.isFinite)).toBe(true);
  });

  it("moves with the unit and the zero of the data", async () => {
    const whole = randomPanel(22, { holes: 0 });
    const { history, later } = split(whole, horizon);
    const forecaster = reduce(gbdt({ trees: 20, seed: 1 }), { lags: [1, 24], scale: "standard" });
    const plain = (await forecaster.fit(history, { horizon })).predict({ future: later }).mean;
    const moved = await forecaster.fit({ ...history, y: history.y.map((v) => 1024 * v + 4096) }, { horizon });
    moved.predict({ future: later }).mean.forEach((value, row) => {
      expect(value / 1024 - 4).toBeCloseTo(plain[row] as number, 6);
    });
  });
});

describe("reduce", () => {
  it("trains on the latest rows last, whatever the series", async () => {
    const { regressor, seen } = stub(() => 0);
    await reduce(regressor, { lags: [6], calendar: ["trend"] }).fit(randomPanel(9, { holes: 0 }), {
      horizon,
    });
    const trend =
      (seen[0] as { x: FeatureMatrix }).x.columns.find((c) => c.name === "calendar_trend")?.values ?? [];
    const blocks = Array.from(trend, (value) => Math.floor(value / horizon));
    expect(blocks).toEqual([...blocks].sort((a, b) => a - b));
  });

  it("trains on no row whose target is missing, and starts where features are complete", async () => {
    const whole = randomPanel(10, { holes: 0.3 });
    const { regressor, seen } = stub(() => 0);
    const forecaster = reduce(regressor, { lags: [24], differences: [6], calendar: ["trend"] });
    await forecaster.fit(whole, { horizon });
    const { x, y } = seen[0] as (typeof seen)[number];
    expect(y.every(Number.isFinite)).toBe(true);
    const trend = x.columns.find((c) => c.name === "calendar_trend")?.values as Float64Array;
    expect(trend.reduce((least, value) => Math.min(least, value))).toBeGreaterThanOrEqual(30);
    await reduce(regressor, { lags: [24], warmup: 2 }).fit(whole, { horizon });
    expect(seen[1]?.y.length).toBeGreaterThan(y.length);
  });

  it("restores itself by the kind of its regressor", async () => {
    const { history, later } = split(randomPanel(11), horizon);
    const boosted = await reduce(gbdt({ trees: 5 }), { lags: [6] }).fit(history, { horizon });
    expect(loadForecaster(boosted.save()).predict({ future: later })).toEqual(
      boosted.predict({ future: later }),
    );
    for (const regressor of [elasticNet(), lasso({ penalty: 0.1 }), knn()]) {
      const fitted = await reduce(regressor, { lags: [6, 7] }).fit(history, { horizon });
      const loaded = loadForecaster(fitted.save());
      expect(loaded.predict({ future: later })).toEqual(fitted.predict({ future: later }));
      expect(loaded.update(later).lastTimes).toEqual(fitted.update(later).lastTimes);
    }
    const linear = await reduce(ridge(), { lags: [6] }).fit(history, { horizon });
    expect(() => loadForecaster(linear.save())).toThrow(/kind "ridge"/);
    const loaded = loadForecaster(linear.save(), { regressors: [ridge()] });
    expect(loaded.predict({ future: later })).toEqual(linear.predict({ future: later }));
  });

  it("asks only for the future values that it uses", async () => {
    const { history, later } = split(randomPanel(12), horizon);
    const { regressor } = stub(() => 0);
    const fitted: FittedForecaster = await reduce(regressor, { lags: [6], covariates: ["temp"] }).fit(
      history,
      { horizon },
    );
    const { sky: _, id: __, ...rest } = later.data;
    const { sky: ___, id: ____, ...types } = later.types;
    expect(fitted.predict({ future: { ...later, data: rest, types } }).length).toBe(12);
    expect(() => fitted.predict()).toThrow(/future values of temp/);
    const strange = { ...later.data["key"], dictionary: ["s0", "other"] } as never;
    expect(() => fitted.predict({ future: { ...later, data: { ...later.data, key: strange } } })).toThrow(
      /never seen.*other/,
    );
    const temp = later.data["temp"] as { values: Float64Array };
    const infinite = { ...temp, values: temp.values.with(7, Number.POSITIVE_INFINITY) } as never;
    expect(() => fitted.predict({ future: { ...later, data: { ...later.data, temp: infinite } } })).toThrow(
      /1 of 12 future rows lack values.*"s1".*temp/,
    );
  });

  it("says of future rows that are all there, but an hour off, that they are for other times", async () => {
    const { history, later } = split(randomPanel(12), horizon);
    const fitted: FittedForecaster = await reduce(stub(() => 0).regressor, { lags: [6] }).fit(history, {
      horizon,
    });
    const at = later.data["at"] as { values: BigInt64Array };
    const moved = (...rows: number[]) => {
      const values = at.values.map((time, row) => (rows.includes(row) ? time + 1_800_000_000n : time));
      return () =>
        fitted.predict({ future: { ...later, data: { ...later.data, at: { ...at, values } as never } } });
    };
    expect(moved(...at.values.keys())).toThrow(
      /12 of 12 future rows lack values: .* 12 rows were given for other times, the first for \S*:30:00Z\.$/,
    );
    expect(moved(4)).toThrow(
      /1 of 12 future rows lack values: .* 1 row was given for another time, \S*:30:00Z\.$/,
    );
    expect(moved(4)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/the steps of 1h in UTC/) }),
    );
    // Rows beyond the steps change nothing while all steps have theirs.
    expect(fitted.predict({ horizon: 3, future: later }).length).toBe(6);
  });

  it("refuses texts in the future that neither the fit nor an update has seen", async () => {
    const { history, later } = split(randomPanel(13), horizon);
    const fitted: FittedForecaster = await reduce(gbdt({ trees: 3 }), { lags: [6] }).fit(history, {
      horizon,
    });
    const sky = { ...later.data["sky"], dictionary: ["hail", "clear", "fog"] } as never;
    const strange = { ...later, data: { ...later.data, sky } };
    const codes = (later.data["sky"] as { codes: Int32Array }).codes;
    const rows = [...codes.keys()].filter((row) => codes[row] !== 1);
    expect(rows.length).toBeGreaterThan(1);
    expect(() => fitted.predict({ future: strange })).toThrow(
      expect.objectContaining({
        code: "VALUE_INVALID",
        message: expect.stringMatching(
          /^Column "sky" has .*"(hail|fog)".* in rows .* the history never had\.$/,
        ),
        hint: expect.stringMatching(/The model knows "clear", "mist" and "rain"/),
        details: expect.objectContaining({ rows, count: rows.length }),
      }),
    );
    const misspelt = { ...later.data["sky"], dictionary: ["clear", "mist", "Rain"] } as never;
    expect(() => fitted.predict({ future: { ...later, data: { ...later.data, sky: misspelt } } })).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/^Did you mean "rain"\?/) }),
    );
    expect(fitted.update(strange).save().length).toBeGreaterThan(0);
  });

  it("lists the series that are too short, with what they need", async () => {
    const whole = randomPanel(14);
    const short = slicePanel(whole, { until: whole.times[20] as bigint });
    const { regressor } = stub(() => 0);
    await expect(reduce(regressor, { lags: [24, 48] }).fit(short, { horizon })).rejects.toMatchObject({
      code: "SERIES_TOO_SHORT",
      message: expect.stringMatching(
        /after the 48 .* needs 49 rows per series; series \{"key":"s0"\} has 21 and/,
      ),
      details: { needed: 49, count: 2 },
    });
  });

  it("refuses options that make no sense, by name", async () => {
    const { regressor } = stub(() => 0);
    const whole = randomPanel(15);
    const wrong: [ReduceOptions, RegExp][] = [
      [{ lags: [0] }, /lags\[0\]/],
      [{ lags: [1.5] }, /lags\[0\]/],
      [{ lags: [2, 2] }, /twice/],
      [{ windows: [{ aggregate: "sum" as never, width: 2 }] }, /aggregate is one of/],
      [{ windows: [{ aggregate: "mean", width: 0 }] }, /width/],
      [{ windows: [{ aggregate: "mean", width: 2, compare: "ratio" }] }, /compares the target/],
      [{ calendar: ["fortnight" as never] }, /A calendar feature is one of minute, hour/],
      [{ windows: [{ aggregate: "median", width: "all" }] }, /cannot take all rows for its median/],
      [{ windows: [{ aggregate: "ewm", width: 3 }] }, /alpha is between 0 and 1/],
      [{ windows: [{ aggregate: "mean", width: 3, alpha: 0.5 }] }, /alpha has no use for mean/],
      [{ positions: [1] }, /positions\[0\]/],
      [{ fourier: [{ length: 7, terms: 4 }] }, /no more than 3 waves/],
      [{ scale: "minmax" as never }, /scale is one of standard, robust, absolute/],
      [{ transform: { boxCox: -1 } }, /power from 0 to 2/],
      [{ transform: { boxCox: 1, seasonLength: 12 } }, /no use with a given power/],
      [{ transform: "cube" as never }, /transforms are/],
      [{ matches: [{ fields: [], within: 3 }] }, /names no fields/],
      [{ level: { width: 0 } }, /level.width/],
    ];
    for (const [options, message] of wrong) expect(() => reduce(regressor, options)).toThrow(message);
    const unfit: [ReduceOptions, RegExp][] = [
      [{ lags: [6], covariates: ["load"] }, /"load", which is not a known-future/],
      [{ lags: [6], covariateLags: { wind: [1] } }, /"wind", which is not a covariate/],
      [{ lags: [6], covariateLags: { load: [5] } }, /Lag 5 of "load" is not known for a horizon of 6/],
      [{ windows: [{ of: "load", aggregate: "mean", width: 2, lag: 0 }] }, /is not known for a horizon/],
      [{ windows: [{ of: "sky", aggregate: "mean", width: 2 }] }, /which is text/],
      [{ windows: [{ of: "load", aggregate: "mean", width: 2, compare: "difference" }] }, /past-only/],
      [{ matches: [{ fields: ["load"], within: 9 }] }, /match on "load"/],
      [{ lags: [6], keys: ["town"] }, /not a key/],
      [{ covariates: [] }, /no features/],
    ];
    for (const [options, message] of unfit)
      await expect(reduce(regressor, options).fit(whole, { horizon })).rejects.toThrow(message);
    await expect(
      reduce(regressor, { lags: [6], covariateLags: { temp: [0] } }).fit(whole, { horizon }),
    ).rejects.toMatchObject({ hint: expect.stringContaining('leave lag 0 of "temp" out') });
    await expect(
      reduce(regressor, { lags: [6], transform: "sqrt" }).fit(
        { ...whole, y: whole.y.map((v) => -v) },
        { horizon },
      ),
    ).rejects.toMatchObject({ code: "VALUE_INVALID" });
  });
});
