import { readBinary, writeBinary } from "../../bytes.ts";
import { checkOptions } from "../../options.ts";
import { absorbRows, lastTimesOf } from "../absorb.ts";
import { checkFit, checkPredict, observedCounts, requireRows, rowCounts, wholeNumber } from "../check.ts";
import { chooseSeries, panelOfChosen } from "../choose-series.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import { forecastOf } from "../future.ts";
import type { Panel } from "../panel.ts";
import { panelFromBinary, panelToBinary } from "../panel-bytes.ts";
import { panelTail } from "../panel-slices.ts";
import { fitOthers } from "../series-failures.ts";
import { withoutCovariates } from "./without-covariates.ts";

/** Settings of `windowAverage`. */
export interface WindowAverageOptions {
  /** Number of last rows that are averaged. */
  readonly window: number;
}

/** The window average forecaster. It uses no covariates, so it never needs future rows. */
export interface WindowAverage extends Forecaster {
  readonly kind: "windowAverage";
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedForecaster<never>>;
  load(bytes: Uint8Array): FittedForecaster<never>;
}

/**
 * Predicts the mean of the last `window` rows for every step. Missing values are left out of the mean; when all of the window is
 * missing, the latest known value stands in. Every series needs `window` rows.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function windowAverage(options: WindowAverageOptions): WindowAverage {
  checkOptions("MODEL_PARAMETER_INVALID", "windowAverage()", options, { window: true });
  const window = wholeNumber("window", options.window);
  return {
    kind: "windowAverage",
    params: { window },
    fit: (panel, fitOptions) => fitOthers(panel, fitOptions, (others, own) => fit(window, others, own)),
    load: loadWindowAverage,
  };
}

async function fit(window: number, panel: Panel, fitOptions: FitOptions): Promise<FittedForecaster<never>> {
  checkFit(panel, fitOptions);
  requireRows(panel, rowCounts(panel), window, `windowAverage with a window of ${window} rows`);
  requireRows(panel, observedCounts(panel), 1, "A target that is not missing: windowAverage");
  const history = withoutCovariates(panel);
  const latest = new Float64Array(history.series.length).fill(Number.NaN);
  return fitted(settle({ window, horizon: fitOptions.horizon, history, latest }));
}

interface State {
  readonly window: number;
  readonly horizon: number;
  /** The last `window` rows of each series. */
  readonly history: Panel<never>;
  /** Per series the latest value known before `history`. */
  readonly latest: Float64Array;
}

function settle({ window, horizon, history, latest: before }: State): State {
  const latest = before.map((value, s) => {
    const start = history.offsets[s] as number;
    for (let row = (history.offsets[s + 1] as number) - window - 1; row >= start; row--)
      if (!Number.isNaN(history.y[row] as number)) return history.y[row] as number;
    return value;
  });
  return { window, horizon, history: panelTail(history, window), latest };
}

function fitted(state: State): FittedForecaster<never> {
  const { window, horizon: fittedHorizon, history, latest } = state;
  return {
    kind: "windowAverage",
    spec: history.spec,
    horizon: fittedHorizon,
    series: history.series,
    failures: history.failures ?? [],
    lastTimes: lastTimesOf(history),
    predict(options) {
      const horizon = checkPredict(options, fittedHorizon);
      const chosen = chooseSeries(history, options?.keys);
      const mean = new Float64Array(chosen.length * horizon);
      chosen.forEach((s, i) => {
        let sum = 0;
        let count = 0;
        for (let row = history.offsets[s] as number; row < (history.offsets[s + 1] as number); row++) {
          const value = history.y[row] as number;
          if (Number.isNaN(value)) continue;
          sum += value;
          count++;
        }
        mean.fill(count === 0 ? (latest[s] as number) : sum / count, i * horizon, (i + 1) * horizon);
      });
      return forecastOf(panelOfChosen(history, chosen), horizon, mean);
    },
    update: (rows) => fitted(settle({ ...state, history: absorbRows(history, rows) })),
    save() {
      const { header, arrays } = panelToBinary(history);
      return writeBinary(
        "windowAverage",
        1,
        { ...header, window, horizon: fittedHorizon },
        { ...arrays, latest: latest as Float64Array<ArrayBuffer> },
      );
    },
  };
}

/** Restores a saved window average forecaster. @throws TsopsError MODEL_FORMAT_INVALID. */
export function loadWindowAverage(bytes: Uint8Array): FittedForecaster<never> {
  const contents = readBinary(bytes, "windowAverage", 1);
  const { window, horizon } = contents.header as { window: number; horizon: number };
  const history = panelFromBinary<never>(contents);
  return fitted({
    window,
    horizon,
    history,
    latest: contents.array("latest", "float64", history.series.length),
  });
}
