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
  readonly peakMb: number;
  readonly mean: readonly number[];
  /** Bounds by name: lo80, hi80, lo95, hi95; absent without intervals. */
  readonly bounds?: Readonly<Record<string, readonly (number | null)[]>>;
}

/** One line of the table. */
export interface Score {
  readonly model: string;
  readonly smape: number;
  readonly mase: number;
  readonly owa: number;
  /** Share of outcomes within the interval, percent; null without intervals. */
  readonly coverage80: number | null;
  readonly coverage95: number | null;
  /** Mean width of the interval, in units of the MASE's scale, so that series count alike. */
  readonly width80: number | null;
  readonly width95: number | null;
  /** Coverage of the first and of the second half of the horizon. */
  readonly halves80: readonly [number, number] | null;
  readonly halves95: readonly [number, number] | null;
  readonly seconds: number;
  readonly seriesPerSecond: number;
  readonly peakMb: number;
  readonly version: string;
}

/** The errors of the M4 competition: means over the series. */
export function errorsOf(
  series: readonly BenchSeries[],
  mean: ArrayLike<number>,
  horizon: number,
  season: number,
): { readonly smape: number; readonly mase: number } {
  const all = Float64Array.from(mean);
  const each = series.map(({ train, test }, s) => {
    const steps = all.subarray(s * horizon, (s + 1) * horizon);
    return {
      smape: symmetricPercentageError(test, steps),
      mase: meanAbsoluteScaledError(test, steps, seasonalNaiveScale(train, season)),
    };
  });
  return { smape: average(each.map(({ smape }) => smape)), mase: average(each.map(({ mase }) => mase)) };
}

/** Scores the forecasts of one contender. */
export function score(
  model: string,
  series: readonly BenchSeries[],
  { mean, bounds, seconds, peakMb, version }: Forecasts,
  { horizon, season }: { readonly horizon: number; readonly season: number },
  reference: { readonly smape: number; readonly mase: number },
): Score {
  const errors = errorsOf(series, mean, horizon, season);
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
    return {
      coverage: between(0, horizon),
      halves: [between(0, half), between(half, horizon)] as const,
      width,
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
    seconds,
    seriesPerSecond: series.length / seconds,
    peakMb,
    version,
  };
}

/** Series whose figure is not defined (a constant history has no scale) are left out, as in the competition's own code. */
function average(values: readonly number[]): number {
  const finite = values.filter(Number.isFinite);
  return finite.reduce((sum, value) => sum + value, 0) / finite.length;
}
