import { TsopsError } from "../../../errors.ts";
import { checkOptions, shown } from "../../../options.ts";
import { wholeNumber } from "../../check.ts";
import { normalQuantiles } from "../../local/intervals/normal-quantiles.ts";
import { knownValues } from "../../local/known-values.ts";
import { type LocalForecaster, localForecaster } from "../../local/local-forecaster.ts";
import type { LocalFit, LocalModel } from "../../local/local-model.ts";
import { tooLong } from "../../local/notes.ts";
import { lookForOutliers, type OutlierSettings, outlierTreatment } from "../../outliers/outlier-option.ts";
import type { EtsFit } from "./fit-form.ts";
import {
  type EtsForm,
  formFromNumbers,
  formName,
  formToNumbers,
  levelAt,
  parameterCount,
  seasonAt,
  trendAt,
} from "./form.ts";
import { deviationsOf, largestSimulated, runPath, type Smoothing, simulatedQuantiles } from "./intervals.ts";
import { type EtsChoice, formsOf, needsPositive, rowsFor, selectEts, whyNone } from "./select.ts";

/** Settings of `ets`. What is left out, or `"auto"`, is chosen for each series. */
export interface EtsOptions extends OutlierSettings {
  readonly error?: "additive" | "multiplicative" | "auto";
  readonly trend?: "none" | "additive" | "auto";
  /** Whether the trend levels off. */
  readonly damped?: boolean | "auto";
  /** `"some"`: one of the two kinds of season in every series of two seasons, also where the criterion would do without. */
  readonly season?: "none" | "additive" | "multiplicative" | "some" | "auto";
  /** Steps of one season. Default 1: no season. */
  readonly seasonLength?: number;
  /**
   * What the chosen form must make small. `"multiStep"` (default): the mean of the AICc and of the AICc with the errors of 1 to `steps` steps ahead in
   * the place of the likelihood, so that a form that only follows the last row well is not taken for the whole horizon; it prunes its search.
   * `"aicc"`: the AICc alone, every form searched to the end, as R and statsforecast choose.
   */
  readonly criterion?: "multiStep" | "aicc";
  /** How far the multi-step criterion looks ahead. Default: `seasonLength`, at most a tenth of the known rows, at least 3. */
  readonly steps?: number;
}

/** An exponential smoothing forecaster. */
export type Ets = LocalForecaster<"ets">;

/**
 * Exponential smoothing in state space form: error, trend and season, each absent, added or multiplied, fitted by maximum likelihood; what is
 * not given is chosen for each series among all forms that are admissible (those of R's `ets` and statsforecast's `AutoETS`: no
 * multiplicative trend, no additive error about a multiplicative season unless both are asked for). `fits` names the form.
 *
 * Forms with multiplicative parts need positive targets: the choice leaves them out where there are others, and a form that was
 * asked for refuses them with their rows. A series too short for a season or a trend gets a form that it can bear; one that can bear none
 * is refused. Missing values move level and trend on and count for nothing; so do outliers beyond doubt in the rows of the fit (`withoutOutliers`), which `fits` name, where there is a season or a form is chosen. After the fit, a target of 0 or less is taken
 * for missing by a multiplicative season.
 *
 * Intervals: analytic without, simulated (1,000 paths, always the same) with a multiplicative season; widened by what the history shows of errors some steps ahead and by how much was estimated.
 *
 * Hyndman, Koehler, Snyder & Grose (2002), A state space framework for automatic forecasting using exponential smoothing methods. Bounds of the
 * parameters, likelihood and AICc are those of statsforecast 2.1.1, which it is checked against.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` SERIES_TOO_SHORT, PANEL_INVALID, FIT_FAILED where a likelihood is not finite.
 * @example
 * const forecast = (await ets({ seasonLength: 12 }).fit(sales, { horizon: 18 })).predict({ levels: [80, 95] });
 */
export function ets(options: EtsOptions = {}): Ets {
  checkOptions("MODEL_PARAMETER_INVALID", "ets()", options, {
    error: true,
    trend: true,
    damped: true,
    season: true,
    seasonLength: true,
    criterion: true,
    steps: true,
    outliers: true,
  });
  const { error = "auto", trend = "auto", season = "auto", criterion = "multiStep" } = options;
  const seasonLength = wholeNumber("seasonLength", options.seasonLength ?? 1);
  return etsOf({
    error: oneOf("error", error, ["additive", "multiplicative", "auto"]),
    trend: oneOf("trend", trend, ["none", "additive", "auto"]),
    damped: oneOf("damped", options.damped ?? (trend === "none" ? false : "auto"), [true, false, "auto"]),
    season: oneOf("season", season, ["none", "additive", "multiplicative", "some", "auto"]),
    seasonLength,
    criterion: oneOf("criterion", criterion, ["multiStep", "aicc"]),
    steps: options.steps === undefined ? null : wholeNumber("steps", options.steps),
    outliers: outlierTreatment(options),
  });
}

