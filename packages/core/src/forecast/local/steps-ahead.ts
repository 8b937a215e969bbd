import { inflate } from "./intervals/inflate.ts";
import type { LocalFit, LocalModel } from "./local-model.ts";

/** What a model says of the steps after a state. */
export interface StepsAhead {
  readonly mean: Float64Array;
  /** Quantiles, one array per probability. */
  readonly bounds: readonly Float64Array[];
}

/** A fit that can be moved on, while this one stays where it is. */
export function copyOf(fit: LocalFit): LocalFit {
  return { ...fit, state: fit.state.slice() };
}

/** Moves a fit on over the next rows of its series, in place. */
export function absorbAll(model: LocalModel, fit: LocalFit, values: Float64Array): void {
  if (model.absorbAll !== undefined) model.absorbAll(fit, values);
  else for (let i = 0; i < values.length; i++) model.absorb(fit, values[i] as number);
}

/** A fit moved on over the next rows of its series. */
export function absorbed(model: LocalModel, before: LocalFit, values: Float64Array): LocalFit {
  const after = copyOf(before);
  absorbAll(model, after, values);
  return after;
}

/** Forecasts the steps after a state, without what regressors add. */
export function stepsAhead(
  model: LocalModel,
  now: LocalFit,
  horizon: number,
  probabilities: readonly number[],
): StepsAhead {
  const mean = new Float64Array(horizon);
  model.forecast(now, mean);
  const bounds = probabilities.map(() => new Float64Array(horizon));
  if (probabilities.length > 0 && model.quantiles !== undefined) {
    model.quantiles(now, mean, probabilities, bounds);
    if (now.inflation !== undefined) inflate(now.inflation, mean, probabilities, bounds);
  }
  return { mean, bounds };
}

/** The first number of a forecast that is not finite, as a sentence; null where all are. */
export function notFinite({ mean, bounds }: StepsAhead): string | null {
  for (const values of [mean, ...bounds]) {
    const h = firstNotFinite(values);
    if (h < values.length)
      return `The ${values === mean ? "forecast" : "interval"} of step ${h + 1} is ${values === mean ? "" : "bounded by "}${values[h]}.`;
  }
  return null;
}

/** The first draw that is not finite, among paths of so many steps, as a sentence; null where all are. */
export function notFiniteDraw(values: Float64Array, steps: number): string | null {
  const at = firstNotFinite(values);
  return at === values.length
    ? null
    : `Step ${(at % steps) + 1} of path ${Math.floor(at / steps) + 1} is ${values[at]}.`;
}

/** Where it is; the length where all are finite. */
function firstNotFinite(values: Float64Array): number {
  let at = 0;
  while (at < values.length && Number.isFinite(values[at])) at++;
  return at;
}
