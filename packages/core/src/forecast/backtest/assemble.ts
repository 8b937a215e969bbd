import { probabilitiesOf } from "../levels.ts";
import type { Panel, SeriesKey } from "../panel/panel.ts";
import { intervalsFromEarlierFolds } from "./earlier-folds.ts";
import {
  type BacktestFailure,
  type BacktestMetrics,
  type BacktestResult,
  backtestColumns,
} from "./result.ts";
import type { ScoredFold } from "./scored-fold.ts";
import type { BacktestSettings } from "./settings.ts";
import { metricsOf, type ScoredRows } from "./tables.ts";

/** All folds in long form with their metrics. */
export function assembleResult<Known extends string>(
  panel: Panel<Known>,
  folds: readonly ScoredFold[],
  {
    horizon,
    gap,
    levels,
    seasonLength,
  }: Pick<BacktestSettings, "horizon" | "gap" | "levels" | "seasonLength">,
  failures: readonly BacktestFailure[],
): BacktestResult {
  const length = folds.reduce((sum, fold) => sum + fold.y.length, 0);
  const seriesIndex = new Int32Array(length);
  const foldOf = new Int32Array(length);
  const step = new Int32Array(length);
  const time = new BigInt64Array(length);
  const cutoff = new BigInt64Array(length);
  const y = new Float64Array(length);
  const mean = new Float64Array(length);
  const absoluteScale = new Float64Array(length);
  const squaredScale = new Float64Array(length);
  const hasOwn = folds.every((fold) => fold.quantiles !== null);
  const bounds = hasOwn ? null : intervalsFromEarlierFolds(folds, horizon, levels);
  const quantiles = probabilitiesOf(levels).map((probability) => ({
    probability,
    values: new Float64Array(length),
  }));
  let start = 0;
  folds.forEach((one, index) => {
    time.set(one.time, start);
    y.set(one.y, start);
    mean.set(one.mean, start);
    for (const { probability, values } of quantiles)
      values.set((hasOwn ? one.quantiles : bounds?.[index])?.get(probability) as Float64Array, start);
    for (let i = 0; i < one.y.length; i++) {
      const s = Math.floor(i / horizon);
      seriesIndex[start + i] = one.seriesIds[s] as number;
      foldOf[start + i] = one.fold;
      step[start + i] = gap + (i % horizon) + 1;
      cutoff[start + i] = one.cutoff;
      absoluteScale[start + i] = one.absoluteScale[s] as number;
      squaredScale[start + i] = one.squaredScale[s] as number;
    }
    start += one.y.length;
  });
  const scored: ScoredRows = { seriesIndex, y, mean, quantiles, absoluteScale, squaredScale };
  const table = (groupOf: Int32Array | null): Map<number, BacktestMetrics> =>
    groupedMetrics(scored, levels, groupOf);
  const absent = new Int32Array(panel.series.length).fill(folds.length);
  for (const { seriesIds } of folds) for (const s of seriesIds) absent[s] = (absent[s] as number) - 1;
  const leftOut = panel.series
    .map((key, s) => ({ key, folds: absent[s] as number }))
    .filter((series) => series.folds > 0);
  const result: Omit<BacktestResult, "toColumns"> = {
    length,
    series: panel.series,
    seriesIndex,
    fold: foldOf,
    step,
    time,
    cutoff,
    y,
    mean,
    quantiles,
    levels,
    intervals: levels.length === 0 ? "none" : hasOwn ? "forecaster" : "earlier folds",
    seasonLength,
    leftOut,
    failures,
    overall: table(null).get(0) as BacktestMetrics,
    byFold: [...table(foldOf)].map(([fold, metrics]) => ({
      fold,
      cutoff: folds[fold]?.cutoff as bigint,
      ...metrics,
    })),
    byStep: [...table(step)].map(([value, metrics]) => ({ step: value, ...metrics })),
    byKey: [...table(seriesIndex)].map(([s, metrics]) => ({ key: panel.series[s] as SeriesKey, ...metrics })),
  };
  return { ...result, toColumns: () => backtestColumns(result, panel.spec.keys) };
}

/** Metrics by group, groups ascending; one group 0 of all rows when `groupOf` is null. */
function groupedMetrics(
  scored: ScoredRows,
  levels: readonly number[],
  groupOf: Int32Array | null,
): Map<number, BacktestMetrics> {
  const rows = new Map<number, number[]>();
  for (let row = 0; row < scored.y.length; row++) {
    const group = groupOf === null ? 0 : (groupOf[row] as number);
    const found = rows.get(group);
    if (found === undefined) rows.set(group, [row]);
    else found.push(row);
  }
  return new Map(
    [...rows]
      .sort(([a], [b]) => a - b)
      .map(([group, own]) => [group, metricsOf(scored, levels, Int32Array.from(own))]),
  );
}
