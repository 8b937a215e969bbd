import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { conformal } from "../conformal/conformal.ts";
import { ensemble } from "../ensemble/ensemble.ts";
import type { Forecast } from "../forecast.ts";
import type { Forecaster } from "../forecaster.ts";
import { intervalOf } from "../levels.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { ets } from "../models/ets/ets.ts";
import { naive } from "../models/naive.ts";
import { theta } from "../models/theta/theta.ts";
import { panel } from "../panel/build-panel.ts";
import { autoForecaster } from "./auto-forecaster.ts";
import { withIntervals } from "./with-intervals.ts";

const hour = 3_600_000_000n;

function rowsOf(series: Readonly<Record<string, readonly (number | null)[]>>, from = 0) {
  const rows = Object.entries(series).flatMap(([key, y]) =>
    y.map((value, t) => ({ key, value, at: hour * BigInt(from + t) })),
  );
  return columnsFromArrays(
    { key: utf8(), at: timestamp(), y: nullable(float64()) },
    {
      key: rows.map(({ key }) => key),
      at: BigInt64Array.from(rows, ({ at }) => at),
      y: rows.map(({ value }) => value),
    },
  );
}

function panelOf(series: Readonly<Record<string, readonly (number | null)[]>>) {
  return panel(rowsOf(series), { keys: ["key"], time: "at", target: "y", frequency: "1h" });
}

function noise(seed: string, rows: number, center = 0): number[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => center + random.normal());
}

const plain = () => autoForecaster({ budget: "5s", seasonLengths: [] });

function widths(forecast: Forecast, level: number): number[] {
  const { lower, upper } = intervalOf(forecast.quantiles, level) as {
    lower: Float64Array;
    upper: Float64Array;
  };
  return Array.from(upper, (bound, row) => bound - (lower[row] as number));
}

