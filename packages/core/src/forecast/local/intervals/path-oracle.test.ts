import { describe, expect, it } from "vitest";
import { createRandom } from "../../../random.ts";
import { normalCdf } from "../../../stats/distributions.ts";
import { arima } from "../../models/arima/arima.ts";
import { ces } from "../../models/ces/ces.ts";
import { ets, holt } from "../../models/ets/ets.ts";
import { mstl } from "../../models/mstl/mstl.ts";
import { theta } from "../../models/theta/theta.ts";
import { type LocalForecaster, localParts } from "../local-forecaster.ts";
import type { LocalFit, LocalModel } from "../local-model.ts";
import { absorbed, stepsAhead } from "../steps-ahead.ts";
import { pathDrawer } from "./simulate.ts";

const steps = 11;
const seasonLength = 4;
const random = createRandom(8);
let level = 200;
const whole = Float64Array.from({ length: 90 }, (_, t) => {
  level += random.normal(0.2, 2);
  return level + 15 * Math.sin((Math.PI * t) / 2) + random.normal(0, 3);
});
const holed = whole.map((value, t) => (t % 9 === 5 || t > 86 ? Number.NaN : value));

const additive = { error: "additive", season: "additive", seasonLength } as const;
/** Models whose values are a sum of what each error does. */
const linear: Readonly<Record<string, LocalForecaster>> = {
  "damped holt": holt({ damped: true }),
  "ets(A,A,A)": ets({ ...additive, trend: "additive" }),
  "theta, standard": theta({ variant: "standard", seasonLength, season: "additive" }),
  "theta, dynamicOptimized": theta({ variant: "dynamicOptimized", seasonLength, season: "additive" }),
  "ces, none": ces({ season: "none" }),
  "ces, simple": ces({ season: "simple", seasonLength }),
  "ces, partial": ces({ season: "partial", seasonLength }),
  "ces, full": ces({ season: "full", seasonLength }),
  "arima (2,0,1)": arima({ order: [2, 0, 1] }),
  "arima (1,1,1)": arima({ order: [1, 1, 1] }),
  "arima (1,0,1)(1,1,1)": arima({ order: [1, 0, 1], seasonalOrder: [1, 1, 1], seasonLength }),
  "mstl of damped holt": mstl({ seasonLengths: [seasonLength], trend: holt({ damped: true }) }),
  "mstl of arima": mstl({ seasonLengths: [seasonLength], trend: arima({ order: [0, 1, 1] }) }),
};

/** What each number that is drawn adds to the steps: the paths of numbers that are all 0 but one. */
function effectsOf(model: LocalModel, now: LocalFit): Float64Array[] {
  const draw = pathDrawer(model, now, steps);
  let drawn = 0;
  const path = (at: number) => {
    const values = new Float64Array(steps);
    drawn = 0;
    draw({ ...createRandom(0), normal: () => (drawn++ === at ? 1 : 0) }, values);
    return values;
  };
  const mean = path(-1);
  return Array.from({ length: drawn }, (_, at) => path(at).map((value, h) => value - (mean[h] as number)));
}

function deviationOf(model: LocalModel, now: LocalFit): number {
  const { mean, bounds } = stepsAhead(model, now, 1, [normalCdf(1)]);
  return (bounds[0]?.[0] as number) - (mean[0] as number);
}

/** The same, slowly: the model absorbs the forecast of each row, but in one row a value that is one deviation of the next row off. */
function effectsByAbsorbing(model: LocalModel, now: LocalFit): Float64Array[] {
  const run = (at: number) => {
    const path = { parameters: now.parameters, state: now.state.slice() };
    return Float64Array.from({ length: steps }, (_, h) => {
      const forecast = stepsAhead(model, path, 1, []).mean[0] as number;
      // A row's error has the deviation that the fit found; a filter that does not yet know its state is less sure of it from row to row, whatever the rows are.
      const { trend } = model.params;
      const fixed = model.kind === "arima" || trend === "arima" ? path : now;
      const value = forecast + (h === at ? deviationOf(model, fixed) : 0);
      model.absorb(path, value);
      return value;
    });
  };
  const mean = run(-1);
  return Array.from({ length: steps }, (_, at) => run(at).map((value, h) => value - (mean[h] as number)));
}

function covariance(effects: readonly Float64Array[], i: number, j: number): number {
  return effects.reduce((sum, effect) => sum + (effect[i] as number) * (effect[j] as number), 0);
}

describe.each(Object.entries(linear))("paths of %s", (_, forecaster) => {
  it.each([
    ["whole", whole],
    ["holed", holed],
  ])(
    "of a %s series have the covariances of one absorbed row after the other, and the variances of the quantiles",
    (_, y) => {
      const model = localParts(forecaster)?.model as LocalModel;
      const begin = model.fit(Float64Array.from(y), []);
      const now = absorbed(model, begin, y);
      const effects = effectsOf(model, now);
      const slow = effectsByAbsorbing(model, now);
      const size = covariance(slow, steps - 1, steps - 1);
      for (let i = 0; i < steps; i++)
        for (let j = 0; j <= i; j++)
          expect(Math.abs(covariance(effects, i, j) - covariance(slow, i, j)) / size).toBeLessThan(1e-6);
      const { mean, bounds } = stepsAhead(model, now, steps, [normalCdf(1)]);
      for (let h = 0; h < steps; h++) {
        const deviation = (bounds[0]?.[h] as number) - (mean[h] as number);
        expect(Math.sqrt(covariance(effects, h, h)) / deviation).toBeCloseTo(1, 6);
      }
    },
  );
});
