import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../../test/hourly-series.ts";
import { withOwnIntervals } from "../../../../test/own-intervals.ts";
import { createRandom } from "../../../random.ts";
import { arima } from "./arima.ts";
import { differencesOf, seasonalDifferences, seasonalStrength } from "./differences.ts";

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = read("../../local/__fixtures__/series.json");
const seriesOf = (name: string) => series.find((one) => one.name === name) as { season: number; y: number[] };

interface Expected {
  readonly name: string;
  readonly order: [number, number, number];
  readonly seasonal: [number, number, number];
  readonly constant: boolean;
  readonly coefficients: number[];
  readonly likelihood: number;
  readonly aicc: number;
  readonly sigma2: number;
  readonly mean: number[];
  readonly deviation: number[];
  readonly missing: number[];
}
const kept = [1, 2, 5, 14];

async function fitTo({ name, order, seasonal, constant, missing }: Expected) {
  const { season, y } = seriesOf(name);
  const values: (number | null)[] = [...y];
  for (const row of missing ?? []) values[row] = null;
  const model = arima({ order, seasonalOrder: seasonal, seasonLength: season, constant, outliers: "keep" });
  const fitted = await withOwnIntervals(model).fit(hourlyPanel(values), { horizon: 14 });
  const {
    form: _,
    deviation,
    logLikelihood,
    aicc,
    ...coefficients
  } = fitted.fits[0] as Record<string, number>;
  return { fitted, deviation, logLikelihood, aicc, coefficients: Object.values(coefficients), y };
}

// What orders forecast at the reference's own coefficients: `at-reference.test.ts`.
describe("orders that were asked for", () => {
  const fixed: Expected[] = read("./__fixtures__/fixed.json");

  it("are at least as likely as statsforecast's in all 249 cases, and forecast the same in the 100 where they are no likelier", async () => {
    let same = 0;
    for (const wanted of fixed) {
      const which = `(${wanted.order})(${wanted.seasonal}) on ${wanted.name}`;
      const found = await fitTo(wanted);
      expect(found.logLikelihood, which).toBeGreaterThan(wanted.likelihood - 1e-4);
      if (Math.abs((found.logLikelihood as number) - wanted.likelihood) > 1e-5) continue;
      // Equally likely, but not invertible: ours is its mirror image, with other innovations.
      const isSame = wanted.coefficients.every(
        (value, i) =>
          Math.abs(value - (found.coefficients[i] as number)) < 0.01 * Math.max(1, Math.abs(value)),
      );
      if (!isSame) expect(Math.max(...wanted.coefficients.map(Math.abs)), which).toBeGreaterThan(1);
      else expect((found.deviation as number) ** 2 / wanted.sigma2, which).toBeCloseTo(1, 3);
      same++;
      expect(found.aicc, which).toBeCloseTo(wanted.aicc, 3);
      const forecast = found.fitted.predict({ levels: [80, 95] });
      kept.forEach((step, i) => {
        const [mean, deviation] = [wanted.mean[i] as number, wanted.deviation[i] as number];
        const near = (values: Float64Array | undefined, other: number) =>
          expect(((values?.[step - 1] as number) - mean) / deviation, which).toBeCloseTo(other, 1);
        near(forecast.mean, 0);
        near(forecast.quantiles[1]?.values, -1.2816);
        near(forecast.quantiles[3]?.values, 1.96);
      });
    }
    expect([same, fixed.length]).toEqual([100, 249]);
  });
});

interface Chosen {
  readonly name: string;
  readonly order: [number, number, number, number, number, number];
  readonly aicc?: number;
  readonly differences: number;
  readonly seasonalStrength?: number;
  readonly seasonalDifferences?: number;
}

/**
 * Where the reference's choice has the lesser AICc: twice for a moving average on the unit circle in a series without differences, which we leave out, and once
 * because the steps of the search lead elsewhere.
 */
// In the last three a trend does not move, which is left out for moving averages that undo a difference.
const elsewhere = new Set(["white noise", "demand, lumpy", "changing season", "line", "falling", "huge"]);

