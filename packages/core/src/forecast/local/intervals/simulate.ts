import { normalCdf } from "../../../stats/distributions.ts";
import type { DrawPath, LocalFit, LocalModel } from "../local-model.ts";

/**
 * What draws paths of so many steps from a state: the model's recursion run with drawn errors. A model that has not its own way absorbs what was drawn.
 */
export function pathDrawer(model: LocalModel, now: LocalFit, steps: number): DrawPath {
  return model.paths?.(now, steps) ?? byAbsorbing(model, now);
}

/** Where a normal variable is one deviation above its mean. */
const oneDeviationAbove = [normalCdf(1)];

/**
 * Draws the next value from its one-step distribution, which the model then absorbs as if it had come. So errors last as the recursion has them last, and what is estimated
 * (a drift, a mean, the deviation) is as uncertain as the next values make it.
 */
function byAbsorbing(model: LocalModel, now: LocalFit): DrawPath {
  const next = new Float64Array(1);
  const above = [new Float64Array(1)];
  return (random, values) => {
    const path = { parameters: now.parameters, state: now.state.slice() };
    for (let h = 0; h < values.length; h++) {
      model.forecast(path, next);
      const mean = next[0] as number;
      model.quantiles?.(path, next, oneDeviationAbove, above);
      const deviation = (above[0]?.[0] as number) - mean;
      const value = mean + deviation * random.normal();
      values[h] = value;
      model.absorb(path, value);
    }
  };
}