/**
 * Simple exponential smoothing: a level that moves by a fitted share of each error, ETS(A,N,N). Brown (1959), Statistical Forecasting for Inventory Control.
 */
export function ses(): Ets {
  return etsOf({ ...given, error: "additive", trend: "none", damped: false, season: "none" }, "ses");
}

/** Settings of `holt`. */
export interface HoltOptions {
  /** Whether the trend levels off (Gardner & McKenzie 1985). Default false. */
  readonly damped?: boolean;
}

/**
 * Holt's linear trend: a level and a trend, ETS(A,A,N) or ETS(A,Ad,N). Holt (1957), reprinted in the International Journal of Forecasting 20 (2004).
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function holt(options: HoltOptions = {}): Ets {
  checkOptions("MODEL_PARAMETER_INVALID", "holt()", options, { damped: true });
  const damped = oneOf("damped", options.damped ?? false, [true, false]);
  return etsOf({ ...given, error: "additive", trend: "additive", damped, season: "none" }, "holt");
}

/** Settings of `holtWinters`. */
export interface HoltWintersOptions extends OutlierSettings {
  /** Steps of one season. */
  readonly seasonLength: number;
  /** Whether the season is added to the level or multiplies it. Default `"additive"`. */
  readonly season?: "additive" | "multiplicative";
  /** Whether the trend levels off. Default false. */
  readonly damped?: boolean;
}

/**
 * Holt and Winters' level, trend and season, with errors of the season's kind: ETS(A,A,A) or ETS(M,A,M). Winters (1960), Forecasting sales by
 * exponentially weighted moving averages.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function holtWinters(options: HoltWintersOptions): Ets {
  checkOptions("MODEL_PARAMETER_INVALID", "holtWinters()", options, {
    seasonLength: true,
    season: true,
    damped: true,
    outliers: true,
  });
  const season = oneOf("season", options.season ?? "additive", ["additive", "multiplicative"]);
  const damped = oneOf("damped", options.damped ?? false, [true, false]);
  const seasonLength = wholeNumber("seasonLength", options.seasonLength, 2);
  const outliers = outlierTreatment(options);
  return etsOf(
    { ...given, error: season, trend: "additive", damped, season, seasonLength, outliers },
    "holtWinters",
  );
}

function oneOf<const T>(name: string, value: NoInfer<T>, allowed: readonly T[]): T {
  if (allowed.includes(value)) return value;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `${name} is one of ${allowed.map(String).join(", ")}, got ${shown(value)}.`,
    { hint: `Give ${allowed.map((one) => JSON.stringify(one))[0]}, for example.` },
  );
}

/** What the forms with a name leave at the defaults of `ets`. */
const given = { seasonLength: 1, criterion: "multiStep", steps: null, outliers: "leaveOut" } as const;

/** @param calledAs - The maker that was called, if it is not `ets`: bytes do not tell, so it is kept with what loads them. */
function etsOf(choice: EtsChoice, calledAs?: string): Ets {
  return localForecaster(modelOf(choice, calledAs), (params) =>
    modelOf(params as unknown as EtsChoice, calledAs),
  );
}

/** Where the parameters lie: four numbers of the form, the smoothing, then these. */
const [smoothingAt, logLikelihoodAt, aiccAt] = [4, 8, 9];
/** Where the state lies: rows, known values and the sum of their squared errors, then level, trend and season by phase. */
const statesAt = 3;

