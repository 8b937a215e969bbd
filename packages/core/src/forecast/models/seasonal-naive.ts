import { readBinary, writeBinary } from "../../bytes.ts";
import { checkOptions } from "../../options.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { absorbRows, lastTimesOf } from "../absorb.ts";
import { checkFit, checkPredict, observedCounts, requireRows, rowCounts, wholeNumber } from "../check.ts";
import { chooseSeries, panelOfChosen, valuesOfChosen } from "../choose-series.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import { forecastOf } from "../future.ts";
import type { Panel } from "../panel.ts";
import { panelFromBinary, panelToBinary } from "../panel-bytes.ts";
import { panelTail } from "../panel-slices.ts";
import { fitOthers } from "../series-failures.ts";
import { withoutCovariates } from "./without-covariates.ts";

/** Settings of `seasonalNaive`. */
export interface SeasonalNaiveOptions {
  /** Steps of one season, e.g. 168 for a week of hours; 1 repeats the last value. */
  readonly seasonLength: number;
}

/** The seasonal naive forecaster. It uses no covariates, so it never needs future rows. */
export interface SeasonalNaive extends Forecaster {
  readonly kind: "seasonalNaive";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedForecaster<never>>;
  load(bytes: Uint8Array): FittedForecaster<never>;
}

/**
 * Repeats the last season: the forecast of an instant is the latest known value that lies a whole number of seasons before it.
 * So a missing value is replaced by the one a season earlier; where a phase of the season was never known, by the series' latest
 * known value. Every series needs one season of rows.
 *
 * Hyndman & Athanasopoulos, Forecasting: Principles and Practice (3rd ed.), section 5.2.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function seasonalNaive(options: SeasonalNaiveOptions): SeasonalNaive {
  checkOptions("MODEL_PARAMETER_INVALID", "seasonalNaive()", options, { seasonLength: true });
  const seasonLength = wholeNumber("seasonLength", options.seasonLength);
  return {
    kind: "seasonalNaive",
    params: { seasonLength },
    fit: (panel, fitOptions) => fitOthers(panel, fitOptions, (others, own) => fit(seasonLength, others, own)),
    load: loadSeasonalNaive,
  };
}

async function fit(
  seasonLength: number,
  panel: Panel,
  fitOptions: FitOptions,
): Promise<FittedForecaster<never>> {
  checkFit(panel, fitOptions);
  requireRows(panel, rowCounts(panel), seasonLength, `seasonalNaive with a season of ${seasonLength} steps`);
  requireRows(panel, observedCounts(panel), 1, "A target that is not missing: seasonalNaive");
  const history = withoutCovariates(panel);
  const older = new Float64Array(history.series.length * seasonLength).fill(Number.NaN);
  const latest = new Float64Array(history.series.length).fill(Number.NaN);
  return fitted(settle({ seasonLength, horizon: fitOptions.horizon, history, older, latest }));
}

interface State {
  readonly seasonLength: number;
  readonly horizon: number;
  /** The last season of each series. */
  readonly history: Panel<never>;
  /** Per series and phase (cell of the grid modulo season) the latest value known before `history`. */
  readonly older: Float64Array;
  /** Per series the latest value known before `history`. */
  readonly latest: Float64Array;
}

/** Moves what lies before the last season into `older` and `latest`. */
function settle({ seasonLength, horizon, history, ...rest }: State): State {
  const older = rest.older.slice();
  const latest = rest.latest.slice();
  eachRow(history, (s, cell, row, end) => {
    const value = history.y[row] as number;
    if (row >= end - seasonLength || Number.isNaN(value)) return;
    older[s * seasonLength + phase(cell, seasonLength)] = value;
    latest[s] = value;
  });
  return { seasonLength, horizon, history: panelTail(history, seasonLength), older, latest };
}

function fitted(state: State): FittedForecaster<never> {
  const { seasonLength, horizon: fittedHorizon, history: whole } = state;
  return {
    kind: "seasonalNaive",
    spec: whole.spec,
    horizon: fittedHorizon,
    series: whole.series,
    failures: whole.failures ?? [],
    lastTimes: lastTimesOf(whole),
    predict(options) {
      const horizon = checkPredict(options, fittedHorizon);
      const chosen = chooseSeries(whole, options?.keys);
      const history = panelOfChosen(whole, chosen);
      const season = valuesOfChosen(state.older, chosen, seasonLength);
      const latest = valuesOfChosen(state.latest, chosen);
      const lastCells = new Float64Array(history.series.length);
      eachRow(history, (s, cell, row) => {
        const value = history.y[row] as number;
        lastCells[s] = cell;
        if (Number.isNaN(value)) return;
        season[s * seasonLength + phase(cell, seasonLength)] = value;
        latest[s] = value;
      });
      const mean = Float64Array.from({ length: history.series.length * horizon }, (_, row) => {
        const s = Math.floor(row / horizon);
        const cell = (lastCells[s] as number) + (row % horizon) + 1;
        const value = season[s * seasonLength + phase(cell, seasonLength)] as number;
        return Number.isNaN(value) ? (latest[s] as number) : value;
      });
      return forecastOf(history, horizon, mean);
    },
    update: (rows) => fitted(settle({ ...state, history: absorbRows(whole, rows) })),
    save() {
      const { header, arrays } = panelToBinary(whole);
      return writeBinary(
        "seasonalNaive",
        1,
        { ...header, seasonLength, horizon: fittedHorizon },
        {
          ...arrays,
          older: state.older as Float64Array<ArrayBuffer>,
          latest: state.latest as Float64Array<ArrayBuffer>,
        },
      );
    },
  };
}

/** Restores a saved seasonal naive forecaster. @throws TsopsError MODEL_FORMAT_INVALID. */
export function loadSeasonalNaive(bytes: Uint8Array): FittedForecaster<never> {
  const contents = readBinary(bytes, "seasonalNaive", 1);
  const { seasonLength, horizon } = contents.header as { seasonLength: number; horizon: number };
  const history = panelFromBinary<never>(contents);
  const older = contents.array("older", "float64", history.series.length * seasonLength);
  const latest = contents.array("latest", "float64", history.series.length);
  return fitted({ seasonLength, horizon, history, older, latest });
}

function eachRow(panel: Panel, visit: (s: number, cell: number, row: number, end: number) => void): void {
  const frequency = parseFrequency(panel.spec.frequency, { zone: panel.spec.zone });
  panel.series.forEach((_, s) => {
    const [start, end] = [panel.offsets[s] as number, panel.offsets[s + 1] as number];
    const firstCell = frequency.indexOf(panel.times[start] as bigint);
    for (let row = start; row < end; row++) visit(s, firstCell + row - start, row, end);
  });
}

function phase(cell: number, seasonLength: number): number {
  return ((cell % seasonLength) + seasonLength) % seasonLength;
}
