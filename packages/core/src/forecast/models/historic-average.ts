import { normalQuantiles } from "../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";

/** The historic average forecaster. */
export type HistoricAverage = LocalForecaster<"historicAverage">;

/**
 * Predicts the mean of all known values. Missing values are left out. The mean moves with every new row. Intervals are normal, and count the
 * error of the mean.
 *
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5. Checked against statsforecast 2.1.1.
 */
export function historicAverage(): HistoricAverage {
  return localForecaster(model, () => model);
}

/** State: known values, their mean, the squares about it (Welford). */
const model: LocalModel<"historicAverage"> = {
  kind: "historicAverage",
  params: {},
  neededRows: 2,
  warmupRows: () => 1,
  fit: () => ({ parameters: new Float64Array(0), state: new Float64Array(3) }),
  absorb({ state }, value) {
    if (Number.isNaN(value)) return;
    const count = state[0] as number;
    const mean = state[1] as number;
    const squares = state[2] as number;
    const next = mean + (value - mean) / (count + 1);
    state[0] = count + 1;
    state[1] = next;
    state[2] = squares + (value - mean) * (value - next);
  },
  forecast({ state }, mean) {
    mean.fill(state[1] as number);
  },
  quantiles({ state }, mean, probabilities, values) {
    const deviation = deviationOf(state) * Math.sqrt(1 + 1 / (state[0] as number));
    normalQuantiles(mean, () => deviation, probabilities, values);
  },
  summary: ({ state }) => ({ average: state[1] as number, deviation: deviationOf(state) }),
};

function deviationOf(state: Float64Array): number {
  return Math.sqrt((state[2] as number) / ((state[0] as number) - 1));
}
