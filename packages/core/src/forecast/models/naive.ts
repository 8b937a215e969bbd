import { normalQuantiles } from "../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";

/** The naive forecaster. */
export type Naive = LocalForecaster<"naive">;

/**
 * Repeats the latest known value. Over a gap it stands for every missing row. Intervals are those of a random walk: the
 * variance of the changes grows with the steps.
 *
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5. Checked against statsforecast 2.1.1.
 */
export function naive(): Naive {
  return localForecaster(model, () => model);
}

/** State: latest value, rows since it, squared changes (each over the rows that it took), their number. */
const model: LocalModel<"naive"> = {
  kind: "naive",
  params: {},
  neededRows: 2,
  fit: () => ({ parameters: new Float64Array(0), state: Float64Array.of(Number.NaN, 0, 0, 0) }),
  absorb({ state }, value) {
    state[1] = (state[1] as number) + 1;
    if (Number.isNaN(value)) return;
    const latest = state[0] as number;
    const rows = state[1] as number;
    const squares = state[2] as number;
    const count = state[3] as number;
    if (!Number.isNaN(latest)) {
      state[2] = squares + (value - latest) ** 2 / rows;
      state[3] = count + 1;
    }
    state[0] = value;
    state[1] = 0;
  },
  forecast({ state }, mean) {
    mean.fill(state[0] as number);
  },
  quantiles(fit, mean, probabilities, values) {
    const variance = varianceOf(fit.state);
    const rowsBefore = fit.state[1] as number;
    normalQuantiles(mean, (step) => Math.sqrt(variance * (step + rowsBefore)), probabilities, values);
  },
  summary: ({ state }) => ({ deviation: Math.sqrt(varianceOf(state)) }),
};

function varianceOf(state: Float64Array): number {
  return (state[2] as number) / (state[3] as number);
}
