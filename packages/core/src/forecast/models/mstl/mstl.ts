import type { JsonValue } from "../../../bytes.ts";
import { TsopsError } from "../../../errors.ts";
import { checkBoolean, checkOptions, shown } from "../../../options.ts";
import { wholeNumber } from "../../check.ts";
import { atOnce, type InTurns } from "../../local/in-turns.ts";
import { pathDrawer } from "../../local/intervals/simulate.ts";
import { type LocalForecaster, localForecaster, localParts } from "../../local/local-forecaster.ts";
import type { LocalFit, LocalModel } from "../../local/local-model.ts";
import {
  lookForOutliers,
  type OutlierSettings,
  type OutlierTreatment,
  outlierTreatment,
} from "../../outliers/outlier-option.ts";
import { ets } from "../ets/ets.ts";
import { decomposeWithGaps, decomposition } from "./decompose.ts";
import { trendForecaster, trendKinds } from "./trends.ts";

/** Settings of `mstl`. */
export interface MstlOptions extends OutlierSettings {
  /** Steps of each season, e.g. `[24, 168]` for hours with a day and a week. */
  readonly seasonLengths: readonly number[];
  /**
   * The local forecaster of what is left without the seasons: trend and remainder. Default: `ets` with the
   * shortest season for `steps`, which chooses among the forms without a season.
   */
  readonly trend?: LocalForecaster;
  /** Whether outliers are pushed aside in the decomposition, at about fifteen times its cost or more. Default false. */
  readonly robust?: boolean;
}

/** A forecaster by decomposition into several seasons. */
export type Mstl = LocalForecaster<"mstl">;

/**
 * Several seasons at once: each series is taken apart by STL, season after season; a local forecaster continues what is left without the seasons,
 * and each season repeats as it was in its last period. `update` takes the seasons of the fit off new rows and moves the trend's forecaster on:
 * the seasons stay as they are until the next fit.
 *
 * A season of which a series has less than two whole periods is left out there; `fits` names the ones that were taken, and in `seasonsTooLong` those that were not. Missing values are filled for the
 * decomposition, and missing for the trend; so are outliers beyond doubt in the rows of the fit (`withoutOutliers`), and `fits` names them. Intervals are the trend forecaster's round the sum, with the seasons among what was
 * estimated; they leave out that seasons change.
 *
 * Bandara, Hyndman & Bergmeir (2021), MSTL: a seasonal-trend decomposition algorithm for time series with multiple seasonal patterns; STL by
 * Cleveland, Cleveland, McRae & Terpenning (1990). Checked against statsforecast 2.1.1 and statsmodels 0.14: components to 1e-8.
 * @throws TsopsError MODEL_PARAMETER_INVALID; from `fit` SERIES_TOO_SHORT.
 * @example
 * const forecast = (await mstl({ seasonLengths: [24, 168] }).fit(load, { horizon: 48 })).predict({ levels: [80] });
 */
export function mstl(options: MstlOptions): Mstl {
  checkOptions("MODEL_PARAMETER_INVALID", "mstl()", options, {
    seasonLengths: true,
    trend: true,
    robust: true,
    outliers: true,
  });
  const { seasonLengths, robust = false } = options;
  if (!Array.isArray(seasonLengths) || seasonLengths.length === 0)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `seasonLengths is a list with at least one length, got ${shown(seasonLengths)}.`,
      { hint: "For example seasonLengths: [24, 168]; without a season take ets()." },
    );
  const periods = [...new Set(seasonLengths.map((length) => wholeNumber("seasonLengths", length, 2)))].sort(
    (a, b) => a - b,
  );
  checkBoolean("MODEL_PARAMETER_INVALID", "robust", robust);
  const outliers = outlierTreatment(options);
  const trend = options.trend ?? ets({ steps: Math.max(3, periods[0] as number) });
  const model = localParts(trend)?.model;
  if (model === undefined || !trendKinds.includes(model.kind))
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `trend is a forecaster of one of the kinds ${trendKinds.join(", ")}, got ${shown(trend?.kind ?? trend)}.`,
      { hint: "Give ets(), holt({ damped: true }), randomWalkWithDrift() or the like." },
    );
  if (model.lowest !== undefined)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `What is left without the seasons may be of any sign; this ${model.kind} takes only positive targets.`,
      { hint: "Give a trend forecaster that takes all values, e.g. ets()." },
    );
  if (model.regressors !== undefined)
    throw new TsopsError(
      "MODEL_PARAMETER_INVALID",
      `The trend forecaster of mstl takes no regressors, this ${model.kind} has some.`,
      {
        hint: "Take the regressors in arima itself, without mstl.",
      },
    );
  return localForecaster(modelOf(periods, robust, outliers, model), loadModel);
}

