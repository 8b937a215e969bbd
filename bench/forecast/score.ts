import {
  intervalCoverage,
  intervalWidth,
  meanAbsoluteScaledError,
  overallWeightedAverage,
  seasonalNaiveScale,
  symmetricPercentageError,
} from "@tsops/core";
import type { BenchSeries } from "./read-table.ts";

/** What a contender printed: forecasts of all series one after another, the horizon's steps each. */
export interface Forecasts {
  readonly version: string;
  readonly seconds: number;
  /** Processor time of the whole process in the meantime: what else the machine does hardly changes it. */
  readonly cpuSeconds: number;
  readonly peakMb: number;
  /** null where it has none. */
  readonly mean: readonly (number | null)[];
  /** Bounds by name: lo80, hi80, lo95, hi95; absent without intervals. */
  readonly bounds?: Readonly<Record<string, readonly (number | null)[]>>;
}

/** One line of the table. */
export interface Score {
  readonly model: string;
  readonly smape: number;
  readonly mase: number;
  readonly owa: number;
  /** Series with a step that was not forecast: the errors leave them out. */
  readonly unforecast: number;
  /** Series whose history repeats itself exactly, or has no season: they have no MASE. */
  readonly unscaled: number;
  /** Share of outcomes within the interval, percent; null without intervals. */
  readonly coverage80: number | null;
  readonly coverage95: number | null;
  /** Mean width of the interval, in units of the MASE's scale, so that series count alike. */
  readonly width80: number | null;
  readonly width95: number | null;
  /** Coverage of the first and of the second half of the horizon. */
  readonly halves80: readonly [number, number] | null;
  readonly halves95: readonly [number, number] | null;
  /** By what all intervals are to be multiplied, about their forecast, to hold exactly the level; and their mean width then. */
  readonly equal80: EqualCoverage | null;
  readonly equal95: EqualCoverage | null;
  readonly seconds: number;
  readonly cpuSeconds: number;
  readonly seriesPerSecond: number;
  /** Of a peer: its processor time by that of the model of tsops before it. */
  readonly timesOurs?: number;
  readonly peakMb: number;
  readonly version: string;
}

/** Intervals that are made to hold exactly their level by one factor, so that only their width is left to compare. */
export interface EqualCoverage {
  readonly factor: number;
  readonly width: number;
}

/** The errors of a contender, and which series they leave out. */
export type Errors = Pick<Score, "smape" | "mase" | "unforecast" | "unscaled">;

/** The errors of the M4 competition: means over the series. */
export function errorsOf(
  series: readonly BenchSeries[],
  mean: readonly (number | null)[],
  { horizon, season }: { readonly horizon: number; readonly season: number },
): Errors {
  if (mean.length !== series.length * horizon)
    throw new Error(`There are ${mean.length} forecasts of ${series.length} series and ${horizon} steps.`);
  const all = Float64Array.from(mean, (value) => value ?? Number.NaN);
  const smapes: number[] = [];
  const mases: number[] = [];
  let unforecast = 0;
  let unscaled = 0;
  series.forEach(({ train, test }, s) => {
    const steps = all.subarray(s * horizon, (s + 1) * horizon);
    if (!steps.every(Number.isFinite)) {
      unforecast++;
      return;
    }
    smapes.push(symmetricPercentageError(test, steps));
    const scale = seasonalNaiveScale(train, season);
    if (scale > 0) mases.push(meanAbsoluteScaledError(test, steps, scale));
    else unscaled++;
  });
  return { smape: average(smapes), mase: average(mases), unforecast, unscaled };
}

/**
 * Scores the forecasts of one contender.
 * @param ours - Of the model that it is the peer of.
 */
export function score(
  model: string,
  series: readonly BenchSeries[],
  { mean, bounds, seconds, cpuSeconds, peakMb, version }: Forecasts,
  { horizon, season }: { readonly horizon: number; readonly season: number },
  reference: { readonly smape: number; readonly mase: number },
  ours?: Score,
): Score {
  const errors = errorsOf(series, mean, { horizon, season });
  const interval = (level: number) => {
    const [lower, upper] = [bounds?.[`lo${level}`], bounds?.[`hi${level}`]];
    if (lower === undefined || upper === undefined) return null;
    const [low, high] = [lower, upper].map((side) => Float64Array.from(side, (value) => value ?? Number.NaN));
    const between = (from: number, to: number) =>
      average(
        series.map(({ test }, s) => {
          const rows = [s * horizon + from, s * horizon + to] as const;
          const [a, b] = [(low as Float64Array).subarray(...rows), (high as Float64Array).subarray(...rows)];
          return 100 * intervalCoverage(test.subarray(from, to), a, b);
        }),
      );
    const width = average(
      series.map(({ train, test }, s) => {
        const rows = [s * horizon, (s + 1) * horizon] as const;
        const [a, b] = [(low as Float64Array).subarray(...rows), (high as Float64Array).subarray(...rows)];
        return intervalWidth(test, a, b) / seasonalNaiveScale(train, season);
      }),
    );
    const half = horizon >> 1;
    const factor = quantile(
      series.flatMap(({ test }, s) =>
        Array.from(test, (y, h) => {
          const [low, middle, high] = [lower, mean, upper].map(
            (side) => side[s * horizon + h] ?? Number.NaN,
          ) as [number, number, number];
          return y === middle ? 0 : Math.abs(y - middle) / Math.abs((y > middle ? high : low) - middle);
        }),
      ),
      level / 100,
    );
    return {
      coverage: between(0, horizon),
      halves: [between(0, half), between(half, horizon)] as const,
      width,
      equal: { factor, width: factor * width },
    };
  };
  const [at80, at95] = [interval(80), interval(95)];
  return {
    model,
    ...errors,
    owa: overallWeightedAverage(errors, reference),
    coverage80: at80?.coverage ?? null,
    coverage95: at95?.coverage ?? null,
    width80: at80?.width ?? null,
    width95: at95?.width ?? null,
    halves80: at80?.halves ?? null,
    halves95: at95?.halves ?? null,
    equal80: at80?.equal ?? null,
    equal95: at95?.equal ?? null,
    seconds,
    cpuSeconds,
    seriesPerSecond: series.length / seconds,
    ...(ours === undefined ? {} : { timesOurs: cpuSeconds / ours.cpuSeconds }),
    peakMb,
    version,
  };
}

/** Of the values that are known, the least that so large a share of them do not exceed. */
function quantile(values: readonly number[], share: number): number {
  const sorted = values.filter((value) => !Number.isNaN(value)).sort((a, b) => a - b);
  return sorted[Math.ceil(share * sorted.length) - 1] ?? Number.NaN;
}

/** Of the series that have the figure. */
function average(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
}
