import { checkBoolean, checkOptions, checkWord } from "../../../options.ts";
import { wholeNumber } from "../../check.ts";
import { classicalSeason, hasSeason } from "../../local/decompose/classical-season.ts";
import { normalQuantiles } from "../../local/intervals/normal-quantiles.ts";
import { type LocalForecaster, localForecaster } from "../../local/local-forecaster.ts";
import type { LocalFit, LocalModel } from "../../local/local-model.ts";
import { tooLong } from "../../local/notes.ts";
import { lookForOutliers, type OutlierSettings, outlierTreatment } from "../../outliers/outlier-option.ts";
import { filledLinearly } from "../ets/start.ts";
import { burnIn, fitTheta, type ThetaFit } from "./fit-theta.ts";
import {
  levelAt,
  moveOn,
  nextOf,
  recursionLength,
  rowsAt,
  spreadOf,
  type ThetaParameters,
} from "./recursion.ts";

/** Settings of `theta`. */
export interface ThetaOptions extends OutlierSettings {
  /**
   * `"standard"`: theta is 2 and the line goes through all rows (STM). `"optimized"`: theta is 1 (no line), 2 or fitted, by AICc (OTM). `"dynamic"`: theta is 2 and the line
   * is renewed at every row (DSTM). `"dynamicOptimized"`: both (DOTM). `"auto"` (default): of the last two, the one with the lesser AICc for each
   * series; a line through all rows has seen the rows that it is judged by, so the first two are not comparable with them.
   */
  readonly variant?: ThetaVariant;
  /** Steps of one season. Default 1: no season. Seasons of 2 and 3 steps are not looked for. */
  readonly seasonLength?: number;
  /**
   * How a season is taken out before and put back after. Default `"multiplicative"`; a series with values of 0 or less, or with a factor below 0.01,
   * gets an additive one instead. `"none"` never takes one out.
   */
  readonly season?: ThetaSeason;
  /** Whether a season must be found in a series to be taken out. Default true; false takes it out of every series of two seasons. */
  readonly seasonTest?: boolean;
}

/** A variant of the Theta method. */
export type ThetaVariant = "standard" | "optimized" | "dynamic" | "dynamicOptimized" | "auto";

/** How the Theta method treats a season. */
export type ThetaSeason = "multiplicative" | "additive" | "none";

/** A forecaster by the Theta method. */
export type Theta = LocalForecaster<"theta">;

const variants = ["standard", "optimized", "dynamic", "dynamicOptimized", "auto"] as const;
const seasons = ["multiplicative", "additive", "none"] as const;

/**
 * The Theta method: a smoothed level and a share of a straight line, the more of it the greater theta is. The line's share fades into a drift of half
 * the slope at theta = 2. A season is found by the autocorrelation at its lag (90 %, Bartlett), taken out by classical decomposition and
 * put back. `fits` names the model, the season that was found and the parameters; they minimise the squared one-step errors after the third row.
 *
 * Over a missing row the model's own forecast stands, and over an outlier beyond doubt in the rows of the fit (`withoutOutliers`); `fits` names those. A series needs 5 rows, and two seasons for a season to be looked for. A constant series stays what it is.
 * Intervals have the exact variance of the recursion, widened by what the history shows of errors some steps ahead and by how much was estimated, the season included.
 *
 * Assimakopoulos & Nikolopoulos (2000), The theta model; Fiorucci, Pellegrini, Louzada, Petropoulos & Koehler (2016), Models for optimising the theta method and
 * their relationship to state space models. Equations, bounds and the seasonal test are those of statsforecast 2.1.1, which it is checked against.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` SERIES_TOO_SHORT.
 * @example
 * const forecast = (await theta({ seasonLength: 12 }).fit(sales, { horizon: 18 })).predict({ levels: [80, 95] });
 */
