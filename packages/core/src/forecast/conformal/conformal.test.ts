import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import type { Forecast } from "../forecast.ts";
import type { Forecaster } from "../forecaster.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import { intervalOf } from "../levels.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { windowAverage } from "../models/window-average.ts";
import { panel } from "../panel/build-panel.ts";
import { reduce } from "../reduce/reduce.ts";
import type { FittedRegressor } from "../regressor.ts";
import { conformal } from "./conformal.ts";
import type { FittedConformal } from "./fitted.ts";
import { conformalBound, scorePools, scoresNeeded } from "./scores.ts";

const hour = 3_600_000_000n;

function rows(values: Readonly<Record<string, readonly (number | null)[]>>, from = 0): Columns {
  const entries = Object.entries(values).flatMap(([key, y]) =>
    y.map((value, i) => ({ key, value, at: hour * BigInt(from + i) })),
  );
  return columnsFromArrays(
    { key: utf8(), at: timestamp(), y: nullable(float64()), plan: float64() },
    {
      key: entries.map(({ key }) => key),
      at: BigInt64Array.from(entries, ({ at }) => at),
      y: entries.map(({ value }) => value),
      plan: Float64Array.from(entries, ({ at }) => Number((at / hour) % 7n)),
    },
  ) as Columns;
}
const spec = { keys: ["key"], time: "at", target: "y", frequency: "1h" } as const;
const normals = (seed: string, n: number, scale: (i: number) => number = () => 1) => {
  const random = createRandom(seed);
  return Array.from({ length: n }, (_, i) => scale(i) * random.normal());
};

/** Forecasts that leave all of the series as errors. */
const alwaysZero = reduce(
  {
    kind: "zero",
    params: {},
    fit: async (x) => zeroes(x.columns.map(({ name }) => name)),
    load: () => zeroes(["lag_6"]),
  },
  { lags: [6] },
);
function zeroes(featureNames: readonly string[]): FittedRegressor {
  return {
    kind: "zero",
    featureNames,
    predict: (x) => new Float64Array(x.rows),
    save: () => new Uint8Array(1),
  };
}

/** Lives through `y` one horizon at a time and counts how often intervals held the outcomes, from `start` on. */
async function live(
  forecaster: Forecaster,
  options: Parameters<typeof conformal>[1],
  y: readonly number[],
  { start, horizon, levels }: { start: number; horizon: number; levels: readonly number[] },
) {
  let fitted: FittedConformal<never> = (await conformal(forecaster, options).fit(
    panel(rows({ a: y.slice(0, start) }), spec),
    { horizon },
  )) as FittedConformal<never>;
  const held = levels.map(() => 0);
  let count = 0;
  for (let t = start; t + horizon <= y.length; t += horizon) {
    const forecast = fitted.predict({ levels });
    for (let h = 0; h < horizon; h++) {
      count++;
      levels.forEach((level, l) => {
        const { lower, upper } = intervalOf(forecast.quantiles, level) as {
          lower: Float64Array;
          upper: Float64Array;
        };
        const outcome = y[t + h] as number;
        if (outcome >= (lower[h] as number) && outcome <= (upper[h] as number))
          held[l] = (held[l] as number) + 1;
      });
    }
    fitted = fitted.update(rows({ a: y.slice(t, t + horizon) }, t));
  }
  return { coverage: held.map((inside) => inside / count), count, fitted };
}