describe("intervals of autoForecaster", { timeout: 60_000 }, () => {
  it("widen with the level and hold what they promise, also from eight scores", async () => {
    const held = { 80: 0, 95: 0, 99: 0 };
    const times = 120;
    for (let i = 0; i < times; i++) {
      const y = noise(`few scores ${i}`, 101, 50);
      const fitted = await plain().fit(panelOf({ a: y.slice(0, 100) }), { horizon: 1, threads: 1 });
      expect(fitted.forecaster.origins).toBe(8);
      const forecast = fitted.predict({ levels: [80, 95, 99] });
      const [inner, middle, outer] = [80, 95, 99].map((level) => widths(forecast, level)[0] as number);
      expect(middle).toBeGreaterThan(inner as number);
      expect(outer).toBeGreaterThanOrEqual(middle as number);
      for (const level of [80, 95, 99] as const) {
        const { lower, upper } = intervalOf(forecast.quantiles, level) as {
          lower: Float64Array;
          upper: Float64Array;
        };
        if ((y[100] as number) >= (lower[0] as number) && (y[100] as number) <= (upper[0] as number))
          held[level] += 1 / times;
      }
    }
    // Three standard errors of 120 outcomes: 11 points at 80 %, 6 at 95 %, 2.7 at 99 %.
    expect(Math.abs(held[80] - 0.8)).toBeLessThan(0.11);
    expect(Math.abs(held[95] - 0.95)).toBeLessThan(0.06);
    expect(held[99]).toBeGreaterThan(0.963);
  });

  it("do not stop for a series that is silent for long", async () => {
    const [a, b, c] = [noise("a", 700, 100), noise("b", 700, 100), noise("c", 700, 100)] as const;
    const begun = await plain().fit(panelOf({ a: a.slice(0, 120), b: b.slice(0, 120), c: c.slice(0, 120) }), {
      horizon: 12,
      threads: 1,
    });
    let fitted = begun;
    for (let t = 120; t < 620; t += 12)
      fitted = fitted.update(rowsOf({ a: a.slice(t, t + 12), b: b.slice(t, t + 12) }, t));
    for (const width of widths(fitted.predict({ levels: [90] }), 90)) {
      expect(width).toBeGreaterThan(1.5);
      expect(width).toBeLessThan(10);
    }
    expect(loadForecaster(fitted.save()).predict({ levels: [90] })).toEqual(fitted.predict({ levels: [90] }));
  });

  it.each([10, 14, 20, 28, 40])(
    "are neither empty nor unknown after %i unknown targets at the end",
    async (unknown) => {
      const y = [...noise("known", 60, 100), ...Array<null>(unknown).fill(null)];
      const both = panelOf({ a: y, b: noise("whole", 60 + unknown, 50) });
      for (const history of [panelOf({ a: y }), both]) {
        const fitted = await plain().fit(history, { horizon: 14, threads: 1 });
        for (const width of widths(fitted.predict({ levels: [80] }), 80)) {
          expect(width).toBeGreaterThan(0.5);
          expect(width).toBeLessThan(40);
        }
      }
    },
  );

  it("of many series are as wide as their errors, though each has only two origins", async () => {
    const [count, horizon] = [300, 6];
    const sizes = Float64Array.from({ length: count }, (_, s) => Math.exp(((s % 7) - 3) / 2));
    const series = Object.fromEntries(
      [...sizes].map((size, s) => [`s${100 + s}`, noise(`equal ${s}`, 40).map((y) => size * y)]),
    );
    const history = panelOf(series);
    const fitted = await plain().fit(history, { horizon: 4, threads: 1 });
    const errors = ["first", "second"].map((fold) =>
      Float64Array.from(sizes).reduce(
        (all, size, s) => {
          all.set(
            // The steps of an origin err together.
            noise(`${fold} ${s}`, horizon + 1)
              .map((y, _, [common]) => size * (0.8 * (common as number) + 0.6 * y))
              .slice(1),
            s * horizon,
          );
          return all;
        },
        new Float64Array(count * horizon),
      ),
    );
    const made = withIntervals(history, fitted.choice, [await naive().fit(history, { horizon })], {
      horizon,
      chosen: Array.from(sizes, (_, s) => s),
      seasonLength: 1,
      lowest: null,
      isIntermittent: false,
      means: errors.map(() => new Float64Array(count * horizon)),
      outcomes: errors,
    });
    for (const [level, exact] of [
      [80, 1.2816],
      [95, 1.96],
    ] as const) {
      const half = widths(made.predict({ levels: [level] }), level).map(
        (width, row) => width / 2 / (sizes[Math.floor(row / horizon)] as number),
      );
      const typical = half.sort((a, b) => a - b)[half.length >> 1] as number;
      // Each series' own size alone would make those of 95 % half as wide again as the errors.
      expect(typical / exact).toBeGreaterThan(0.95);
      expect(typical / exact).toBeLessThan(1.25);
    }
    const restored = loadForecaster(made.save());
    expect(restored.predict({ levels: [80] })).toEqual(made.predict({ levels: [80] }));
  });

  const wander = (level: number, change: number): number => level + change;
  // The errors of such series grow with them: in units of all differences those at the end are large, those of a few rows before it are not.
  const grow = (level: number, change: number): number => level * Math.exp((1 + change) / 20);
  it.each([
    ["only by one horizon", 20, 480, wander],
    ["not at all", 16, 160, wander],
    ["not at all, and grow", 16, 160, grow],
  ])("hold what they promise where most series can be judged %s", async (_, rows, judged, next) => {
    const horizon = 6;
    const walk = (seed: string, rows: number): number[] => {
      let level = 1000;
      return noise(seed, rows).map((change) => {
        level = next(level, change);
        return level;
      });
    };
    const long = Array.from(
      { length: 160 },
      (_, s) => [`long ${s}`, walk(`long ${s}`, 60 + horizon)] as const,
    );
    const short = Array.from(
      { length: 320 },
      (_, s) => [`short ${s}`, walk(`short ${s}`, rows + horizon)] as const,
    );
    const all = new Map<string, number[]>([...long, ...short]);
    const history = panelOf(Object.fromEntries([...all].map(([key, y]) => [key, y.slice(0, -horizon)])));
    const fitted = await plain().fit(history, { horizon, threads: 1 });
    expect(fitted.choice.judgedSeries).toBe(judged);
    const forecast = fitted.predict({ levels: [80, 95] });
    for (const level of [80, 95]) {
      const { lower, upper } = intervalOf(forecast.quantiles, level) as {
        lower: Float64Array;
        upper: Float64Array;
      };
      const shareOf = (name: string): number => {
        const held = history.series.flatMap(({ key }, s) =>
          !String(key).startsWith(name)
            ? []
            : (all.get(String(key)) as number[])
                .slice(-horizon)
                .map((y, h) =>
                  Number(y >= (lower[s * horizon + h] as number) && y <= (upper[s * horizon + h] as number)),
                ),
        );
        return (100 * held.reduce((sum, one) => sum + one, 0)) / held.length;
      };
      // About three standard errors of 160 and 320 series, whose steps miss together. Two folds leave what a series' size is in doubt, so intervals are rather too wide.
      if (next === wander) {
        expect(shareOf("long")).toBeGreaterThan(level === 80 ? 74 : 92);
        expect(shareOf("long")).toBeLessThan(level === 80 ? 92 : 99.5);
      }
      expect(Math.abs(shareOf("short") - level)).toBeLessThan(level === 80 ? 8 : 4.5);
    }
  });

  it("are known for short series beside long ones that were forecast exactly", async () => {
    const history = panelOf({ long: Array.from({ length: 60 }, () => 5), short: noise("short", 8, 50) });
    const fitted = await plain().fit(history, { horizon: 4, threads: 1 });
    const width = widths(fitted.predict({ levels: [80] }), 80);
    expect(width.slice(0, 4)).toEqual([0, 0, 0, 0]);
    for (const one of width.slice(4)) expect(one).toBeGreaterThan(0.5);
  });

  it("of sums over series that were not judged are those of independent series", async () => {
    const count = 50;
    const short = Object.fromEntries(
      Array.from({ length: count }, (_, s) => [`s${100 + s}`, noise(`short ${s}`, 10, 1000)]),
    );
    const long = Object.fromEntries(
      Array.from({ length: 4 }, (_, s) => [`a${s}`, noise(`long ${s}`, 200, 1000)]),
    );
    for (const history of [panelOf(short), panelOf({ ...long, ...short })]) {
      const fitted = await plain().fit(history, { horizon: 4, threads: 1 });
      const keys = Object.keys(short).map((key) => ({ key }));
      const paths = await fitted.samplePaths({ paths: 2000, keys });
      const widthOf = (values: Float64Array) => {
        const sorted = values.slice().sort();
        return (
          (sorted[Math.floor(0.9 * sorted.length)] as number) -
          (sorted[Math.floor(0.1 * sorted.length)] as number)
        );
      };
      let squares = 0;
      for (let s = 0; s < count; s++) {
        const own = Float64Array.from({ length: 2000 }, (_, p) => paths.values[(s * 2000 + p) * 4] as number);
        squares += widthOf(own) ** 2;
      }
      const sum = widthOf(paths.sums("series")[0]?.values as Float64Array);
      expect(sum / Math.sqrt(squares)).toBeGreaterThan(0.4);
      expect(sum / Math.sqrt(squares)).toBeLessThan(2);
    }
  });
});

