import type { Random } from "../../random.ts";
import { normalCdf } from "../../stats/distributions.ts";
import type { LocalFit, LocalModel } from "./local-model.ts";

/** Where a normal variable is one deviation above its mean. */
const oneDeviationAbove = [normalCdf(1)];

/**
 * Draws paths of a model that has a distribution: the next value from its one-step distribution, which the model then absorbs as if it had come. So errors last as the recursion has
 * them last, and what is estimated (a drift, a mean, the deviation) is as uncertain as the next values make it.
 * @returns Path by path, steps ascending, without what regressors add.
 */
export function simulate(
  model: LocalModel,
  now: LocalFit,
  steps: number,
  paths: number,
  random: Random,
): Float64Array {
  const values = new Float64Array(paths * steps);
  const next = new Float64Array(1);
  const above = [new Float64Array(1)];
  for (let p = 0; p < paths; p++) {
    const path = { parameters: now.parameters, state: now.state.slice() };
    for (let h = 0; h < steps; h++) {
      model.forecast(path, next);
      const mean = next[0] as number;
      let deviation = model.nextDeviation?.(path, mean);
      if (deviation === undefined) {
        model.quantiles?.(path, next, oneDeviationAbove, above);
        deviation = (above[0]?.[0] as number) - mean;
      }
      const value = mean + deviation * random.normal();
      values[p * steps + h] = value;
      model.absorb(path, value);
    }
  }
  return values;
}
