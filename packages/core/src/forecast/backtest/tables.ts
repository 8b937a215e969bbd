import type { ForecastQuantile } from "../forecast.ts";
import { intervalOf } from "../levels.ts";
import {
  intervalCoverage,
  intervalScore,
  intervalWidth,
  meanAbsoluteError,
  meanBias,
  pinballLoss,
  rankedProbabilityScore,
  rootMeanSquaredError,
  symmetricPercentageError,
  trackingSignal,
} from "../metrics.ts";
import type { BacktestMetrics } from "./result.ts";

/** The rows of a backtest as the tables need them. */
export interface ScoredRows {
  readonly y: Float64Array;
  readonly mean: Float64Array;
  readonly quantiles: readonly ForecastQuantile[];
  /** Seasonal naive scales of each row's series in the history before its cutoff. */
  readonly absoluteScale: Float64Array;
  readonly squaredScale: Float64Array;
}

/** Metrics of the given rows. */
export function metricsOf(all: ScoredRows, levels: readonly number[], rows: Int32Array): BacktestMetrics {
  const pick = (values: Float64Array): Float64Array =>
    Float64Array.from(rows, (row) => values[row] as number);
  const [y, mean] = [pick(all.y), pick(all.mean)];
  const quantiles = all.quantiles.map(({ probability, values }) => ({ probability, values: pick(values) }));
  const divided = (values: Float64Array, scale: Float64Array): Float64Array =>
    values.map((value, i) => value / (scale[i] as number));
  const [absolute, squared] = [pick(all.absoluteScale), pick(all.squaredScale)];
  const losses = quantiles.map(({ probability, values }) => ({
    probability,
    pinball: pinballLoss(knownIn(y, [{ values }]), values, probability),
  }));
  const missing = y.reduce((count, value) => count + (Number.isNaN(value) ? 1 : 0), 0);
  return {
    rows: rows.length - missing,
    missing,
    mae: meanAbsoluteError(y, mean),
    rmse: rootMeanSquaredError(y, mean),
    smape: symmetricPercentageError(y, mean),
    mase: meanAbsoluteError(...scaled(y, mean, absolute, divided)),
    rmsse: rootMeanSquaredError(...scaled(y, mean, squared, divided)),
    bias: meanBias(y, mean),
    trackingSignal: trackingSignal(y, mean),
    crps: quantiles.length === 0 ? Number.NaN : rankedProbabilityScore(knownIn(y, quantiles), quantiles),
    quantiles: losses,
    intervals: levels.flatMap((level) => {
      const interval = intervalOf(quantiles, level);
      if (interval === null) return [];
      const { lower, upper } = interval;
      return [
        {
          level,
          rows: y.reduce(
            (count, value, i) => count + (Number.isNaN(value + (lower[i] as number)) ? 0 : 1),
            0,
          ),
          coverage: intervalCoverage(y, lower, upper),
          width: intervalWidth(y, lower, upper),
          score: intervalScore(y, lower, upper, level),
        },
      ];
    }),
  };
}

/** Outcomes and means in units of the scale; rows whose scale is not known are left out. */
function scaled(
  y: Float64Array,
  mean: Float64Array,
  scale: Float64Array,
  divided: (values: Float64Array, scale: Float64Array) => Float64Array,
): [Float64Array, Float64Array] {
  const kept = scale.map((value) => (value > 0 ? value : Number.NaN));
  return [divided(y, kept), divided(mean, kept)];
}

/** Outcomes, NaN in the rows that lack one of the quantiles. */
function knownIn(y: Float64Array, quantiles: readonly { readonly values: Float64Array }[]): Float64Array {
  return y.map((value, i) =>
    quantiles.some(({ values }) => Number.isNaN(values[i] as number)) ? Number.NaN : value,
  );
}
