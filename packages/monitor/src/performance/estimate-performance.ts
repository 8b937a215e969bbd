import { checkOptions, type ForecastQuantile, parseFrequency, shown, TsopsError } from "@tsops/core";
import { checkJoined } from "./check-joined.ts";
import type { JoinedOutcomes } from "./join-outcomes.ts";
import { pickRows, type RowChoice } from "./pick-rows.ts";
import { groupRows } from "./row-groups.ts";

/** How to estimate errors that are not known yet. */
export interface EstimateOptions extends RowChoice {
  /** Length of a window on the calendar of `zone`, e.g. `"1d"`. */
  readonly window: string;
  readonly zone?: string;
  /** How many known windows the estimate is calibrated on, and the naive one averages. Default 14. */
  readonly recent?: number;
}

/** The estimated error of one window that waits for its outcomes. */
export interface EstimatedWindow {
  /** Microseconds UTC. */
  readonly start: bigint;
  readonly end: bigint;
  readonly rows: number;
  /** Mean absolute error that is expected. */
  readonly mae: number;
  /** 90 % of the known windows ended up within this of their estimates, in the same proportion. */
  readonly interval: readonly [lower: number, upper: number];
  /** What the last known windows had. */
  readonly naive: number;
}

/** Estimates, and how good such estimates were where the outcomes are known by now. */
export interface PerformanceEstimate {
  /** Windows after the last known one, in order of time. */
  readonly windows: readonly EstimatedWindow[];
  readonly measured: {
    /** Known windows that were estimated. */
    readonly windows: number;
    /** Estimates of them, one per distance from the last known window that the waiting ones have: made as if nothing after that had been known. */
    readonly estimates: number;
    /** Mean absolute difference of the estimated from the later mean absolute error, in the unit of the target. */
    readonly error: number;
    /** The same of taking the last known windows' error instead. */
    readonly naiveError: number;
  };
  /** Estimates of at least 8 windows could be measured, and they were better than the naive ones, by 2 % at least. */
  readonly usable: boolean;
  readonly sentence: string;
}

const fewestWindows = 8;

/**
 * Estimates the mean absolute error of predictions whose outcomes have not come yet.
 *
 * Each prediction's quantiles say how large its error will be on average (the mean distance of the predicted distribution from its mean); how much larger errors were than
 * that in the last known windows corrects it. So the estimate rises where the model itself is less sure: it cannot see that the model has become wrong in a way that it does not know of. The same
 * is done for every window whose outcomes are known, and compared with the naive estimate: `usable` says whether it was better. Where intervals do not tell which hours are hard,
 * but features do, take `estimateLearnedPerformance`.
 * @throws TsopsError MONITOR_INVALID, FREQUENCY_INVALID
 */
export function estimatePerformance(joined: JoinedOutcomes, options: EstimateOptions): PerformanceEstimate {
  checkJoined("estimatePerformance()", joined);
  checkOptions("MONITOR_INVALID", "estimatePerformance()", options, {
    window: true,
    zone: true,
    recent: true,
    role: true,
    modelVersion: true,
    from: true,
    to: true,
  });
  const { recent = 14 } = options;
  checkRecent(recent);
  const grid = parseFrequency(options.window, { zone: options.zone ?? "UTC" });
  const cells = grid.indexesOf(joined.time);
  const spread = expectedErrors(joined);
  const all = groupRows(pickRows(joined, options), [cells]).map((rows) =>
    windowOf(joined, rows, spread, cells[rows[0] as number] as number),
  );
  const known = all.filter((window) => 2 * window.known >= window.rows && window.known > 0);
  const last = known.at(-1)?.cell ?? Number.POSITIVE_INFINITY;
  const waiting = all.filter((window) => window.cell > last && window.spread > 0);
  const leads = [...new Set(waiting.map(({ cell }) => cell - last))];
  const tried = (leads.length === 0 ? [1] : leads).flatMap((lead) =>
    known.flatMap((window) => {
      const made = estimateOf(window, known, window.cell - lead, recent);
      return made === null ? [] : [{ ...made, cell: window.cell, actual: window.mae }];
    }),
  );
  const { measured, usable, intervalOf } = measuredOf(tried);
  const windows = waiting.flatMap((window): EstimatedWindow[] => {
    const made = estimateOf({ ...window, knownSpread: window.spread }, known, last, recent);
    if (made === null) return [];
    return [
      {
        start: grid.instantAt(window.cell),
        end: grid.instantAt(window.cell + 1),
        rows: window.rows,
        mae: made.mae,
        interval: intervalOf(made.mae),
        naive: made.naive,
      },
    ];
  });
  return { windows, measured, usable, sentence: sentenceOf(windows, measured, usable) };
}

/** An estimate of a window whose error is known by now. */
export interface TriedEstimate {
  readonly cell: number;
  readonly mae: number;
  readonly naive: number;
  readonly actual: number;
}

/** How good estimates were, and the range that others are given by it. */
export function measuredOf(tried: readonly TriedEstimate[]): Pick<
  PerformanceEstimate,
  "measured" | "usable"
