import { checkOptions } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import { normalQuantiles } from "../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";

/** Settings of `seasonalNaive`. */
export interface SeasonalNaiveOptions {
  /** Steps of one season, e.g. 168 for a week of hours; 1 repeats the last value. */
  readonly seasonLength: number;
}

/** The seasonal naive forecaster. It uses no covariates, so it never needs future rows. */
export type SeasonalNaive = LocalForecaster<"seasonalNaive">;

/**
 * Repeats the last season: the forecast of an instant is the latest known value that lies a whole number of seasons before it.
 * So a missing value is replaced by the one a season earlier; where a phase of the season was never known, by the series' latest
 * known value. Every series needs one season of rows.
 *
 * Intervals are those of a random walk from season to season: the variance of the seasonal changes grows with the seasons ahead, and with those that
 * a phase has been missing for. A series in which no phase has come twice has none: its quantiles are NaN.
 *
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), sections 5.2 and 5.5. Checked against statsforecast 2.1.1.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function seasonalNaive(options: SeasonalNaiveOptions): SeasonalNaive {
  checkOptions("MODEL_PARAMETER_INVALID", "seasonalNaive()", options, { seasonLength: true });
  return localForecaster(modelOf(wholeNumber("seasonLength", options.seasonLength)), ({ seasonLength }) =>
    modelOf(seasonLength as number),
  );
}

/** Where the state has the phase of the next row, the latest value, the squared changes (each over the seasons that it took) and their number; then comes the season by phase. */
const [phaseAt, latestAt, squaresAt, countAt, seasonAt] = [0, 1, 2, 3, 4];

function modelOf(seasonLength: number): LocalModel<"seasonalNaive"> {
  /** Seasons for which each phase has been missing; only series that lack some have room for them. */
  const missedAt = seasonAt + seasonLength;
  return {
    kind: "seasonalNaive",
    params: { seasonLength },
    neededRows: 1,
    span: { rows: seasonLength, of: `a season of ${seasonLength} steps` },
    keptRows: seasonLength,
    warmupRows: () => seasonLength,
    fit: () => ({
      parameters: new Float64Array(0),
      state: new Float64Array(missedAt).fill(Number.NaN, seasonAt).fill(Number.NaN, latestAt, latestAt + 1),
    }),
    absorb(fit, value) {
      const phase = fit.state[phaseAt] as number;
      fit.state[phaseAt] = phase + 1 === seasonLength ? 0 : phase + 1;
      if (Number.isNaN(value)) {
        if (Number.isNaN(fit.state[seasonAt + phase] as number)) return;
        if (fit.state.length === missedAt) fit.state = extended(fit.state, seasonLength);
        fit.state[missedAt + phase] = (fit.state[missedAt + phase] as number) + 1;
        return;
      }
      const { state } = fit;
      const before = state[seasonAt + phase] as number;
      if (!Number.isNaN(before)) {
        state[squaresAt] =
          (state[squaresAt] as number) + (value - before) ** 2 / (1 + (state[missedAt + phase] ?? 0));
        state[countAt] = (state[countAt] as number) + 1;
      }
      state[seasonAt + phase] = value;
      if (state.length > missedAt) state[missedAt + phase] = 0;
      state[latestAt] = value;
    },
    forecast({ state }, mean) {
      let phase = state[phaseAt] as number;
      for (let h = 0; h < mean.length; h++) {
        const value = state[seasonAt + phase] as number;
        mean[h] = Number.isNaN(value) ? (state[latestAt] as number) : value;
        if (++phase === seasonLength) phase = 0;
      }
    },
    knowsErrors: ({ state }) => (state[countAt] as number) > 0,
    quantiles({ state }, mean, probabilities, values) {
      const variance = varianceOf(state);
      const deviationOf = (step: number) => {
        const phase = ((state[phaseAt] as number) + step - 1) % seasonLength;
        const seasons = 1 + Math.floor((step - 1) / seasonLength) + (state[missedAt + phase] ?? 0);
        return Math.sqrt(variance * seasons);
      };
      normalQuantiles(mean, deviationOf, probabilities, values);
    },
    summary: ({ state }) => ({ deviation: Math.sqrt(varianceOf(state)) }),
  };
}

function varianceOf(state: Float64Array): number {
  return (state[squaresAt] as number) / (state[countAt] as number);
}

function extended(state: Float64Array, by: number): Float64Array {
  const longer = new Float64Array(state.length + by);
  longer.set(state);
  return longer;
}