export function theta(options: ThetaOptions = {}): Theta {
  checkOptions("MODEL_PARAMETER_INVALID", "theta()", options, {
    variant: true,
    seasonLength: true,
    season: true,
    seasonTest: true,
    outliers: true,
  });
  const { variant = "auto", season = "multiplicative", seasonTest = true } = options;
  checkWord("MODEL_PARAMETER_INVALID", "variant", variant, variants);
  checkWord("MODEL_PARAMETER_INVALID", "season", season, seasons);
  const seasonLength = wholeNumber("seasonLength", options.seasonLength ?? 1);
  checkBoolean("MODEL_PARAMETER_INVALID", "seasonTest", seasonTest);
  const outliers = outlierTreatment(options);
  return localForecaster(modelOf({ variant, season, seasonLength, seasonTest, outliers }), (params) =>
    modelOf(params as unknown as Required<ThetaOptions>),
  );
}

/** Where the parameters lie. The season follows: nothing, or a value per phase. */
const [dynamicAt, fittedAt, alphaAt, shareAt, startAt, squaresAt, aiccAt, seasonKindAt, seasonAt] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8,
];
/** Where the errors lie in the state, after the recursion: their number, mean and squares about the mean. */
const errorsAt = recursionLength;
/** What a season can be, as a number. */
export const [noSeason, summands, factors] = [0, 1, 2];

/** Shares of the line that a variant chooses from; a half is theta = 2, none theta = 1, undefined is fitted. */
const sharesOf: Readonly<Record<ThetaVariant, readonly (number | undefined)[]>> = {
  standard: [0.5],
  optimized: [0, 0.5, undefined],
  dynamic: [0.5],
  dynamicOptimized: [undefined],
  auto: [0.5, undefined],
};

function modelOf({
  variant,
  season,
  seasonLength,
  seasonTest,
  outliers,
}: Required<ThetaOptions>): LocalModel<"theta"> {
  const isDynamic = variant !== "standard" && variant !== "optimized";
  const shares = sharesOf[variant];
  return {
    kind: "theta",
    params: { variant, season, seasonLength, seasonTest, outliers },
    neededRows: burnIn + 2,
    warmupRows: () => burnIn,
    ...lookForOutliers(outliers, [seasonLength]),
    seasonTooLong: ({ length }) =>
      season === "none" || seasonLength === 1 || length >= 2 * seasonLength
        ? null
        : tooLong(seasonLength, 2 * seasonLength, length, "rows"),
    fit(y) {
      const filled = filledLinearly(y);
      const { kind, values } = seasonFor(filled, season, seasonLength, seasonTest);
      const adjust = (value: number, t: number) => adjusted(value, kind, values, t);
      const [adjustedY, adjustedFilled] =
        kind === noSeason ? [y, filled] : [y.map(adjust), filled.map(adjust)];
      const fits = shares.map((share) => fitTheta(adjustedY, adjustedFilled, isDynamic, share));
      const best = fits.reduce((least, fit) => (fit.aicc < least.aicc ? fit : least));
      return localFitOf(best, kind, values);
    },
    estimated: ({ parameters }) => 3 + Math.max(0, parameters.length - seasonAt - 1),
    absorb,
    forecast({ parameters, state }, mean) {
      const recursion = recursionOf(parameters);
      const now = state.slice(0, recursionLength);
      for (let h = 0; h < mean.length; h++) {
        const next = nextOf(now, recursion);
        mean[h] = withSeason(next, parameters, now[rowsAt] as number);
        moveOn(now, recursion, next);
      }
    },
    quantiles({ parameters, state }, mean, probabilities, values) {
      const spread = spreadOf(state, recursionOf(parameters), mean.length);
      const deviation = deviationOf(state);
      const isFactor = parameters[seasonKindAt] === factors;
      const factorOf = (step: number) => seasonOf(parameters, (state[rowsAt] as number) + step - 1);
      normalQuantiles(
        mean,
        (step) => deviation * (spread[step - 1] as number) * (isFactor ? factorOf(step) : 1),
        probabilities,
        values,
      );
    },
    paths({ parameters, state }) {
      const recursion = recursionOf(parameters);
      const deviation = deviationOf(state);
      const begun = state.subarray(0, recursionLength);
      const now = begun.slice();
      return (random, values) => {
        now.set(begun);
        for (let h = 0; h < values.length; h++) {
          const own = nextOf(now, recursion) + deviation * random.normal();
          values[h] = withSeason(own, parameters, now[rowsAt] as number);
          moveOn(now, recursion, own);
        }
      };
    },
    summary({ parameters, state }) {
      const kind = parameters[seasonKindAt];
      return {
        model: `${isDynamic ? "D" : ""}${parameters[fittedAt] === 1 ? "O" : "S"}TM`,
        season: kind === noSeason ? "none" : kind === factors ? "multiplicative" : "additive",
        alpha: parameters[alphaAt] as number,
        theta: 1 / (1 - (parameters[shareAt] as number)),
        level: state[levelAt] as number,
        deviation: deviationOf(state),
        squaredError: parameters[squaresAt] as number,
        aicc: parameters[aiccAt] as number,
      };
    },
  };
}

