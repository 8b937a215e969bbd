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
  /** Which series each row is of. */
  readonly seriesIndex: Int32Array;
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
  const errors = { y, mean, seriesIndex: rows.map((row) => all.seriesIndex[row] as number) };
  const absolute = scaledErrors(errors, pick(all.absoluteScale), Math.abs);
  const squared = scaledErrors(errors, pick(all.squaredScale), (error) => error * error);
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
    scaledRows: absolute.rows,
    mase: meanOf(absolute.means),
    rmsse: meanOf(squared.means.map(Math.sqrt)),
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

/** Per series the mean loss in units of the scale, over the rows that have an outcome and a scale. */
function scaledErrors(
  { y, mean, seriesIndex }: Pick<ScoredRows, "y" | "mean" | "seriesIndex">,
  scale: Float64Array,
  loss: (error: number) => number,
): { readonly rows: number; readonly means: readonly number[] } {
  const totals = new Map<number, { sum: number; rows: number }>();
  let rows = 0;
  for (let i = 0; i < y.length; i++) {
    const unit = scale[i] as number;
    if (Number.isNaN(y[i] as number) || !(unit > 0)) continue;
    rows++;
    const error = loss(((y[i] as number) - (mean[i] as number)) / unit);
    const total = totals.get(seriesIndex[i] as number);
    if (total === undefined) totals.set(seriesIndex[i] as number, { sum: error, rows: 1 });
    else {
      total.sum += error;
      total.rows++;
    }
  }
  return { rows, means: [...totals.values()].map((total) => total.sum / total.rows) };
}

/** NaN of none. */
function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Outcomes, NaN in the rows that lack one of the quantiles. */
function knownIn(y: Float64Array, quantiles: readonly { readonly values: Float64Array }[]): Float64Array {
  return y.map((value, i) =>
    quantiles.some(({ values }) => Number.isNaN(values[i] as number)) ? Number.NaN : value,
  );
}
