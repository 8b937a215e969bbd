import { describe, expect, it } from "vitest";
import { float64, timestamp, utf8 } from "../schema/column-type.ts";
import { columnsFromArrays } from "../schema/from-arrays.ts";
import { backtest } from "./backtest/backtest.ts";
import { conformal } from "./conformal/conformal.ts";
import { ensemble } from "./ensemble/ensemble.ts";
import { medians } from "./ensemble/fitted.ts";
import type { FittedForecaster, Forecaster } from "./forecaster.ts";
import { historicAverage } from "./models/historic-average.ts";
import { naive } from "./models/naive.ts";
import { panel } from "./panel/build-panel.ts";
import type { Panel } from "./panel/panel.ts";
import { reduce } from "./reduce/reduce.ts";
import type { FittedRegressor, Regressor } from "./regressor.ts";
import { ridge } from "./regressors/ridge.ts";

const hour = 3_600_000_000n;
const steady = Array.from({ length: 60 }, (_, t) => 10 + ((t * t * 31) % 7));
/** Its logarithm grows as the square of time: so do the forecasts of its second differences, out of range. */
const exploding = steady.map((_, t) => Math.exp(t * t * 0.09));

function panelOf(series: Readonly<Record<string, readonly number[]>>, withKnown = false): Panel<never> {
  const list = Object.entries(series).flatMap(([shop, y]) =>
    y.map((value, t) => ({ shop, at: hour * BigInt(t), y: value })),
  );
  return panel(
    columnsFromArrays(
      { shop: utf8(), at: timestamp(), y: float64(), x: float64() },
      {
        shop: list.map(({ shop }) => shop),
        at: BigInt64Array.from(list, ({ at }) => at),
        y: Float64Array.from(list, ({ y }) => y),
        x: Float64Array.from(list, (_, row) => row % 5),
      },
    ),
    { keys: ["shop"], time: "at", target: "y", frequency: "1h", knownFuture: withKnown ? ["x"] : [] },
  ) as Panel<never>;
}

/** The latest lag, or what is no number once the lag is above 14. */
const broken: Regressor = {
  kind: "broken",
  params: {},
  fit: async (x) => brokenFit(x.columns.map(({ name }) => name)),
  load: () => brokenFit([]),
};
function brokenFit(featureNames: readonly string[]): FittedRegressor {
  return {
    kind: "broken",
    featureNames,
    predict: ({ columns: [first] }) => first!.values.map((lag) => (lag > 14 ? Number.NaN : lag)),
    save: () => new Uint8Array(0),
  };
}

/** The naive forecast, with one value in the place of that of a step of the series "b". */
function spoilt(value: number): Forecaster {
  const bare = <Known extends string>(fitted: FittedForecaster<Known>): FittedForecaster<Known> => ({
    ...fitted,
    kind: "spoilt",
    predict: (...options) => {
      const forecast = fitted.predict(...options);
      const mean = forecast.mean.map((own, row) =>
        forecast.series[forecast.seriesIndex[row] as number]?.["shop"] === "b" && forecast.step[row] === 2
          ? value
          : own,
      );
      return { ...forecast, mean, quantiles: [] };
    },
    update: (rows) => bare(fitted.update(rows)),
  });
  const inner: Forecaster = naive();
  return { ...inner, kind: "spoilt", fit: async (of, options) => bare(await inner.fit(of, options)) };
}

const two = panelOf({ a: steady, b: steady.map((value) => value + 1) });
const horizon = 3;

