import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../../random.ts";
import { bool, type ColumnType, float64, nullable, timestamp, utf8 } from "../../../schema/column-type.ts";
import type { Columns } from "../../../schema/columns.ts";
import { columnsFromArrays } from "../../../schema/from-arrays.ts";
import { backtest } from "../../backtest/backtest.ts";
import { panel } from "../../panel/build-panel.ts";
import { mstl } from "../mstl/mstl.ts";
import { arima } from "./arima.ts";

interface Expected {
  readonly name: string;
  readonly order: [number, number, number];
  readonly seasonal: [number, number, number];
  readonly season: number;
  readonly missing: number[];
  readonly y: number[];
  /** Per regressor its values, the horizon's after those of `y`. */
  readonly x: number[][];
  readonly coefficients: number[];
  readonly slopes: number[];
  readonly likelihood: number;
  readonly mean: number[];
}
const expected: Expected[] = JSON.parse(
  readFileSync(new URL("./__fixtures__/regressors.json", import.meta.url), "utf8"),
);
const kept = [1, 2, 5, 14];

type Values = readonly (number | null)[];

/** Hourly rows with the regressors x1, x2, ...; without `y` the rows of a future. */
function rowsOf(x: readonly Values[], y: Values | null, from = 0, to = (y ?? x[0] ?? []).length) {
  const at = BigInt64Array.from({ length: to - from }, (_, i) => 3_600_000_000n * BigInt(from + i));
  const type = nullable(float64());
  const types: Record<string, ColumnType> = { at: timestamp() };
  const data: Record<string, unknown> = { at };
  if (y !== null) {
    types["y"] = type;
    data["y"] = y.slice(from, to);
  }
  x.forEach((values, k) => {
    types[`x${k + 1}`] = type;
    data[`x${k + 1}`] = values.slice(from, to);
  });
  return columnsFromArrays(types, data as never) as Columns;
}
const panelOf = (x: readonly Values[], y: Values) =>
  panel(rowsOf(x, y), {
    time: "at",
    target: "y",
    frequency: "1h",
    knownFuture: x.map((_, k) => `x${k + 1}`),
  });

/** A target that two regressors move, with autocorrelated errors, and 24 rows of future. */
function simulated(rows: number) {
  const random = createRandom("regressors");
  const x = [0, 1].map(() => Array.from({ length: rows + 24 }, () => random.normal(0, 2)));
  let error = 0;
  const y = Array.from({ length: rows + 24 }, (_, t) => {
    error = 0.6 * error + random.normal();
    return 50 + 3 * (x[0]?.[t] as number) - 2 * (x[1]?.[t] as number) + error;
  });
  return { x, y };
}

