import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { bool, float64, nullable, timestamp } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { autoForecaster } from "../auto/auto-forecaster.ts";
import { arima } from "../models/arima/arima.ts";
import { panel } from "../panel/build-panel.ts";
import { withoutOutliers } from "./outliers.ts";

const start = BigInt(Date.UTC(2024, 0, 1)) * 1000n;
const day = 86_400_000_000n;

/** Daily rows from 2024 on; NaN is missing. */
function daily(y: readonly number[], promo: (row: number) => boolean = () => false) {
  return panel(
    columnsFromArrays(
      { at: timestamp(), y: nullable(float64()), promo: bool() },
      {
        at: BigInt64Array.from(y, (_, i) => start + day * BigInt(i)),
        y: y.map((value) => (Number.isNaN(value) ? null : value)),
        promo: y.map((_, i) => promo(i)),
      },
    ),
    { time: "at", target: "y", frequency: "1d", knownFuture: ["promo"] },
  );
}

function noise(rows: number, seed: number): number[] {
  const random = createRandom(seed);
  return Array.from({ length: rows }, () => 10 + random.normal());
}

const withValue = (y: readonly number[], row: number, value: number) =>
  y.map((own, i) => (i === row ? value : own));
const rowsOut = (y: readonly number[]) => withoutOutliers(daily(y)).outliers.map(({ at }) => at.slice(0, 10));

describe("withoutOutliers", () => {
  it("makes one wrong value missing, and says which", () => {
    const given = daily(withValue(noise(120, 1), 117, 10_000));
    const { panel: cleaned, outliers } = withoutOutliers(given);
    expect(outliers).toMatchObject([{ series: "{}", at: "2024-04-27T00:00:00Z", value: 10_000 }]);
    expect(Math.abs((outliers[0]?.usual as number) - 10)).toBeLessThan(2);
    expect(cleaned.y[117]).toBeNaN();
    expect(given.y[117]).toBe(10_000);
    expect(cleaned.y.filter((value) => Number.isNaN(value))).toHaveLength(1);
  });

  it("gives back the same panel where there is none", () => {
    const given = daily(noise(120, 2));
    expect(withoutOutliers(given).panel).toBe(given);
  });

  it.each([
    ["a value at the end, which may be a new level", withValue(noise(120, 1), 119, 1000)],
    ["a new level", noise(120, 3).map((value, i) => (i > 108 ? value + 490 : value))],
    ["a level of three rows", noise(120, 3).map((value, i) => (i > 60 && i < 64 ? value + 490 : value))],
    ["a peak of the week", noise(140, 4).map((value, i) => (i % 7 === 5 ? value + 50 : value))],
    ["what comes every quarter", noise(730, 5).map((value, i) => (i % 91 === 40 ? value + 50 : value))],
    ["what came back after a year", noise(730, 6).map((value, i) => (i % 365 === 358 ? value + 50 : value))],
    ["demand that comes and goes", noise(120, 7).map((value, i) => (i % 3 === 0 ? value : 0))],
    ["a few rows", withValue(noise(20, 8), 10, 1000)],
  ])("keeps %s", (_, y) => {
    expect(rowsOut(y)).toEqual([]);
  });

  it("keeps the tail of a skewed distribution", () => {
    for (let seed = 0; seed < 50; seed++) {
      const random = createRandom(seed);
      expect(rowsOut(Array.from({ length: 200 }, () => Math.exp(random.normal())))).toEqual([]);
    }
  });

  it("keeps what a known-future column explains", () => {
    const y = withValue(noise(120, 1), 60, 1000);
    expect(withoutOutliers(daily(y, (row) => row === 60)).outliers).toEqual([]);
    expect(withoutOutliers(daily(y, (row) => row === 61)).outliers).toHaveLength(1);
  });
});

describe("forecasts of a series with an outlier", () => {
  const y = withValue(noise(120, 120), 117, 10_000);

  it("are those of the other rows, with intervals of their size", async () => {
    const fitted = await autoForecaster({ budget: "20s" }).fit(daily(y), { horizon: 7 });
    expect(fitted.choice.outliers).toHaveLength(1);
    const future = Array.from({ length: 7 }, (_, h) => ({
      at: new Date(Number((start + day * BigInt(120 + h)) / 1000n)),
      promo: false,
    }));
    const { mean, quantiles } = fitted.predict({ levels: [95], future });
    for (const value of mean) expect(Math.abs(value - 10)).toBeLessThan(1.5);
    expect(Math.max(...(quantiles[1]?.values ?? [Number.NaN]))).toBeLessThan(20);
  }, 60_000);

  it("stay within what the series has done where it is kept", async () => {
    const fitted = await autoForecaster({ budget: "20s", outliers: "keep" }).fit(daily(y), { horizon: 28 });
    expect(fitted.choice.outliers).toEqual([]);
    const future = Array.from({ length: 28 }, (_, h) => ({
      at: new Date(Number((start + day * BigInt(120 + h)) / 1000n)),
      promo: false,
    }));
    const { quantiles } = fitted.predict({ levels: [95], future });
    expect(Math.max(...(quantiles[1]?.values ?? [Number.NaN]))).toBeLessThan(30_000);
  }, 60_000);

  it("are not 0 by arima for positive values", async () => {
    const fitted = await arima({ seasonLength: 7 }).fit(daily(y), { horizon: 7 });
    expect(Math.min(...fitted.predict().mean)).toBeGreaterThan(9);
  });
});
