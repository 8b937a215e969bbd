import { checkOptions } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import { classicalSeason, hasSeason } from "../local/decompose/classical-season.ts";
import { type LocalForecaster, localForecaster } from "../local/local-forecaster.ts";
import type { LocalModel } from "../local/local-model.ts";
import { tooLong } from "../local/notes.ts";

/** Settings of `naive2`. */
export interface Naive2Options {
  /** Steps of one season; 1 for none. */
  readonly seasonLength: number;
}

/** The naive forecaster on seasonally adjusted data. */
export type Naive2 = LocalForecaster<"naive2">;

/**
 * Repeats the latest known value, taken without its season and given that of each step: Naive 2, the reference of the M competitions. The
 * season is a factor by classical decomposition, where a test of the autocorrelation finds one at 90 %; values must be above 0 for it,
 * and series that have others get none, nor do those of fewer than two seasons (`fits` says so). In the fit a missing value counts as the one before it.
 *
 * Makridakis, Spiliotis & Assimakopoulos (2020), Int. J. Forecasting 36: 54-74.
 * @throws TsopsError MODEL_PARAMETER_INVALID
 */
export function naive2(options: Naive2Options): Naive2 {
  checkOptions("MODEL_PARAMETER_INVALID", "naive2()", options, { seasonLength: true });
  return localForecaster(modelOf(wholeNumber("seasonLength", options.seasonLength)), ({ seasonLength }) =>
    modelOf(seasonLength as number),
  );
}

/** Parameters: the factor of each phase, counted from the first row. State: latest value without its season, phase of the next row. */
function modelOf(seasonLength: number): LocalModel<"naive2"> {
  return {
    kind: "naive2",
    params: { seasonLength },
    neededRows: 2,
    seasonTooLong: (y) =>
      seasonLength === 1 || y.length >= 2 * seasonLength
        ? null
        : tooLong(seasonLength, 2 * seasonLength, y.length, "rows"),
    fit(y) {
      const filled = y.slice();
      for (let t = 1; t < filled.length; t++)
        if (Number.isNaN(filled[t] as number)) filled[t] = filled[t - 1] as number;
      const isSeasonal = filled.every((value) => value > 0) && hasSeason(filled, seasonLength);
      const factors = isSeasonal
        ? classicalSeason(filled, seasonLength, true)
        : new Float64Array(seasonLength).fill(1);
      return { parameters: factors, state: Float64Array.of(Number.NaN, 0) };
    },
    absorb({ parameters, state }, value) {
      const phase = state[1] as number;
      if (!Number.isNaN(value)) state[0] = value / (parameters[phase] as number);
      state[1] = (phase + 1) % seasonLength;
    },
    forecast({ parameters, state }, mean) {
      const level = state[0] as number;
      const phase = state[1] as number;
      for (let step = 0; step < mean.length; step++)
        mean[step] = level * (parameters[(phase + step) % seasonLength] as number);
    },
    summary: ({ parameters }) => ({ season: parameters.every((factor) => factor === 1) ? "none" : "factor" }),
  };
}
