import { readBinary, writeBinary } from "../../bytes.ts";
import { canonicalJson, parseCanonicalJson } from "../../canonical-json.ts";
import { TsopsError } from "../../errors.ts";
import { parseFrequency } from "../../time/frequency.ts";
import { absorb, changedSeries, lastTimesOf } from "../absorb.ts";
import { checkPredict } from "../check.ts";
import type { FittedForecaster, PredictOptions } from "../forecaster.ts";
import { forecastOf, readFuture } from "../future.ts";
import { refuseMeans } from "../not-finite.ts";
import { chooseSeries, panelOfChosen, rowsOfChosen, valuesOfChosen } from "../panel/choose-series.ts";
import type { Panel } from "../panel/panel.ts";
import { panelFromBinary, panelToBinary } from "../panel/panel-bytes.ts";
import { withRowsOfSeries } from "../panel/panel-patches.ts";
import { refuseIntervals } from "../refuse-intervals.ts";
import type { FeatureMatrix, FittedRegressor, Regressor } from "../regressor.ts";
import type { RowValue } from "./feature.ts";
import type { ReduceStrategy, ResolvedReduceOptions } from "./options.ts";
import { planReduce, type ReducePlan } from "./plan.ts";
import { refuseOutsideDomain, undifferenced, untransformed } from "./target.ts";
import { type BoundSeries, bindSeries, emptyMatrix, moveLevel } from "./training.ts";
import { eachFallback, type Fallbacks, prepareWork } from "./work.ts";

/** A fitted global forecaster. */
export interface FittedReduce<Known extends string = string> extends FittedForecaster<Known> {
  readonly kind: "reduce";
  readonly strategy: ReduceStrategy;
  /** The regressor's columns, in order. */
  readonly featureNames: readonly string[];
  /** One, or with the strategy `"perStep"` one for each step. */
  readonly regressors: readonly FittedRegressor[];
  update(...args: Parameters<FittedForecaster<Known>["update"]>): FittedReduce<Known>;
}

interface State<Known extends string> {
  readonly options: ResolvedReduceOptions;
  readonly plan: ReducePlan;
  readonly horizon: number;
  readonly regressors: readonly FittedRegressor[];
  /** The last `plan.depth` rows of each series. */
  readonly history: Panel<Known>;
  readonly trendOrigin: number;
  readonly fallbacks: Fallbacks;
}

const notFiniteHint =
  "Differences of a logarithm grow beyond all numbers where the series grew fast: take fewer of them, a milder transform or a shorter horizon. Otherwise look at what the regressor predicts; { keys } predicts the other series.";

/** A fitted reduction from what the fit learnt. */
export function fittedReduce<Known extends string>(state: State<Known>): FittedReduce<Known> {
  const { history, plan, regressors, horizon, options } = state;
  return {
    kind: "reduce",
    strategy: plan.strategy,
    featureNames: plan.features.map(({ name }) => name),
    regressors,
    spec: history.spec,
    horizon,
    series: history.series,
    failures: history.failures ?? [],
    hasIntervals: false,
    lastTimes: lastTimesOf(history),
    predict: (predictOptions?: PredictOptions) => {
      const steps = checkPredict(predictOptions, horizon);
      refuseIntervals("reduce", predictOptions);
      const chosen = chooseSeries(history, predictOptions?.keys);
      const asked = stateOfChosen(state, chosen);
      const rows = predictOptions?.future && rowsOfChosen(predictOptions.future, history, chosen);
      const future = readFuture(asked.history, steps, rows, plan.needed);
      const mean = predictMeans(asked, steps, future);
      refuseMeans(`reduce(${regressors[0]?.kind})`, asked.history.series, mean, notFiniteHint);
      return forecastOf(asked.history, steps, mean);
    },
    update(rows) {
      const news = absorb(history, rows, plan.depth);
      if (options.transform !== "none") refuseOutsideDomain(changedSeries(history, news), options.transform);
      const { changed, covariates } = news;
      return fittedReduce({ ...state, history: withRowsOfSeries(history, changed, covariates) });
    },
    save: () => save(state),
  };
}

function stateOfChosen<Known extends string>(state: State<Known>, chosen: readonly number[]): State<Known> {
  const { history, fallbacks } = state;
  return {
    ...state,
    history: panelOfChosen(history, chosen),
    fallbacks: eachFallback((name) => valuesOfChosen(fallbacks[name], chosen)),
  };
}

