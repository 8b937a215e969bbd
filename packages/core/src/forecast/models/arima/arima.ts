import { TsopsError } from "../../../errors.ts";
import { checkBoolean, checkOptions, shown } from "../../../options.ts";
import { wholeNumber } from "../../check.ts";
import { atOnce, type InTurns } from "../../local/in-turns.ts";
import { normalQuantiles } from "../../local/intervals/normal-quantiles.ts";
import { knownValues } from "../../local/known-values.ts";
import { type LocalForecaster, localForecaster } from "../../local/local-forecaster.ts";
import type { LocalFit, LocalModel } from "../../local/local-model.ts";
import { tooLong } from "../../local/notes.ts";
import { lookForOutliers, type OutlierSettings, outlierTreatment } from "../../outliers/outlier-option.ts";
import { advance, type FilterModel, forecastFrom, forecastVariances, startState } from "./filter-state.ts";
import { type ArimaFit, fitOrder } from "./fit-order.ts";
import { type ArimaOrder, armaCount, differencedRows, estimatedCount, orderName } from "./order.ts";
import { arimaPaths } from "./paths.ts";
import { differencingOf, expand, polynomialsOf } from "./polynomials.ts";
import { type ArimaChoice, dataOf, selectArima } from "./select.ts";

/** Settings of `arima`. */
export interface ArimaOptions<Regressor extends string = string> extends OutlierSettings {
  /** Autoregression, differences and moving average: `[p, d, q]`. Left out, all orders are chosen for each series. */
  readonly order?: readonly [p: number, d: number, q: number];
  /** The same of the seasons: `[P, D, Q]`. Default with `order`: `[0, 0, 0]`. */
  readonly seasonalOrder?: readonly [p: number, d: number, q: number];
  /** Steps of one season. Default 1: no season. */
  readonly seasonLength?: number;
  /**
   * A mean where there are no differences, a drift where there is one. Default with `order`: true without differences, else false; default without:
   * chosen with the orders.
   */
  readonly constant?: boolean;
  /**
   * Numeric known-future columns that the target is regressed on, with ARIMA errors; `predict` then needs their future. Default: none. A row in which one is missing counts as
   * a missing target; one that says nothing of its own in a series (constant, or made up of others) gets the slope 0 there.
   */
  readonly regressors?: readonly Regressor[];
}

/** An ARIMA forecaster. `Regressor` is the names of its regressors: `predict` does not compile without their future. */
export type Arima<Regressor extends string = never> = LocalForecaster<"arima", Regressor>;

/**
 * Seasonal ARIMA, fitted by exact maximum likelihood; orders that are not given are chosen for each series by the stepwise search of Hyndman &
 * Khandakar: differences by the strength of the season and KPSS tests, the rest by AICc. `fits` names the orders and shows
 * coefficients, likelihood and AICc.
 *
 * Moving averages are kept invertible and autoregressions stationary. Missing values are left out of the likelihood exactly, and forecasts and intervals
 * after a gap are those of the Kalman filter. Outliers beyond doubt in the rows of the fit (`withoutOutliers`) count as missing, and `fits` names them. Orders that are given need two rows more than they have parameters (coefficients, constant, slopes and variance), after differencing; below three rows for each parameter `fits` says so
 * (`fewRows`). A constant series is forecast as it is. Intervals are analytic, and widened by what the history shows of errors some steps ahead and by how much was estimated.
 *
 * Box & Jenkins (1970), Time Series Analysis; Hyndman & Khandakar (2008), Automatic time series forecasting: the forecast package for R; Morf, Sidhu & Kailath (1974), Some new
 * algorithms for recursive estimation in constant, linear, discrete-time systems. Checked against statsforecast 2.1.1.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` SERIES_TOO_SHORT.
 * @example
 * const forecast = (await arima({ seasonLength: 12 }).fit(sales, { horizon: 18 })).predict({ levels: [80, 95] });
 */
export function arima<const Regressor extends string = never>(
  options: ArimaOptions<Regressor> = {},
): Arima<Regressor> {
  checkOptions("MODEL_PARAMETER_INVALID", "arima()", options, {
    order: true,
    seasonalOrder: true,
    seasonLength: true,
    constant: true,
    regressors: true,
    outliers: true,
  });
  const given = regressorsOf(options.regressors);
  const regressors = given.length > 0 ? { regressors: given } : {};
  const outliers = outlierTreatment(options);
  const seasonLength = wholeNumber("seasonLength", options.seasonLength ?? 1);
  const { constant } = options;
  if (constant !== undefined) checkBoolean("MODEL_PARAMETER_INVALID", "constant", constant);
  if (options.order === undefined) {
    if (options.seasonalOrder !== undefined)
      throw new TsopsError("MODEL_PARAMETER_INVALID", "seasonalOrder is given without order.", {
        hint: "Give both, or none of them and let them be chosen.",
      });
    return arimaOf({
      seasonLength,
      outliers,
      ...regressors,
      ...(constant === undefined ? {} : { constant }),
    });
  }
  const [p, d, q] = orders("order", options.order);
  const [seasonalP, seasonalD, seasonalQ] = orders("seasonalOrder", options.seasonalOrder ?? [0, 0, 0]);
  const isSeasonal = seasonalP + seasonalD + seasonalQ > 0;
  if (isSeasonal && seasonLength < 2)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `A season has at least 2 steps, seasonLength is ${seasonLength}.`,
      { hint: "Give arima({ seasonLength }), or leave seasonalOrder out." },
    );
  const hasConstant = constant ?? d + seasonalD === 0;
  if (hasConstant && d + seasonalD > 1)
    throw new TsopsError("MODEL_PARAMETER_INVALID", "With two differences or more there is no constant.", {
      hint: "Leave constant out.",
    });
  return arimaOf({
    seasonLength,
    outliers,
    ...regressors,
    order: [p, d, q, seasonalP, seasonalD, seasonalQ],
    constant: hasConstant,
  });
}

