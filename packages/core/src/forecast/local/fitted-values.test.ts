import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hourlyPanel } from "../../../test/hourly-series.ts";
import { withOutliers } from "../../../test/with-outliers.ts";
import { float64, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromArrays } from "../../schema/from-arrays.ts";
import { toRows } from "../../schema/to-rows.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import { arima } from "../models/arima/arima.ts";
import { ces } from "../models/ces/ces.ts";
import { croston } from "../models/croston.ts";
import { ets, holtWinters } from "../models/ets/ets.ts";
import { historicAverage } from "../models/historic-average.ts";
import { mstl } from "../models/mstl/mstl.ts";
import { naive } from "../models/naive.ts";
import { randomWalkWithDrift } from "../models/random-walk-with-drift.ts";
import { seasonalNaive } from "../models/seasonal-naive.ts";
import { theta } from "../models/theta/theta.ts";
import { windowAverage } from "../models/window-average.ts";
import { panel } from "../panel/build-panel.ts";
import { reduce } from "../reduce/reduce.ts";
import { fittedValues } from "./fitted-values.ts";
import type { LocalForecaster } from "./local-forecaster.ts";

const read = (path: string) => JSON.parse(readFileSync(new URL(path, import.meta.url), "utf8"));
const series: { name: string; season: number; y: number[] }[] = read("./__fixtures__/series.json");
const seriesOf = (name: string) => series.find((one) => one.name === name) as { season: number; y: number[] };
const fixtures: { name: string; model: string; mean: (number | null)[] }[] = read(
  "./__fixtures__/fitted.json",
);

const makers: Readonly<Record<string, (season: number) => LocalForecaster>> = {
  naive: () => naive(),
  ets: (seasonLength) => ets({ seasonLength }),
  holtWinters: (seasonLength) => holtWinters({ seasonLength }),
  "theta standard": (seasonLength) => theta({ variant: "standard", seasonLength }),
  "theta optimized": (seasonLength) => theta({ variant: "optimized", seasonLength }),
  "theta dynamicOptimized": (seasonLength) => theta({ variant: "dynamicOptimized", seasonLength }),
  ces: (seasonLength) => ces({ seasonLength }),
  "arima (1,1,0)(0,1,0)": (seasonLength) =>
    arima({ order: [1, 1, 0], seasonLength, ...(seasonLength > 1 ? { seasonalOrder: [0, 1, 0] } : {}) }),
  "arima (1,0,0)(0,1,1)": (seasonLength) =>
    arima({ order: [1, 0, 0], seasonalOrder: [0, 1, 1], seasonLength }),
  mstl: (season) => mstl({ seasonLengths: [season] }),
};
const rootOfMean = (errors: readonly number[]) =>
  Math.sqrt(errors.reduce((sum, error) => sum + error * error, 0) / errors.length);

/** Where the reference stops short of the maximum, or chooses another form: its errors are larger there. */
const elsewhere = new Set([
  "ets on outlier",
  "ces on quarters growing",
  "mstl on quarters growing",
  "ets on months with trend",
  "holtWinters on months with trend",
  "theta dynamicOptimized on months with trend",
  "ets on weeks",
  "holtWinters on weeks",
  "arima (1,0,0)(0,1,1) on months with trend",
  "arima (1,0,0)(0,1,1) on weeks",
  "ets on changing season",
  "holtWinters on changing season",
]);