> & {
  readonly intervalOf: (mae: number) => readonly [lower: number, upper: number];
} {
  const mean = (values: readonly number[]) => values.reduce((a, b) => a + b, 0) / values.length;
  const measured = {
    windows: new Set(tried.map(({ cell }) => cell)).size,
    estimates: tried.length,
    error: mean(tried.map(({ mae, actual }) => Math.abs(mae - actual))),
    naiveError: mean(tried.map(({ naive, actual }) => Math.abs(naive - actual))),
  };
  const ratios = Float64Array.from(tried, ({ mae, actual }) => actual / mae).sort();
  const quantile = (share: number) => ratios[Math.round(share * (ratios.length - 1))] ?? Number.NaN;
  return {
    measured,
    usable: measured.windows >= fewestWindows && measured.error < 0.98 * measured.naiveError,
    intervalOf: (mae) => [mae * quantile(0.05), mae * quantile(0.95)],
  };
}

/** @throws TsopsError MONITOR_INVALID when it is no number of windows */
export function checkRecent(recent: number): void {
  if (Number.isInteger(recent) && recent >= 1) return;
  throw new TsopsError("MONITOR_INVALID", `recent is ${shown(recent)}, not a number of windows.`, {
    hint: "Write 14 for the last two weeks of days.",
    details: { option: "recent" },
  });
}

interface Window {
  readonly cell: number;
  readonly rows: number;
  readonly known: number;
  /** Over the rows with outcomes. */
  readonly mae: number;
  /** Mean expected error over all rows, and over those with outcomes. */
  readonly spread: number;
  readonly knownSpread: number;
}

function windowOf(joined: JoinedOutcomes, rows: Int32Array, spread: Float64Array, cell: number): Window {
  const judged = rows.filter((row) => Number.isFinite(spread[row] as number));
  const known = judged.filter((row) => !Number.isNaN(joined.y[row] as number));
  const mean = (of: Int32Array, read: (row: number) => number) =>
    of.reduce((sum, row) => sum + read(row), 0) / of.length;
  return {
    cell,
    rows: judged.length,
    known: known.length,
    mae: mean(known, (row) => Math.abs((joined.y[row] as number) - (joined.mean[row] as number))),
    spread: mean(judged, (row) => spread[row] as number),
    knownSpread: mean(known, (row) => spread[row] as number),
  };
}

/** The estimate for a window by the known ones up to a cell; null when there are none. */
function estimateOf(
  window: Pick<Window, "knownSpread">,
  known: readonly Window[],
  upTo: number,
  recent: number,
): { readonly mae: number; readonly naive: number } | null {
  const past = known.filter(({ cell }) => cell <= upTo).slice(-recent);
  const rows = past.reduce((sum, other) => sum + other.known, 0);
  const errors = past.reduce((sum, other) => sum + other.known * other.mae, 0);
  const spreads = past.reduce((sum, other) => sum + other.known * other.knownSpread, 0);
  if (!(spreads > 0) || !(window.knownSpread > 0)) return null;
  return { mae: (errors / spreads) * window.knownSpread, naive: errors / rows };
}

/** Mean distance of each row's predicted distribution from its mean, between its outermost quantiles; NaN without quantiles. */
export function expectedErrors({ mean, quantiles }: JoinedOutcomes): Float64Array {
  const sorted: readonly ForecastQuantile[] = [...quantiles].sort((a, b) => a.probability - b.probability);
  const hasMedian = sorted.some(({ probability }) => Math.abs(probability - 0.5) < 1e-9);
  return mean.map((centre, row) => {
    const points = sorted.map(({ probability, values }) => [probability, values[row] as number] as const);
    if (points.length === 0) return Number.NaN;
    const line = hasMedian ? points : [...points, [0.5, centre] as const].sort(([a], [b]) => a - b);
    const distances = line.map(([probability, value]) => [probability, Math.abs(value - centre)] as const);
    let sum = 0;
    distances.forEach(([probability, distance], i) => {
      const before = distances[i - 1];
      sum +=
        before === undefined
          ? probability * distance
          : ((probability - before[0]) * (distance + before[1])) / 2;
    });
    const [end, outermost] = distances.at(-1) as readonly [number, number];
    return sum + (1 - end) * outermost;
  });
}

/** What the estimates say, in a sentence. */
export function sentenceOf(
  windows: readonly EstimatedWindow[],
  { windows: known, error, naiveError }: PerformanceEstimate["measured"],
  usable: boolean,
): string {
  const figure = (value: number) => Number(value.toPrecision(3));
  if (known < fewestWindows)
    return `Not usable: the estimates of ${known} windows could be compared with outcomes, ${fewestWindows} are needed.`;
  const record = `such estimates were ${figure(error)} off on average, the last known error ${figure(naiveError)} (${known} windows compared)`;
  if (!usable) return `Not usable: ${record}.`;
  const next = windows[0];
  return next === undefined
    ? `No window waits for its outcomes; ${record}.`
    : `The mean absolute error of the next window is estimated at ${figure(next.mae)} (${figure(next.interval[0])} to ${figure(next.interval[1])}); ${record}.`;
}