describe("conformal bounds", () => {
  it("are the scores of the rank that the theory says, by counting", () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 20 }), { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 99 }),
        (scores, percent) => {
          const sorted = Float64Array.from(scores).sort();
          const bound = conformalBound(sorted, percent / 100);
          const atMost = (value: number) => scores.filter((score) => score <= value).length;
          const needed = ((scores.length + 1) * percent) / 100;
          if (needed > scores.length) expect(bound).toBe(Math.max(...scores));
          else {
            expect(atMost(bound)).toBeGreaterThanOrEqual(needed - 1e-9);
            const smaller = scores.filter((score) => score < bound);
            if (smaller.length > 0) expect(atMost(Math.max(...smaller))).toBeLessThan(needed);
          }
        },
      ),
    );
    expect(conformalBound(new Float64Array(0), 0.8)).toBeNaN();
  });

  it("need 4 scores for 80 %, 19 for 95 %, 99 for 99 %", () => {
    expect([0.5, 0.8, 0.95, 0.99].map(scoresNeeded)).toEqual([1, 4, 19, 99]);
    for (const percent of [50, 80, 90, 95, 99]) {
      const n = scoresNeeded(percent / 100);
      expect(Math.ceil(((n + 1) * percent) / 100 - 1e-9)).toBeLessThanOrEqual(n);
      expect(Math.ceil((n * percent) / 100 - 1e-9)).toBeGreaterThan(n - 1);
    }
  });

  it("pool the neighbours of a step, and more where there are too few scores", () => {
    const origins = [Float64Array.of(1, 2, 3, 4), Float64Array.of(5, Number.NaN, 7, 8)];
    const table = { horizon: 4, origins };
    expect([...scorePools(table, 0, 1, 0)(2, 1)]).toEqual([2]);
    expect([...scorePools(table, 0, 1, 0)(2, 2)]).toEqual([1, 2, 3, 5, 7]);
    expect([...scorePools(table, 0, 1, 1)(1, 1)]).toEqual([1, 2, 5]);
    expect([...scorePools(table, 0, 1, 1)(1, 99)]).toEqual([1, 2, 3, 4, 5, 7, 8]);
    const two = { horizon: 2, origins: [Float64Array.of(1, 2, 30, 40)] };
    expect([...scorePools(two, 2, 1, 0)(1, 1)]).toEqual([30]);
    expect([...scorePools(two, 0, 2, 0)(1, 1)]).toEqual([1, 30]);
  });
});

describe("coverage", { timeout: 60_000 }, () => {
  it("is the promised one for exchangeable errors, within sampling error", async () => {
    const levels = [50, 80, 95];
    for (const adaptRate of [0, 0.05]) {
      const held = levels.map(() => 0);
      let total = 0;
      for (const seed of ["a", "b", "c", "d", "e"]) {
        const { coverage, count } = await live(
          alwaysZero,
          { folds: 40, levels, adaptRate },
          normals(seed, 3000),
          {
            start: 600,
            horizon: 6,
            levels,
          },
        );
        total += count;
        coverage.forEach((share, l) => {
          held[l] = (held[l] as number) + share * count;
        });
      }
      levels.forEach((level, l) => {
        const error = (held[l] as number) / total - level / 100;
        const standardError = Math.sqrt(((level / 100) * (1 - level / 100)) / total);
        expect(Math.abs(error), `${level} %, rate ${adaptRate}`).toBeLessThan(3 * standardError);
      });
    }
  });

  it("is kept while errors grow sevenfold, where intervals that do not adapt fail", async () => {
    const y = normals("drift", 4000, (i) => 1 + (6 * i) / 4000);
    const at = { start: 500, horizon: 6, levels: [80, 95] };
    const long = { folds: 60, window: 600, neighbours: 6 };
    const fixed = (await live(alwaysZero, { ...long, adaptRate: 0 }, y, at)).coverage;
    const adaptive = (await live(alwaysZero, { ...long, adaptRate: 0.05 }, y, at)).coverage;
    expect(fixed[0]).toBeLessThan(0.72);
    expect(fixed[1]).toBeLessThan(0.92);
    expect(Math.abs((adaptive[0] as number) - 0.8)).toBeLessThan(0.02);
    expect(Math.abs((adaptive[1] as number) - 0.95)).toBeLessThan(0.015);
  });

  it("is the promised one in the long run of errors that jump, by either way to adapt, and not by split conformal", async () => {
    const jumps = (i: number) => (i < 1500 ? 1 : i < 3000 ? 4 : i < 4500 ? 0.5 : 3);
    const y = normals("jumps", 6000, jumps);
    const at = { start: 500, horizon: 6, levels: [80, 95] };
    const long = { folds: 60, window: 900, neighbours: 6 };
    const split = (await live(alwaysZero, { ...long, adaptRate: 0 }, y, at)).coverage;
    expect(Math.abs((split[0] as number) - 0.8)).toBeGreaterThan(0.04);
    for (const adapt of ["aci", "pid"] as const) {
      const { coverage } = await live(alwaysZero, { ...long, adapt }, y, at);
      expect(Math.abs((coverage[0] as number) - 0.8), `80 %, ${adapt}`).toBeLessThan(0.02);
      expect(Math.abs((coverage[1] as number) - 0.95), `95 %, ${adapt}`).toBeLessThan(0.02);
    }
  });

  it("comes back after a jump far beyond all errors seen, which only pid's bounds can follow at once", async () => {
    const y = normals("far", 800, (i) => (i < 600 ? 1 : 30));
    const at = { start: 600, horizon: 2, levels: [80] };
    const of = async (adapt: "aci" | "pid") =>
      (await live(alwaysZero, { folds: 60, window: 200, neighbours: 2, adapt, adaptRate: 0.5 }, y, at))
        .coverage[0] as number;
    const [aci, pid] = [await of("aci"), await of("pid")];
    expect(pid).toBeGreaterThan(aci + 0.03);
    expect(pid).toBeGreaterThan(0.7);
  });

  it("comes back after a jump of the errors, and the aimed miss rates show it", async () => {
    const y = normals("jump", 1200, (i) => (i < 600 ? 1 : 5));
    const { fitted } = await live(alwaysZero, { folds: 30, adaptRate: 0.1 }, y.slice(0, 660), {
      start: 500,
      horizon: 6,
      levels: [80],
    });
    const aimed = fitted.adaptedLevels.find(({ level }) => level === 80)?.missRate as number;
    expect(aimed).toBeLessThan(0.15);
  });
});