function regressorsOf(given: unknown): readonly string[] {
  if (given === undefined) return [];
  if (
    Array.isArray(given) &&
    given.every((name) => typeof name === "string") &&
    new Set(given).size === given.length
  )
    return given;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `regressors is a list of different column names, got ${shown(given)}.`,
    { hint: 'Name known-future columns of the panel, each once: regressors: ["temperature"].' },
  );
}

function orders(name: string, given: unknown): readonly [number, number, number] {
  if (!Array.isArray(given) || given.length !== 3)
    throw new TsopsError("MODEL_PARAMETER_INVALID", `${name} is three whole numbers, got ${shown(given)}.`, {
      hint: `Give those of the autoregression, the differences and the moving average: ${name}: [1, 1, 1].`,
    });
  return given.map((one, i) => wholeNumber(`${name}[${i}]`, one, 0)) as [number, number, number];
}

function arimaOf<Regressor extends string>(choice: ArimaChoice): Arima<Regressor> {
  const forecaster: unknown = localForecaster(modelOf(choice), (params) =>
    modelOf(params as unknown as ArimaChoice),
  );
  return forecaster as Arima<Regressor>;
}

/** Parameters: six orders, whether there is a constant, variance, likelihood, AICc, the constant, then the coefficients and the regressors' slopes. */
const [varianceAt, likelihoodAt, aiccAt, constantAt, coefficientsAt] = [7, 8, 9, 10, 11];

interface Unpacked {
  readonly order: ArimaOrder;
  readonly coefficients: Float64Array;
  readonly filter: FilterModel;
}

