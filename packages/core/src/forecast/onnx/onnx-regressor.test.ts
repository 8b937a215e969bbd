import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../test/hourly-series.ts";
import { gbdt } from "../gbdt/gbdt.ts";
import { loadForecaster } from "../load-forecaster.ts";
import { reduce } from "../reduce/reduce.ts";
import { ridge } from "../regressors/ridge.ts";
import { onnxRegressor } from "./onnx-regressor.ts";
import { toOnnx } from "./to-onnx.ts";

const fixture: { y: number[]; featureNames: string[]; forecast: number[]; model: string } = JSON.parse(
  readFileSync(new URL("./__fixtures__/scikit-learn.json", import.meta.url), "utf8"),
);
const foreign = new Uint8Array(Buffer.from(fixture.model, "base64"));
const history = hourlyPanel(fixture.y);
const horizon = fixture.forecast.length;
const lags = [1, 2, 24];

describe("onnxRegressor", () => {
  it("forecasts with a model of scikit-learn what scikit-learn forecasts", async () => {
    const regressor = await onnxRegressor(foreign, { columns: fixture.featureNames });
    const fitted = await reduce(regressor, { lags, strategy: "recursive" }).fit(history, { horizon });
    expect(fitted.featureNames).toEqual(fixture.featureNames);
    fitted.predict().mean.forEach((value, step) => {
      expect(value).toBeCloseTo(fixture.forecast[step] as number, 4);
    });
  });

  it.each([
    ["gbdt", gbdt({ trees: 10, minLeafRows: 5 })],
    ["ridge", ridge()],
  ])("forecasts with our own exported %s as the model itself does", async (_, trained) => {
    const options = { lags: [12, 24], calendar: ["hour"] } as const;
    const own = await reduce(trained, options).fit(history, { horizon });
    const bytes = await toOnnx(own.regressors[0] as never);
    const other = await reduce(await onnxRegressor(bytes), options).fit(history, { horizon });
    const next = hourlyRows([50, 55, null, 61], fixture.y.length);
    for (const [a, b] of [
      [own, other],
      [own.update(next), other.update(next)],
    ] as const) {
      const wanted = a.predict().mean;
      b.predict().mean.forEach((value, step) => {
        expect(value).toBeCloseTo(wanted[step] as number, 9);
      });
    }
  });

  it("is saved with its model, and loaded by any other", async () => {
    const forecaster = reduce(await onnxRegressor(foreign), { lags, strategy: "recursive" });
    const fitted = await forecaster.fit(history, { horizon });
    const bytes = fitted.save();
    expect(forecaster.load(bytes).predict()).toEqual(fitted.predict());
    const small = await toOnnx(
      (await reduce(ridge(), { lags: [24] }).fit(history, { horizon })).regressors[0] as never,
    );
    const loaded = loadForecaster(bytes, { regressors: [await onnxRegressor(small)] });
    expect(loaded.predict()).toEqual(fitted.predict());
    expect(loaded.save()).toEqual(bytes);
    expect(() => loadForecaster(bytes)).toThrow(/a regressor of kind "onnx"/);
  });

  it("says in its parameters which model it is", async () => {
    const { params } = await onnxRegressor(foreign, { columns: ["a"] });
    expect(params).toEqual({ sha256: expect.stringMatching(/^[0-9a-f]{64}$/), columns: ["a"] });
  });

  it("refuses features that the model was not trained on, with the names", async () => {
    const fit = async (columns: string[] | undefined, own: readonly number[]) =>
      reduce(await onnxRegressor(foreign, columns === undefined ? {} : { columns }), {
        lags: own,
        strategy: "recursive",
      }).fit(history, { horizon });
    await expect(fit(undefined, [1, 2])).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: "The ONNX model takes 3 columns, and 2 were named. The features are lag_1 and lag_2.",
    });
    await expect(fit(["lag_1", "lag_24", "lag_2"], lags)).rejects.toMatchObject({
      code: "SCHEMA_MISMATCH",
      message:
        "The ONNX model was trained on 3 columns, and there are 3 features: column 2 is lag_24 for the model, and lag_2 here.",
      details: { columns: ["lag_1", "lag_24", "lag_2"], features: ["lag_1", "lag_2", "lag_24"] },
    });
    await expect(fit(["lag_1", "lag_2", "lag_24"], [1, 2])).rejects.toMatchObject({
      message: expect.stringContaining(
        "3 columns, and there are 2 features: column 3 is lag_24 for the model, and not there here.",
      ),
    });
  });

  it("refuses what is no model", async () => {
    await expect(onnxRegressor(new Uint8Array(100))).rejects.toMatchObject({ code: "MODEL_FORMAT_INVALID" });
    await expect(onnxRegressor("model.onnx" as never)).rejects.toMatchObject({
      code: "MODEL_FORMAT_INVALID",
    });
    await expect(onnxRegressor(foreign, { column: [] } as never)).rejects.toMatchObject({
      code: "MODEL_PARAMETER_INVALID",
    });
    // One that failed leaves the thread as it was.
    expect((await onnxRegressor(foreign)).kind).toBe("onnx");
  });
});