function modelOf(choice: EtsChoice, calledAs?: string): LocalModel<"ets"> {
  const { seasonLength } = choice;
  const forms = formsOf(choice);
  if (
    forms.length === 0 ||
    (choice.season === "some" && seasonLength < 2) ||
    forms.some(({ season }) => season !== "none" && seasonLength < 2)
  )
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `A season has at least 2 steps, seasonLength is ${seasonLength}.`,
      { hint: 'Give ets({ seasonLength }), or season: "none".' },
    );
  if (choice.damped === true && choice.trend === "none")
    throw new TsopsError("MODEL_PARAMETER_INVALID", "Without a trend there is nothing to damp.", {
      hint: 'Leave damped out, or give trend: "additive".',
    });
  return {
    kind: "ets",
    ...(calledAs === undefined ? {} : { calledAs }),
    params: { ...choice },
    neededRows: Math.min(...forms.map(rowsFor)),
    keptRows: seasonLength,
    ...(forms.every(needsPositive) ? { lowest: Number.MIN_VALUE } : {}),
    // Where there is one form without a season, the look at the values would take longer than the fit.
    ...(forms.length === 1 && seasonLength === 1 ? {} : lookForOutliers(choice.outliers, [seasonLength])),
    seasonTooLong(y) {
      const seasonal = forms.filter((form) => form.season !== "none");
      const needed = Math.min(...seasonal.map(rowsFor));
      const rows = seasonal.length === 0 ? 0 : knownValues(y).length;
      return seasonal.length === 0 || rows >= needed
        ? null
        : tooLong(seasonLength, needed, rows, "known rows");
    },
    fit(y) {
      const fit = selectEts(forms, y, choice);
      if (fit === null) {
        const { code, message } = whyNone(forms, y);
        throw new TsopsError(code, message, {
          hint: "Look at these values, or leave components to the choice: ets({ seasonLength }).",
        });
      }
      return localFitOf(fit);
    },
    absorb(fit, value) {
      absorb(fit, value, seasonLength);
    },
    absorbAll(fit, values) {
      const { parameters } = fit;
      const isLevel = parameters[0] === 0 && parameters[1] === 0 && parameters[3] === 0;
      if (isLevel) absorbByLevel(fit, values);
      else for (let i = 0; i < values.length; i++) absorb(fit, values[i] as number, seasonLength);
    },
    forecast({ parameters, state }, mean) {
      const { trend, season } = formFromNumbers(parameters, seasonLength);
      const level = state[statesAt] as number;
      if (trend === "none" && season === "none") {
        mean.fill(level);
        return;
      }
      const slope = state[statesAt + 1] as number;
      const phi = parameters[smoothingAt + 3] as number;
      let damping = 0;
      let power = 1;
      for (let h = 0; h < mean.length; h++) {
        power *= phi;
        damping += power;
        const q = level + damping * slope;
        const part =
          season === "none"
            ? 0
            : (state[statesAt + seasonAt - levelAt + (((state[0] as number) + h) % seasonLength)] as number);
        mean[h] = season === "multiplicative" ? q * part : q + part;
      }
    },
    quantiles({ parameters, state }, mean, probabilities, values) {
      const form = formFromNumbers(parameters, seasonLength);
      const variance = varianceOf(form, state);
      const smoothing = parameters.subarray(smoothingAt, smoothingAt + 4) as unknown as Smoothing;
      const deviations = deviationsOf(form, smoothing, variance, mean);
      if (deviations !== null) {
        normalQuantiles(mean, (step) => deviations[step - 1] as number, probabilities, values);
        return;
      }
      const season = nextSeason(state, seasonLength);
      simulatedQuantiles(form, smoothing, variance, levelAndTrend(state), season, probabilities, values);
    },
    // Its variance is a parameter too, but of how far values are, not of where.
    estimated: ({ parameters }) => parameterCount(formFromNumbers(parameters, seasonLength)) - 1,
    deviations({ parameters, state }, mean) {
      const form = formFromNumbers(parameters, seasonLength);
      if (form.season !== "multiplicative" || form.error !== "multiplicative") return undefined;
      // Relative errors of the level and of the season add up, nearly.
      const smoothing = parameters.subarray(smoothingAt, smoothingAt + 4) as unknown as Smoothing;
      const season = nextSeason(state, seasonLength);
      const factorOf = (h: number) => season[h % seasonLength] as number;
      const levels = mean.map((value, h) => value / factorOf(h));
      const summed = deviationsOf(
        { ...form, season: "additive" },
        smoothing,
        varianceOf(form, state),
        levels,
      );
      return summed?.map((deviation, h) => deviation * Math.abs(factorOf(h)));
    },
    largestQuantile({ parameters, state }, steps) {
      const form = formFromNumbers(parameters, seasonLength);
      // Deviations in closed form are quickly looked at.
      if (form.season !== "multiplicative") return Number.POSITIVE_INFINITY;
      const variance = varianceOf(form, state);
      const smoothing = parameters.subarray(smoothingAt, smoothingAt + 4) as unknown as Smoothing;
      const season = nextSeason(state, seasonLength);
      return largestSimulated(form, smoothing, variance, levelAndTrend(state), season, steps);
    },
    paths({ parameters, state }) {
      const form = formFromNumbers(parameters, seasonLength);
      const smoothing = parameters.subarray(smoothingAt, smoothingAt + 4) as unknown as Smoothing;
      const deviation = Math.sqrt(varianceOf(form, state));
      const levels = levelAndTrend(state);
      const season = form.season === "none" ? new Float64Array(1) : nextSeason(state, seasonLength);
      const now = season.slice();
      return (random, values) => {
        for (let h = 0; h < values.length; h++) values[h] = deviation * random.normal();
        now.set(season);
        runPath(form, smoothing, levels, now, values);
      };
    },
    summary({ parameters, state }) {
      const form = formFromNumbers(parameters, seasonLength);
      const [alpha, beta, gamma, phi] = parameters.subarray(smoothingAt) as unknown as Smoothing;
      return {
        form: formName(form),
        alpha,
        ...(form.trend === "none" ? {} : { beta }),
        ...(form.season === "none" ? {} : { gamma }),
        ...(form.damped ? { phi } : {}),
        level: state[statesAt] as number,
        ...(form.trend === "none" ? {} : { trend: state[statesAt + trendAt - levelAt] as number }),
        deviation: Math.sqrt(varianceOf(form, state)),
        logLikelihood: parameters[logLikelihoodAt] as number,
        aicc: parameters[aiccAt] as number,
      };
    },
  };
}