describe("arima with regressors", () => {
  it.each(expected)(
    "(%#) on $name has statsforecast's likelihood, slopes and forecasts",
    async ({ order, seasonal, season, missing, y, x, coefficients, slopes, likelihood, mean }) => {
      const values: (number | null)[] = [...y];
      for (const row of missing) values[row] = null;
      const regressors = x.map((_, k) => `x${k + 1}`);
      const model = arima({
        order,
        seasonalOrder: seasonal,
        seasonLength: season,
        regressors,
        constant: order[1] + seasonal[1] === 0,
      });
      const fitted = await model.fit(
        panelOf(
          x.map((column) => column.slice(0, y.length)),
          values,
        ),
        { horizon: 14 },
      );
      const fit = fitted.fits[0] as Record<string, number>;
      // With differences the reference's first state has a variance of 1e6 in place of an infinite one.
      expect(Math.abs((fit["logLikelihood"] as number) - likelihood)).toBeLessThan(1e-3);
      slopes.forEach((slope, k) => {
        expect(Math.abs((fit[`slope x${k + 1}`] as number) / slope - 1)).toBeLessThan(1e-3);
      });
      coefficients.forEach((value, i) => {
        expect(Object.values(fit)[1 + i]).toBeCloseTo(value, 2);
      });
      const future = rowsOf(x, null, y.length, y.length + 14);
      const forecast = fitted.predict({ future, levels: [80] });
      const size = Math.max(...y.map(Math.abs));
      kept.forEach((step, i) => {
        expect(Math.abs((forecast.mean[step - 1] as number) - (mean[i] as number)) / size).toBeLessThan(1e-3);
        expect(forecast.quantiles[0]?.values[step - 1]).toBeLessThan(forecast.mean[step - 1] as number);
      });
    },
  );

  it("chooses its orders beside them, and forecasts with the future that it is given", async () => {
    const { x, y } = simulated(300);
    const whole = panelOf(x, y);
    const [plain, regressed] = await Promise.all(
      [arima(), arima({ regressors: ["x1", "x2"] })].map((model) =>
        backtest(model, whole, { horizon: 12, folds: 3, refit: false }),
      ),
    );
    expect(regressed?.overall.mae).toBeLessThan(0.5 * (plain?.overall.mae as number));
    const fitted = await arima({ regressors: ["x1", "x2"] }).fit(whole, { horizon: 2 });
    const fit = fitted.fits[0] as Record<string, number>;
    expect(fit["form"]).toMatch(/^ARIMA\(\d,0,\d\)/);
    expect(fit["slope x1"]).toBeCloseTo(3, 1);
    expect(fit["slope x2"]).toBeCloseTo(-2, 1);
    const at = (value: number) =>
      fitted.predict({
        future: rowsOf(
          [
            [value, 0],
            [0, 0],
          ].map((c) => [...new Array(324).fill(0), ...c]),
          null,
          324,
          326,
        ),
      }).mean[0] as number;
    expect(at(1) - at(0)).toBeCloseTo(fit["slope x1"] as number, 9);
    expect(() => fitted.predict()).toThrow(/needs the future values of x1.*x2/);
  });

  it("takes a row without a regressor for one without a target", async () => {
    const { x, y } = simulated(80);
    const without = (values: Values, ...rows: number[]) =>
      values.map((value, t) => (rows.includes(t) ? null : value));
    const model = arima({ order: [1, 0, 0], regressors: ["x1", "x2"] });
    const ofX = await model.fit(panelOf([without(x[0] as Values, 0, 30, 31), x[1] as Values], y), {
      horizon: 1,
    });
    const ofY = await model.fit(panelOf(x, without(y, 0, 30, 31)), { horizon: 1 });
    expect(ofX.fits).toEqual(ofY.fits);
  });

  it("gives no slope to what says nothing in a series, or says it twice", async () => {
    const { x, y } = simulated(120);
    const [one] = x as [number[], number[]];
    const columns = [one, one.map((value) => 2 * value - 1), one.map(() => 4)];
    const fit = async (order: [number, number, number], names: string[]) =>
      (await arima({ order, regressors: names }).fit(panelOf(columns, y), { horizon: 1 })).fits[0] as Record<
        string,
        number
      >;
    for (const order of [
      [1, 0, 0],
      [0, 1, 1],
    ] as [number, number, number][]) {
      const [alone, all] = [await fit(order, ["x1"]), await fit(order, ["x1", "x2", "x3"])];
      expect(all["slope x2"]).toBe(0);
      expect(all["slope x3"]).toBe(0);
      expect(all["slope x1"]).toBeCloseTo(alone["slope x1"] as number, 6);
      expect(all["logLikelihood"]).toBeCloseTo(alone["logLikelihood"] as number, 6);
    }
  });

  it("refuses columns that the panel has not, and text", async () => {
    const { x, y } = simulated(40);
    await expect(arima({ regressors: ["price"] }).fit(panelOf(x, y), { horizon: 1 })).rejects.toThrow(
      /arima's regressor "price" is no known-future column of the panel/,
    );
    const rows = columnsFromArrays(
      { at: timestamp(), y: float64(), day: utf8(), open: bool() },
      {
        at: BigInt64Array.from({ length: 40 }, (_, i) => 3_600_000_000n * BigInt(i)),
        y: Float64Array.from({ length: 40 }, (_, i) => i % 5),
        day: Array.from({ length: 40 }, (_, i) => (i % 2 === 0 ? "mon" : "tue")),
        open: Array.from({ length: 40 }, (_, i) => i % 3 === 0),
      },
    );
    const mixed = panel(rows, { time: "at", target: "y", frequency: "1h", knownFuture: ["day", "open"] });
    await expect(arima({ regressors: ["day"] }).fit(mixed, { horizon: 1 })).rejects.toThrow(/"day" is text/);
    expect(
      (await arima({ order: [0, 0, 0], regressors: ["open"] }).fit(mixed, { horizon: 1 })).fits[0],
    ).toHaveProperty(["slope open"]);
    expect(() => arima({ regressors: ["a", "a"] })).toThrow(/list of different column names/);
    expect(() => mstl({ seasonLengths: [7], trend: arima({ regressors: ["a"] }) })).toThrow(
      /takes no regressors/,
    );
  });
});
