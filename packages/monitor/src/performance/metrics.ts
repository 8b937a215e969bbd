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
  rankedProbabilityScore,
  rootMeanSquaredError,
  trackingSignal,
} from "@tsops/core";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { scoredRows } from "./pick-rows.ts";
import type { ScaleNumbers } from "./scales.ts";

/** How good served predictions were over some rows. The names are those of `BacktestMetrics`, so the two can be compared. */
export interface PerformanceMetrics {
  /** Rows whose outcome is known and whose prediction is a number; all metrics are NaN when there are none. */
  readonly rows: number;
  /** Predicted rows whose outcome is not there (yet); they are left out. */
  readonly missing: number;
  /** In the unit of the target. */
  readonly mae: number;
  readonly rmse: number;
  /** Mean of forecast minus outcome. */
  readonly bias: number;
  /** Mean of the absolute errors, each divided by the scale of its series, over `scaledRows`; NaN without a scale. */
  readonly mase: number;
  /** Mean pinball loss of each quantile over the rows that have it. */
  readonly quantiles: readonly QuantileMetrics[];
  /** Central intervals whose two bounds are among the quantiles, by ascending level. */
  readonly intervals: readonly IntervalMetrics[];
}

/** Further metrics of some rows. */
export interface DetailedMetrics extends PerformanceMetrics {
  /** Rows whose outcome is known but whose prediction is NaN or infinite: left out of every metric, and a fault of the model. */
  readonly notFinite: number;
  /** Distinct cutoffs among `rows`: errors of one cutoff go up and down together, so this is nearer to how many there really are. */
  readonly cutoffs: number;
  /** Rows of series that have a scale: those that count in `mase` and `rmsse`. */
  readonly scaledRows: number;
  /** Mean over the series of the root of their mean squared error in units of the squared scale; NaN without one, see `trainingScales`. */
  readonly rmsse: number;
  /** Sum of forecast minus outcome over the mean absolute error: see `trackingSignal`. Between series of one unit only. */
  readonly trackingSignal: number;
  /** Score of the distribution that the quantiles tell of, over the rows that have them all: see `rankedProbabilityScore`. NaN without quantiles. */
  readonly crps: number;
}

/** Metrics of the rows numbered in `rows`. */
export function metricsOf(
  joined: JoinedOutcomes,
  rows: Int32Array,
  scales: ScaleNumbers | null,
): DetailedMetrics {
  const scored = scoredRows(joined, rows);
  const known = rows.reduce((count, row) => count + Number(!Number.isNaN(joined.y[row] as number)), 0);
  const y = gather(joined.y, scored);
  const mean = gather(joined.mean, scored);
  return {
    rows: scored.length,
    missing: rows.length - known,
    notFinite: known - scored.length,
    cutoffs: new Set(Array.from(scored, (row) => joined.cutoff[row])).size,
    mae: meanAbsoluteError(y, mean),
    rmse: rootMeanSquaredError(y, mean),
    bias: meanBias(y, mean),
    trackingSignal: trackingSignal(y, mean),
    ...scaledErrors(joined, scored, scales),
    crps: rankedScore(joined, scored),
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

function rankedScore(joined: JoinedOutcomes, rows: Int32Array): number {
  const { quantiles } = joined;
  if (quantiles.length === 0) return Number.NaN;
  const whole = rows.filter((row) => quantiles.every(({ values }) => Number.isFinite(values[row] as number)));
  return rankedProbabilityScore(
    gather(joined.y, whole),
    quantiles.map(({ probability, values }) => ({ probability, values: gather(values, whole) })),
  );
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

function scaledErrors(
  { y, mean, seriesIndex }: JoinedOutcomes,
  rows: Int32Array,
  scales: ScaleNumbers | null,
): Pick<DetailedMetrics, "mase" | "rmsse" | "scaledRows"> {
  if (scales === null) return { mase: Number.NaN, rmsse: Number.NaN, scaledRows: 0 };
  let sum = 0;
  let scaledRows = 0;
  const squares = new Map<number, { sum: number; rows: number }>();
  for (const row of rows) {
    const series = seriesIndex[row] as number;
    const error = (y[row] as number) - (mean[row] as number);
    const scale = scales.absolute[series] as number;
    if (!Number.isNaN(scale)) {
      sum += Math.abs(error) / scale;
      scaledRows++;
    }
    const square = (error / (scales.squared[series] as number)) ** 2;
    if (Number.isNaN(square)) continue;
    const total = squares.get(series) ?? { sum: 0, rows: 0 };
    squares.set(series, { sum: total.sum + square, rows: total.rows + 1 });
  }
  const roots = [...squares.values()].map((total) => Math.sqrt(total.sum / total.rows));
  return { mase: sum / scaledRows, rmsse: roots.reduce((a, b) => a + b, 0) / roots.length, scaledRows };
}

/** Values of some rows, in their order. */
export function gather(values: Float64Array, rows: Int32Array): Float64Array {
  const result = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) result[i] = values[rows[i] as number] as number;
  return result;
}
