import { observedCounts } from "../../forecast/check.ts";
import type { Panel, SeriesFailure } from "../../forecast/panel/panel.ts";
import { takeSeries } from "../../forecast/panel/panel-slices.ts";
import { seriesName } from "../../forecast/panel/rows.ts";

/** The series of a panel by what can be done for them. */
export interface SplitSeries {
  /** Those that the chosen forecaster is fitted to; null when there is none. */
  readonly main: Panel | null;
  /** Those with too few rows for it: their latest value is repeated, with the intervals of a random walk where there are 3 values. */
  readonly short: Panel | null;
  readonly fallback: readonly { readonly series: string; readonly rows: number; readonly model: string }[];
  readonly dropped: readonly { readonly series: string; readonly because: string }[];
}

/** @param needed - Known values that the chosen forecaster needs in each series. */
export function splitSeries(panel: Panel, needed: number): SplitSeries {
  const observed = observedCounts(panel);
  const [main, short, dropped]: [number[], number[], number[]] = [[], [], []];
  observed.forEach((count, s) => {
    (count === 0 ? dropped : count < needed ? short : main).push(s);
  });
  const name = (s: number) => seriesName(panel.series[s] ?? {});
  return {
    main: main.length === 0 ? null : takeSeries(panel, main),
    short: short.length === 0 ? null : takeSeries(panel, short),
    fallback: short.map((s) => ({ series: name(s), rows: observed[s] as number, model: "naive" })),
    dropped: dropped.map((s) => ({ series: name(s), because: "no value is known" })),
  };
}

/** With the series that could not be fitted among those that are left out. */
export function withFailures(split: SplitSeries, failures: readonly SeriesFailure[]): SplitSeries {
  const failed = failures.map(({ key, message }) => ({ series: seriesName(key), because: message }));
  return { ...split, dropped: [...split.dropped, ...failed] };
}
