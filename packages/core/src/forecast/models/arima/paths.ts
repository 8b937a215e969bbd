import type { DrawPath } from "../../local/local-model.ts";
import { lagsOf } from "./exact-filter.ts";
import { type FilterModel, follow, gapEffects, stateUncertainty } from "./filter-state.ts";
import { columnsOf, scaleAt } from "./open-gaps.ts";

/**
 * Draws paths about a forecast: the innovations to come through the recursion of the process, of which only the lags within the path matter, then what is not yet known of the
 * state, and of the open gaps.
 * @param deviation - Of the innovations.
 */
export function arimaPaths(
  model: FilterModel,
  state: Float64Array,
  mean: Float64Array,
  deviation: number,
): DrawPath {
  const { phi, theta, delta } = model;
  const steps = mean.length;
  const [arLags, maLags, deltaLags] = [phi, theta, delta].map((one) => lagsOf(one.subarray(0, steps))) as [
    Int32Array,
    Int32Array,
    Int32Array,
  ];
  const unknown = [...stateEffects(model, state, steps), ...gapEffects(model, state, steps)];
  const innovations = new Float64Array(steps);
  const differenced = new Float64Array(steps);
  const moved = new Float64Array(steps);
  return (random, values) => {
    for (let h = 0; h < steps; h++) {
      const innovation = deviation * random.normal();
      innovations[h] = innovation;
      const own = innovation + lagged(phi, arLags, differenced, h) + lagged(theta, maLags, innovations, h);
      differenced[h] = own;
      const all = own + lagged(delta, deltaLags, moved, h);
      moved[h] = all;
      values[h] = (mean[h] as number) + all;
    }
    for (const effect of unknown) {
      const by = deviation * random.normal();
      for (let h = 0; h < steps; h++) values[h] = (values[h] as number) + by * (effect[h] as number);
    }
  };
}

function lagged(polynomial: Float64Array, lags: Int32Array, values: Float64Array, at: number): number {
  let sum = 0;
  for (let k = 0; k < lags.length; k++) {
    const lag = lags[k] as number;
    if (lag > at) break;
    sum += (polynomial[lag - 1] as number) * (values[at - lag] as number);
  }
  return sum;
}

/** A variance, in units of the innovations', that no sum of steps feels. */
const negligible = 1e-10;

/** What the state, as far as the filter does not know it, does to the next values: independent effects of one deviation each. */
function stateEffects(model: FilterModel, state: Float64Array, steps: number): Float64Array[] {
  if (state[scaleAt] === 0) return [];
  const { delta, size } = model;
  // The rows beyond come into play after the path.
  const reach = Math.min(size, steps);
  const covariance = stateUncertainty(model, state);
  const within = new Float64Array(reach * reach);
  for (let i = 0; i < reach; i++) within.set(covariance.subarray(i * size, i * size + reach), i * reach);
  return columnsOf(within, reach, reach, negligible).map((column) => {
    const now = new Float64Array(delta.length + size);
    now.set(column, delta.length);
    const effect = new Float64Array(steps);
    follow(model, now, effect);
    return effect;
  });
}
