import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../../test/hourly-series.ts";
import { withOwnIntervals } from "../../../../test/own-intervals.ts";
import { createRandom } from "../../../random.ts";
import { type ColumnType, float64, nullable, timestamp } from "../../../schema/column-type.ts";
import type { Columns } from "../../../schema/columns.ts";
import { columnsFromArrays } from "../../../schema/from-arrays.ts";
import { panel } from "../../panel/build-panel.ts";
import { arima } from "./arima.ts";

interface Expected {
  readonly name: string;
  readonly order: [number, number, number];
  readonly seasonal: [number, number, number];
  readonly season: number;
  readonly constant: boolean;
  readonly missing: number[];
  readonly y: number[];
  /** Per regressor its values, the horizon's after those of `y`. */
  readonly x: number[][];
  readonly coefficients: number[];
  /** Mean or drift, then those of the regressors. */
  readonly slopes: number[];
  readonly likelihood: number;
  readonly variance: number;
  readonly mean: number[];
  readonly deviation: number[];
}
const expected: Expected[] = JSON.parse(
  readFileSync(new URL("./__fixtures__/many-gaps.json", import.meta.url), "utf8"),
);
const kept = [1, 2, 5, 14];
const oneDeviation = 68.26894921370859;

/** Hourly rows; without `y` those of the future. */
function rowsOf(x: readonly number[][], from: number, y: readonly (number | null)[] | null): Columns {
  const count = y?.length ?? 14;
  const types: Record<string, ColumnType> = { at: timestamp() };
  const data: Record<string, unknown> = {
    at: BigInt64Array.from({ length: count }, (_, i) => 3_600_000_000n * BigInt(from + i)),
  };
  if (y !== null) {
    types["y"] = nullable(float64());
    data["y"] = y;
  }
  x.forEach((values, k) => {
    types[`x${k + 1}`] = float64();
    data[`x${k + 1}`] = Float64Array.from(values.slice(from, from + count));
  });
  return columnsFromArrays(types, data as never) as Columns;
}

describe("a series with many gaps", () => {
  it.each(expected)(
    "($name) has the likelihood, estimates and forecasts of statsmodels' state space model",
    async ({ order, seasonal, season, constant, missing, y, x, ...wanted }) => {
      const values: (number | null)[] = [...y];
      for (const row of missing) values[row] = null;
      const regressors = x.map((_, k) => `x${k + 1}`);
      const history = panel(rowsOf(x, 0, values), {
        time: "at",
        target: "y",
        frequency: "1h",
        knownFuture: regressors,
      });
      const model = arima({ order, seasonalOrder: seasonal, seasonLength: season, constant, regressors });
      const fitted = await withOwnIntervals(model).fit(history, { horizon: 14 });
      const {
        form: _,
        deviation,
        logLikelihood,
        aicc: __,
        ...estimates
      } = fitted.fits[0] as Record<string, number>;
      expect(logLikelihood).toBeCloseTo(wanted.likelihood, 6);
      const all = [...wanted.coefficients, ...wanted.slopes];
      expect(Object.keys(estimates).length).toBe(all.length);
      Object.values(estimates).forEach((value, i) => {
        expect(value).toBeCloseTo(all[i] as number, 5);
      });
      // Ours is divided by what the estimates leave, the other by all that is known.
      const known = y.length - missing.length - order[1] - seasonal[1] * season;
      const variance = ((deviation as number) ** 2 * (known - all.length)) / known;
      expect(variance / wanted.variance).toBeCloseTo(1, 6);
      const future = x.length > 0 ? { future: rowsOf(x, y.length, null) } : {};
      const forecast = fitted.predict({ ...future, levels: [oneDeviation] });
      kept.forEach((step, i) => {
        const size = wanted.deviation[i] as number;
        const mean = forecast.mean[step - 1] as number;
        expect(Math.abs(mean - (wanted.mean[i] as number)) / size).toBeLessThan(1e-5);
        const own = (forecast.quantiles[1]?.values[step - 1] as number) - mean;
        expect((own * Math.sqrt(variance)) / (deviation as number) / size).toBeCloseTo(1, 5);
      });
    },
  );

  it("is continued exactly, in any pieces, and is hardly larger than a whole one", async () => {
    const random = createRandom("many gaps");
    const values = Array.from({ length: 700 }, (_, t) =>
      t > 0 && random.uniform() < 0.25 ? null : 10 * Math.sin((Math.PI * t) / 6) + random.normal(),
    );
    const model = arima({ order: [0, 1, 1], seasonalOrder: [0, 1, 1], seasonLength: 12 });
    const fitted = await model.fit(hourlyPanel(values.slice(0, 500)), { horizon: 2 });
    const rows = (from: number, to: number) => hourlyRows(values.slice(from, to), from);
    const atOnce = fitted.update(rows(500, 700));
    const inThree = model
      .load(fitted.update(rows(500, 533)).update(rows(533, 611)).save())
      .update(rows(611, 700));
    expect(inThree.save()).toEqual(atOnce.save());
    // With numbers for every gap that is open at the end it would be more than 200 kB.
    expect(atOnce.save().length).toBeLessThan(25_000);
  });
});
