import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { hourlyPanel } from "../../test/hourly-series.ts";
import type { Forecaster } from "./forecaster.ts";
import { gbdt } from "./gbdt/gbdt.ts";
import { adida, imapa } from "./models/aggregated-demand.ts";
import { croston } from "./models/croston.ts";
import { holt } from "./models/ets/ets.ts";
import { mstl } from "./models/mstl/mstl.ts";
import { naive } from "./models/naive.ts";
import { naive2 } from "./models/naive2.ts";
import { randomWalkWithDrift } from "./models/random-walk-with-drift.ts";
import { tsb } from "./models/tsb.ts";
import { reduce } from "./reduce/reduce.ts";
import { elasticNet } from "./regressors/elastic-net.ts";

/** The forecasts of a series and, where there are intervals, their bounds. */
async function forecastOf(forecaster: Forecaster, y: readonly (number | null)[]): Promise<readonly number[]> {
  const fitted = await forecaster.fit(hourlyPanel(y), { horizon: 5 });
  const { mean, quantiles } = fitted.predict({ levels: fitted.hasIntervals ? [80] : [] });
  return [...mean, ...quantiles.flatMap(({ values }) => [...values])];
}

const changed = (y: readonly (number | null)[], factor: number, shift = 0) =>
  y.map((value) => (value === null ? null : factor * value + shift));

/** A power of two loses no digit, so nothing may change but the exponent. */
const powers = fc.constantFrom(2 ** -20, 0.25, 8, 2 ** 30);
const factors = fc.double({ min: 1e-3, max: 1e3, noNaN: true });
const shifts = fc.double({ min: -1e3, max: 1e3, noNaN: true });

const intermittent: Readonly<Record<string, Forecaster>> = {
  "croston, classic": croston(),
  "croston, optimized": croston({ variant: "optimized" }),
  "croston, sba": croston({ variant: "sba" }),
  tsb: tsb({ sizeRate: 0.2, probabilityRate: 0.3 }),
  adida: adida(),
  imapa: imapa(),
};
const demand = fc
  .array(fc.constantFrom(0, 0, 0, null, 1, 2, 3, 5.5, 11), { minLength: 6, maxLength: 50 })
  .filter((y) => y.filter((value) => value !== null).length >= 2);

describe.each(Object.entries(intermittent))("%s", (_, forecaster) => {
  test.prop([demand, powers])("is scaled with its series, to the bit by powers of two", async (y, factor) => {
    expect(await forecastOf(forecaster, changed(y, factor))).toEqual(
      (await forecastOf(forecaster, y)).map((value) => factor * value),
    );
  });
});

// Where rates are searched for, rounding may decide between two that are as good.
describe.each(["croston, classic", "croston, sba", "tsb"])("%s", (name) => {
  test.prop([demand, factors])("is scaled with its series by any factor", async (y, factor) => {
    const forecaster = intermittent[name] as Forecaster;
    const plain = await forecastOf(forecaster, y);
    (await forecastOf(forecaster, changed(y, factor))).forEach((value, i) => {
      expect(value / factor).toBeCloseTo(plain[i] as number, 9);
    });
  });
});

describe("naive2", () => {
  const values = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 8, maxLength: 40 });

  test.prop([values, powers, fc.constantFrom(1, 4)])(
    "is scaled with its series, to the bit by powers of two",
    async (y, factor, seasonLength) => {
      const forecaster = naive2({ seasonLength });
      // With a season in it, so that factors are found in some of the series.
      const seasonal = y.map((value, t) => value * (t % 4 === 1 ? 40 : 10));
      for (const one of [y, seasonal])
        expect(await forecastOf(forecaster, changed(one, factor))).toEqual(
          (await forecastOf(forecaster, one)).map((value) => factor * value),
        );
    },
  );
});

describe("mstl", () => {
  const values = fc
    .array(fc.option(fc.double({ min: -50, max: 50, noNaN: true }), { freq: 8 }), {
      minLength: 26,
      maxLength: 60,
    })
    // Of values that are mostly alike half of the remainders are nothing but rounding errors, and robust weights are chance.
    .filter((y) => new Set(y.filter((value) => value !== null && Math.abs(value) > 1e-3)).size > 12);
  const trends = { naive: naive(), randomWalkWithDrift: randomWalkWithDrift() };

  test.prop([values, factors, shifts, fc.constantFrom(...Object.values(trends)), fc.boolean()], {
    numRuns: 60,
  })("is scaled and shifted with its series, bounds too", async (y, factor, shift, trend, robust) => {
    const forecaster = mstl({ seasonLengths: [3, 12], trend, robust });
    const plain = await forecastOf(forecaster, y);
    const size = 50 * factor + Math.abs(shift);
    (await forecastOf(forecaster, changed(y, factor, shift))).forEach((value, i) => {
      expect(Math.abs(value - (factor * (plain[i] as number) + shift)) / size).toBeLessThan(1e-7);
    });
  });

  test.prop([values, powers], { numRuns: 30 })(
    "is scaled with its series where its trend is searched for",
    async (y, factor) => {
      const forecaster = mstl({ seasonLengths: [3, 12], trend: holt() });
      const plain = await forecastOf(forecaster, y);
      (await forecastOf(forecaster, changed(y, factor))).forEach((value, i) => {
        expect(Math.abs(value / factor - (plain[i] as number))).toBeLessThan(1e-3);
      });
    },
  );
});

describe("reduce with scale", () => {
  const values = fc.array(fc.double({ min: 1, max: 100, noNaN: true }), { minLength: 40, maxLength: 60 });
  const options = {
    lags: [1, 2, 6],
    windows: [
      { width: 4, aggregate: "mean" },
      { width: 4, aggregate: "std" },
    ],
  } as const;

  test.prop([values, powers, fc.constantFrom("standard", "robust", "absolute")], { numRuns: 25 })(
    "is scaled with its series, to the bit by powers of two",
    async (y, factor, scale) => {
      for (const regressor of [gbdt({ trees: 10, seed: 1, minLeafRows: 3 }), elasticNet()]) {
        const forecaster = reduce(regressor, { ...options, scale });
        expect(await forecastOf(forecaster, changed(y, factor))).toEqual(
          (await forecastOf(forecaster, y)).map((value) => factor * value),
        );
      }
    },
  );

  test.prop([values, factors, shifts, fc.constantFrom("standard", "robust")], { numRuns: 25 })(
    "that centres is shifted with its series, too",
    async (y, factor, shift, scale) => {
      const forecaster = reduce(elasticNet({ penalty: 0.01 }), { ...options, scale });
      const plain = await forecastOf(forecaster, y);
      const size = 100 * factor + Math.abs(shift);
      (await forecastOf(forecaster, changed(y, factor, shift))).forEach((value, i) => {
        expect(Math.abs(value - (factor * (plain[i] as number) + shift)) / size).toBeLessThan(1e-5);
      });
    },
  );
});