function predictMeans<Known extends string>(
  { options, plan, regressors, history, trendOrigin, fallbacks }: State<Known>,
  steps: number,
  future: readonly Float64Array[],
): Float64Array {
  const { features, strategy, polynomial } = plan;
  const frequency = parseFrequency(history.spec.frequency, { zone: history.spec.zone });
  const works = prepareWork(
    history,
    { options, polynomial, frequency, trendOrigin, fallbacks },
    steps,
    future,
  );
  const bound = works.map((work) => bindSeries(work, features));
  const season = Math.max(1, ...options.differences);
  const means = new Float64Array(works.length * steps);
  const undo = (one: BoundSeries, s: number, step: number, predicted: number): void => {
    const { work, level } = one;
    const t = work.observed + step - 1;
    const { lambda, center, scale } = work.local;
    const w = predicted * level.scale + level.center;
    const g = undifferenced(w * scale + center, t, work.g, polynomial, season, work.valueFallback);
    work.w[t] = w;
    work.g[t] = g;
    means[s * steps + step - 1] = untransformed(g, options.transform, lambda);
  };
  const predictedBy = (model: number, x: FeatureMatrix): Float64Array =>
    (regressors[model] as FittedRegressor).predict(x);
  const fill = (x: FeatureMatrix, row: number, one: BoundSeries, t: number, cutoff: number): void => {
    for (let f = 0; f < x.columns.length; f++)
      (x.columns[f]?.values as Float64Array)[row] = (one.values[f] as RowValue)(t, cutoff);
  };

  if (strategy === "direct") {
    const x = emptyMatrix(features, works.length * steps);
    bound.forEach((one, s) => {
      const cutoff = one.work.observed - 1;
      moveLevel(one, cutoff, options);
      for (let step = 1; step <= steps; step++) fill(x, s * steps + step - 1, one, cutoff + step, cutoff);
    });
    const predicted = predictedBy(0, x);
    bound.forEach((one, s) => {
      for (let step = 1; step <= steps; step++) undo(one, s, step, predicted[s * steps + step - 1] as number);
    });
    return means;
  }
  for (let step = 1; step <= steps; step++) {
    const x = emptyMatrix(features, works.length);
    bound.forEach((one, s) => {
      const t = one.work.observed + step - 1;
      const cutoff = strategy === "recursive" ? t - 1 : one.work.observed - 1;
      moveLevel(one, cutoff, options);
      fill(x, s, one, t, cutoff);
    });
    const predicted = predictedBy(strategy === "recursive" ? 0 : step - 1, x);
    bound.forEach((one, s) => {
      undo(one, s, step, predicted[s] as number);
    });
  }
  return means;
}

function save<Known extends string>({
  options,
  regressors,
  history,
  horizon,
  trendOrigin,
  fallbacks,
}: State<Known>): Uint8Array {
  const { header, arrays } = panelToBinary(history);
  return writeBinary(
    "reduce",
    3,
    {
      ...header,
      options: canonicalJson(options),
      regressors: regressors.map(({ kind }) => kind),
      horizon,
      trendOrigin,
    },
    {
      ...arrays,
      ...eachFallback((name) => fallbacks[name] as Float64Array<ArrayBuffer>),
      ...Object.fromEntries(
        regressors.map((one, i) => [`regressor${i}`, one.save() as Uint8Array<ArrayBuffer>]),
      ),
    },
  );
}

/**
 * Restores a saved reduction.
 * @param regressors - Those that may be in the bytes.
 * @throws TsopsError MODEL_FORMAT_INVALID.
 */
export function loadReduce(bytes: Uint8Array, regressors: readonly Regressor[]): FittedReduce {
  const contents = readBinary(bytes, "reduce", 3);
  const saved = contents.header as {
    options: string;
    regressors: readonly string[];
    horizon: number;
    trendOrigin: number;
  };
  const options = parseCanonicalJson(saved.options) as ResolvedReduceOptions;
  const history = panelFromBinary(contents);
  const { length } = history.series;
  return fittedReduce({
    options,
    plan: planReduce(options, history, saved.horizon),
    horizon: saved.horizon,
    regressors: saved.regressors.map((kind, i) =>
      regressorOfKind(kind, regressors).load(contents.array(`regressor${i}`, "uint8")),
    ),
    history,
    trendOrigin: saved.trendOrigin,
    fallbacks: eachFallback((name) => contents.array(name, "float64", length)),
  });
}

/** @throws TsopsError MODEL_FORMAT_INVALID when none of the regressors is of the saved kind. */
export function regressorOfKind(kind: string, regressors: readonly Regressor[]): Regressor {
  const found = regressors.find((regressor) => regressor.kind === kind);
  if (found !== undefined) return found;
  throw new TsopsError(
    "MODEL_FORMAT_INVALID",
    `These bytes hold a regressor of kind "${kind}", which nothing given can load.`,
    {
      hint: `Pass it to loadForecaster(bytes, { regressors: [...] }); given were ${regressors.map((regressor) => regressor.kind).join(", ") || "none"}.`,
      details: { kind },
    },
  );
}
