import { describe, expect, it } from "vitest";
import { hourlyPanel } from "../../../../test/hourly-series.ts";
import { createRandom } from "../../../random.ts";
import { ets, holt, ses } from "./ets.ts";
import { fitLevel } from "./fit-level.ts";
import { levelAt } from "./form.ts";

const level = { error: "additive", trend: "none", damped: false, season: "none", seasonLength: 1 } as const;

describe("a trend", () => {
  const day = (t: number) => 100 + 20 * Math.sin((2 * Math.PI * t) / 24);

  it("does not run away with a season that the model does not know", async () => {
    const random = createRandom(5);
    const y = Array.from({ length: 400 }, (_, t) => day(t) + random.normal(0, 0.5));
    const fitted = await holt().fit(hourlyPanel(y), { horizon: 48 });
    const { mean } = fitted.predict();
    expect(Math.max(...mean.map((value, h) => Math.abs(value - day(400 + h))))).toBeLessThan(60);
    const quick = await ets({ ...level, trend: "additive", criterion: "aicc" }).fit(hourlyPanel(y), {
      horizon: 48,
    });
    expect(quick.fits[0]?.["logLikelihood"]).toBeGreaterThan(fitted.fits[0]?.["logLikelihood"] as number);
    expect(
      Math.max(...quick.predict().mean.map((value, h) => Math.abs(value - day(400 + h)))),
    ).toBeGreaterThan(150);
  });

  it("is quick where its own changes show, and then the likeliest there is", async () => {
    const random = createRandom(6);
    let [at, trend] = [100, 0];
    const y = Array.from({ length: 300 }, () => {
      at += trend;
      const error = random.normal();
      const value = at + error;
      at += 0.6 * error;
      trend += 0.15 * error;
      return value;
    });
    const [fitted] = (await holt().fit(hourlyPanel(y), { horizon: 1 })).fits;
    expect(fitted?.["beta"]).toBeGreaterThan(0.05);
    const [likeliest] = (
      await ets({ ...level, trend: "additive", criterion: "aicc" }).fit(hourlyPanel(y), { horizon: 1 })
    ).fits;
    expect(fitted?.["logLikelihood"]).toBeCloseTo(likeliest?.["logLikelihood"] as number, 4);
  });
});

describe("a level alone", () => {
  /** Minus twice the restricted log-likelihood of a rate, and the first level, by regression of the errors on it. */
  function restricted(y: Float64Array, rate: number): readonly [value: number, first: number] {
    const errorsFrom = (first: number) => {
      let now = first;
      return y.map((value) => {
        const error = value - now;
        now += rate * error;
        return error;
      });
    };
    const [zero, one] = [errorsFrom(0), errorsFrom(1)];
    const weights = zero.map((error, t) => error - (one[t] as number));
    const dot = (a: Float64Array, b: Float64Array) =>
      a.reduce((sum, value, t) => sum + value * (b[t] as number), 0);
    const first = dot(zero, weights) / dot(weights, weights);
    const errors = errorsFrom(first);
    return [(y.length - 1) * Math.log(dot(errors, errors)) + Math.log(dot(weights, weights)), first];
  }

  it.each([0.03, 0.3, 0.8])("has the rate of the greatest restricted likelihood (moved by %s)", (moved) => {
    const random = createRandom(`level ${moved}`);
    let now = 50;
    const y = Float64Array.from({ length: 150 }, () => {
      const error = random.normal();
      const value = now + error;
      now += moved * error;
      return value;
    });
    const { numbers } = fitLevel(level, y, 0);
    const found = numbers[0] as number;
    const [value, first] = restricted(y, found);
    for (let rate = 0.0001; rate < 0.9999; rate += 0.001)
      expect(restricted(y, rate)[0]).toBeGreaterThanOrEqual(value - 1e-7);
    expect(numbers[levelAt]).toBeCloseTo(first, 8);
  });

  it("passes over missing rows as if they were not there", async () => {
    const y = [5, 7, 6, 9, 8, 12, 10, 11, 13];
    const gaps = [5, 7, Number.NaN, 6, 9, 8, Number.NaN, 12, 10, 11, 13];
    const rates = await Promise.all(
      [y, gaps].map(
        async (values) => (await ses().fit(hourlyPanel(values), { horizon: 1 })).fits[0]?.["alpha"],
      ),
    );
    expect(rates[0]).toBe(rates[1]);
  });
});