describe("forecasts of reduce that are not finite", () => {
  const growing = reduce(ridge(), { lags: [1, 2], transform: "log", differences: [1, 1] });
  const both = { a: steady, b: exploding };

  it("make the fit fail where it needs no future, by the name of the series", async () => {
    await expect(growing.fit(panelOf(both), { horizon: 40 })).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: expect.stringMatching(
        /^reduce\(ridge\) has no finite forecast of series {"shop":"b"} \(The forecast of step \d+ is Infinity\.\)\.$/,
      ),
      hint: expect.stringContaining("shorter horizon"),
    });
    const fitted = await growing.fit(panelOf(both), { horizon: 40, failures: "collect" });
    expect(fitted.failures).toMatchObject([{ key: { shop: "b" }, code: "FIT_FAILED" }]);
    expect(fitted.predict()).toEqual((await growing.fit(panelOf({ a: steady }), { horizon: 40 })).predict());
  });

  it("are refused by predict where it does, and after an update", async () => {
    const known = reduce(broken, { lags: [1], covariates: ["x"] });
    const history = panelOf({ a: steady.map(() => 3), b: steady.map(() => 20) }, true);
    const fitted = await known.fit(history, { horizon: 1 });
    const future = columnsFromArrays(
      { shop: utf8(), at: timestamp(), x: float64() },
      { shop: ["a", "b"], at: BigInt64Array.of(60n * hour, 60n * hour), x: Float64Array.of(1, 2) },
    );
    expect(() => fitted.predict({ future })).toThrow(
      expect.objectContaining({
        code: "FIT_FAILED",
        message:
          'reduce(broken) has no finite forecast of series {"shop":"b"} (The forecast of step 1 is NaN.).',
      }),
    );
    expect([...fitted.predict({ future, keys: [{ shop: "a" }] }).mean]).toEqual([3]);
    const later = await reduce(broken, { lags: [1] }).fit(panelOf({ a: steady.map(() => 3) }), {
      horizon: 1,
    });
    const high = columnsFromArrays(
      { shop: utf8(), at: timestamp(), y: float64() },
      { shop: ["a"], at: BigInt64Array.of(60n * hour), y: Float64Array.of(30) },
    );
    expect(() => later.update(high).predict()).toThrow(expect.objectContaining({ code: "FIT_FAILED" }));
  });
});

describe("a forecaster that is given one which predicts what is not finite", () => {
  it.each([Number.NaN, Number.POSITIVE_INFINITY])("names the series and the member (%d)", async (value) => {
    for (const combine of ["mean", "median"] as const) {
      const fitted = await ensemble([historicAverage(), spoilt(value), naive()], { combine }).fit(two, {
        horizon,
      });
      expect(() => fitted.predict()).toThrow(
        expect.objectContaining({
          code: "FIT_FAILED",
          message: expect.stringMatching(
            new RegExp(
              `^ensemble has no finite forecast of series {"shop":"b"} \\(The forecast of step 2 is \\w+\\. Of its members spoilt says ${value}\\.\\)\\.$`,
            ),
          ),
        }),
      );
      expect(fitted.predict({ keys: [{ shop: "a" }] }).mean.every(Number.isFinite)).toBe(true);
    }
  });

  it.each(["weighted", "stacked"] as const)("learns no weights of it (%s)", async (combine) => {
    const combined = ensemble([naive(), spoilt(Number.NaN)], { combine });
    await expect(combined.fit(two, { horizon })).rejects.toMatchObject({
      code: "FIT_FAILED",
      message:
        'Weighing by the errors: spoilt has no finite forecast of series {"shop":"b"} (The forecast of step 2 is NaN.).',
    });
    const fitted = await combined.fit(two, { horizon, failures: "collect" });
    expect(fitted.series).toEqual([{ shop: "a" }]);
    expect(fitted.weights?.flat().every(Number.isFinite)).toBe(true);
  });

  it("is not calibrated, and not scored", async () => {
    await expect(conformal(spoilt(Number.NaN), { folds: 5 }).fit(two, { horizon })).rejects.toMatchObject({
      code: "FIT_FAILED",
    });
    await expect(backtest(spoilt(Number.NaN), two, { horizon, folds: 2 })).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: expect.stringMatching(
        /^After 1970-01-03T\S+ the forecaster has no finite forecast of series {"shop":"b"}/,
      ),
    });
  });
});

it("a median with what is not finite is NaN, wherever it stands", () => {
  const of = (...row: number[]) => [...medians(row.map((value) => Float64Array.of(value)))];
  expect(of(60, 12.5, Number.NaN)).toEqual([Number.NaN]);
  expect(of(Number.NEGATIVE_INFINITY, 1, 2)).toEqual([Number.NaN]);
  expect(of(60, 12.5, 20)).toEqual([20]);
});
