import { describe, expect, it } from "vitest";
import { hourlyPanel, hourlyRows } from "../../../../test/hourly-series.ts";
import { withOwnIntervals } from "../../../../test/own-intervals.ts";
import { createRandom } from "../../../random.ts";
import { studentTQuantile } from "../../../stats/distributions.ts";
import type { ForecastQuantile } from "../../forecast.ts";
import { intervalOf } from "../../levels.ts";
import { arima } from "../../models/arima/arima.ts";
import { ces } from "../../models/ces/ces.ts";
import { ets, ses } from "../../models/ets/ets.ts";
import { mstl } from "../../models/mstl/mstl.ts";
import { naive } from "../../models/naive.ts";
import { theta } from "../../models/theta/theta.ts";
import { type LocalForecaster, localState } from "../local-forecaster.ts";
import { inflate } from "./inflate.ts";

const models: Readonly<Record<string, LocalForecaster>> = {
  ses: ses(),
  ets: ets({ seasonLength: 4 }),
  theta: theta({ seasonLength: 4 }),
  ces: ces({ seasonLength: 4 }),
  mstl: mstl({ seasonLengths: [4] }),
  arima: arima({ order: [1, 1, 1] }),
};
const horizon = 8;

function widths(quantiles: readonly ForecastQuantile[], level: number): Float64Array {
  const interval = intervalOf(quantiles, level);
  return interval?.upper.map((value, h) => value - (interval.lower[h] as number)) ?? new Float64Array(0);
}

/** A level that drifts, the drift another every 30 rows: no model here has that. */
function bending(seed: number, rows: number): number[] {
  const random = createRandom(`bending ${seed}`);
  let [level, slope] = [300, 0];
  return Array.from({ length: rows }, (_, t) => {
    if (t % 30 === 0) slope = random.normal(0, 3);
    level += slope;
    return level + ([8, -3, 4, -9][t % 4] as number) + random.normal(0, 2);
  });
}

describe.each(Object.entries(models))("intervals of %s", (_, model) => {
  const covered = async (forecaster: LocalForecaster, level: number): Promise<number> => {
    let inside = 0;
    for (let seed = 0; seed < 40; seed++) {
      const y = bending(seed, 60 + horizon);
      const fitted = await forecaster.fit(hourlyPanel(y.slice(0, 60)), { horizon });
      const interval = intervalOf(fitted.predict({ levels: [level] }).quantiles, level);
      for (let h = 0; h < horizon; h++) {
        const value = y[60 + h] as number;
        inside += Number(value >= (interval?.lower[h] as number) && value <= (interval?.upper[h] as number));
      }
    }
    return (100 * inside) / (40 * horizon);
  };

  it("hold more than the model's own on series that it does not describe", async () => {
    const [own, wider] = [await covered(withOwnIntervals(model), 80), await covered(model, 80)];
    expect(wider).toBeGreaterThan(own + 3);
    expect(wider).toBeLessThan(90);
  });

  it("keep what the fit learnt of the errors, through updates and bytes", async () => {
    const y = bending(1, 80);
    const fitted = await model.fit(hourlyPanel(y.slice(0, 60)), { horizon });
    const later = model.load(fitted.update(hourlyRows(y.slice(60), 60)).save());
    const learnt = localState(fitted).fits[0]?.inflation;
    expect(learnt).toHaveLength(horizon + 1);
    expect(localState(later).fits[0]?.inflation).toEqual(learnt);
  });

  it("and its paths agree", async () => {
    const fitted = await model.fit(hourlyPanel(bending(2, 60)), { horizon });
    const { quantiles } = fitted.predict({ levels: [80, 95] });
    const drawn = await fitted.samplePaths({ paths: 4000, seed: 3 });
    for (const level of [80, 95]) {
      const steps = drawn.sums("series").map((one) => one.interval(level));
      widths(quantiles, level).forEach((width, h) => {
        const [lower, upper] = steps[h] as readonly [number, number];
        expect((upper - lower) / width).toBeGreaterThan(0.93);
        expect((upper - lower) / width).toBeLessThan(1.07);
      });
    }
  });
});

describe("the tails", () => {
  it.each([3, 5, 12, 100])("of %d degrees of freedom are those of Student's t", (degrees) => {
    const probabilities = [0.025, 0.1, 0.9, 0.975];
    const normal = [-1.959963984540054, -1.2815515655446004, 1.2815515655446004, 1.959963984540054];
    const values = normal.map((z) => Float64Array.of(z));
    inflate(Float64Array.of(1, degrees), Float64Array.of(0), probabilities, values);
    values.forEach((value, q) => {
      const exact = studentTQuantile(probabilities[q] as number, degrees);
      expect((value[0] as number) / exact).toBeCloseTo(1, degrees < 5 ? 1 : 2);
    });
  });
});

it("leaves models alone that estimate no more than a mean change", async () => {
  const fitted = await naive().fit(hourlyPanel([1, 3, 2, 4, 3, 5]), { horizon: 2 });
  expect(localState(fitted).fits[0]?.inflation).toBeUndefined();
});
