import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../../test/hourly-series.ts";
import { withOutliers } from "../../../../test/with-outliers.ts";
import { createRandom } from "../../../random.ts";
import { arima } from "../arima/arima.ts";
import { ces } from "../ces/ces.ts";
import { croston } from "../croston.ts";
import { ets } from "../ets/ets.ts";
import { historicAverage } from "../historic-average.ts";
import { naive } from "../naive.ts";
import { randomWalkWithDrift } from "../random-walk-with-drift.ts";
import { seasonalNaive } from "../seasonal-naive.ts";
import { theta } from "../theta/theta.ts";
import { decomposition } from "./decompose.ts";
import { mstl } from "./mstl.ts";

interface Parts {
  readonly trend: number[];
  readonly seasons: number[][];
}
interface Expected {
  readonly mean: number[];
  readonly lo80: number[];
  readonly error?: string;
}
interface Case {
  readonly name: string;
  readonly periods: number[];
  readonly y: number[];
  readonly plain: Parts;
  readonly robust: Parts;
  readonly drift: Expected;
  readonly average: Expected;
  readonly ets: Expected;
}
const { series, kept }: { series: Case[]; kept: number[] } = JSON.parse(
  readFileSync(new URL("./__fixtures__/mstl.json", import.meta.url), "utf8"),
);

const sizeOf = (y: readonly number[]) => Math.max(...y.map(Math.abs), 1e-3);

describe("the decomposition", () => {
  it.each(series)("agrees with statsmodels to 1e-8 on $name", ({ periods, y, plain, robust }) => {
    for (const [wanted, isRobust] of [
      [plain, false],
      [robust, true],
    ] as const) {
      const found = decomposition(y.length, periods, isRobust)(Float64Array.from(y));
      const near = (values: Float64Array, others: readonly number[]) =>
        others.forEach((other, i) => {
          expect(Math.abs((values[3 * i] as number) - other)).toBeLessThanOrEqual(1e-8 * sizeOf(y));
        });
      near(found.trend, wanted.trend);
      expect(found.seasons.length).toBe(wanted.seasons.length);
      found.seasons.forEach((season, i) => {
        near(season, wanted.seasons[i] as number[]);
      });
    }
  });
});

describe.each([
  ["drift", randomWalkWithDrift],
  ["average", historicAverage],
] as const)("mstl with %s", (key, trend) => {
  it.each(series.filter((one) => one[key].error === undefined))(
    "forecasts as statsforecast on $name",
    async ({ periods, y, ...wanted }) => {
      const model = withOutliers(mstl({ seasonLengths: periods, trend: trend() }));
      const fitted = await model.fit(hourlyPanel(y), { horizon: 30 });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      kept.forEach((step, i) => {
        const off = (value: number | undefined, other: number | undefined) =>
          expect(Math.abs((value as number) - (other as number))).toBeLessThanOrEqual(1e-7 * sizeOf(y));
        off(mean[step - 1], wanted[key].mean[i]);
        off(quantiles[0]?.values[step - 1], wanted[key].lo80[i]);
      });
    },
  );
});