function loadModel(params: Readonly<Record<string, JsonValue>>): LocalModel<"mstl"> {
  const { seasonLengths, robust, outliers, trend, trendParams } = params as unknown as Required<
    Omit<MstlOptions, "trend">
  > & {
    readonly trend: string;
    readonly trendParams: Readonly<Record<string, JsonValue>>;
  };
  const parts = localParts(trendForecaster(trend));
  if (parts === undefined)
    throw new TsopsError(
      "MODEL_FORMAT_INVALID",
      `The trend of these bytes is a "${trend}", which is unknown.`,
    );
  return modelOf(seasonLengths, robust, outliers, parts.loadModel(trendParams));
}

/**
 * Parameters: how many of them are the trend's, how many rows the decomposition had, the first of them whose season is still here; then the trend's parameters, the last
 * period of each season by phase, and the summed seasons of the rows that are still here. State: rows, then the trend's.
 */
const [trendSizeAt, rowsAt, firstAt, trendAt] = [0, 1, 2, 3];

function modelOf(
  periods: readonly number[],
  robust: boolean,
  outliers: OutlierTreatment,
  trend: LocalModel,
): LocalModel<"mstl"> {
  const taken = (rows: number) => periods.filter((period) => 2 * period <= rows);
  const decompositions = new Map<number, ReturnType<typeof decomposition>>();
  const decompositionOf = (rows: number) => {
    let found = decompositions.get(rows);
    if (found === undefined) {
      // Panels tend to have few lengths; an odd one out must not keep its weights for ever.
      if (decompositions.size >= 4) decompositions.clear();
      found = decomposition(rows, taken(rows), robust);
      decompositions.set(rows, found);
    }
    return found;
  };
  const trendOf = ({ parameters, state }: LocalFit): LocalFit => ({
    parameters: parameters.subarray(trendAt, trendAt + (parameters[trendSizeAt] as number)),
    state: state.subarray(1),
  });
  const seasonAt = (parameters: Float64Array, row: number): number => {
    const rows = parameters[rowsAt] as number;
    let at = trendAt + (parameters[trendSizeAt] as number);
    let sum = 0;
    for (const period of periods) {
      if (2 * period > rows) break;
      sum += parameters[at + (row % period)] as number;
      at += period;
    }
    return row < rows ? (parameters[at + row - (parameters[firstAt] as number)] as number) : sum;
  };
  const addSeasons = ({ parameters, state }: LocalFit, values: Float64Array): void => {
    for (let h = 0; h < values.length; h++)
      values[h] = (values[h] as number) + seasonAt(parameters, (state[0] as number) + h);
  };
  const fitInTurns = function* (y: Float64Array): InTurns<LocalFit> {
    const rows = y.length;
    const seasonal = taken(rows);
    const sums = new Float64Array(rows);
    const tables: number[] = [];
    if (seasonal.length > 0) {
      const { seasons } = decomposeWithGaps(decompositionOf(rows), y);
      seasons.forEach((season, i) => {
        const period = seasonal[i] as number;
        for (let t = 0; t < rows; t++) sums[t] = (sums[t] as number) + (season[t] as number);
        const start = rows - period;
        for (let phase = 0; phase < period; phase++)
          tables.push(season[start + ((((phase - start) % period) + period) % period)] as number);
      });
    }
    const remainder = y.map((value, t) => value - (sums[t] as number));
    const fit =
      trend.fitInTurns === undefined ? trend.fit(remainder, []) : yield* trend.fitInTurns(remainder, []);
    const parameters = new Float64Array(trendAt + fit.parameters.length + tables.length + rows);
    parameters.set([fit.parameters.length, rows, 0]);
    parameters.set(fit.parameters, trendAt);
    parameters.set(tables, trendAt + fit.parameters.length);
    parameters.set(sums, trendAt + fit.parameters.length + tables.length);
    return { parameters, state: Float64Array.of(0, ...fit.state) };
  };
  const { quantiles } = trend;
  return {
    kind: "mstl",
    params: { seasonLengths: periods, robust, outliers, trend: trend.kind, trendParams: trend.params },
    neededRows: trend.neededRows,
    ...lookForOutliers(outliers, periods),
    ...(trend.estimated === undefined
      ? {}
      : {
          estimated: (fit: LocalFit) =>
            taken(fit.parameters[rowsAt] as number).reduce(
              (sum, period) => sum + period - 1,
              trend.estimated?.(trendOf(fit)) ?? 0,
            ),
        }),
    warmupRows: (fit) => trend.warmupRows?.(trendOf(fit)) ?? 0,
    ...(trend.keptRows === undefined ? {} : { keptRows: trend.keptRows }),
    fit: (y) => atOnce(fitInTurns(y)),
    fitInTurns,
    absorb(fit, value) {
      const row = fit.state[0] as number;
      const within = trendOf(fit);
      const { state } = within;
      const { parameters } = fit;
      trend.absorb(within, value - seasonAt(parameters, row));
      if (within.state !== state) fit.state = Float64Array.of(0, ...within.state);
      fit.state[0] = row + 1;
    },
    settle(fit) {
      const { parameters, state } = fit;
      const rows = parameters[rowsAt] as number;
      const gone = Math.min(state[0] as number, rows) - (parameters[firstAt] as number);
      if (gone === 0) return fit;
      const sumsAt = parameters.length - (rows - (parameters[firstAt] as number));
      const kept = new Float64Array(parameters.length - gone);
      kept.set(parameters.subarray(0, sumsAt));
      kept.set(parameters.subarray(sumsAt + gone), sumsAt);
      kept[firstAt] = (parameters[firstAt] as number) + gone;
      return { parameters: kept, state };
    },
    forecast(fit, mean) {
      trend.forecast(trendOf(fit), mean);
      addSeasons(fit, mean);
    },
    ...(quantiles === undefined
      ? {}
      : {
          quantiles(fit, mean, probabilities, values) {
            const plain = new Float64Array(mean.length);
            trend.forecast(trendOf(fit), plain);
            quantiles.call(trend, trendOf(fit), plain, probabilities, values);
            for (const bounds of values) addSeasons(fit, bounds);
          },
          paths(fit, steps) {
            const seasons = new Float64Array(steps);
            addSeasons(fit, seasons);
            const draw = pathDrawer(trend, trendOf(fit), steps);
            return (random, values) => {
              draw(random, values);
              for (let h = 0; h < steps; h++) values[h] = (values[h] as number) + (seasons[h] as number);
            };
          },
        }),
    summary(fit) {
      const rows = fit.parameters[rowsAt] as number;
      const seasons = taken(rows);
      return {
        seasonLengths: seasons.join(", ") || "none",
        ...(seasons.length === periods.length
          ? {}
          : {
              seasonsTooLong: `${periods.slice(seasons.length).join(", ")} (two of each need more than ${rows} rows)`,
            }),
        trendForecaster: trend.kind,
        ...trend.summary(trendOf(fit)),
      };
    },
  };
}
