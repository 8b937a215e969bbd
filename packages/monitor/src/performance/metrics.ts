import {
  type ForecastQuantile,
  type IntervalMetrics,
  intervalCoverage,
  intervalScore,
  intervalWidth,
  meanAbsoluteError,
  meanBias,
  pinballLoss,
  type QuantileMetrics,
  rootMeanSquaredError,
} from "@tsops/core";
import type { JoinedOutcomes } from "./join-outcomes.ts";

/** How good served predictions were over some rows. The names are those of `BacktestMetrics`, so the two can be compared. */
export interface PerformanceMetrics {
  /** Rows whose outcome is known; all metrics are NaN when there are none. */
  readonly rows: number;
  /** Predicted rows whose outcome is not there (yet); they are left out. */
  readonly missing: number;
  /** In the unit of the target. */
  readonly mae: number;
  readonly rmse: number;
  /** Mean of forecast minus outcome. */
  readonly bias: number;
  /** Mean absolute error divided by the scale that was given; NaN without one. */
  readonly mase: number;
  /** Mean pinball loss of each quantile over the rows that have it. */
  readonly quantiles: readonly QuantileMetrics[];
  /** Central intervals whose two bounds are among the quantiles, by ascending level. */
  readonly intervals: readonly IntervalMetrics[];
}

/** Metrics of the rows numbered in `rows`. */
export function metricsOf(
  joined: JoinedOutcomes,
  rows: Int32Array,
  scaleOf: ((series: number) => number) | null,
): PerformanceMetrics {
  const scored = rows.filter((row) => !Number.isNaN(joined.y[row] as number));
  const y = gather(joined.y, scored);
  const mean = gather(joined.mean, scored);
  return {
    rows: scored.length,
    missing: rows.length - scored.length,
    mae: meanAbsoluteError(y, mean),
    rmse: rootMeanSquaredError(y, mean),
    bias: meanBias(y, mean),
    mase: scaleOf === null ? Number.NaN : scaledError(joined, scored, scaleOf),
    quantiles: joined.quantiles.map(({ probability, values }) => {
      const present = scored.filter((row) => !Number.isNaN(values[row] as number));
      return {
        probability,
        pinball: pinballLoss(gather(joined.y, present), gather(values, present), probability),
      };
    }),
    intervals: levelsOf(joined.quantiles).map(({ level, lower, upper }) => {
      const low = gather(lower, scored);
      const high = gather(upper, scored);
      return {
        level,
        rows: low.filter((value, i) => !Number.isNaN(value) && !Number.isNaN(high[i] as number)).length,
        coverage: intervalCoverage(y, low, high),
        width: intervalWidth(y, low, high),
        score: intervalScore(y, low, high, level),
      };
    }),
  };
}

/** The central intervals among quantiles, by ascending level in percent. */
export function levelsOf(
  quantiles: readonly ForecastQuantile[],
): { readonly level: number; readonly lower: Float64Array; readonly upper: Float64Array }[] {
  return quantiles
    .filter(({ probability }) => probability < 0.5)
    .flatMap(({ probability, values: lower }) => {
      const upper = quantiles.find((other) => Math.abs(other.probability + probability - 1) < 1e-9)?.values;
      return upper === undefined
        ? []
        : [{ level: Number((100 * (1 - 2 * probability)).toFixed(6)), lower, upper }];
    })
    .sort((a, b) => a.level - b.level);
}

function scaledError(joined: JoinedOutcomes, rows: Int32Array, scaleOf: (series: number) => number): number {
  let sum = 0;
  for (const row of rows)
    sum +=
      Math.abs((joined.y[row] as number) - (joined.mean[row] as number)) /
      scaleOf(joined.seriesIndex[row] as number);
  return sum / rows.length;
}

function gather(values: Float64Array, rows: Int32Array): Float64Array {
  const result = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) result[i] = values[rows[i] as number] as number;
  return result;
}