describe("fitted values", () => {
  it.each(fixtures.map((one) => ({ ...one, title: `${one.model} on ${one.name}` })))(
    "of $title are those of statsforecast, or nearer to the series",
    async ({ title, name, model, mean }) => {
      const { season, y } = seriesOf(name);
      const found = await fittedValues(
        withOutliers((makers[model] as (m: number) => LocalForecaster)(season)),
        hourlyPanel(y),
      );
      expect([...found.y]).toEqual(y);
      // First states are estimated in other ways: what is left of that is gone after a few rows.
      const late = y.map((_, row) => row).slice(model === "naive" ? 1 : 2 * season + 3);
      const own = late.map((row) => (y[row] as number) - (found.mean[row] as number));
      const deviation = rootOfMean(own);
      expect(deviation).toBeLessThan(
        1.01 * rootOfMean(late.map((row) => (y[row] as number) - (mean[row] as number))),
      );
      const farthest = Math.max(
        ...late.map((row) => Math.abs((found.mean[row] as number) - (mean[row] as number))),
      );
      if (elsewhere.has(title)) expect(farthest).toBeGreaterThan(0.06 * deviation);
      else expect(farthest).toBeLessThan((model === "naive" ? 1e-9 : 0.06) * deviation);
    },
  );

  it("are the forecasts of one step from the rows before", async () => {
    const y = [3, 5, 10, Number.NaN, 4];
    const of = async (forecaster: LocalForecaster) => [
      ...(await fittedValues(forecaster, hourlyPanel([null, ...y]))).mean,
    ];
    expect(await of(naive())).toEqual([Number.NaN, 3, 5, 10, 10]);
    expect(await of(historicAverage())).toEqual([Number.NaN, 3, 4, 6, 6]);
    expect(await of(randomWalkWithDrift())).toEqual([Number.NaN, Number.NaN, 7, 13.5, 17]);
    expect(await of(seasonalNaive({ seasonLength: 2 }))).toEqual([Number.NaN, Number.NaN, 3, 3, 5, 10]);
    expect(await of(windowAverage({ window: 2 }))).toEqual([Number.NaN, Number.NaN, 3, 4, 7.5, 10]);
    expect(await of(croston())).toEqual([
      Number.NaN,
      3,
      expect.closeTo(3.2),
      expect.closeTo(3.88),
      expect.closeTo(3.88),
    ]);
    const arimaOf = await of(arima({ order: [0, 1, 0] }));
    expect(arimaOf).toEqual([Number.NaN, 3, 5, 10, 10]);
  });

  it("have a row for each of a panel, with what regressors add", async () => {
    const rows = 40;
    const temp = Array.from({ length: rows }, (_, t) => (t * 7) % 11);
    const names = ["b", "a"];
    const both = columnsFromArrays(
      { key: utf8(), at: timestamp(), y: float64(), temp: float64() },
      {
        key: names.flatMap((key) => temp.map(() => key)),
        at: BigInt64Array.from(names.flatMap(() => temp.map((_, t) => BigInt(t) * 3_600_000_000n))),
        y: names.flatMap((_, s) => temp.map((value, t) => 50 + s + 3 * value + 0.01 * ((t * t) % 5))),
        temp: names.flatMap(() => temp),
      },
    );
    const whole = panel(both, {
      keys: ["key"],
      time: "at",
      target: "y",
      frequency: "1h",
      knownFuture: ["temp"],
    });
    const found = await fittedValues(
      arima({ order: [0, 0, 0], constant: true, regressors: ["temp"] }),
      whole,
    );
    expect(found.series).toEqual([{ key: "a" }, { key: "b" }]);
    expect(found.length).toBe(2 * rows);
    found.y.forEach((value, row) => {
      expect(Math.abs(value - (found.mean[row] as number))).toBeLessThan(0.05);
    });
    const columns = toRows(found.toColumns());
    expect(columns[rows]).toEqual({
      key: "b",
      time: new Date(0),
      y: found.y[rows],
      mean: found.mean[rows],
    });
  });

  it("are refused of forecasters that are none of single series", async () => {
    const whole = hourlyPanel([1, 2, 3]);
    await expect(
      fittedValues(reduce(gbdt(), { lags: [1] }) as unknown as LocalForecaster, whole),
    ).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: "Fitted values are those of a model of single series, got reduce.",
    });
    const fitted = await naive().fit(whole, { horizon: 1 });
    await expect(fittedValues(fitted as never, whole)).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: "fittedValues() fits by itself, and got a fitted naive.",
    });
    await expect(fittedValues(naive(), undefined as never)).rejects.toMatchObject({ code: "PANEL_INVALID" });
  });
});