describe("mstl", () => {
  const random = createRandom(5);
  const hours = Array.from(
    { length: 400 },
    (_, t) =>
      80 + 10 * Math.sin((Math.PI * t) / 12) + 6 * Math.cos((Math.PI * t) / 84) + t / 50 + random.normal(),
  );

  it("continues what is left without the seasons by ets, unless told otherwise", async () => {
    const fitted = await mstl({ seasonLengths: [24, 168] }).fit(hourlyPanel(hours), { horizon: 48 });
    expect(fitted.fits[0]).toMatchObject({ seasonLengths: "24, 168", trendForecaster: "ets" });
    const truth = (t: number) =>
      80 + 10 * Math.sin((Math.PI * t) / 12) + 6 * Math.cos((Math.PI * t) / 84) + t / 50;
    fitted.predict().mean.forEach((value, h) => {
      expect(Math.abs(value - truth(400 + h))).toBeLessThan(4);
    });
  });

  it("leaves out seasons of which there are less than two periods, and says so", async () => {
    const of = async (count: number) =>
      (
        await mstl({ seasonLengths: [24, 168], trend: naive() }).fit(hourlyPanel(hours.slice(0, count)), {
          horizon: 1,
        })
      ).fits[0];
    expect(await of(336)).not.toHaveProperty("seasonsTooLong");
    const all = [await of(336), await of(335), await of(47)];
    expect(all.map((fit) => fit?.["seasonLengths"])).toEqual(["24, 168", "24", "none"]);
    expect(all.map((fit) => fit?.["seasonsTooLong"])).toEqual([
      undefined,
      "168 (two of each need more than 335 rows)",
      "24, 168 (two of each need more than 47 rows)",
    ]);
  });

  it("fills gaps by its own parts", async () => {
    const y = hours.map((value, t) => (t % 50 === 7 || (t > 200 && t < 210) ? null : value));
    const whole = await mstl({ seasonLengths: [24], trend: historicAverage() }).fit(hourlyPanel(hours), {
      horizon: 24,
    });
    const holes = await mstl({ seasonLengths: [24], trend: historicAverage() }).fit(hourlyPanel(y), {
      horizon: 24,
    });
    whole.predict().mean.forEach((value, h) => {
      expect(Math.abs((holes.predict().mean[h] as number) - value)).toBeLessThan(0.5);
    });
  });

  it("takes the seasons off new rows and moves its trend on", async () => {
    const fitted = await mstl({ seasonLengths: [24], trend: naive() }).fit(hourlyPanel(hours), {
      horizon: 24,
    });
    const before = fitted.predict().mean;
    // What was forecast, but for 5 more: so the naive trend is 5 higher from there.
    const next = [(before[0] as number) + 5];
    const after = fitted.update(hourlyRows(next, hours.length)).predict().mean;
    for (let h = 1; h < 24; h++) expect(after[h - 1]).toBeCloseTo((before[h] as number) + 5, 9);
  });

  it("without a season is its trend, over missing values too", async () => {
    const y = Array.from({ length: 60 }, (_, t) =>
      t % 11 === 7 || t > 55 ? null : 20 + Math.sin(t) + (t % 5),
    );
    for (const trend of [
      arima({ order: [2, 0, 1] }),
      arima({ order: [0, 1, 1] }),
      ets(),
      theta(),
      ces(),
      naive(),
    ]) {
      const [alone, within] = [trend, mstl({ seasonLengths: [50], trend })];
      const later = hourlyRows([5, null, null, 9], y.length);
      const [a, b] = [
        await alone.fit(hourlyPanel(y), { horizon: 4 }),
        await within.fit(hourlyPanel(y), { horizon: 4 }),
      ];
      expect(b.predict({ levels: [80] })).toEqual(a.predict({ levels: [80] }));
      expect(b.update(later).predict({ levels: [80] })).toEqual(a.update(later).predict({ levels: [80] }));
    }
  });

  it("keeps no more than the seasons, the trend and the kept rows", async () => {
    const forecaster = mstl({ seasonLengths: [24], trend: naive() });
    const bytes = async (count: number) =>
      (await forecaster.fit(hourlyPanel(hours.slice(0, count)), { horizon: 12 })).save().length;
    expect(Math.abs((await bytes(400)) - (await bytes(200)))).toBeLessThan(64);
  });

  it("refuses settings that it cannot follow", () => {
    expect(() => mstl({ seasonLengths: [] })).toThrow(/a list with at least one length/);
    expect(() => mstl({ seasonLengths: [1] })).toThrow(/seasonLengths must be a whole number/);
    expect(() => mstl({ seasonLengths: [7], trend: croston() as never })).toThrow(
      /of one of the kinds arima, ces, ets,/,
    );
    expect(() => mstl({ seasonLengths: [7], trend: seasonalNaive({ seasonLength: 7 }) as never })).toThrow(
      /got the text "seasonalNaive"/,
    );
    expect(() => mstl({ seasonLengths: [7], trend: ets({ error: "multiplicative" }) })).toThrow(
      /takes only positive targets/,
    );
  });
});
