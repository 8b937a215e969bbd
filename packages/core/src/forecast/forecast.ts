import type { SeriesKey } from "./panel/panel.ts";

/** One predicted quantile for every row of a forecast. */
export interface ForecastQuantile {
  /** Probability in (0, 1), e.g. 0.025. */
  readonly probability: number;
  readonly values: Float64Array;
}

/** Predictions in long form: one row per series and step, series by series, steps ascending. */
export interface Forecast {
  readonly length: number;
  readonly series: readonly SeriesKey[];
  /** Index into `series`. */
  readonly seriesIndex: Int32Array;
  /** 1 = the first step after the cutoff. */
  readonly step: Int32Array;
  /** The instant that is predicted, microseconds UTC. */
  readonly time: BigInt64Array;
  /** The last observed instant that the prediction may depend on, microseconds UTC. */
  readonly cutoff: BigInt64Array;
  readonly mean: Float64Array;
  /** By ascending probability; a central 80 % interval is the pair 0.1 and 0.9. Empty when none was asked for. */
  readonly quantiles: readonly ForecastQuantile[];
}
