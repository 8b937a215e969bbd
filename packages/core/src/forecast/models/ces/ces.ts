import { checkOptions, checkWord } from "../../../options.ts";
import { wholeNumber } from "../../check.ts";
import { normalQuantiles } from "../../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../../local/local-forecaster.ts";
import type { LocalFit, LocalModel } from "../../local/local-model.ts";
import { tooLong } from "../../local/notes.ts";
import { lookForOutliers, type OutlierSettings, outlierTreatment } from "../../outliers/outlier-option.ts";
import { filledLinearly } from "../ets/start.ts";
import { type CesFit, parameterCount, selectCes } from "./fit-ces.ts";
import { type CesForm, cesForms, moveOn, nextOf } from "./recursion.ts";

/** Settings of `ces`. */
export interface CesOptions extends OutlierSettings {
  /**
   * `"simple"`: every phase of the season is a series of its own with common smoothing. `"partial"`: summands per phase with
   * smoothing of their own. `"full"`: these are complex too, and may grow with the level. Default `"auto"`: one of them or `"none"`, chosen for each series by AICc.
   */
  readonly season?: CesSeason;
  /** Steps of one season. Default 1: no season. */
  readonly seasonLength?: number;
}

export type { CesForm } from "./recursion.ts";

/** A seasonal form of complex exponential smoothing, or the choice among all. */
export type CesSeason = CesForm | "auto";

/** A forecaster by complex exponential smoothing. */
export type Ces = LocalForecaster<"ces">;

/**
 * Complex exponential smoothing: the level is smoothed together with a second state that carries what the level does not say, as the
 * imaginary part of one complex number. Trends and levels need not be told apart beforehand. `fits` names the form and its smoothing.
 *
 * A series shorter than two seasons gets none. Missing rows move the states on and count for nothing; so do outliers beyond doubt in the rows of the fit (`withoutOutliers`), and `fits` names them. Needs 5 rows.
 * Intervals have the exact variance of the recursion, widened by what the history shows of errors some steps ahead and by how much was estimated; sums over the horizon are still held less often than they say; `conformal` mends it.
 *
 * Svetunkov, Kourentzes & Ord (2022), Complex exponential smoothing. Initial states (by running over the series forwards and backwards), bounds, likelihood and AICc
 * are those of statsforecast 2.1.1, which it is checked against; its intervals are not: they let no error accumulate.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` SERIES_TOO_SHORT.
 * @example
 * const forecast = (await ces({ seasonLength: 12 }).fit(sales, { horizon: 18 })).predict({ levels: [80, 95] });
 */
export function ces(options: CesOptions = {}): Ces {
  checkOptions("MODEL_PARAMETER_INVALID", "ces()", options, {
    season: true,
    seasonLength: true,
    outliers: true,
  });
  const { season = "auto" } = options;
  checkWord("MODEL_PARAMETER_INVALID", "season", season, [...cesForms, "auto"]);
  const outliers = outlierTreatment(options);
  const isSeasonal = season !== "auto" && season !== "none";
  const seasonLength = wholeNumber("seasonLength", options.seasonLength ?? 1, isSeasonal ? 2 : 1);
  return localForecaster(modelOf({ season, seasonLength, outliers }), (params) =>
    modelOf(params as unknown as Required<CesOptions>),
  );
}

/** Where the parameters lie: the number of the form, the smoothing, then these. */
const [smoothingAt, logLikelihoodAt, aiccAt] = [1, 5, 6];
/** Where the state lies: rows, known values and the sum of their squared errors, then the recursion's. */
const [rowsAt, countAt, squaresAt, statesAt] = [0, 1, 2, 3];
/** Rates of each form. */
const smoothingOf: Readonly<Record<CesForm, number>> = { none: 2, simple: 2, partial: 3, full: 4 };

