import { checkOptions, checkWord, createRandom, formatInstant, type Seed, TsopsError } from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { checkEachMade } from "../check-made.ts";
import { meanOf } from "../drift/model/innovation-moments.ts";
import { medianOf } from "../drift/model/median.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import { fewest, segment } from "./segment.ts";

/** How to look for changes of the error's level. */
export interface ErrorChangesOptions {
  /** Which figure of the windows. Default `"mae"`. */
  readonly metric?: "mae" | "rmse" | "mase" | "bias";
  /** Probability to find a change where there is none. Default 0.05. */
  readonly alpha?: number;
  /** At most so many changes. Default 3. */
  readonly most?: number;
  /** Of the resampling. Default 1. */
  readonly seed?: Seed;
}

/** One change of the error's level. */
export interface ErrorChange {
  /** Start of the first window after it, microseconds UTC. */
  readonly since: bigint;
  /** 95 % interval of that start. */
  readonly interval: readonly [from: bigint, to: bigint];
  /** Mean of the metric from the change before to this one, and from here to the next. */
  readonly before: number;
  readonly after: number;
  readonly pValue: number;
  /** The error came back here: what began at an earlier change is over, and the level is that of before. */
  readonly isReturn: boolean;
}

/** Since when the error is what it is. */
export interface ErrorChanges {
  readonly metric: "mae" | "rmse" | "mase" | "bias";
  /** Windows with a figure. */
  readonly windows: number;
  /** In order of time. */
  readonly changes: readonly ErrorChange[];
  /** The strongest change's p-value, found or not; NaN for fewer than 12 windows. */
  readonly pValue: number;
  readonly sentence: string;
}

/**
 * Finds since when the error has been higher or lower: the step in its level that fits best, or the stretch in which it was another and from which it came back, and by
 * binary segmentation further ones.
 *
 * Errors of neighbouring windows are alike, which makes steps where there are none; so the size of the step is judged against the largest one in
 * series made of the same noise without a step (autoregression of order one run on its own innovations, 199 times), and the interval is where steps of
 * that size are found in such noise. Metrics above 0 are judged as logarithms, so that a few large errors do not decide. A pattern by weekday is no
 * change: take windows of a week then. What went up and came back is two changes, and looked for where `most` leaves room for both; `alpha` is divided
 * between steps (0.5) and such stretches (0.35), so that both together find a change where there is none no more often.
 * @param windows - From `performanceByWindow` without a split, in any order; those without a figure are skipped.
 * @throws TsopsError MONITOR_INVALID
 * Source: Bai & Perron (1998), "Estimating and testing linear models with multiple structural changes", Econometrica 66; Levin & Kline (1985), "The
 * cusum test of homogeneity", Statistics in Medicine 4, for stretches; the
 * resampling instead of its tables is ours.
 */
export function errorChanges(
  windows: readonly Pick<WindowPerformance, "start" | "mae" | "rmse" | "mase" | "bias">[],
  options: ErrorChangesOptions = {},
): ErrorChanges {
  checkOptions("MONITOR_INVALID", "errorChanges()", options, {
    metric: true,
    alpha: true,
    most: true,
    seed: true,
  });
  checkEachMade("errorChanges()", "windows of performanceByWindow()", windows, { start: "instant" });
  const { metric = "mae", alpha = 0.05, most = 3, seed = 1 } = options;
  checkWord("MONITOR_INVALID", "metric", metric, ["mae", "rmse", "mase", "bias"]);
  checkAlpha(alpha);
  const known = windows
    .filter((window) => Number.isFinite(window[metric]))
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const twice = known.find(({ start }, i) => start === known[i - 1]?.start);
  if (twice !== undefined)
    throw new TsopsError(
      "MONITOR_INVALID",
      `Several windows begin at ${formatInstant(twice.start)}: they are of several groups, and one series is looked at.`,
      { hint: "Call errorChanges() for each group, or performanceByWindow() without split and segments." },
    );
  const figures = Float64Array.from(known, (window) => window[metric]);
  const found = segment(judged(figures), { alpha, most, random: createRandom(seed) });
  const startAt = (index: number) =>
    (known[Math.max(0, Math.min(known.length - 1, index))] as { start: bigint }).start;
  const borders = [0, ...found.steps.map(({ at }) => at), figures.length];
  const levels = borders.slice(1).map((to, i) => meanOf(figures.subarray(borders[i], to)));
  const changes = found.steps.map(
    ({ at, pValue, range, isReturn }, i): ErrorChange => ({
      since: startAt(at),
      interval: [startAt(range[0]), startAt(range[1])],
      before: levels[i] as number,
      after: levels[i + 1] as number,
      pValue,
      isReturn,
    }),
  );
  return {
    metric,
    windows: figures.length,
    changes,
    pValue: found.pValue,
    sentence: sentenceOf(metric, changes, figures.length, found.pValue),
  };
}

/** Logarithms where they exist; outliers drawn in to 5 robust deviations. */
function judged(figures: Float64Array): Float64Array {
  const values = figures.every((value) => value > 0) ? figures.map(Math.log) : figures.slice();
  const centre = medianOf(values.slice());
  const spread = 5 * 1.4826 * medianOf(values.map((value) => Math.abs(value - centre)));
  return spread > 0
    ? values.map((value) => Math.max(centre - spread, Math.min(centre + spread, value)))
    : values;
}

function sentenceOf(
  metric: string,
  changes: readonly ErrorChange[],
  windows: number,
  pValue: number,
): string {
  const last = changes.at(-1);
  if (last === undefined)
    return Number.isNaN(pValue)
      ? `${windows} windows are too few to look for a change of the ${metric}; ${fewest} are needed.`
      : `The ${metric} of ${windows} windows shows no change of level beyond chance (p ${Number(pValue.toPrecision(2))}).`;
  const figure = (value: number) => Number(value.toPrecision(4));
  const day = (time: bigint) => formatInstant(time);
  const [from, to] = [last.interval[0], last.interval[1]].map(day);
  const before = changes.at(-2);
  if (last.isReturn && before !== undefined)
    return `The ${metric} came back to ${figure(last.after)} on ${day(last.since)} (95 % interval ${from} to ${to}); it was ${figure(last.before)} since ${day(before.since)}, and ${figure(before.before)} before.`;
  return `The ${metric} is ${figure(last.after)} since ${day(last.since)} (95 % interval ${from} to ${to}), ${figure(last.before)} before.`;
}
