import { autoForecaster } from "../src/forecast/auto/auto-forecaster.ts";
import { conformal } from "../src/forecast/conformal/conformal.ts";
import { ensemble } from "../src/forecast/ensemble/ensemble.ts";
import type { Forecaster } from "../src/forecast/forecaster.ts";
import { gbdt } from "../src/forecast/gbdt/gbdt.ts";
import { reconciled } from "../src/forecast/hierarchy/reconciled.ts";
import { adida, imapa } from "../src/forecast/models/aggregated-demand.ts";
import { arima } from "../src/forecast/models/arima/arima.ts";
import { ces } from "../src/forecast/models/ces/ces.ts";
import { croston } from "../src/forecast/models/croston.ts";
import { ets, holt, holtWinters, ses } from "../src/forecast/models/ets/ets.ts";
import { historicAverage } from "../src/forecast/models/historic-average.ts";
import { mstl } from "../src/forecast/models/mstl/mstl.ts";
import { naive } from "../src/forecast/models/naive.ts";
import { naive2 } from "../src/forecast/models/naive2.ts";
import { randomWalkWithDrift } from "../src/forecast/models/random-walk-with-drift.ts";
import { seasonalNaive } from "../src/forecast/models/seasonal-naive.ts";
import { theta } from "../src/forecast/models/theta/theta.ts";
import { tsb } from "../src/forecast/models/tsb.ts";
import { windowAverage } from "../src/forecast/models/window-average.ts";
import { reduce } from "../src/forecast/reduce/reduce.ts";
import { elasticNet } from "../src/forecast/regressors/elastic-net.ts";
import { knn } from "../src/forecast/regressors/knn.ts";
import { ridge } from "../src/forecast/regressors/ridge.ts";

