import { throwIfAborted } from "../../abort.ts";
import { type JsonValue, readBinary, writeBinary } from "../../bytes.ts";
import { TsopsError } from "../../errors.ts";
import { formatInstant } from "../../time/instant.ts";
import { absorb, changedSeries, lastTimesOf } from "../absorb.ts";
import { checkFit, checkPredict, firstKnown, observedCounts, requireRows } from "../check.ts";
import type { FitOptions, FittedForecaster, Forecaster } from "../forecaster.ts";
import { forecastOf, futureTimes } from "../future.ts";
import { probabilitiesOf } from "../levels.ts";
import { normalQuantiles } from "../local/intervals/normal-quantiles.ts";
import { refuseFits } from "../local/refusals.ts";
import { notFinite } from "../local/steps-ahead.ts";
import type { Refused } from "../local/try-fit.ts";
import { withoutCovariates } from "../models/without-covariates.ts";
import { chooseSeries, panelOfChosen } from "../panel/choose-series.ts";
import type { Panel, SeriesFailure, SeriesKey } from "../panel/panel.ts";
import { panelFromBinary, panelToBinary } from "../panel/panel-bytes.ts";
import { rowsOfSeries, withRowsOfSeries } from "../panel/panel-patches.ts";
import { selectRows } from "../panel/panel-slices.ts";
import { listSome, seriesName } from "../panel/rows.ts";
import { refuseIntervals } from "../refuse-intervals.ts";
import { fitOthers, leaveOut, withFailures } from "../series-failures.ts";
import type { AugursModel, SeriesAhead } from "./augurs-model.ts";

/** A forecaster that fits each series by a model of augurs. It uses no covariates, so it never needs future rows. */
export interface AugursForecaster<Kind extends string = string> extends Forecaster {
  readonly kind: Kind;
  fit<Known extends string>(panel: Panel<Known>, options: FitOptions): Promise<FittedForecaster<never>>;
  load(bytes: Uint8Array): FittedForecaster<never>;
}

/** The event loop gets its turn so often: a signal can only fire while others get theirs. */
const turnMs = 50;

/**
 * Makes a forecaster of a model.
 *
 * augurs gives no parameters and no state away, so the fitted forecaster keeps the whole history, and the forecasts of the horizon. `update` is a fit
 * on the longer history, done when the series is next asked for: what is predicted is to the bit what a new fit would predict.
 * @param loadModel - The model from its saved `params`.
 */
export function augursForecaster<Kind extends string>(
  model: AugursModel<Kind>,
  loadModel: (params: Readonly<Record<string, JsonValue>>) => AugursModel,
): AugursForecaster<Kind> {
  return {
    kind: model.kind,
    params: model.params,
    fit: (panel, options) =>
      fitOthers(panel, options, (others, own) => fit(model, others, own, options?.failures === "collect")),
    load: (bytes) => load(bytes, model.kind, loadModel),
  };
}

interface State {
  readonly model: AugursModel;
  readonly horizon: number;
  readonly history: Panel<never>;
  /** Per series what is known already of the steps after it. */
  readonly ahead: readonly (SeriesAhead | undefined)[];
}

async function fit(
  model: AugursModel,
  panel: Panel,
  options: FitOptions,
  collects: boolean,
): Promise<FittedForecaster<never>> {
  checkFit(panel, options);
  const { horizon, signal, progress } = options;
  const whole = withoutCovariates(panel);
  requireRows(whole, observedCounts(whole), model.neededRows, model.kind, " with a known target");
  const history = selectRows(whole, (s) => [firstKnown(whole, s), Number.POSITIVE_INFINITY]);
  refuseMissing(model, history);
  const task = `fit ${model.kind}`;
  const total = history.series.length;
  const found: (SeriesAhead | Refused)[] = [];
  let lastTurn = performance.now();
  for (let s = 0; s < total; s++) {
    await model.ready?.();
    found.push(tryForecast(model, history, s, horizon));
    if (performance.now() - lastTurn < turnMs) continue;
    await new Promise((resolve) => setImmediate(resolve));
    throwIfAborted(signal);
    progress?.({ task, done: s + 1, total });
    lastTurn = performance.now();
  }
  const failures = failuresAmong(history.series, found);
  if (!collects) refuseFits(model, failures, found.find(isRefused));
  return fitted({
    model,
    horizon,
    history: leaveOut(history, failures),
    ahead: found.filter((one): one is SeriesAhead => !isRefused(one)),
  });
}

