import {
  checkList,
  checkOptions,
  type FeatureColumn,
  type FittedRegressor,
  gbdt,
  parseFrequency,
  type Regressor,
  resolveZone,
  type Seed,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { meanOf } from "../drift/model/innovation-moments.ts";
import { checkJoined } from "./check-joined.ts";
import {
  checkRecent,
  type EstimatedWindow,
  type EstimateOptions,
  expectedErrors,
  measuredOf,
  type PerformanceEstimate,
  sentenceOf,
  type TriedEstimate,
} from "./estimate-performance.ts";
import { featureColumn, type ReadColumn } from "./feature-columns.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { pickRows } from "./pick-rows.ts";
import { groupRows } from "./row-groups.ts";

/** How to learn what errors are to be expected. */
export interface LearnedEstimateOptions extends EstimateOptions {
  /** Carried columns (see `joinOutcomes`) to learn from, besides what every forecast has. Values that are not known when a forecast is made do not help: they are missing while its outcome is. */
  readonly features?: readonly string[];
  /** Learns the absolute error of a row. Default: small boosted trees. */
  readonly regressor?: Regressor;
  /** Of the default regressor. Default 1. */
  readonly seed?: Seed;
  readonly signal?: AbortSignal;
}

/** Rows that a loss can be learnt from at least. */
const fewestRows = 100;
/** More are thinned evenly: errors of neighbouring hours are alike. */
const mostRows = 20_000;
/** Instants as of which the measured estimates are made, each with a model of its own. */
const mostOrigins = 12;

/**
 * Estimates the mean absolute error of predictions whose outcomes have not come yet by a model of the loss: a regressor learns the absolute errors of past rows from the forecast,
 * its spread, the step, the hour and weekday, how large the errors of the series are, and the features named; the last known windows correct its level. So it finds which rows are hard
 * where intervals do not say, and as `estimatePerformance` it cannot see that the world changed in a way that no feature tells.
 *
 * How good that is is measured as it would have been: at up to 12 instants of the past a model is learnt on the rows until then alone, and estimates the windows after that are as
 * far ahead as those that wait now.
 * The idea is the direct loss estimation of NannyML; correction, measure and features are ours.
 * @returns The same as `estimatePerformance`; with fewer than 100 rows to learn from no windows, and `usable` false.
 * @throws TsopsError MONITOR_INVALID (a feature that was not carried, or that no row that waits has), FREQUENCY_INVALID, ABORTED
 */
export async function estimateLearnedPerformance(
  joined: JoinedOutcomes,
  options: LearnedEstimateOptions,
): Promise<PerformanceEstimate> {
  checkJoined("estimateLearnedPerformance()", joined);
  checkOptions("MONITOR_INVALID", "estimateLearnedPerformance()", options, {
    window: true,
    zone: true,
    recent: true,
    features: true,
    regressor: true,
    seed: true,
    signal: true,
    role: true,
    modelVersion: true,
    from: true,
    to: true,
  });
  const { recent = 14, zone = "UTC", features = [] } = options;
  checkRecent(recent);
  checkList("MONITOR_INVALID", "features", features);
  const grid = parseFrequency(options.window, { zone });
  const cells = grid.indexesOf(joined.time);
  const all = groupRows(pickRows(joined, options), [cells]).map((rows) =>
    windowOf(joined, rows, cells[rows[0] as number] as number),
  );
  const known = all.filter(
    (window) => 2 * window.known.length >= window.rows.length && window.known.length > 0,
  );
  const last = known.at(-1)?.cell ?? Number.POSITIVE_INFINITY;
  const waiting = all.filter(({ cell, rows }) => cell > last && rows.length > 0);
  const columns = columnsOf(joined, features, zone);
  refuseUnknown(columns, features, waiting, known);
  const learn = (past: readonly LossWindow[]) => learnt(past, columns, joined, options, recent);
  const tried: TriedEstimate[] = [];
  for (const origin of originsOf(known, waiting, last)) {
    const past = known.filter(({ cell }) => cell <= origin.upTo);
    const estimate = await learn(past);
    throwIfAborted(options.signal);
    for (const window of origin.ahead)
      tried.push({
        cell: window.cell,
        mae: estimate(window.known),
        naive: naiveOf(past, recent),
        actual: window.mae,
      });
  }
  const { measured, usable, intervalOf } = measuredOf(tried);
  if (waiting.length === 0 || countOf(known) < fewestRows)
    return { windows: [], measured, usable, sentence: sentenceOf([], measured, usable) };
  const estimate = await learn(known);
  const windows = waiting.map((window): EstimatedWindow => {
    const mae = estimate(window.rows);
    return {
      start: grid.instantAt(window.cell),
      end: grid.instantAt(window.cell + 1),
      rows: window.rows.length,
      mae,
      interval: intervalOf(mae),
      naive: naiveOf(known, recent),
    };
  });
  return { windows, measured, usable, sentence: sentenceOf(windows, measured, usable) };
}

interface LossWindow {
  readonly cell: number;
  /** Rows whose prediction is a number, and those of them with an outcome. */
  readonly rows: Int32Array;
  readonly known: Int32Array;
  /** Over the latter. */
  readonly mae: number;
}

function windowOf(joined: JoinedOutcomes, all: Int32Array, cell: number): LossWindow {
  const rows = all.filter((row) => Number.isFinite(joined.mean[row] as number));
  const known = rows.filter((row) => Number.isFinite(joined.y[row] as number));
  const sum = known.reduce((total, row) => total + lossOf(joined, row), 0);
  return { cell, rows, known, mae: sum / known.length };
}

function lossOf({ y, mean }: JoinedOutcomes, row: number): number {
  return Math.abs((y[row] as number) - (mean[row] as number));
}

function countOf(windows: readonly LossWindow[]): number {
  return windows.reduce((sum, { known }) => sum + known.length, 0);
}

function naiveOf(past: readonly LossWindow[], recent: number): number {
  const last = past.slice(-recent);
  return last.reduce((sum, { mae, known }) => sum + mae * known.length, 0) / countOf(last);
}

/** Instants as of which estimates are tried, evenly spread over the later two thirds, with the windows as far ahead as those that wait. */
function originsOf(known: readonly LossWindow[], waiting: readonly LossWindow[], last: number) {
  const leads = waiting.length === 0 ? new Set([1]) : new Set(waiting.map(({ cell }) => cell - last));
  const origins = known.flatMap(({ cell: upTo }, i) => {
    const ahead = known.filter(({ cell }) => leads.has(cell - upTo));
    const hasPast = 3 * (i + 1) >= known.length && countOf(known.slice(0, i + 1)) >= fewestRows;
    return ahead.length > 0 && hasPast ? [{ upTo, ahead }] : [];
  });
  if (origins.length <= mostOrigins) return origins;
  return Array.from(
    { length: mostOrigins },
    (_, i) => origins[Math.round((i * (origins.length - 1)) / (mostOrigins - 1))] as (typeof origins)[number],
  );
}

/** What every row has, and the features asked for. */
function columnsOf(joined: JoinedOutcomes, features: readonly string[], zone: string): readonly ReadColumn[] {
  const wall = resolveZone(zone);
  const hours = Float64Array.from(joined.time, (micros) => {
    const seconds = Number(micros) / 1e6;
    return (seconds + wall.periodAt(seconds).offset) / 3600;
  });
  const spread = expectedErrors(joined);
  const own: readonly (readonly [name: string, read: (row: number) => number])[] = [
    ["forecast", (row) => joined.mean[row] as number],
    ...(joined.quantiles.length === 0
      ? []
      : [["forecast spread", (row: number) => spread[row] as number] as const]),
    ["horizon step", (row) => joined.step[row] as number],
    ["hour of the day", (row) => modulo(hours[row] as number, 24)],
    ["day of the week", (row) => modulo(Math.floor((hours[row] as number) / 24), 7)],
  ];
  return [
    ...own.map(([name, read]): ReadColumn => ({ name, kind: "numeric", read })),
    ...features.map((name) => featureColumn(joined, name)),
  ];
}

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** A feature that is there only once the outcome is would seem to help, and be missing whenever it is needed. */
function refuseUnknown(
  columns: readonly ReadColumn[],
  features: readonly string[],
  waiting: readonly LossWindow[],
  known: readonly LossWindow[],
): void {
  const isThere = (windows: readonly LossWindow[], read: ReadColumn["read"]) =>
    windows.some(({ rows }) => rows.some((row) => !Number.isNaN(read(row))));
  for (const { name, read } of columns) {
    if (waiting.length === 0 || !features.includes(name)) continue;
    if (isThere(waiting, read) || !isThere(known, read)) continue;
    const rows = waiting.reduce((sum, window) => sum + window.rows.length, 0);
    throw new TsopsError(
      "MONITOR_INVALID",
      `The feature "${name}" has no value in any of the ${rows} rows that wait for their outcome.`,
      {
        hint: "It seems to come with the outcome. Carry what was served with the prediction, or leave it out.",
        details: { option: "features", feature: name, rows },
      },
    );
  }
}

/** Learns the losses of some windows; the estimate of rows is the mean of what is expected of each, on the level of the last windows. */
async function learnt(
  past: readonly LossWindow[],
  columns: readonly ReadColumn[],
  joined: JoinedOutcomes,
  { regressor, seed = 1, signal }: LearnedEstimateOptions,
  recent: number,
): Promise<(rows: Int32Array) => number> {
  const all = past.flatMap(({ known }) => [...known]);
  const each = Math.ceil(all.length / mostRows);
  const rows = Int32Array.from(all.filter((_, i) => i % each === 0));
  const loss = Float64Array.from(rows, (row) => lossOf(joined, row));
  const bySeries = seriesErrors(joined, rows, loss);
  const matrix = (of: Int32Array) => ({
    rows: of.length,
    columns: [
      ...columns.map(
        ({ name, kind, read }): FeatureColumn => ({ name, kind, values: Float64Array.from(of, read) }),
      ),
      { name: "error of the series", kind: "numeric" as const, values: Float64Array.from(of, bySeries) },
    ],
  });
  const learner =
    regressor ??
    gbdt({
      trees: 80,
      learningRate: 0.07,
      leaves: 8,
      minLeafRows: Math.max(10, Math.floor(rows.length / 50)),
      seed,
    });
  const fitted: FittedRegressor = await learner.fit(
    matrix(rows),
    loss,
    signal === undefined ? {} : { signal },
  );
  const expected = (of: Int32Array) =>
    fitted.predict(matrix(of)).reduce((sum, value) => sum + Math.max(0, value), 0) / of.length;
  const last = Int32Array.from(past.slice(-recent).flatMap(({ known }) => [...known]));
  const level = naiveOf(past, recent) / expected(last);
  return (of) => expected(of) * (Number.isFinite(level) ? level : 1);
}

/** Mean loss of each row's series among those learnt from; of series without any, that of all. */
function seriesErrors(joined: JoinedOutcomes, rows: Int32Array, loss: Float64Array): (row: number) => number {
  const sums = new Float64Array(joined.series.length);
  const counts = new Float64Array(joined.series.length);
  rows.forEach((row, i) => {
    const series = joined.seriesIndex[row] as number;
    sums[series] = (sums[series] as number) + (loss[i] as number);
    counts[series] = (counts[series] as number) + 1;
  });
  const mean = meanOf(loss);
  return (row) => {
    const series = joined.seriesIndex[row] as number;
    return (counts[series] as number) > 0 ? (sums[series] as number) / (counts[series] as number) : mean;
  };
}
