import { RandomForestRegression } from "ml-random-forest";
import { describe, expect, it } from "vitest";
import { columnsFromRows, float64, loadForecaster, panel, reduce, timestamp } from "../../index.ts";
import { regressorCases } from "../../testing/regressor.ts";
import type { FeatureMatrix } from "../regressor.ts";
import { type MlRegressorOptions, mlRegressor } from "./ml-regressor.ts";

/** A small forest of ml.js. */
const forest = () =>
  mlRegressor({
    name: "forest",
    params: { trees: 5 },
    train(rows, y) {
      const model = new RandomForestRegression({ nEstimators: 5, seed: 1, noOOB: true });
      model.train(rows, y);
      return model;
    },
    load: (json) => RandomForestRegression.load(json),
  });

const skip = {
  "follows the rows of greater weight": "the library cannot weigh rows",
  "counts a row of weight 0 as absent": "the library cannot weigh rows",
};

describe("a forest of ml.js keeps the promises of a regressor:", { timeout: 60_000 }, () => {
  for (const { name, run, skip: reason } of regressorCases(forest, { skip }))
    it.skipIf(reason !== undefined)(name, run);
});

it("a forest of ml.js forecasts, absorbs rows, and comes back by loadForecaster", async () => {
  const loadOf = (hour: number) => 100 + 5 * (hour % 24) + 2 * Math.sin(hour);
  const hours = (from: number, to: number) =>
    columnsFromRows(
      { at: timestamp(), load: float64() },
      Array.from({ length: to - from }, (_, i) => ({
        at: new Date(3_600_000 * (from + i)),
        load: loadOf(from + i),
      })),
    );
  const history = panel(hours(0, 480), { time: "at", target: "load", frequency: "1h" });
  const fitted = await reduce(forest(), { lags: [24, 48], calendar: ["hour"] }).fit(history, { horizon: 24 });
  const expectNear = (mean: Float64Array, first: number) =>
    mean.forEach((value, step) => {
      expect(Math.abs(value - loadOf(first + step))).toBeLessThan(15);
    });
  expectNear(fitted.predict().mean, 480);
  const later = fitted.update(hours(480, 490));
  expectNear(later.predict().mean, 490);
  expect(() => loadForecaster(later.save())).toThrow(/kind "ml:forest"/);
  const loaded = loadForecaster(later.save(), { regressors: [forest()] });
  expect(loaded.predict()).toEqual(later.predict());
});

/** The weighted mean, as a library would have it that answers with lists of one. */
interface Mean {
  readonly mean: number;
}
const meanOptions: MlRegressorOptions<Mean> = {
  name: "mean",
  usesWeights: true,
  train: (_, y, weights = y.map(() => 1)) => ({
    mean:
      y.reduce((sum, value, row) => sum + value * weights[row]!, 0) /
      weights.reduce((sum, weight) => sum + weight, 0),
  }),
  load: (json) => json as Mean,
  predict: ({ mean }, rows) => rows.map(() => [mean]),
};
const x: FeatureMatrix = {
  rows: 3,
  columns: [{ name: "a", kind: "numeric", values: Float64Array.of(1, 2, 3) }],
};
const y = Float64Array.of(1, 2, 6);

describe("mlRegressor", () => {
  it("takes models without methods, lists of one, and weights where they are used", async () => {
    const regressor = mlRegressor(meanOptions);
    const fitted = await regressor.fit(x, y, { weights: Float64Array.of(2, 1, 1) });
    expect(fitted.kind).toBe("ml:mean");
    expect([...fitted.predict(x)]).toEqual([2.5, 2.5, 2.5]);
    expect(mlRegressor(meanOptions).load(fitted.save()).predict(x)).toEqual(fitted.predict(x));
  });

  it("refuses weights that a library does not use, and takes equal ones and rows of weight 0", async () => {
    const regressor = mlRegressor({ ...meanOptions, usesWeights: false });
    await expect(regressor.fit(x, y, { weights: Float64Array.of(2, 1, 1) })).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
      message: 'The regressor "ml:mean" cannot weigh rows.',
    });
    const fitted = await regressor.fit(x, y, { weights: Float64Array.of(2, 2, 0) });
    expect([...fitted.predict(x)]).toEqual([1.5, 1.5, 1.5]);
  });

  it("predicts with the model as it comes back from JSON", async () => {
    const forgetful = mlRegressor({ ...meanOptions, toJson: () => ({ mean: 42 }) });
    expect((await forgetful.fit(x, y)).predict(x)[0]).toBe(42);
  });

  it("says what a library did wrong", async () => {
    const broken = (options: Partial<MlRegressorOptions<Mean>>) =>
      mlRegressor({ ...meanOptions, ...options });
    const thrown = new Error("matrix is singular");
    await expect(
      broken({
        train: () => {
          throw thrown;
        },
      }).fit(x, y),
    ).rejects.toMatchObject({
      code: "FIT_FAILED",
      message: 'The library of "ml:mean" failed while training: matrix is singular',
      cause: thrown,
    });
    for (const predict of [() => [1], () => [1, 2, Number.NaN], () => [[1], [2], [3, 4]]]) {
      const fitted = await broken({ predict }).fit(x, y);
      expect(() => fitted.predict(x)).toThrow(expect.objectContaining({ code: "FIT_FAILED" }));
    }
  });

  it.each([
    { ...meanOptions, name: "" },
    { ...meanOptions, train: undefined },
    { ...meanOptions, load: undefined },
  ])("refuses options that are not enough, case %#", (options) => {
    expect(() => mlRegressor(options as MlRegressorOptions<Mean>)).toThrow(
      expect.objectContaining({ code: "MODEL_PARAMETER_INVALID" }),
    );
  });
});
