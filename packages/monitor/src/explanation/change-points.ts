import {
  checkList,
  checkOptions,
  checkWord,
  createRandom,
  formatInstant,
  type Random,
  type Seed,
} from "@tsops/core";
import { checkAlpha } from "../check-alpha.ts";
import { meanOf } from "../drift/innovation-moments.ts";
import { medianOf } from "../drift/median.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import { fitStep, leastSide, type StepFit } from "./step-fit.ts";

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

/** Windows that are needed to look for a change. */
const fewest = 12;
const resamples = 199;

/**
 * Finds since when the error has been higher or lower: the step in its level that fits best, and by binary segmentation further ones.
 *
 * Errors of neighbouring windows are alike, which makes steps where there are none; so the size of the step is judged against the largest one in
 * series made of the same noise without a step (autoregression of order one run on its own innovations, 199 times), and the interval is where steps of
 * that size are found in such noise. Metrics above 0 are judged as logarithms, so that a few large errors do not decide. A pattern by weekday is no
 * change: take windows of a week then. What went up and came back to where it was is not found as long as both levels are among the windows for about as long: it
 * looks like errors that follow each other closely.
 * @param windows - From `performanceByWindow` without a split, in any order; those without a figure are skipped.
 * @throws TsopsError MONITOR_INVALID
 * Source: Bai & Perron (1998), "Estimating and testing linear models with multiple structural changes", Econometrica 66; the
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
  checkList("MONITOR_INVALID", "windows", windows);
  const { metric = "mae", alpha = 0.05, most = 3, seed = 1 } = options;
  checkWord("MONITOR_INVALID", "metric", metric, ["mae", "rmse", "mase", "bias"]);
  checkAlpha(alpha);
  const known = windows
    .filter((window) => Number.isFinite(window[metric]))
    .sort((a, b) => (a.start < b.start ? -1 : a.start > b.start ? 1 : 0));
  const figures = Float64Array.from(known, (window) => window[metric]);
  const found = segment(judged(figures), { alpha, most, random: createRandom(seed) });
  const startAt = (index: number) =>
    (known[Math.max(0, Math.min(known.length - 1, index))] as { start: bigint }).start;
  const borders = [0, ...found.steps.map(({ at }) => at), figures.length];
  const levels = borders.slice(1).map((to, i) => meanOf(figures.subarray(borders[i], to)));
  const changes = found.steps.map(
    ({ at, pValue, range }, i): ErrorChange => ({
      since: startAt(at),
      interval: [startAt(range[0]), startAt(range[1])],
      before: levels[i] as number,
      after: levels[i + 1] as number,
      pValue,
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

interface FoundStep {
  readonly at: number;
  readonly pValue: number;
  readonly range: readonly [from: number, to: number];
}

/** Cuts where a step is beyond chance, strongest first, until there are enough. */
function segment(
  values: Float64Array,
  { alpha, most, random }: { readonly alpha: number; readonly most: number; readonly random: Random },
): { readonly steps: readonly FoundStep[]; readonly pValue: number } {
  const steps: FoundStep[] = [];
  let pValue = Number.NaN;
  const open: [from: number, to: number][] = [[0, values.length]];
  while (open.length > 0 && steps.length < most) {
    const [from, to] = open.shift() as [number, number];
    if (to - from < fewest) continue;
    const part = values.subarray(from, to);
    const fit = fitStep(part);
    const p = chanceOf(fit, part.length, random);
    if (Number.isNaN(pValue)) pValue = p;
    if (p > alpha) continue;
    const [low, high] = rangeOf(fit, part.length, random);
    steps.push({ at: from + fit.at, pValue: p, range: [from + low, from + high] });
    open.push([from, from + fit.at], [from + fit.at, to]);
    open.sort((a, b) => b[1] - b[0] - (a[1] - a[0]));
  }
  return { steps: steps.sort((a, b) => a.at - b.at), pValue };
}

function chanceOf(fit: StepFit, length: number, random: Random): number {
  if (fit.statistic === 0) return 1;
  let larger = 0;
  for (let i = 0; i < resamples; i++)
    if (fitStep(noiseOf(fit, length, random)).statistic >= fit.statistic) larger++;
  return (1 + larger) / (1 + resamples);
}

/**
 * Where the step is found when it is put into noise: the 95 % of the resamples nearest to where it was put. It is put in at 0.8 of its size, as a step that was
 * found is on average smaller than it looks.
 */
function rangeOf(fit: StepFit, length: number, random: Random): [from: number, to: number] {
  const step = 0.8 * (fit.after - fit.before);
  const distances = Float64Array.from({ length: resamples }, () => {
    const noise = noiseOf(fit, length, random);
    return Math.abs(fitStep(noise.map((value, i) => value + (i < fit.at ? 0 : step))).at - fit.at);
  }).sort();
  const margin = distances[Math.ceil(0.95 * resamples) - 1] as number;
  const least = leastSide(length);
  return [Math.max(least, fit.at - margin), Math.min(length - least, fit.at + margin)];
}

function noiseOf({ phi, innovations }: StepFit, length: number, random: Random): Float64Array {
  const mean = meanOf(innovations);
  const draw = () => (innovations[random.integer(innovations.length)] as number) - mean;
  let level = 0;
  for (let i = 0; i < 30; i++) level = phi * level + draw();
  return Float64Array.from({ length }, () => {
    level = phi * level + draw();
    return level;
  });
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
  return `The ${metric} is ${figure(last.after)} since ${day(last.since)} (95 % interval ${day(last.interval[0])} to ${day(last.interval[1])}), ${figure(last.before)} before.`;
}