describe("conformal", () => {
  const y = normals("scores", 400).map((value, i) => 20 + 5 * Math.sin(i) + value);
  const make = (options: Parameters<typeof conformal>[1] = {}) =>
    conformal(windowAverage({ window: 24 }), { folds: 10, ...options });
  const fit = (
    options: Parameters<typeof conformal>[1] = {},
    values: readonly (number | null)[] = y.slice(0, 200),
  ) => make(options).fit(panel(rows({ a: values }), spec), { horizon: 4 });

  it("scores forecasts of its own past, one horizon apart, without fitting them on their outcomes", async () => {
    const fitted = await fit({ neighbours: 0, adaptRate: 0 });
    const scores: number[][] = [];
    for (let fold = 0; fold < 10; fold++) {
      const cutoff = 200 - (10 - fold) * 4;
      const mean = y.slice(cutoff - 24, cutoff).reduce((sum, value) => sum + value, 0) / 24;
      scores.push(y.slice(cutoff, cutoff + 4).map((value) => Math.abs(value - mean)));
    }
    const forecast = fitted.predict({ levels: [80] });
    const { lower, upper } = intervalOf(forecast.quantiles, 80) as {
      lower: Float64Array;
      upper: Float64Array;
    };
    for (let h = 0; h < 4; h++) {
      // Ten scores of a step: the ninth smallest.
      const bound = scores.map((row) => row[h] as number).sort((a, b) => a - b)[8] as number;
      expect((upper[h] as number) - (forecast.mean[h] as number)).toBeCloseTo(bound, 9);
      expect((forecast.mean[h] as number) - (lower[h] as number)).toBeCloseTo(bound, 9);
    }
    expect(fitted.origins).toBe(10);
  });

  it("gives the same state whether rows come one by one, by the horizon or all at once", async () => {
    const fitted = await fit();
    const whole = fitted.update(rows({ a: y.slice(200, 262) }, 200));
    for (const size of [1, 3, 4, 10, 31]) {
      let pieces = fitted;
      for (let t = 200; t < 262; t += size)
        pieces = pieces.update(rows({ a: y.slice(t, Math.min(262, t + size)) }, t));
      expect(pieces.save()).toEqual(whole.save());
      expect(pieces.predict({ levels: [80, 95] })).toEqual(whole.predict({ levels: [80, 95] }));
    }
    expect(whole.origins).toBe(20);
  });

  it("restores how it adapted exactly, and goes on as if it had never been saved", async () => {
    for (const adapt of ["aci", "pid"] as const) {
      let fitted = (await fit({ adapt })).update(
        rows({ a: y.slice(200, 230).map((value) => value * 3) }, 200),
      );
      expect(fitted.adaptedLevels[0]?.[adapt === "aci" ? "missRate" : "offset"]).not.toBe(
        adapt === "aci" ? 0.2 : 0,
      );
      const loaded = loadForecaster(fitted.save()) as FittedConformal;
      expect(loaded.adaptedLevels).toEqual(fitted.adaptedLevels);
      const later = rows({ a: y.slice(230, 250) }, 230);
      fitted = fitted.update(later);
      expect(loaded.update(later).save()).toEqual(fitted.save());
      // Rows that were there before change nothing, whenever they come again.
      expect(
        fitted
          .update(later)
          .update(rows({ a: y.slice(246, 250) }, 246))
          .save(),
      ).toEqual(fitted.save());
    }
  });

  it("predicts the same whatever comes later: intervals never know their outcomes", async () => {
    const fitted = await fit();
    const forecasts = (later: readonly number[]): Forecast[] => {
      const made: Forecast[] = [];
      let state = fitted;
      for (let t = 200; t < 240; t += 4) {
        made.push(state.predict({ levels: [80] }));
        state = state.update(rows({ a: later.slice(t - 200, t - 196) }, t));
      }
      return made;
    };
    const clean = y.slice(200, 240);
    const [one, other] = [
      forecasts(clean),
      forecasts(clean.map((value, i) => (i < 22 ? value : value + 100))),
    ];
    // The change begins at row 222, which the sixth forecast (cutoff 219) predicts and the seventh knows.
    expect(other.slice(0, 6)).toEqual(one.slice(0, 6));
    expect(other[6]).not.toEqual(one[6]);
  });

  it("nests intervals, also of levels that do not adapt themselves", async () => {
    let fitted = await fit({ folds: 30 });
    fitted = fitted.update(rows({ a: y.slice(200, 400).map((value, i) => value + i / 10) }, 200));
    const { quantiles } = fitted.predict({ levels: [95, 50, 80, 90, 60] });
    expect(quantiles.map(({ probability }) => probability)).toEqual([
      0.025, 0.05, 0.1, 0.2, 0.25, 0.75, 0.8, 0.9, 0.95, 0.975,
    ]);
    for (let h = 0; h < 4; h++)
      for (let q = 1; q < quantiles.length; q++)
        expect(quantiles[q]?.values[h]).toBeGreaterThanOrEqual(quantiles[q - 1]?.values[h] as number);
    expect(() => fitted.predict({ levels: [99.9] })).toThrow(/99.9 % needs 999 scores; the calibration has/);
  });

  it("widens with the forecast as told, scales with the target, and keeps within its range", async () => {
    const values = y.slice(0, 200);
    for (const spread of ["constant", "root", "proportional"] as const) {
      const plain = (await fit({ spread }, values)).predict({ levels: [80] });
      const scaled = (
        await fit(
          { spread },
          values.map((value) => value * 1000),
        )
      ).predict({ levels: [80] });
      plain.quantiles.forEach(({ values: bounds }, q) => {
        bounds.forEach((bound, row) => {
          expect((scaled.quantiles[q]?.values[row] as number) / 1000).toBeCloseTo(bound, 8);
        });
      });
    }
    const seasonal = conformal(seasonalNaive({ seasonLength: 4 }), {
      folds: 10,
      spread: "proportional",
      neighbours: 4,
    });
    const bumpy = Array.from(
      { length: 100 },
      (_, i) => (i % 4 === 0 ? 1 : 10) * (1 + (((i * 7) % 5) - 2) / 10),
    );
    const forecast = (await seasonal.fit(panel(rows({ a: bumpy }), spec), { horizon: 4 })).predict({
      levels: [80],
    });
    const width = (row: number) =>
      (forecast.quantiles[1]?.values[row] as number) - (forecast.quantiles[0]?.values[row] as number);
    for (let row = 0; row < 4; row++)
      expect(width(row) / (forecast.mean[row] as number)).toBeCloseTo(
        width(0) / (forecast.mean[0] as number),
        9,
      );
    const plain = (await fit()).predict({ levels: [95] });
    expect(plain.mean.every((value) => value > 19)).toBe(true);
    const high = (await fit({ lowest: 30 })).predict({ levels: [95] });
    expect([...high.mean]).toEqual([30, 30, 30, 30]);
    for (const { values } of high.quantiles) expect(Math.min(...values)).toBeGreaterThanOrEqual(30);
    const bounded = (await fit({ lowest: 19, highest: 21 })).predict({ levels: [95] });
    for (const { values: bounds } of bounded.quantiles)
      for (const bound of bounds) {
        expect(bound).toBeGreaterThanOrEqual(19);
        expect(bound).toBeLessThanOrEqual(21);
      }
  });

  it("keeps scores by series, or pools them", async () => {
    const loud = y.map((value) => 20 + 30 * (value - 20));
    const both = panel(rows({ calm: y.slice(0, 200), loud: loud.slice(0, 200) }), spec);
    const widths = async (by: "series" | "panel") => {
      const forecast = (await make({ by }).fit(both, { horizon: 4 })).predict({ levels: [80] });
      return [0, 4].map(
        (row) =>
          (forecast.quantiles[1]?.values[row] as number) - (forecast.quantiles[0]?.values[row] as number),
      );
    };
    const [calm, noisy] = await widths("series");
    expect((noisy as number) / (calm as number)).toBeCloseTo(30, 6);
    const [a, b] = await widths("panel");
    expect(a).toBe(b);
  });

  it("pools scores in units of each series' own, so that few folds do for many series", async () => {
    const random = createRandom("many short series");
    const sizes = Array.from({ length: 300 }, (_, i) => 10 ** ((i % 7) - 3));
    const values = Object.fromEntries(
      sizes.map((size, i) => [
        `s${1000 + i}`,
        Array.from({ length: 60 }, () => size * (20 + random.normal())),
      ]),
    );
    const begun = Object.fromEntries(Object.entries(values).map(([key, all]) => [key, all.slice(0, 56)]));
    const whole = panel(rows(begun), spec);
    await expect(make({ folds: 4, levels: [80, 95] }).fit(whole, { horizon: 4 })).rejects.toThrow(
      /needs 19 scores/,
    );
    const fitted = await make({ folds: 4, by: "scaled" }).fit(whole, { horizon: 4 });
    const { quantiles } = fitted.predict({ levels: [80, 95, 99] });
    [80, 95, 99].forEach((level) => {
      const { lower, upper } = intervalOf(quantiles, level) as { lower: Float64Array; upper: Float64Array };
      let held = 0;
      Object.values(values).forEach((all, s) => {
        for (let h = 0; h < 4; h++)
          if (
            (all[56 + h] as number) >= (lower[s * 4 + h] as number) &&
            (all[56 + h] as number) <= (upper[s * 4 + h] as number)
          )
            held += 1 / 1200;
      });
      // Three standard errors of 1200 outcomes at 80 % are 3.5 points.
      expect(Math.abs(held - level / 100), `${level} %`).toBeLessThan(level === 80 ? 0.035 : 0.02);
    });
    expect(fitted.adaptedLevels.map(({ key }) => key)).toEqual([null, null]);
  });

  it("scales with a series' own errors by: scaled, from none to large", async () => {
    const loud = y.map((value) => 20 + 30 * (value - 20));
    const flat = y.map(() => 5);
    const both = panel(
      rows({ calm: y.slice(0, 200), flat: flat.slice(0, 200), loud: loud.slice(0, 200) }),
      spec,
    );
    const begun = (await make({ by: "scaled" }).fit(both, { horizon: 4 })) as FittedConformal;
    const later = rows(
      { calm: y.slice(200, 212), flat: flat.slice(200, 212), loud: loud.slice(200, 212) },
      200,
    );
    const fitted = begun.update(later);
    for (const state of [begun, fitted]) {
      const { quantiles } = state.predict({ levels: [80] });
      const width = (row: number) =>
        (quantiles[1]?.values[row] as number) - (quantiles[0]?.values[row] as number);
      expect(width(8) / width(0)).toBeCloseTo(30, 6);
      expect(width(4)).toBe(0);
    }
    expect(loadForecaster(fitted.save()).predict({ levels: [80] })).toEqual(fitted.predict({ levels: [80] }));
    const dark = panel(
      rows({ calm: y.slice(0, 200), dark: y.slice(0, 200).map((value, t) => (t < 160 ? value : null)) }),
      spec,
    );
    await expect(make({ by: "scaled" }).fit(dark, { horizon: 4 })).rejects.toThrow(
      /Series 2 of 2 has no known outcome/,
    );
  });

  it("goes on when a series stays away or outcomes are missing", async () => {
    const both = panel(rows({ a: y.slice(0, 200), b: y.slice(0, 200) }), spec);
    let fitted = await make().fit(both, { horizon: 4 });
    fitted = fitted.update(rows({ a: y.slice(200, 204) }, 200));
    expect(fitted.save().length).toBeGreaterThan(0);
    // Once one series is two horizons ahead, it waits no longer: an origin joins the ten of the fit.
    fitted = fitted.update(rows({ a: [null, null, null, null] }, 204));
    expect([...fitted.lastTimes]).toEqual([hour * 207n, hour * 199n]);
    const loaded = loadForecaster(fitted.save());
    expect(loaded.predict({ levels: [80] })).toEqual(fitted.predict({ levels: [80] }));
    expect(fitted.origins).toBe(11);
    fitted = fitted.update(rows({ b: y.slice(200, 240) }, 200));
    expect([...fitted.lastTimes]).toEqual([hour * 207n, hour * 239n]);
    expect(fitted.predict({ levels: [80] }).quantiles[0]?.values.every(Number.isFinite)).toBe(true);
  });

  it.each(["series", "panel", "scaled"] as const)(
    "by: %s, keeps the intervals of series however long another is silent, and its own",
    async (by) => {
      const [b, c] = [normals("loud", 640, () => 5), normals("silent", 640, () => 2)];
      const begun = (await make({ by, window: 10 }).fit(
        panel(rows({ a: y.slice(0, 200), b: b.slice(0, 200), c: c.slice(0, 200) }), spec),
        { horizon: 4 },
      )) as FittedConformal;
      const widths = (state: FittedConformal) => {
        const { lower, upper } = intervalOf(state.predict({ levels: [80, 90] }).quantiles, 90) as {
          lower: Float64Array;
          upper: Float64Array;
        };
        return [0, 4, 8].map((row) => (upper[row] as number) - (lower[row] as number));
      };
      let alone = begun;
      for (let t = 200; t < 320; t += 4)
        alone = alone.update(rows({ a: y.slice(t, t + 4), b: b.slice(t, t + 4) }, t));
      expect(alone.origins).toBe(10);
      widths(alone).forEach((width) => {
        expect(width).toBeGreaterThan(1);
      });
      if (by !== "panel")
        expect((widths(alone)[2] as number) / (widths(begun)[2] as number)).toBeCloseTo(1, 0);
      expect(alone.predict({ levels: [90], keys: [{ key: "a" }] }).quantiles[1]?.values[0]).toBe(
        alone.predict({ levels: [90] }).quantiles[1]?.values[0],
      );
      expect(loadForecaster(alone.save()).save()).toEqual(alone.save());
      // The backlog of the silent one takes nothing from the others.
      const caughtUp = alone.update(rows({ c: c.slice(200, 320) }, 200));
      if (by === "series") expect(widths(caughtUp).slice(0, 2)).toEqual(widths(alone).slice(0, 2));
      widths(caughtUp).forEach((width) => {
        expect(width).toBeGreaterThan(1);
      });
    },
  );

  it("scores a backlog alike in one call, by horizons, row by row and series by series", async () => {
    const b = normals("second", 640, () => 5);
    const begun = (await make({ window: 12, adaptRate: 0.1 }).fit(
      panel(rows({ a: y.slice(0, 200), b: b.slice(0, 200) }), spec),
      { horizon: 4 },
    )) as FittedConformal;
    const together = begun.update(rows({ a: y.slice(200, 290), b: b.slice(200, 290) }, 200));
    const apart = begun
      .update(rows({ b: b.slice(200, 290) }, 200))
      .update(rows({ a: y.slice(200, 290) }, 200));
    let inTurn = begun;
    for (let t = 200; t < 290; t++)
      inTurn = inTurn.update(rows({ a: y.slice(t, t + 1) }, t)).update(rows({ b: b.slice(t, t + 1) }, t));
    for (const other of [apart, inTurn]) {
      expect(other.predict({ levels: [50, 80, 95] })).toEqual(together.predict({ levels: [50, 80, 95] }));
      expect(other.adaptedLevels).toEqual(together.adaptedLevels);
      expect((await other.samplePaths({ paths: 20 })).values).toEqual(
        (await together.samplePaths({ paths: 20 })).values,
      );
      expect(other.save()).toEqual(together.save());
    }
  });

  it("takes late values in, for forecasts and for scores not yet made", async () => {
    const late = await fit({}, [...y.slice(0, 199), null]);
    const filled = late.update(rows({ a: [y[199] as number] }, 199));
    const expected = (
      await windowAverage({ window: 24 }).fit(panel(rows({ a: y.slice(0, 200) }), spec), { horizon: 4 })
    ).predict().mean;
    expect(filled.predict().mean).toEqual(expected);
    const later = rows({ a: y.slice(200, 208) }, 200);
    expect(loadForecaster(filled.update(later).save()).predict()).toEqual(filled.update(later).predict());
  });

  it("hands known-future values to the forecaster within, in calibration, prediction and scoring", async () => {
    const planned = panel(rows({ a: y.slice(0, 200) }), { ...spec, knownFuture: ["plan"] });
    const fitted = await conformal(reduce(gbdt({ trees: 5 }), { lags: [4, 24] }), { folds: 5 }).fit(planned, {
      horizon: 4,
    });
    const future = rows({ a: y.slice(200, 204) }, 200);
    const before = fitted.predict({ future, levels: [80] });
    expect(() => (fitted as FittedConformal).predict({ levels: [80] })).toThrow(/future values of plan/);
    const updated = fitted.update(future);
    expect(updated.origins).toBe(6);
    const again = loadForecaster(updated.save());
    const next = rows({ a: [null, null, null, null] }, 204);
    expect(again.predict({ future: next, levels: [80] })).toEqual(
      updated.predict({ future: next, levels: [80] }),
    );
    expect(fitted.predict({ future, levels: [80] })).toEqual(before);
  });

  it("refuses what cannot be calibrated, with the numbers", async () => {
    await expect(fit({ folds: 50 })).rejects.toMatchObject({ code: "SERIES_TOO_SHORT" });
    await expect(fit({ folds: 48 })).rejects.toThrow(
      /A calibration of 48 folds of 4 steps leaves out the last 192 rows, .*has 8/,
    );
    await expect(fit({ folds: 4, window: 4 })).rejects.toThrow(
      /95 % needs 19 scores; the calibration has 16 from 4 origins of 4 steps/,
    );
    for (const [options, message] of [
      [{ levels: [0] }, /level must be/],
      [{ folds: 0 }, /folds must be/],
      [{ folds: 9, window: 8 }, /window of 8 origins is shorter/],
      [{ adaptRate: 2 }, /adaptRate/],
      [{ adapt: "slow" }, /adapt is one of aci, pid, got the text "slow"/],
      [{ integralRate: 1 }, /integralRate is for adapt: "pid"/],
      [{ adapt: "pid", integralRate: -1 }, /integralRate must be between 0 and 10, got -1/],
      [{ spread: "wide" }, /spread is/],
      [{ by: "city" }, /by is/],
      [{ by: "scaled", folds: 1 }, /by: "scaled" takes 2 folds or more/],
      [{ lowest: 3, highest: 2 }, /must be below/],
    ] as const)
      expect(() => make(options as never)).toThrow(message);
  });
});
