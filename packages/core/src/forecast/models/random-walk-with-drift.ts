import { normalQuantiles } from "../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";

/** The forecaster of a random walk with drift. */
export type RandomWalkWithDrift = LocalForecaster<"randomWalkWithDrift">;

/**
 * Draws the line from the first to the latest known value on. The drift moves with every new row. Intervals count the error of the drift
 * itself; a change over a gap counts as one change with the variance of as many rows.
 *
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5. Checked against statsforecast 2.1.1.
 */
export function randomWalkWithDrift(): RandomWalkWithDrift {
  return localForecaster(model, () => model);
}

/** State: first value, latest value, rows since it, rows from the first to it, changes, drift by Welford, squares about it. */
const model: LocalModel<"randomWalkWithDrift"> = {
  kind: "randomWalkWithDrift",
  params: {},
  neededRows: 3,
  fit: () => ({
    parameters: new Float64Array(0),
    state: Float64Array.of(Number.NaN, Number.NaN, 0, 0, 0, 0, 0),
  }),
  absorb({ state }, value) {
    state[2] = (state[2] as number) + 1;
    if (Number.isNaN(value)) return;
    const first = state[0] as number;
    const latest = state[1] as number;
    const rows = state[2] as number;
    const total = state[3] as number;
    const count = state[4] as number;
    const drift = state[5] as number;
    const squares = state[6] as number;
    if (Number.isNaN(first)) state[0] = value;
    else {
      const rate = (value - latest) / rows;
      const next = drift + ((rate - drift) * rows) / (total + rows);
      state[3] = total + rows;
      state[4] = count + 1;
      state[5] = next;
      state[6] = squares + rows * (rate - drift) * (rate - next);
    }
    state[1] = value;
    state[2] = 0;
  },
  forecast({ state }, mean) {
    const slope = slopeOf(state);
    const rowsBefore = state[2] as number;
    for (let h = 0; h < mean.length; h++) mean[h] = (state[1] as number) + slope * (h + 1 + rowsBefore);
  },
  quantiles({ state }, mean, probabilities, values) {
    const variance = varianceOf(state);
    const [rowsBefore, total] = [state[2] as number, state[3] as number];
    const deviationOf = (step: number) => {
      const ahead = step + rowsBefore;
      return Math.sqrt(variance * ahead * (1 + ahead / total));
    };
    normalQuantiles(mean, deviationOf, probabilities, values);
  },
  summary: ({ state }) => ({ drift: slopeOf(state), deviation: Math.sqrt(varianceOf(state)) }),
};

function slopeOf(state: Float64Array): number {
  return ((state[1] as number) - (state[0] as number)) / (state[3] as number);
}

function varianceOf(state: Float64Array): number {
  return (state[6] as number) / (state[4] as number);
}
