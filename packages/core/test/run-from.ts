import type { LocalFit, LocalModel } from "../src/forecast/local/local-model.ts";
import { stepsAhead } from "../src/forecast/local/steps-ahead.ts";

/**
 * Runs a model over a series from given parameters and a given state before the first row, with no fit in between: what has to agree with
 * another implementation at the same numbers, to rounding.
 */
export function runFrom(
  model: LocalModel,
  begin: LocalFit,
  y: ArrayLike<number>,
  steps: number,
  probabilities: readonly number[],
) {
  const now = { parameters: begin.parameters, state: begin.state.slice() };
  const next = new Float64Array(1);
  const fitted = Float64Array.from(y, (value) => {
    model.forecast(now, next);
    model.absorb(now, value);
    return next[0] as number;
  });
  return { fitted, summary: model.summary(now), ...stepsAhead(model, now, steps, probabilities) };
}