describe("quantiles by probability", { timeout: 60_000 }, () => {
  const history = panelOf({ a: noise("a", 120, 50), b: noise("b", 120, 20) });
  it.each<[string, Forecaster]>([
    ["a model's own", theta()],
    ["those of an ensemble", ensemble([theta(), ets()])],
    ["conformal ones", conformal(naive(), { folds: 20 })],
    ["autoForecaster's", plain()],
  ])("are, as %s, those of the levels, with the median among them", async (_, forecaster) => {
    const fitted = await forecaster.fit(history, { horizon: 3 });
    const probabilities = (forecast: Forecast) => forecast.quantiles.map(({ probability }) => probability);
    const asked = fitted.predict({ levels: [80], quantiles: [0.9, 0.5, 0.3] });
    expect(probabilities(asked)).toEqual([0.1, 0.3, 0.5, 0.9]);
    const [tenth, third, median, upper] = asked.quantiles.map(({ values }) => values) as Float64Array[];
    expect(upper).toEqual(intervalOf(fitted.predict({ levels: [80] }).quantiles, 80)?.upper);
    asked.mean.forEach((mean, row) => {
      expect(median?.[row]).toBeCloseTo(mean, 1);
      expect(third?.[row]).toBeLessThan(median?.[row] as number);
      expect(third?.[row]).toBeGreaterThan(tenth?.[row] as number);
    });
    expect(fitted.predict({ quantiles: [0.9] }).quantiles).toEqual([{ probability: 0.9, values: upper }]);
  });
});

