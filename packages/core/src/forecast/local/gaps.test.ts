import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../test/hourly-series.ts";
import { runFrom } from "../../../test/run-from.ts";
import { createRandom } from "../../random.ts";
import { arima } from "../models/arima/arima.ts";
import { ces } from "../models/ces/ces.ts";
import { ets, holt, holtWinters, ses } from "../models/ets/ets.ts";
import { mstl } from "../models/mstl/mstl.ts";
import { naive } from "../models/naive.ts";
import { randomWalkWithDrift } from "../models/random-walk-with-drift.ts";
import { theta } from "../models/theta/theta.ts";
import { type LocalForecaster, localParts } from "./local-forecaster.ts";

const random = createRandom(3);
let level = 100;
const y = Array.from({ length: 72 }, (_, t) => {
  level += random.normal(0.2, 1);
  return level * (1 + 0.2 * Math.sin((Math.PI * t) / 3)) + random.normal();
});

const seasonLength = 6;
const smoothing: Readonly<Record<string, LocalForecaster>> = {
  ses: ses(),
  "damped holt": holt({ damped: true }),
  "ets(M,A,N)": ets({ error: "multiplicative", trend: "additive", season: "none" }),
  "holtWinters, additive": holtWinters({ seasonLength }),
  "ets(M,N,A)": ets({ error: "multiplicative", trend: "none", season: "additive", seasonLength }),
  "holtWinters, multiplicative": holtWinters({ seasonLength, season: "multiplicative", damped: true }),
  "ets(A,N,M)": ets({ error: "additive", trend: "none", season: "multiplicative", seasonLength }),
  "theta, standard": theta({ variant: "standard", seasonLength }),
  "theta, optimized": theta({ variant: "optimized", seasonLength, season: "additive" }),
  "theta, dynamic": theta({ variant: "dynamic" }),
  "theta, dynamicOptimized": theta({ variant: "dynamicOptimized", seasonLength }),
  "ces, none": ces({ season: "none" }),
  "ces, simple": ces({ season: "simple", seasonLength }),
  "ces, partial": ces({ season: "partial", seasonLength }),
  "ces, full": ces({ season: "full", seasonLength }),
  "mstl of ets": mstl({ seasonLengths: [seasonLength] }),
};
const others: Readonly<Record<string, LocalForecaster>> = {
  naive: naive(),
  randomWalkWithDrift: randomWalkWithDrift(),
  "arima (1,1,1)": arima({ order: [1, 1, 1] }),
  "arima (0,1,1)(0,1,1)": arima({ order: [0, 1, 1], seasonalOrder: [0, 1, 1], seasonLength }),
};

describe.each(Object.entries(smoothing))("%s", (_, forecaster) => {
  it("takes a missing row for its own forecast: forecasts of a series with gaps are those of the series filled with them", () => {
    const model = localParts(forecaster)?.model;
    if (model === undefined) throw new Error("There is no local model.");
    const begin = model.fit(Float64Array.from(y), []);
    const holed = y.map((value, t) => (t % 7 === 4 || (t > 30 && t < 38) ? Number.NaN : value));
    const gaps = runFrom(model, begin, holed, 14, []);
    const filled = holed.map((value, t) => (Number.isNaN(value) ? (gaps.fitted[t] as number) : value));
    const whole = runFrom(model, begin, filled, 14, []);
    for (const [found, wanted] of [
      [gaps.fitted, whole.fitted],
      [gaps.mean, whole.mean],
    ] as const)
      found.forEach((value, t) => {
        expect(value).toBeCloseTo(wanted[t] as number, 8);
      });
    // And it does not forecast as if nothing were missing.
    const complete = runFrom(model, begin, y, 14, []);
    expect(gaps.fitted[39]).not.toBeCloseTo(complete.fitted[39] as number, 3);
  });
});

describe.each(Object.entries({ ...smoothing, ...others }))("%s", (_, forecaster) => {
  it("has the intervals of a longer horizon after missing rows, in whatever pieces they come", async () => {
    const fitted = await forecaster.fit(hourlyPanel(y), { horizon: 40 });
    const longer = fitted.predict({ levels: [80] });
    const later = fitted.update(hourlyRows(new Array(25).fill(null), y.length));
    const inPieces = fitted
      .update(hourlyRows(new Array(11).fill(null), y.length))
      .update(hourlyRows(new Array(14).fill(null), y.length + 11));
    expect(inPieces.save()).toEqual(later.save());
    const after = later.predict({ levels: [80] });
    const size = Math.max(...y);
    for (let step = 0; step < 15; step++) {
      expect(Math.abs((after.mean[step] as number) - (longer.mean[step + 25] as number)) / size).toBeLessThan(
        1e-9,
      );
      for (const bound of [0, 1]) {
        const [found, wanted] = [after, longer].map(({ quantiles }) => quantiles[bound]?.values) as [
          Float64Array,
          Float64Array,
        ];
        expect(Math.abs((found[step] as number) - (wanted[step + 25] as number)) / size).toBeLessThan(1e-6);
      }
    }
    // A value ends the gap: the row after it is better known than without.
    const known = later.update(hourlyRows([longer.mean[25] as number], y.length + 25));
    const width = ({ quantiles }: typeof after, step: number) =>
      (quantiles[1]?.values[step] as number) - (quantiles[0]?.values[step] as number);
    expect(width(known.predict({ levels: [80] }), 0)).toBeLessThan(width(after, 1));
  });
});

describe("sample paths after missing rows", () => {
  it.each(["ses", "damped holt", "holtWinters, multiplicative", "theta, dynamicOptimized", "ces, partial"])(
    "of %s spread as intervals do",
    async (name) => {
      const forecaster = smoothing[name] as LocalForecaster;
      const fitted = await forecaster.fit(hourlyPanel([...y, ...new Array(12).fill(null)]), { horizon: 6 });
      const { mean, quantiles } = fitted.predict({ levels: [80] });
      const paths = 4000;
      const drawn = (await fitted.samplePaths({ paths, seed: 1 })).values;
      for (let step = 0; step < 6; step++) {
        const values = Array.from({ length: paths }, (_, p) => drawn[p * 6 + step] as number).sort(
          (a, b) => a - b,
        );
        const width = (quantiles[1]?.values[step] as number) - (quantiles[0]?.values[step] as number);
        expect(
          Math.abs(((values[0.9 * paths] as number) - (values[0.1 * paths] as number)) / width - 1),
        ).toBeLessThan(0.1);
        expect(Math.abs((values[0.5 * paths] as number) - (mean[step] as number)) / width).toBeLessThan(0.05);
      }
    },
  );
});
