import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { arima } from "../models/arima/arima.ts";
import { ces } from "../models/ces/ces.ts";
import { ets, holtWinters, ses } from "../models/ets/ets.ts";
import { mstl } from "../models/mstl/mstl.ts";
import { naive2 } from "../models/naive2.ts";
import { theta } from "../models/theta/theta.ts";
import { withoutOutliers } from "../outliers/outliers.ts";
import { panel } from "../panel/build-panel.ts";
import type { LocalForecaster } from "./local-forecaster.ts";

const start = BigInt(Date.UTC(2024, 0, 1)) * 1000n;
const day = 86_400_000_000n;

function noise(rows: number, seed = 1): number[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => 10 + random.normal());
}

/** Daily series, all from the same day; NaN is missing. */
function daily(all: Readonly<Record<string, readonly number[]>>) {
  const rows = Object.entries(all).flatMap(([shop, y]) => y.map((value, i) => ({ shop, value, i })));
  return panel(
    columnsFromArrays(
      { shop: utf8(), at: timestamp(), y: nullable(float64()) },
      {
        shop: rows.map(({ shop }) => shop),
        at: BigInt64Array.from(rows, ({ i }) => start + day * BigInt(i)),
        y: rows.map(({ value }) => (Number.isNaN(value) ? null : value)),
      },
    ),
    { keys: ["shop"], time: "at", target: "y", frequency: "1d" },
  );
}

const row = (i: number, y: number) => ({ shop: "b", at: new Date(Date.UTC(2024, 0, 1 + i)), y });
const spike = noise(120).map((value, i) => (i === 100 ? 1000 : value));
const seasonal: readonly (readonly [string, LocalForecaster])[] = [
  ["ets", ets({ seasonLength: 7 })],
  ["arima", arima({ seasonLength: 7 })],
  ["theta", theta({ seasonLength: 7 })],
  ["ces", ces({ seasonLength: 7 })],
  ["mstl", mstl({ seasonLengths: [7] })],
];

describe("fits tell of outliers beyond doubt", () => {
  it.each(seasonal)("%s, also after saving, updates and leading gaps", async (_, forecaster) => {
    const given = daily({ a: noise(120, 2), b: [Number.NaN, Number.NaN, ...spike] });
    const fitted = await forecaster.fit(given, { horizon: 7 });
    const [other, own] = fitted.fits;
    expect(other).not.toHaveProperty("outliers");
    expect(own?.["outliers"]).toMatch(
      /^1000 at 2024-04-12T00:00:00Z \(usual there: \S+\); left out of the fit$/,
    );
    expect(forecaster.load(fitted.save()).fits).toEqual(fitted.fits);
    const next = fitted.update([{ shop: "b", at: new Date(Date.UTC(2024, 0, 1 + 122)), y: 10 }]);
    expect(next.fits[1]?.["outliers"]).toBe(own?.["outliers"]);
    const cleaned = await forecaster.fit(withoutOutliers(given).panel, { horizon: 7 });
    expect(cleaned.fits[1]).not.toHaveProperty("outliers");
  });

  it("keeps them with their series where others fail", async () => {
    const given = daily({ a: [1, 2], b: spike });
    const fitted = await ets({ seasonLength: 7, trend: "additive" }).fit(given, {
      horizon: 7,
      failures: "collect",
    });
    expect(fitted.series).toEqual([{ shop: "b" }]);
    expect(fitted.fits[0]).toHaveProperty("outliers");
  });

  it("not where the look would take longer than the fit", async () => {
    const fitted = await ses().fit(daily({ b: spike }), { horizon: 7 });
    expect(fitted.fits[0]).not.toHaveProperty("outliers");
  });
});