function modelOf({ season, seasonLength, outliers }: Required<CesOptions>): LocalModel<"ces"> {
  const forms: readonly CesForm[] = season === "auto" ? cesForms : [season];
  const periodOf = (form: CesForm) => (form === "none" ? 1 : seasonLength);
  return {
    kind: "ces",
    params: { season, seasonLength, outliers },
    neededRows: 5,
    ...lookForOutliers(outliers, [seasonLength]),
    seasonTooLong: ({ length }) =>
      season === "none" || seasonLength === 1 || length >= 2 * seasonLength
        ? null
        : tooLong(seasonLength, 2 * seasonLength, length, "rows"),
    fit(y) {
      const filled = filledLinearly(y);
      const bearable = seasonLength > 1 && y.length >= 2 * seasonLength ? forms : (["none"] as const);
      return localFitOf(selectCes(bearable, y, filled, seasonLength));
    },
    estimated: (fit) => smoothingOf[formOf(fit)] + fit.state.length - statesAt,
    absorb(fit, value) {
      const { parameters, state } = fit;
      const form = formOf(fit);
      const period = periodOf(form);
      const rows = state[rowsAt] as number;
      const phase = rows % period;
      const error = value - nextOf(form, state, statesAt, phase);
      const isKnown = !Number.isNaN(value);
      const smoothing = parameters.subarray(smoothingAt, logLikelihoodAt);
      moveOn(form, smoothing, state, statesAt, period, phase, isKnown ? error : 0);
      state[rowsAt] = rows + 1;
      if (!isKnown) return;
      state[countAt] = (state[countAt] as number) + 1;
      state[squaresAt] = (state[squaresAt] as number) + error * error;
    },
    forecast(fit, mean) {
      const states = fit.state.slice(statesAt);
      follow(fit, states, periodOf(formOf(fit)), 0, mean);
    },
    quantiles(fit, mean, probabilities, values) {
      // What an error of 1 adds to the steps after it.
      const effect = new Float64Array(mean.length);
      const states = new Float64Array(fit.state.length - statesAt);
      const period = periodOf(formOf(fit));
      const phase = (fit.state[rowsAt] as number) % period;
      const smoothing = fit.parameters.subarray(smoothingAt, logLikelihoodAt);
      moveOn(formOf(fit), smoothing, states, 0, period, phase, 1);
      follow(fit, states, period, 1, effect);
      let sum = 1;
      const spread = effect.map((moved) => {
        const before = sum;
        sum += moved * moved;
        return Math.sqrt(before);
      });
      const deviation = deviationOf(fit);
      normalQuantiles(mean, (step) => deviation * (spread[step - 1] as number), probabilities, values);
    },
    paths(fit) {
      const period = periodOf(formOf(fit));
      const deviation = deviationOf(fit);
      const begun = fit.state.slice(statesAt);
      const states = begun.slice();
      return (random, values) => {
        states.set(begun);
        follow(fit, states, period, 0, values, () => deviation * random.normal());
      };
    },
    summary(fit) {
      const [a0, a1, b0, b1] = fit.parameters.subarray(smoothingAt) as unknown as readonly number[];
      const form = formOf(fit);
      return {
        season: form,
        alpha0: a0 as number,
        alpha1: a1 as number,
        ...(form === "partial" || form === "full" ? { beta0: b0 as number } : {}),
        ...(form === "full" ? { beta1: b1 as number } : {}),
        deviation: deviationOf(fit),
        logLikelihood: fit.parameters[logLikelihoodAt] as number,
        aicc: fit.parameters[aiccAt] as number,
      };
    },
  };
}

/** A fit as the recursion takes it: its parameters and the state before the first row. */
export function localFitOf({ form, smoothing, state, logLikelihood, aicc }: CesFit): LocalFit {
  return {
    parameters: Float64Array.of(cesForms.indexOf(form), ...smoothing, logLikelihood, aicc),
    state: Float64Array.of(0, 0, 0, ...state),
  };
}

function formOf({ parameters }: LocalFit): CesForm {
  return cesForms[parameters[0] as number] as CesForm;
}

/** Writes what follows from states that lie `ahead` rows after the last one, forecasts where there are no errors; moves the states on. */
function follow(
  fit: LocalFit,
  states: Float64Array,
  period: number,
  ahead: number,
  values: Float64Array,
  nextError: () => number = noError,
): void {
  const form = formOf(fit);
  const smoothing = fit.parameters.subarray(smoothingAt, logLikelihoodAt);
  const rows = (fit.state[rowsAt] as number) + ahead;
  for (let h = 0; h < values.length; h++) {
    const phase = (rows + h) % period;
    const error = nextError();
    values[h] = nextOf(form, states, 0, phase) + error;
    moveOn(form, smoothing, states, 0, period, phase, error);
  }
}

const noError = () => 0;

/** Of the one-step errors; the fit's parameters are counted, as in the reference. */
function deviationOf(fit: LocalFit): number {
  const spare = (fit.state[countAt] as number) - parameterCount(formOf(fit)) - 1;
  return Math.sqrt((fit.state[squaresAt] as number) / Math.max(1, spare));
}
