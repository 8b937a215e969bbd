import type { Frequency } from "../../time/frequency.ts";
import type { Panel } from "../panel/panel.ts";
import type { FeatureMatrix } from "../regressor.ts";
import type { ReduceFeature, RowValue, SeriesWork } from "./feature.ts";
import type { ResolvedReduceOptions } from "./options.ts";
import { type Level, setLevel } from "./target.ts";

/** Features of one series bound to it, with the level that they share. */
export interface BoundSeries {
  readonly work: SeriesWork;
  readonly level: Level;
  readonly values: readonly RowValue[];
}

/** Binds the features to a series. */
export function bindSeries(work: SeriesWork, features: readonly ReduceFeature[]): BoundSeries {
  const level: Level = { center: 0, scale: 1 };
  return { work, level, values: features.map((feature) => feature.bind(work, level)) };
}

/** Puts the level where the cutoff is. */
export function moveLevel(
  { work, level }: BoundSeries,
  cutoff: number,
  options: ResolvedReduceOptions,
): void {
  if (options.level !== null) setLevel(level, work.w, cutoff, options.level, work.levelFallback);
}

/** Empty columns for so many rows. */
export function emptyMatrix(features: readonly ReduceFeature[], rows: number): FeatureMatrix {
  return {
    rows,
    columns: features.map(({ name, kind }) => ({ name, kind, values: new Float64Array(rows) })),
  };
}

/** What a regressor is fitted on; rows in the order of their cutoffs, so that the last ones are the latest. */
export interface TrainingRows {
  readonly x: FeatureMatrix;
  readonly y: Float64Array;
  /** The panel's row that each is about. */
  readonly origins: Int32Array;
  /** Rows of each series that could be learnt from. */
  readonly perSeries: Int32Array;
}

interface Block {
  readonly series: number;
  readonly cutoff: number;
  readonly cell: number;
  readonly start: number;
  readonly end: number;
}

/**
 * The training rows: every row of the panel once, as a forecast would have met it. For a direct model of all steps the history is cut, from its end
 * backwards, into blocks as long as the horizon, and the rows of a block know nothing after the row before the block. For a model of
 * one step every row knows the rows that lie at least so far before it. Where they are more than `maxTrainingRows`, every so-manieth is taken.
 * @param step - The step that is learnt; null for all.
 */
export function trainingRows(
  panel: Panel,
  works: readonly SeriesWork[],
  features: readonly ReduceFeature[],
  options: ResolvedReduceOptions,
  {
    horizon,
    step,
    warmup,
    frequency,
  }: {
    readonly horizon: number;
    readonly step: number | null;
    readonly warmup: number;
    readonly frequency: Frequency;
  },
): TrainingRows {
  const blocks: Block[] = [];
  const perSeries = new Int32Array(works.length);
  works.forEach(({ observed, w }, s) => {
    const firstCell = frequency.indexOf(panel.times[panel.offsets[s] as number] as bigint);
    for (let t = warmup; t < observed; t++)
      if (!Number.isNaN(w[t] as number)) perSeries[s] = (perSeries[s] as number) + 1;
    for (let end = observed; end > warmup; end -= horizon) {
      const cutoff = end - horizon - 1;
      blocks.push({ series: s, cutoff, cell: firstCell + cutoff, start: Math.max(warmup, cutoff + 1), end });
    }
  });
  blocks.sort((a, b) => a.cell - b.cell || a.series - b.series);

  const possible = perSeries.reduce((sum, count) => sum + count, 0);
  const rows = Math.min(possible, options.maxTrainingRows ?? possible);
  const isTaken = (i: number): boolean =>
    Math.floor(((i + 1) * rows) / possible) > Math.floor((i * rows) / possible);
  const x = emptyMatrix(features, rows);
  const columns = x.columns.map((column) => column.values);
  const y = new Float64Array(rows);
  const origins = new Int32Array(rows);
  const bound = works.map((work) => bindSeries(work, features));
  let row = 0;
  let seen = 0;
  for (const { series, cutoff, start, end } of blocks) {
    const one = bound[series] as BoundSeries;
    const { w } = one.work;
    if (step === null) moveLevel(one, cutoff, options);
    for (let t = start; t < end; t++) {
      const target = w[t] as number;
      if (Number.isNaN(target) || !isTaken(seen++)) continue;
      const known = step === null ? cutoff : t - step;
      if (step !== null) moveLevel(one, known, options);
      for (let f = 0; f < columns.length; f++)
        (columns[f] as Float64Array)[row] = (one.values[f] as RowValue)(t, known);
      origins[row] = (panel.offsets[series] as number) + t;
      y[row++] = (target - one.level.center) / one.level.scale;
    }
  }
  return { x, y, origins, perSeries };
}