function modelOf(choice: ArimaChoice): LocalModel<"arima"> {
  const { seasonLength, regressors = [] } = choice;
  const fixed = orderOf(choice);
  const slopesOf = (parameters: Float64Array) => parameters.subarray(parameters.length - regressors.length);
  // One row after the other is absorbed with the same parameters.
  const unpacked = new WeakMap<Float64Array, Unpacked>();
  const unpack = (parameters: Float64Array): Unpacked => {
    let found = unpacked.get(parameters);
    if (found === undefined) {
      found = unpackParameters(parameters, seasonLength);
      unpacked.set(parameters, found);
    }
    return found;
  };
  /** The mean, or the drift so far, of a row counted from 1. */
  const shift = ({ order }: Unpacked, parameters: Float64Array, row: number) =>
    (parameters[constantAt] as number) * (order.d + order.seasonalD === 0 ? 1 : row);
  const fitInTurns = function* (y: Float64Array, columns: readonly Float64Array[]): InTurns<LocalFit> {
    const fit =
      fixed === null ? yield* selectArima(choice, y, columns) : yield* fitOrder(fixed, dataOf(y, columns));
    if (fit === null)
      throw new TsopsError("SERIES_TOO_SHORT", "No ARIMA model can be fitted to a series.", {
        hint: "Give fewer orders, or more rows.",
      });
    return localFitOf(fit);
  };
  const forecast = ({ parameters, state }: LocalFit, mean: Float64Array): void => {
    const one = unpack(parameters);
    forecastFrom(one.filter, state, mean);
    for (let h = 0; h < mean.length; h++)
      mean[h] = (mean[h] as number) + shift(one, parameters, (state[0] as number) + h + 1);
  };
  return {
    kind: "arima",
    params: { ...choice },
    // With fewer the corrected criterion is not defined.
    neededRows:
      fixed === null
        ? 3 + regressors.length
        : differencedRows(fixed) + estimatedCount(fixed, regressors.length) + 2,
    ...(fixed === null ? {} : { fewRows: (y: Float64Array) => fewRowsFor(fixed, regressors.length, y) }),
    ...lookForOutliers(choice.outliers, [seasonLength]),
    seasonTooLong: (y) => {
      const needed = 2 * seasonLength + 1;
      return fixed !== null || seasonLength === 1 || y.length >= needed
        ? null
        : tooLong(seasonLength, needed, y.length, "rows");
    },
    ...(regressors.length > 0
      ? { regressors, slopes: ({ parameters }: LocalFit) => slopesOf(parameters) }
      : {}),
    fit: (y, columns) => atOnce(fitInTurns(y, columns)),
    fitInTurns,
    // The level that a mean, or the first values, give counts as one.
    estimated({ parameters }) {
      const { order, coefficients } = unpack(parameters);
      return 1 + coefficients.length + Number(order.hasConstant) + regressors.length;
    },
    warmupRows: ({ parameters }) => differencedRows(unpack(parameters).order),
    absorb(fit, value) {
      const one = unpack(fit.parameters);
      const row = (fit.state[0] as number) + 1;
      fit.state = advance(one.filter, fit.state, value - shift(one, fit.parameters, row));
    },
    forecast,
    quantiles({ parameters, state }: LocalFit, mean, probabilities, values) {
      const variances = forecastVariances(unpack(parameters).filter, state, mean.length);
      const variance = parameters[varianceAt] as number;
      normalQuantiles(
        mean,
        (step) => Math.sqrt(variance * (variances[step - 1] as number)),
        probabilities,
        values,
      );
    },
    paths(fit, steps) {
      const mean = new Float64Array(steps);
      forecast(fit, mean);
      const { filter } = unpack(fit.parameters);
      return arimaPaths(filter, fit.state, mean, Math.sqrt(fit.parameters[varianceAt] as number));
    },
    summary({ parameters }) {
      const { order, coefficients } = unpack(parameters);
      const names = [
        ...Array.from({ length: order.p }, (_, i) => `ar${i + 1}`),
        ...Array.from({ length: order.q }, (_, i) => `ma${i + 1}`),
        ...Array.from({ length: order.seasonalP }, (_, i) => `seasonalAr${i + 1}`),
        ...Array.from({ length: order.seasonalQ }, (_, i) => `seasonalMa${i + 1}`),
      ];
      return {
        form: orderName(order),
        ...Object.fromEntries(names.map((name, i) => [name, coefficients[i] as number])),
        ...(order.hasConstant
          ? { [order.d + order.seasonalD === 0 ? "mean" : "drift"]: parameters[constantAt] as number }
          : {}),
        ...Object.fromEntries(
          regressors.map((name, k) => [`slope ${name}`, slopesOf(parameters)[k] as number]),
        ),
        deviation: Math.sqrt(parameters[varianceAt] as number),
        logLikelihood: parameters[likelihoodAt] as number,
        aicc: parameters[aiccAt] as number,
      };
    },
  };
}

/** Rows for each parameter below which a fit says that they are few. */
const rowsEach = 3;

function fewRowsFor(order: ArimaOrder, regressors: number, y: Float64Array): string | null {
  const estimated = estimatedCount(order, regressors);
  const rows = knownValues(y).length - differencedRows(order);
  return rows >= rowsEach * estimated
    ? null
    : `${estimated} parameters are estimated from ${rows} rows, fewer than ${rowsEach} for each: intervals are too narrow`;
}

function orderOf({ order, seasonLength, constant }: ArimaChoice): ArimaOrder | null {
  if (order === undefined) return null;
  const [p, d, q, seasonalP, seasonalD, seasonalQ] = order;
  return { p, d, q, seasonalP, seasonalD, seasonalQ, seasonLength, hasConstant: constant === true };
}

/** A fit as the recursion takes it: its parameters and the state before the first row. */
export function localFitOf(fit: ArimaFit): LocalFit {
  const parameters = packParameters(fit);
  return { parameters, state: startState(unpackParameters(parameters, fit.order.seasonLength).filter) };
}

function packParameters(fit: ArimaFit): Float64Array {
  const { p, d, q, seasonalP, seasonalD, seasonalQ, hasConstant } = fit.order;
  return Float64Array.of(
    ...[p, d, q, seasonalP, seasonalD, seasonalQ, hasConstant ? 1 : 0],
    ...[fit.variance, fit.logLikelihood, fit.aicc, hasConstant ? (fit.slopes[0] as number) : 0],
    ...fit.coefficients,
    ...fit.slopes.subarray(hasConstant ? 1 : 0),
  );
}

function unpackParameters(parameters: Float64Array, seasonLength: number): Unpacked {
  const [p, d, q, seasonalP, seasonalD, seasonalQ, hasConstant] = parameters as unknown as number[] as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const order = { p, d, q, seasonalP, seasonalD, seasonalQ, seasonLength, hasConstant: hasConstant === 1 };
  const coefficients = parameters.subarray(coefficientsAt, coefficientsAt + armaCount(order));
  const polynomials = polynomialsOf(order);
  expand(order, coefficients, polynomials);
  const { phi, theta } = polynomials;
  return {
    order,
    coefficients,
    filter: { phi, theta, delta: differencingOf(order), size: Math.max(phi.length, theta.length + 1) },
  };
}