function fitted(state: State): FittedForecaster<never> {
  const { model, horizon: fittedHorizon, history } = state;
  const known = state.ahead.slice();
  const aheadOf = (s: number): SeriesAhead | Refused => {
    const found = known[s] ?? tryForecast(model, history, s, fittedHorizon);
    if (!isRefused(found)) known[s] = found;
    return found;
  };
  return {
    kind: model.kind,
    spec: history.spec,
    horizon: fittedHorizon,
    series: history.series,
    failures: history.failures ?? [],
    hasIntervals: model.hasIntervals,
    lastTimes: lastTimesOf(history),
    predict(options = {}) {
      const horizon = checkPredict(options, fittedHorizon);
      if (!model.hasIntervals) refuseIntervals(model.kind, options);
      const chosen = chooseSeries(history, options.keys);
      const panel = panelOfChosen(history, chosen);
      const found = chosen.map(aheadOf);
      refuseFits(model, failuresAmong(panel.series, found), found.find(isRefused));
      const probabilities = probabilitiesOf(options.levels ?? [], options.quantiles);
      const mean = new Float64Array(chosen.length * horizon);
      const quantiles = probabilities.map((probability) => ({
        probability,
        values: new Float64Array(mean.length),
      }));
      found.forEach((one, i) => {
        const { mean: steps, deviation } = one as SeriesAhead;
        const own = (values: Float64Array) => values.subarray(i * horizon, (i + 1) * horizon);
        own(mean).set(steps.subarray(0, horizon));
        normalQuantiles(
          own(mean),
          (step) => deviation?.[step - 1] as number,
          probabilities,
          quantiles.map(({ values }) => own(values)),
        );
      });
      return forecastOf(panel, horizon, mean, quantiles);
    },
    update(rows) {
      const news = absorb(history, rows);
      if (!model.takesMissing) refuseMissing(model, changedSeries(history, news));
      const ahead = known.slice();
      for (const s of news.changed.keys()) ahead[s] = undefined;
      return fitted({
        ...state,
        history: withRowsOfSeries(history, news.changed, news.covariates),
        ahead,
      });
    },
    save() {
      const { header, arrays } = panelToBinary(history);
      // NaN where there is no forecast: `predict` says why, also when it is loaded.
      const all = (values: (one: SeriesAhead) => Float64Array | null) => {
        const saved = new Float64Array(history.series.length * fittedHorizon).fill(Number.NaN);
        history.series.forEach((_, s) => {
          const one = aheadOf(s);
          if (!isRefused(one)) saved.set(values(one) ?? [], s * fittedHorizon);
        });
        return saved;
      };
      return writeBinary(
        model.kind,
        1,
        { ...header, params: model.params, horizon: fittedHorizon },
        {
          ...arrays,
          mean: all(({ mean }) => mean),
          ...(model.hasIntervals ? { deviation: all(({ deviation }) => deviation) } : {}),
        },
      );
    },
  };
}

function load(
  bytes: Uint8Array,
  kind: string,
  loadModel: (params: Readonly<Record<string, JsonValue>>) => AugursModel,
): FittedForecaster<never> {
  const contents = readBinary(bytes, kind, 1);
  const { params, horizon } = contents.header as unknown as {
    readonly params: Readonly<Record<string, JsonValue>>;
    readonly horizon: number;
  };
  const model = loadModel(params);
  const history = panelFromBinary<never>(contents);
  const length = history.series.length * horizon;
  const mean = contents.array("mean", "float64", length);
  const deviation = model.hasIntervals ? contents.array("deviation", "float64", length) : null;
  const ahead = history.series.map((_, s): SeriesAhead | undefined => {
    const own = (values: Float64Array) => values.subarray(s * horizon, (s + 1) * horizon);
    const one = { mean: own(mean), deviation: deviation === null ? null : own(deviation) };
    return Number.isNaN(one.mean[0]) ? undefined : one;
  });
  return fitted({ model, horizon, history, ahead });
}

/** What the model says of one series; what is thrown is no end of the others. */
function tryForecast(model: AugursModel, panel: Panel, s: number, horizon: number): SeriesAhead | Refused {
  const { spec } = panel;
  const { times, y } = rowsOfSeries(panel, s);
  const timesAhead = () => futureTimes(spec, times.slice(-1), horizon);
  const refused = (message: string, cause?: unknown): Refused => ({
    code: "FIT_FAILED",
    message,
    hint: undefined,
    cause,
  });
  try {
    const series = { y, times, timesAhead, zone: spec.zone };
    const ahead = model.forecast(series, horizon);
    const { mean, deviation } = ahead;
    const message = notFinite({ mean, bounds: deviation === null ? [] : [deviation] });
    return message === null ? ahead : refused(message);
  } catch (error) {
    if (TsopsError.is(error)) return { ...refused(error.message), code: error.code, hint: error.hint };
    // augurs throws errors here and texts there; a trap of its code is a WebAssembly.RuntimeError.
    return refused(`augurs: ${error instanceof Error ? error.message : String(error)}`, error);
  }
}

function isRefused(one: SeriesAhead | Refused): one is Refused {
  return "code" in one;
}

function failuresAmong(
  series: readonly SeriesKey[],
  found: readonly (SeriesAhead | Refused)[],
): readonly SeriesFailure[] {
  return found.flatMap((one, s): SeriesFailure[] =>
    isRefused(one) ? [{ key: series[s] as SeriesKey, code: one.code, message: one.message }] : [],
  );
}

/** @throws TsopsError PANEL_INVALID listing the rows without a target, where the model takes none. */
function refuseMissing({ kind, takesMissing }: AugursModel, panel: Panel): void {
  if (takesMissing) return;
  const code = "PANEL_INVALID";
  const takes = `${kind} takes no missing targets`;
  const rows: string[] = [];
  const failures: SeriesFailure[] = [];
  panel.series.forEach((key, s) => {
    const times: string[] = [];
    for (let row = panel.offsets[s] as number; row < (panel.offsets[s + 1] as number); row++)
      if (Number.isNaN(panel.y[row] as number)) times.push(formatInstant(panel.times[row] as bigint));
    if (times.length === 0) return;
    failures.push({ key, code, message: `${takes}; they lack at ${listSome(times)}.` });
    for (const time of times) rows.push(`${seriesName(key)} at ${time}`);
  });
  if (rows.length === 0) return;
  throw withFailures(
    new TsopsError(code, `${takes}; they lack in ${listSome(rows)}.`, {
      hint: 'Fill them first, take a model that bears them (ets, mstl), or fit the other series with { failures: "collect" }.',
      details: { count: rows.length, first: rows.slice(0, 20) },
    }),
    failures,
  );
}