/** A maker of every built-in forecaster, in the variants that take different ways through the code: content with 240 hourly rows, see `forecasterCases`. */
export const allForecasters: Record<string, () => Forecaster> = {
  "seasonal naive": () => seasonalNaive({ seasonLength: 24 }),
  naive,
  naive2: () => naive2({ seasonLength: 24 }),
  "random walk with drift": randomWalkWithDrift,
  "historic average": historicAverage,
  croston,
  "croston, optimized": () => croston({ variant: "optimized" }),
  "croston, SBA": () => croston({ variant: "sba" }),
  tsb: () => tsb({ sizeRate: 0.2, probabilityRate: 0.3 }),
  adida,
  imapa,
  ses,
  holt,
  "Holt-Winters, multiplicative": () =>
    holtWinters({ seasonLength: 24, season: "multiplicative", damped: true }),
  ets: () => ets({ seasonLength: 24 }),
  "arima, fixed": () =>
    arima({ order: [1, 0, 1], seasonalOrder: [0, 1, 1], seasonLength: 24, constant: true }),
  "arima, chosen": () => arima(),
  "arima, regressors": () => arima({ order: [1, 1, 1], regressors: ["temp"] }),
  mstl: () => mstl({ seasonLengths: [24, 48] }),
  "mstl, robust with another trend": () =>
    mstl({ seasonLengths: [24], robust: true, trend: randomWalkWithDrift() }),
  "mstl, ARIMA": () => mstl({ seasonLengths: [24], trend: arima({ order: [1, 0, 0], constant: true }) }),
  "mstl, Theta": () => mstl({ seasonLengths: [24], trend: theta() }),
  "mstl, CES": () => mstl({ seasonLengths: [24], trend: ces() }),
  theta: () => theta({ seasonLength: 24 }),
  "theta, standard, additive": () => theta({ variant: "standard", season: "additive", seasonLength: 24 }),
  "theta, optimized": () => theta({ variant: "optimized", seasonLength: 24 }),
  "theta, dynamic": () => theta({ variant: "dynamic", seasonLength: 24 }),
  ces: () => ces({ seasonLength: 24 }),
  "ces, full": () => ces({ season: "full", seasonLength: 24 }),
  "ces, simple": () => ces({ season: "simple", seasonLength: 24 }),
  auto: () => autoForecaster({ seasonLengths: [24] }),
  "window average": () => windowAverage({ window: 12 }),
  "reduce, direct": () =>
    reduce(gbdt({ trees: 10, rowFraction: 0.7, seed: 2 }), {
      lags: [6, 24],
      windows: [
        { aggregate: "mean", width: 3, every: 24 },
        { aggregate: "std", width: 12, lag: 6 },
        { aggregate: "median", width: 24 },
        { of: "temp", aggregate: "mean", width: 24, compare: "difference" },
        { of: "load", aggregate: "max", width: 6 },
      ],
      matches: [{ fields: ["hour", "sky"], within: 96 }],
      calendar: ["hour", { field: "weekday", as: "numeric" }, "trend"],
      covariateLags: { temp: [1], sky: [2], load: [6] },
      keys: ["station"],
      transform: "sqrt",
      level: { width: 24 },
    }),
  "reduce, recursive": () =>
    reduce(ridge(), {
      lags: [1, 2, 24],
      windows: [
        { aggregate: "mean", width: 6 },
        { of: "load", aggregate: "mean", width: 3 },
      ],
      calendar: [{ field: "hour", as: "cyclic" }],
      transform: "log1p",
      level: { width: 24, by: "difference" },
    }),
  "reduce, differenced": () =>
    reduce(ridge(), { lags: [6, 7], calendar: ["hour"], covariates: ["temp"], differences: [24] }),
  "reduce of an elastic net": () =>
    reduce(elasticNet(), {
      lags: [1, 2, 3, 24],
      calendar: ["hour"],
      covariates: ["temp", "sky"],
      warmup: 12,
      level: { width: 24, by: "difference" },
    }),
  "reduce of nearest neighbours": () =>
    reduce(knn({ neighbours: 3, weights: "distance" }), {
      lags: [6, 24],
      calendar: ["hour"],
      covariates: ["temp", "sky"],
    }),
  "reduce, differenced twice": () =>
    reduce(ridge(), { lags: [1, 2], covariates: ["temp", "sky"], differences: [1, 24] }),
  "reduce, scaled": () =>
    reduce(ridge(), {
      lags: [1, 24],
      windows: [
        { aggregate: "ewm", width: 12, alpha: 0.3 },
        { aggregate: "mean", width: "all" },
      ],
      positions: [24],
      fourier: [{ length: 168, terms: 2 }],
      covariates: ["temp"],
      transform: { boxCox: "guerrero", seasonLength: 24 },
      differences: [1],
      scale: "standard",
    }),
  "reduce, direct from the cutoff": () =>
    reduce(ridge(), { lags: [1, 2, 24], covariates: ["temp"], strategy: "direct", differences: [1] }),
  "reduce, per step": () =>
    reduce(ridge(), {
      lags: [1, 24],
      windows: [{ aggregate: "mean", width: 6 }],
      covariates: ["temp"],
      strategy: "perStep",
      scale: "standard",
    }),
  "reduce, boosted, recursive": () =>
    reduce(gbdt({ trees: 5, seed: 1 }), { lags: [1, 24], covariates: ["temp"] }),
  "ensemble, mean": () => ensemble([naive(), arima({ order: [1, 0, 0] })]),
  "ensemble, weighted": () =>
    ensemble([historicAverage(), seasonalNaive({ seasonLength: 24 })], { combine: "weighted", by: "series" }),
  "ensemble, stacked": () =>
    ensemble(
      [
        seasonalNaive({ seasonLength: 24 }),
        reduce(ridge(), { lags: [6, 24], calendar: ["hour"] }),
        ets({ seasonLength: 24 }),
      ],
      { combine: "stacked", folds: 3 },
    ),
  "ensemble, median": () =>
    ensemble([naive(), historicAverage(), randomWalkWithDrift()], { combine: "median" }),
  "conformal seasonal naive": () => conformal(seasonalNaive({ seasonLength: 24 }), { folds: 5 }),
  "conformal by PID": () =>
    conformal(windowAverage({ window: 12 }), {
      folds: 6,
      adapt: "pid",
      adaptRate: 0.2,
      spread: "proportional",
    }),
  "conformal, scaled": () => conformal(windowAverage({ window: 12 }), { folds: 6, by: "scaled" }),
  "conformal reduce": () =>
    conformal(reduce(ridge(), { lags: [6, 24], calendar: ["hour"], level: { width: 48 } }), {
      folds: 8,
      window: 10,
      spread: "root",
      by: "panel",
      adaptRate: 0.05,
      lowest: 0,
    }),
  "reconciled, structural": () => reconciled(ets({ seasonLength: 24 }), { levels: [[]] }),
  "reconciled, bottom-up, not below 0": () =>
    reconciled(seasonalNaive({ seasonLength: 24 }), { levels: [[]], method: "bottomUp", nonNegative: true }),
  "reconciled reduce, least trace": () =>
    reconciled(reduce(ridge(), { lags: [6, 24], calendar: ["hour"] }), {
      levels: [[]],
      method: "minTrace",
      folds: 4,
    }),
};