describe("the choice", () => {
  const chosen: Chosen[] = read("./__fixtures__/chosen.json");

  it.each(chosen)("on $name has an AICc no greater than statsforecast's", async ({ name, order, aicc }) => {
    const { season, y } = seriesOf(name);
    const fitted = await arima({ seasonLength: season, outliers: "keep" }).fit(hourlyPanel(y), {
      horizon: 1,
    });
    const { form, aicc: found } = fitted.fits[0] as { form: string; aicc: number };
    const [p, d, q, seasonalP, seasonalD, seasonalQ] = order;
    expect(form).toMatch(
      new RegExp(`^ARIMA\\(\\d,${d},\\d\\)${seasonalD > 0 ? `\\(\\d,${seasonalD},` : ""}`),
    );
    if (aicc === undefined) return;
    expect(found > aicc + 1e-3).toBe(elsewhere.has(name));
    if (Math.abs(found - aicc) > 1e-3) return;
    const seasonal =
      seasonalP + seasonalD + seasonalQ > 0 ? `(${seasonalP},${seasonalD},${seasonalQ})[${season}]` : "";
    expect(form.replace(/ with.*/, "")).toBe(`ARIMA(${p},${d},${q})${seasonal}`);
  });

  it.each(chosen)("takes as many differences of $name as the reference's tests", (one) => {
    const { season, y } = seriesOf(one.name);
    const values = Float64Array.from(y);
    expect(differencesOf(values)).toBe(one.differences);
    if (one.seasonalStrength === undefined) return;
    expect(seasonalStrength(values, season)).toBeCloseTo(one.seasonalStrength, 9);
    expect(seasonalDifferences(values, season)).toBe(one.seasonalDifferences);
  });

  it("takes a second difference of a slope that grows for long, and not of few rows with changes that hang together", () => {
    const random = createRandom(5);
    const steeper = Float64Array.from({ length: 120 }, (_, t) => t * t + random.normal(0, 5));
    expect(differencesOf(steeper)).toBe(2);
    // A KPSS test at 5 % without lags would see a growing slope here.
    const growing = Float64Array.of(
      94,
      188,
      303,
      468,
      696,
      850,
      1220,
      1640,
      1990,
      2600,
      3150,
      3480,
      3900,
      4200,
    );
    expect(differencesOf(growing)).toBe(1);
  });

  it("does with few rows, and with gaps", async () => {
    for (const y of [
      [1, 5, 2],
      [3, 3, 4, 9],
      [2, null, 7, 8, null, null, 4, 5, 9, 1, 3],
    ]) {
      const fitted = await arima({ seasonLength: 4 }).fit(hourlyPanel(y), { horizon: 2 });
      expect(fitted.predict({ levels: [80] }).mean.every(Number.isFinite)).toBe(true);
    }
    const { season, y } = seriesOf("months with trend");
    const holes = y.map((value, t) => (t % 9 === 4 ? null : value));
    const [whole, torn] = await Promise.all(
      [y, holes].map(async (values) => {
        const fitted = await arima({ seasonLength: season }).fit(hourlyPanel(values), { horizon: 12 });
        return { form: fitted.fits[0]?.["form"], mean: fitted.predict().mean };
      }),
    );
    expect(torn?.form).toBe(whole?.form);
    torn?.mean.forEach((value, h) => {
      expect(Math.abs(value - (whole?.mean[h] as number))).toBeLessThan(3);
    });
  });
});

describe("gaps", () => {
  it.each(read("./__fixtures__/gaps.json") as Expected[])(
    "in $name leave coefficients, likelihood and forecasts those of the full Kalman filter",
    async (wanted) => {
      const found = await fitTo(wanted);
      found.coefficients.forEach((value, i) => {
        const other = wanted.coefficients[i] as number;
        expect(Math.abs(value - other)).toBeLessThan(2e-4 * Math.max(1, Math.abs(other)));
      });
      // With differences, the reference leaves out how much the first values with news were known beforehand.
      if (wanted.constant) expect(found.logLikelihood).toBeCloseTo(wanted.likelihood, 4);
      expect((found.deviation as number) ** 2 / wanted.sigma2).toBeCloseTo(1, 3);
      const forecast = found.fitted.predict({ levels: [68.26894921370859] });
      kept.forEach((step, i) => {
        const mean = forecast.mean[step - 1] as number;
        const deviation = (forecast.quantiles[1]?.values[step - 1] as number) - mean;
        expect(Math.abs(mean - (wanted.mean[i] as number))).toBeLessThan(
          1e-3 * (wanted.deviation[i] as number),
        );
        expect(deviation / (wanted.deviation[i] as number)).toBeCloseTo(1, 3);
      });
    },
  );

  it("of many rows widen the intervals as far as a longer horizon does", async () => {
    const { y } = seriesOf("random walk with drift");
    const model = arima({ order: [1, 1, 0], constant: true });
    const fitted = await model.fit(hourlyPanel(y), { horizon: 60 });
    const later = fitted.update(hourlyRows(new Array(50).fill(null), y.length));
    const [before, after] = [fitted.predict({ levels: [80] }), later.predict({ levels: [80] })];
    for (const step of [0, 5]) {
      expect(after.mean[step]).toBeCloseTo(before.mean[step + 50] as number, 6);
      expect(after.quantiles[0]?.values[step]).toBeCloseTo(
        before.quantiles[0]?.values[step + 50] as number,
        6,
      );
    }
  });
});

describe("arima", () => {
  it("is scaled and shifted with its series", async () => {
    const random = createRandom(8);
    let level = 0;
    const y = Array.from({ length: 80 }, () => {
      level = 0.6 * level + random.normal();
      return level;
    });
    const model = arima({ order: [1, 0, 1] });
    const of = async (values: readonly number[]) =>
      (await model.fit(hourlyPanel(values), { horizon: 3 })).predict({ levels: [80] });
    const [plain, changed] = [await of(y), await of(y.map((value) => 1000 * value + 1e6))];
    for (const step of [0, 1, 2]) {
      expect((changed.mean[step] as number) - 1e6).toBeCloseTo(1000 * (plain.mean[step] as number), 1);
      expect((changed.quantiles[1]?.values[step] as number) - 1e6).toBeCloseTo(
        1000 * (plain.quantiles[1]?.values[step] as number),
        1,
      );
    }
  });

  it("forecasts a constant series as it is", async () => {
    for (const value of [7, 0]) {
      const fitted = await arima({ order: [1, 0, 1] }).fit(hourlyPanel(new Array(20).fill(value)), {
        horizon: 2,
      });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      expect([...mean, ...(quantiles[0]?.values ?? [])]).toEqual([value, value, value, value]);
    }
  });

  it("refuses orders with more parameters than rows bear, and says where rows are few for them", async () => {
    const random = createRandom("few rows");
    const y = Array.from({ length: 100 }, () => random.normal());
    const fit = (order: readonly [number, number, number], rows: number) =>
      arima({ order }).fit(hourlyPanel(y.slice(0, rows)), { horizon: 2 });
    // Coefficients, mean and variance: 4, and 2 rows more after differencing.
    await expect(fit([1, 0, 1], 5)).rejects.toThrow("arima needs 6 rows with a known target");
    await expect(fit([1, 1, 1], 5)).rejects.toThrow("arima needs 6 rows with a known target");
    const noted = async (order: readonly [number, number, number], rows: number) =>
      (await fit(order, rows)).fits[0]?.["fewRows"];
    expect(await noted([50, 0, 0], 100)).toBe(
      "52 parameters are estimated from 100 rows, fewer than 3 for each: intervals are too narrow",
    );
    expect(await noted([1, 1, 1], 9)).toMatch(/^3 parameters are estimated from 8 rows/);
    expect(await noted([1, 1, 1], 10)).toBeUndefined();
    expect((await arima().fit(hourlyPanel(y.slice(0, 8)), { horizon: 2 })).fits[0]).not.toHaveProperty(
      "fewRows",
    );
  });

  it("refuses settings that contradict each other, and series that are too short", async () => {
    expect(() => arima({ seasonalOrder: [1, 0, 0] })).toThrow(/seasonalOrder is given without order/);
    expect(() => arima({ order: [1, 0, 0], seasonalOrder: [1, 0, 0] })).toThrow(
      /A season has at least 2 steps, seasonLength is 1/,
    );
    expect(() => arima({ order: [0, 2, 1], constant: true })).toThrow(/there is no constant/);
    expect(() => arima({ order: [0, 2] as never })).toThrow(/order is three whole numbers/);
    const model = arima({ order: [1, 1, 1], seasonalOrder: [0, 1, 1], seasonLength: 12 });
    await expect(model.fit(hourlyPanel([1, 2, 4, 3]), { horizon: 1 })).rejects.toThrow(/needs/);
  });
});