/** The season that the series shows, if any; or has, where it need not show. */
export function seasonFor(
  filled: Float64Array,
  season: ThetaSeason,
  seasonLength: number,
  seasonTest: boolean,
): { readonly kind: number; readonly values: Float64Array } {
  const isSeasonal = seasonTest
    ? hasSeason(filled, seasonLength)
    : seasonLength > 1 && filled.length >= 2 * seasonLength;
  if (season === "none" || !isSeasonal) return { kind: noSeason, values: new Float64Array(0) };
  if (season === "multiplicative" && filled.every((value) => value > 0)) {
    const values = classicalSeason(filled, seasonLength, true);
    if (values.every((value) => value >= 0.01)) return { kind: factors, values };
  }
  return { kind: summands, values: classicalSeason(filled, seasonLength, false) };
}

function adjusted(value: number, kind: number, season: Float64Array, t: number): number {
  const phase = season[t % season.length] as number;
  return kind === factors ? value / phase : value - phase;
}

/** A fit as the recursion takes it, with its season by phase: its parameters and the state before the first row. */
export function localFitOf(fit: ThetaFit, kind: number, season: Float64Array): LocalFit {
  const { isDynamic, isFitted, alpha, share, start, intercept, slope, squares, aicc } = fit;
  const flags = [isDynamic ? 1 : 0, isFitted ? 1 : 0];
  return {
    parameters: Float64Array.of(...flags, alpha, share, start, squares, aicc, kind, ...season),
    state: Float64Array.of(0, 0, 0, intercept, slope, 1, 0, 0, 0),
  };
}

function recursionOf(parameters: Float64Array): ThetaParameters {
  return {
    isDynamic: parameters[dynamicAt] === 1,
    alpha: parameters[alphaAt] as number,
    share: parameters[shareAt] as number,
    start: parameters[startAt] as number,
  };
}

function absorb({ parameters, state }: LocalFit, value: number): void {
  const recursion = recursionOf(parameters);
  const rows = state[rowsAt] as number;
  const next = nextOf(state, recursion);
  if (Number.isNaN(value)) {
    moveOn(state, recursion, next);
    return;
  }
  const kind = parameters[seasonKindAt] as number;
  const own = kind === noSeason ? value : adjusted(value, kind, parameters.subarray(seasonAt), rows);
  if (rows >= burnIn) {
    const error = own - next;
    const count = (state[errorsAt] as number) + 1;
    const mean = state[errorsAt + 1] as number;
    const nextMean = mean + (error - mean) / count;
    state[errorsAt] = count;
    state[errorsAt + 1] = nextMean;
    state[errorsAt + 2] = (state[errorsAt + 2] as number) + (error - mean) * (error - nextMean);
  }
  moveOn(state, recursion, own);
}

/** Of the one-step errors of the adjusted series, as in the reference. */
function deviationOf(state: Float64Array): number {
  return Math.sqrt((state[errorsAt + 2] as number) / ((state[errorsAt] as number) - 1));
}

function seasonOf(parameters: Float64Array, row: number): number {
  return parameters[seasonAt + (row % (parameters.length - seasonAt))] as number;
}

function withSeason(value: number, parameters: Float64Array, row: number): number {
  const kind = parameters[seasonKindAt];
  if (kind === noSeason) return value;
  return kind === factors ? value * seasonOf(parameters, row) : value + seasonOf(parameters, row);
}
