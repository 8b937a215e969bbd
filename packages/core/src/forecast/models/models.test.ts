import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { float64, nullable, timestamp } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import type { FittedForecaster } from "../forecaster.ts";
import { panel } from "../panel/build-panel.ts";
import { naive2 } from "./naive2.ts";
import { seasonalNaive } from "./seasonal-naive.ts";
import { windowAverage } from "./window-average.ts";

const fixture = JSON.parse(readFileSync(new URL("../__fixtures__/naive.json", import.meta.url), "utf8"));
const hour = 3_600_000_000n;
const missing = null;

function rows(y: readonly (number | null)[], from = 0): Columns {
  return columnsFromArrays(
    { at: timestamp(), y: nullable(float64()) },
    { at: BigInt64Array.from(y, (_, i) => hour * BigInt(from + i)), y },
  ) as Columns;
}
const series = (y: readonly (number | null)[]) =>
  panel(rows(y), { time: "at", target: "y", frequency: "1h" });
const means = (fitted: FittedForecaster<never>) => [...fitted.predict().mean];

describe("seasonalNaive", () => {
  it("agrees with statsforecast", async () => {
    for (const { seasonLength, mean } of fixture.seasonalNaive) {
      const fitted = await seasonalNaive({ seasonLength }).fit(series(fixture.y), { horizon: 17 });
      expect(means(fitted)).toEqual(mean);
    }
  });

  it("takes the value a season earlier for a missing one, and the latest known where there is none", async () => {
    const fitted = await seasonalNaive({ seasonLength: 3 }).fit(
      series([1, 2, missing, 4, missing, missing, missing, 8, missing]),
      { horizon: 4 },
    );
    expect(means(fitted)).toEqual([4, 8, 8, 4]);
    const updated = fitted.update(rows([missing, missing, 12], 9));
    expect(means(updated)).toEqual([4, 8, 12, 4]);
  });

  it("remembers values from before a long gap", async () => {
    const fitted = await seasonalNaive({ seasonLength: 2 }).fit(series([1, 2, 3, 4]), { horizon: 2 });
    expect(means(fitted.update(rows([missing], 999)))).toEqual([3, 4]);
  });

  it("takes in values that arrive late", async () => {
    const fitted = await seasonalNaive({ seasonLength: 2 }).fit(series([1, 2, 3, missing]), { horizon: 2 });
    expect(means(fitted)).toEqual([3, 2]);
    expect(means(fitted.update(rows([9], 3)))).toEqual([3, 9]);
  });

  it("refuses histories shorter than a season with the numbers", async () => {
    await expect(seasonalNaive({ seasonLength: 24 }).fit(series([1, 2, 3]), { horizon: 1 })).rejects.toThrow(
      /needs 24 rows; the series has 3/,
    );
  });
});

describe("windowAverage", () => {
  it("agrees with statsforecast", async () => {
    for (const { window, mean } of fixture.windowAverage) {
      const fitted = await windowAverage({ window }).fit(series(fixture.y), { horizon: 5 });
      means(fitted).forEach((value, i) => {
        expect(value).toBeCloseTo(mean[i], 10);
      });
    }
  });

  it("leaves missing values out, and falls back on the latest known one", async () => {
    const fitted = await windowAverage({ window: 3 }).fit(series([7, 1, missing, 3]), { horizon: 1 });
    expect(means(fitted)).toEqual([2]);
    expect(means(fitted.update(rows([missing, missing, missing], 4)))).toEqual([3]);
    expect(means(fitted.update(rows([5], 40)))).toEqual([5]);
  });
});

it("parameters that are no whole numbers from 1 are refused", () => {
  for (const wrong of [0, -3, 1.5, Number.NaN, undefined as never]) {
    expect(() => seasonalNaive({ seasonLength: wrong })).toThrow(/seasonLength must be a whole number/);
    expect(() => windowAverage({ window: wrong })).toThrow(/window must be a whole number/);
  }
});

describe("naive2", () => {
  const season = [0.5, 0.8, 1.2, 1.5];
  const fitOf = async (y: readonly number[], seasonLength = 4) => {
    const history = panel(rows(y), { time: "at", target: "y", frequency: "1h" });
    const fitted = await naive2({ seasonLength }).fit(history, { horizon: 6 });
    return { mean: [...fitted.predict().mean], season: fitted.fits[0]?.["season"] };
  };

  it("gives the last value, without its season, the season of each step", async () => {
    const y = Array.from({ length: 42 }, (_, t) => 100 * (season[t % 4] as number));
    const { mean, season: found } = await fitOf(y);
    expect(found).toBe("factor");
    for (const [step, value] of mean.entries())
      expect(value).toBeCloseTo(100 * (season[(42 + step) % 4] as number), 9);
  });

  it("is the naive forecast where there is no season, or a value that no factor can make", async () => {
    const trend = Array.from({ length: 42 }, (_, t) => t + 1);
    expect(await fitOf(trend, 1)).toEqual({ mean: Array(6).fill(42), season: "none" });
    const negative = Array.from({ length: 42 }, (_, t) => 10 * (season[t % 4] as number) - 6);
    expect(await fitOf(negative)).toEqual({ mean: Array(6).fill(negative.at(-1)), season: "none" });
  });
});