describe.each([
  ...seasonal,
  ["ces without a season", ces()],
  ["ets by the criterion of the reference", ets({ seasonLength: 7, criterion: "aicc" })],
  ["theta without a season", theta()],
  ["holtWinters", holtWinters({ seasonLength: 7 })],
] as const)("%s with a single spike", (_, forecaster) => {
  it.each([20, 100, 110, 117])("in row %i forecasts as if it were missing", async (at) => {
    const y = noise(120).map((value, i) => (i === at ? 1000 : value + (i % 7 === 3 ? 5 : 0)));
    const fitted = await forecaster.fit(daily({ b: y }), { horizon: 14 });
    const cleaned = await forecaster.fit(withoutOutliers(daily({ b: y })).panel, { horizon: 14 });
    const [own, clean] = [fitted.predict({ levels: [80] }), cleaned.predict({ levels: [80] })];
    expect(own).toEqual(clean);
    for (const value of own.mean) expect(Math.abs(value - 12)).toBeLessThan(6);
    const next = [row(120, 11)];
    expect(forecaster.load(fitted.save()).update(next).predict()).toEqual(cleaned.update(next).predict());
  });

  it("lets rows that come again, and late ones, change nothing of it", async () => {
    const y = noise(120).map((value, i) => (i === 112 ? 1000 : i === 114 ? Number.NaN : value));
    const given = daily({ b: y });
    const fitted = await forecaster.fit(given, { horizon: 14 });
    const cleaned = await forecaster.fit(withoutOutliers(given).panel, { horizon: 14 });
    const late = [row(114, 10.5), row(120, 9)];
    const again = fitted.update([row(112, 1000), ...late]);
    expect(again.predict({ levels: [80] })).toEqual(cleaned.update(late).predict({ levels: [80] }));
    expect(() => fitted.update([row(112, 10)])).toThrow("contradict targets");
  });

  it("goes over one that comes after the fit", async () => {
    const fitted = await forecaster.fit(daily({ b: noise(120) }), { horizon: 14 });
    const spiked = fitted.update([row(120, 1000), row(121, 10)]);
    expect(spiked.fits[0]).not.toHaveProperty("outliers");
    expect(spiked.predict().mean).not.toEqual(fitted.update([row(121, 10)]).predict().mean);
  });
});

describe.each([
  ["ets", ets({ seasonLength: 7, outliers: "keep" })],
  ["arima", arima({ seasonLength: 7, outliers: "keep" })],
  ["theta", theta({ seasonLength: 7, outliers: "keep" })],
  ["ces", ces({ seasonLength: 7, outliers: "keep" })],
  ["mstl", mstl({ seasonLengths: [7], outliers: "keep" })],
] as const)("%s that keeps outliers", (_, forecaster) => {
  it("goes over them, and tells of none", async () => {
    const given = daily({ b: noise(120).map((value, i) => (i === 117 ? 1000 : value)) });
    const fitted = await forecaster.fit(given, { horizon: 7 });
    const cleaned = await forecaster.fit(withoutOutliers(given).panel, { horizon: 7 });
    expect(fitted.fits[0]).not.toHaveProperty("outliers");
    expect(fitted.predict().mean).not.toEqual(cleaned.predict().mean);
  });
});

describe("ets with a single spike", () => {
  it("does not take it for a season", async () => {
    for (const seed of [1, 2, 3]) {
      const y = noise(120, seed).map((value, i) => (i === 100 ? 1000 : value));
      const fitted = await ets({ seasonLength: 7 }).fit(daily({ b: y }), { horizon: 7 });
      expect(fitted.fits[0]?.["form"]).toMatch(/,N\)$/);
      for (const value of fitted.predict().mean) expect(Math.abs(value - 10)).toBeLessThan(1);
    }
  });

  it("keeps a season that is there without it", async () => {
    const y = noise(120).map((value, i) => (i === 100 ? 1000 : value + (i % 7 === 3 ? 20 : 0)));
    const fitted = await ets({ seasonLength: 7 }).fit(daily({ b: y }), { horizon: 7 });
    expect(fitted.fits[0]?.["form"]).not.toMatch(/,N\)$/);
    fitted.predict().mean.forEach((value, h) => {
      expect(Math.abs(value - 10 - ((120 + h) % 7 === 3 ? 20 : 0))).toBeLessThan(1.5);
    });
  });
});

describe("fits tell of a season that is too long", () => {
  it.each([
    ["ets", ets({ seasonLength: 52 }), "52 (it takes 57 known rows, the series has 40)"],
    ["arima", arima({ seasonLength: 52 }), "52 (it takes 105 rows, the series has 40)"],
    ["theta", theta({ seasonLength: 52 }), "52 (it takes 104 rows, the series has 40)"],
    ["ces", ces({ seasonLength: 52 }), "52 (it takes 104 rows, the series has 40)"],
    ["naive2", naive2({ seasonLength: 52 }), "52 (it takes 104 rows, the series has 40)"],
  ] as const)("%s", async (_, forecaster, said) => {
    const fitted = await forecaster.fit(daily({ a: noise(40), b: noise(120) }), { horizon: 3 });
    expect(fitted.fits.map((fit) => fit["seasonsTooLong"])).toEqual([said, undefined]);
    expect(forecaster.load(fitted.save()).fits).toEqual(fitted.fits);
  });

  it("not of one that is not asked for", async () => {
    for (const forecaster of [
      ets({ seasonLength: 52, season: "none" }),
      ces(),
      arima(),
      theta(),
      naive2({ seasonLength: 1 }),
    ]) {
      const fitted = await forecaster.fit(daily({ a: noise(40) }), { horizon: 3 });
      expect(fitted.fits[0]).not.toHaveProperty("seasonsTooLong");
    }
  });
});