describe("the least value", { timeout: 60_000 }, () => {
  const near = noise("near", 90, 0).map((y) => 1 + 0.5 * Math.tanh(y));
  const later = Array.from({ length: 30 }, (_, t) => -3 + 0.1 * Math.cos(t));

  it("is 0 until a row says otherwise", async () => {
    const history = panelOf({ a: near });
    const choice = {
      ...(await plain().fit(history, { horizon: 4, threads: 1 })).choice,
      members: ["naive"],
      combine: "alone",
    } as const;
    const errors = noise("errors", 8).map((y) => new Float64Array(4).fill(y));
    const fitted = withIntervals(history, choice, [await naive().fit(history, { horizon: 4 })], {
      horizon: 4,
      chosen: [0],
      seasonLength: 1,
      lowest: "auto",
      isIntermittent: false,
      means: errors.map(() => new Float64Array(4)),
      outcomes: errors,
    });
    expect(fitted.predict({ levels: [95] }).quantiles[0]?.values[0]).toBe(0);
    expect(fitted.choice.lowest).toBe(0);
    const [first, rest] = [fitted.update(rowsOf({ a: [0.1] }, 90)), rowsOf({ a: later }, 91)];
    expect(first.choice.lowest).toBe(0);
    const next = loadForecaster(first.save()).update(rest) as typeof fitted;
    expect(next.choice.lowest).toBe(null);
    const forecast = next.predict({ levels: [80] });
    expect(forecast.mean[0]).toBeLessThan(-1);
    expect(intervalOf(forecast.quantiles, 80)?.lower[0]).toBeLessThan(-2);
    expect(loadForecaster(next.save()).predict({ levels: [80] })).toEqual(forecast);
  });

  it("is what the options say", async () => {
    const history = panelOf({ a: near });
    const free = await autoForecaster({ budget: "5s", seasonLengths: [], lowest: null }).fit(history, {
      horizon: 40,
    });
    expect(free.choice.lowest).toBe(null);
    expect(intervalOf(free.predict({ levels: [95] }).quantiles, 95)?.lower.some((y) => y < 0)).toBe(true);
    const bound = await autoForecaster({ budget: "5s", seasonLengths: [], lowest: 0.5 }).fit(history, {
      horizon: 40,
    });
    const moved = bound.update(rowsOf({ a: later }, 90));
    for (const fitted of [bound, moved]) {
      expect(fitted.choice.lowest).toBe(0.5);
      expect(fitted.predict({ levels: [95] }).quantiles[0]?.values.every((y) => y >= 0.5)).toBe(true);
    }
    for (const lowest of [Number.NaN, "none", "0"])
      expect(() => autoForecaster({ lowest: lowest as never })).toThrow(
        /lowest is a finite number, null or "auto"/,
      );
  });
});