function levelAndTrend(state: Float64Array): readonly [level: number, trend: number] {
  return [state[statesAt] as number, state[statesAt + 1] as number];
}

/** The season from the next step on. */
function nextSeason(state: Float64Array, seasonLength: number): Float64Array {
  const rows = state[0] as number;
  return Float64Array.from(
    { length: seasonLength },
    (_, h) => state[statesAt + seasonAt - levelAt + ((rows + h) % seasonLength)] as number,
  );
}

/** A fit as the recursion takes it: its parameters and the state before the first row. */
export function localFitOf({ form, numbers, logLikelihood, aicc }: EtsFit): LocalFit {
  return {
    parameters: Float64Array.of(...formToNumbers(form), ...numbers.subarray(0, levelAt), logLikelihood, aicc),
    state: Float64Array.of(0, 0, 0, ...numbers.subarray(levelAt)),
  };
}

/** Of the errors, relative ones where the error is multiplicative; the fit's parameters are counted, as in the reference. */
function varianceOf(form: EtsForm, state: Float64Array): number {
  return (state[2] as number) / Math.max(1, (state[1] as number) - parameterCount(form) - 1);
}

/** What is left of `absorb` for a level with additive errors and nothing else, row after row. */
function absorbByLevel({ parameters, state }: LocalFit, values: Float64Array): void {
  const alpha = parameters[smoothingAt] as number;
  let known = state[1] as number;
  let squares = state[2] as number;
  let level = state[statesAt] as number;
  for (let i = 0; i < values.length; i++) {
    const value = values[i] as number;
    if (Number.isNaN(value)) continue;
    const error = value - level;
    if (Number.isFinite(error)) {
      known++;
      squares += error * error;
    }
    level += alpha * error;
  }
  state[0] = (state[0] as number) + values.length;
  state[1] = known;
  state[2] = squares;
  state[statesAt] = level;
}

/** The recursion of `likelihood.ts`, one row. */
function absorb({ parameters, state }: LocalFit, value: number, seasonLength: number): void {
  const isRelative = parameters[0] === 1;
  const hasTrend = parameters[1] === 1;
  const season = parameters[3] as number;
  const alpha = parameters[smoothingAt] as number;
  const rows = state[0] as number;
  state[0] = rows + 1;
  const trend = (parameters[smoothingAt + 3] as number) * (state[statesAt + 1] as number);
  const q = (state[statesAt] as number) + trend;
  const isFactor = season === 2;
  if (Number.isNaN(value) || (isFactor && (value <= 0 || q === 0))) {
    state[statesAt] = q;
    if (hasTrend) state[statesAt + 1] = trend;
    return;
  }
  const at = season === 0 ? -1 : statesAt + seasonAt - levelAt + (rows % seasonLength);
  const s = at < 0 ? 0 : (state[at] as number);
  const forecast = isFactor ? q * s : q + s;
  const error = isRelative ? (value - forecast) / forecast : value - forecast;
  if (Number.isFinite(error)) {
    state[1] = (state[1] as number) + 1;
    state[2] = (state[2] as number) + error * error;
  }
  const d = (isFactor ? value / s : value - s) - q;
  state[statesAt] = q + alpha * d;
  if (hasTrend) state[statesAt + 1] = trend + (parameters[smoothingAt + 1] as number) * d;
  if (at >= 0)
    state[at] = s + (parameters[smoothingAt + 2] as number) * ((isFactor ? value / q : value - q) - s);
}
