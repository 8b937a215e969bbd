import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../test/hourly-series.ts";
import { createRandom } from "../../random.ts";
import { adida, imapa } from "../models/aggregated-demand.ts";
import { croston } from "../models/croston.ts";
import { historicAverage } from "../models/historic-average.ts";
import { naive } from "../models/naive.ts";
import { randomWalkWithDrift } from "../models/random-walk-with-drift.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { tsb } from "../models/tsb.ts";
import { windowAverage } from "../models/window-average.ts";
import type { LocalForecaster } from "./local-forecaster.ts";

const fixture = (name: string) =>
  JSON.parse(readFileSync(new URL(`./__fixtures__/${name}.json`, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = fixture("series");
const expected: Record<string, never>[] = fixture("simple");
/** The steps that the fixtures keep. */
const kept = [1, 2, 5, 8, 13, 14];

/** Equal to a relative 1e-6, measured against the size of the series. */
function expectClose(found: number, wanted: number, size: number): void {
  expect(Math.abs(found - wanted)).toBeLessThanOrEqual(1e-6 * size);
}

const withIntervals: Record<string, (season: number) => LocalForecaster> = {
  naive: () => naive(),
  seasonalNaive: (seasonLength) => seasonalNaive({ seasonLength }),
  randomWalkWithDrift: () => randomWalkWithDrift(),
  historicAverage: () => historicAverage(),
};
const intermittent: Record<string, LocalForecaster> = {
  classic: croston(),
  optimized: croston({ variant: "optimized" }),
  sba: croston({ variant: "sba" }),
  tsb: tsb({ sizeRate: 0.2, probabilityRate: 0.3 }),
  adida: adida(),
  imapa: imapa(),
};

describe.each(Object.entries(withIntervals))("%s", (name, make) => {
  it.each(series)("agrees with statsforecast on $name", async ({ name: of, season, y }) => {
    const wanted = expected.find((row) => row["name"] === of)?.[name] as unknown as Record<string, number[]>;
    const fitted = await make(season).fit(hourlyPanel(y), { horizon: 14 });
    const forecast = fitted.predict({ levels: [80, 95] });
    const size = Math.max(...y.map(Math.abs), Number.MIN_VALUE);
    const [, lower80, , upper95] = forecast.quantiles;
    kept.forEach((step, i) => {
      expectClose(forecast.mean[step - 1] as number, wanted["mean"]?.[i] as number, size);
      expectClose(lower80?.values[step - 1] as number, wanted["lo80"]?.[i] as number, size);
      expectClose(upper95?.values[step - 1] as number, wanted["hi95"]?.[i] as number, size);
    });
  });
});

describe.each(Object.entries(intermittent))("%s", (name, forecaster) => {
  it.each(series.filter(({ y }) => y.every((value) => value >= 0)))(
    "agrees with statsforecast on $name",
    async ({ name: of, y }) => {
      const wanted = expected.find((row) => row["name"] === of)?.[name] as unknown as number;
      const { mean } = (await forecaster.fit(hourlyPanel(y), { horizon: 2 })).predict();
      // The reference's search for the rate stops at about 1e-4 of it; where every rate is as good, it stops anywhere.
      const isSearched = ["optimized", "adida", "imapa"].includes(name);
      if (isSearched && of === "constant but for one") return expect(mean[0]).toBeCloseTo(7.2, 6);
      const size = Math.max(...y, Number.MIN_VALUE);
      expect(Math.abs((mean[0] as number) - wanted)).toBeLessThanOrEqual((isSearched ? 1e-3 : 1e-6) * size);
      expect(mean[1]).toBe(mean[0]);
    },
  );

  it("refuses demand below zero, in the fit and in updates, and says where", async () => {
    await expect(forecaster.fit(hourlyPanel([1, 0, -2, 3]), { horizon: 1 })).rejects.toThrow(
      /no target below 0; there are some in the series at 1970-01-01T02:00/,
    );
    const fitted = await forecaster.fit(hourlyPanel([1, 0, 2, 3]), { horizon: 1 });
    expect(() => fitted.update(hourlyRows([-1], 4))).toThrow(/no target below 0/);
  });

  it("passes over missing rows", async () => {
    const holes = (
      await forecaster.fit(hourlyPanel([null, 3, 0, null, 0, 5, 0, 1, null]), { horizon: 1 })
    ).predict();
    const closed = (await forecaster.fit(hourlyPanel([3, 0, 0, 5, 0, 1]), { horizon: 1 })).predict();
    expect(holes.mean[0]).toBe(closed.mean[0]);
  });
});

/** A value, sometimes missing: whole numbers, so that sums are exact in any order. */
const values = fc.array(fc.option(fc.integer({ min: 0, max: 9 }), { freq: 4 }), {
  minLength: 4,
  maxLength: 60,
});

const simple: Record<string, LocalForecaster> = {
  naive: naive(),
  seasonalNaive: seasonalNaive({ seasonLength: 3 }),
  windowAverage: windowAverage({ window: 4 }),
  randomWalkWithDrift: randomWalkWithDrift(),
  historicAverage: historicAverage(),
};

describe.each(Object.entries({ ...simple, tsb: intermittent["tsb"], croston: intermittent["classic"] }))(
  "%s, whose parameters do not depend on the data,",
  (_, forecaster) => {
    test.prop([values, values])(
      "gives after an update the bytes of a fit on the longer history",
      async (first, later) => {
        fc.pre(first.filter((value) => value !== null).length >= 3);
        const updated = (await forecaster!.fit(hourlyPanel(first), { horizon: 3 })).update(
          hourlyRows(later, first.length),
        );
        const fitted = await forecaster!.fit(hourlyPanel([...first, ...later]), { horizon: 3 });
        expect(updated.save()).toEqual(fitted.save());
      },
    );

    test.prop([values, fc.integer({ min: 1, max: 3 }), fc.integer({ min: 0, max: 9 })])(
      "takes late values among the kept rows in as if they had come in time",
      async (first, back, value) => {
        fc.pre(first.filter((one) => one !== null).length >= 4 && first.length > 6);
        const at = first.length - back;
        fc.pre(first.findIndex((one) => one !== null) < at);
        const without = first.map((one, i) => (i === at ? null : one));
        const within = first.map((one, i) => (i === at ? value : one));
        const late = (await forecaster!.fit(hourlyPanel(without), { horizon: 3 })).update(
          hourlyRows([value], at),
        );
        expect(late.save()).toEqual((await forecaster!.fit(hourlyPanel(within), { horizon: 3 })).save());
      },
    );
  },
);

it("adida after an update sums the blocks of the longer history", async () => {
  const all = [0, 3, 0, 0, 2, 0, 5, 0, 0, 1, 0, 4, 0, 0, 2];
  const fitted = await adida().fit(hourlyPanel(all.slice(0, 9)), { horizon: 1 });
  const [{ blockRows, rate }] = fitted.fits as unknown as [{ blockRows: number; rate: number }];
  const longer = fitted.update(hourlyRows(all.slice(9), 9));
  const first = all.length % blockRows;
  let level = Number.NaN;
  for (let start = first; start < all.length; start += blockRows) {
    const sum = all.slice(start, start + blockRows).reduce((total, value) => total + value, 0);
    level = Number.isNaN(level) ? sum : level + rate * (sum - level);
  }
  expect(blockRows).toBeGreaterThan(1);
  expect(longer.predict().mean[0]).toBeCloseTo(level / blockRows, 12);
});

it("random walk with drift is shifted and scaled with its series", async () => {
  const y = [3, 5, 4, 8, 9, 7];
  const of = async (change: (value: number) => number) =>
    (await randomWalkWithDrift().fit(hourlyPanel(y.map(change)), { horizon: 3 })).predict({ levels: [80] });
  const plain = await of((value) => value);
  const changed = await of((value) => 4 * value + 16);
  const wanted = (values: Float64Array | undefined) => [...(values ?? [])].map((value) => 4 * value + 16);
  wanted(plain.mean).forEach((value, i) => {
    expect(changed.mean[i]).toBeCloseTo(value, 10);
  });
  wanted(plain.quantiles[0]?.values).forEach((value, i) => {
    expect(changed.quantiles[0]?.values[i]).toBeCloseTo(value, 10);
  });
});

describe("seasonalNaive", () => {
  const missing = fc.array(fc.option(fc.integer({ min: -9, max: 9 }), { freq: 3 }), {
    minLength: 4,
    maxLength: 40,
  });

  test.prop([missing])("of a season of one step is naive, gaps and all", async (y) => {
    const rest = y.slice(y.findIndex((value) => value !== null));
    fc.pre(rest.filter((value) => value !== null).length >= 2);
    const of = async (forecaster: LocalForecaster) =>
      (await forecaster.fit(hourlyPanel(rest), { horizon: 5 })).predict({ levels: [80] });
    expect(await of(seasonalNaive({ seasonLength: 1 }))).toEqual(await of(naive()));
  });

  test.prop([missing, fc.integer({ min: 2, max: 5 })])(
    "is naive on the rows of each phase, with one deviation",
    async (y, seasonLength) => {
      // Every phase is known from the beginning.
      const whole = [...Array.from({ length: seasonLength }, (_, phase) => phase), ...y];
      const fitted = await seasonalNaive({ seasonLength }).fit(hourlyPanel(whole), { horizon: seasonLength });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      let [squares, count] = [0, 0];
      const seasons: number[] = [];
      for (let step = 0; step < seasonLength; step++) {
        const phase = (whole.length + step) % seasonLength;
        const own = whole.flatMap((value, t) => (t % seasonLength === phase ? [value] : []));
        const known = own.flatMap((value, t) => (value === null ? [] : [[t, value] as const]));
        known.slice(1).forEach(([t, value], i) => {
          const [before, last] = known[i] as readonly [number, number];
          squares += (value - last) ** 2 / (t - before);
          count++;
        });
        expect(mean[step]).toBe(known.at(-1)?.[1]);
        seasons.push(own.length - (known.at(-1)?.[0] as number));
      }
      seasons.forEach((ahead, step) => {
        const upper = quantiles[1]?.values[step] as number;
        if (count === 0) expect(upper).toBeNaN();
        else
          expect(upper - (mean[step] as number)).toBeCloseTo(
            1.2815515655446004 * Math.sqrt((squares / count) * ahead),
            9,
          );
      });
      if (count === 0) expect(fitted.fits[0]?.["deviation"]).toBeNaN();
      else expect(fitted.fits[0]?.["deviation"]).toBeCloseTo(Math.sqrt(squares / count), 9);
    },
  );
});

describe("windowAverage", () => {
  it("has the deviation of its own errors of one step, and follows them through the windows", async () => {
    const y = [4, 8, null, 1, 7, 3, null, 6];
    const fitted = await windowAverage({ window: 3 }).fit(hourlyPanel(y), { horizon: 4 });
    // Means of the windows before the rows 3, 4, 5 and 7, and what came.
    const errors = [1 - 6, 7 - 4.5, 3 - 4, 6 - 5];
    const deviation = Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);
    expect(fitted.fits).toEqual([{ average: 4.5, deviation: expect.closeTo(deviation, 12) }]);
    const { quantiles } = fitted.predict({ quantiles: [0.9] });
    // The window has two known values before the second step, all three from then on.
    const second = 1 + 1 / 2 ** 2;
    const third = 1 + ((1 + 1 / 2) / 3) ** 2 + 1 / 3 ** 2;
    const fourth = 1 + ((1 + 1 / 2 + 1 / 2) / 3) ** 2 + ((1 + 1 / 3) / 3) ** 2 + 1 / 3 ** 2;
    const bounds = [1, second, third, fourth].map((variance) =>
      expect.closeTo(4.5 + 1.2815515655446004 * deviation * Math.sqrt(variance), 9),
    );
    expect(quantiles.map(({ values }) => [...values])).toEqual([bounds]);
  });

  it("draws paths that are as wide, about the same forecast", async () => {
    const random = createRandom("window");
    const y = Array.from({ length: 60 }, (_, t) => (t === 55 ? null : random.normal(10, 2)));
    const fitted = await windowAverage({ window: 4 }).fit(hourlyPanel(y), { horizon: 12 });
    const { mean, quantiles } = fitted.predict({ quantiles: [0.1, 0.9] });
    const drawn = (await fitted.samplePaths({ paths: 4000, seed: 1 })).sums("series");
    drawn.forEach((one, h) => {
      const [lower, upper] = one.interval(80) as readonly [number, number];
      const width = (quantiles[1]?.values[h] as number) - (quantiles[0]?.values[h] as number);
      expect((upper - lower) / width).toBeGreaterThan(0.95);
      expect((upper - lower) / width).toBeLessThan(1.05);
      expect(Math.abs((upper + lower) / 2 - (mean[h] as number)) / width).toBeLessThan(0.05);
    });
  });

  it("does not let rounding pile up", async () => {
    const y = [1e15, 3e15, 0.1, 0.2, ...Array.from({ length: 8 }, (_, t) => 0.1 * (t % 3))];
    const late = await windowAverage({ window: 2 }).fit(hourlyPanel(y), { horizon: 1 });
    const { mean } = late.predict();
    expect(mean[0]).toBeCloseTo((y.at(-1)! + y.at(-2)!) / 2, 15);
  });
});

describe.each([
  ["seasonalNaive", seasonalNaive({ seasonLength: 3 })],
  ["windowAverage", windowAverage({ window: 3 })],
] as const)("%s that has seen no error", (kind, forecaster) => {
  it("has a forecast, no intervals, and no paths until a row shows one", async () => {
    const fitted = await forecaster.fit(hourlyPanel([2, 4, 6]), { horizon: 2 });
    const { mean, quantiles } = fitted.predict({ levels: [80] });
    expect(mean.every(Number.isFinite)).toBe(true);
    expect(quantiles.map(({ values }) => [...values])).toEqual([
      [Number.NaN, Number.NaN],
      [Number.NaN, Number.NaN],
    ]);
    await expect(fitted.samplePaths({ paths: 2 })).rejects.toThrow(
      expect.objectContaining({
        code: "FIT_FAILED",
        message: `${kind} has no path of the series (It has shown no errors to draw from.).`,
      }),
    );
    const intervals = "none: the series has shown no errors yet, and its bounds are NaN";
    expect(fitted.fits[0]).toMatchObject({ intervals });
    const later = fitted.update(hourlyRows([5], 3));
    expect(later.fits[0]).not.toHaveProperty("intervals");
    expect(
      later.predict({ levels: [80] }).quantiles.every(({ values }) => values.every(Number.isFinite)),
    ).toBe(true);
    expect((await later.samplePaths({ paths: 2 })).values.every(Number.isFinite)).toBe(true);
  });
});

it("naive counts the rows of a gap into the spread", async () => {
  const fitted = await naive().fit(hourlyPanel([1, 3, 2, 4]), { horizon: 3 });
  const spread = (from: typeof fitted, step: number) =>
    (from.predict({ levels: [80] }).quantiles[1]?.values[step] as number) -
    (from.predict().mean[step] as number);
  expect(spread(fitted.update(hourlyRows([null], 4)), 0)).toBeCloseTo(spread(fitted, 1), 12);
});
