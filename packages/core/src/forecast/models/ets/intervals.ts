import { createRandom } from "../../../random.ts";
import { normalQuantile } from "../../../stats/distributions.ts";
import { selectRank } from "../../../stats/select-rank.ts";
import type { EtsForm } from "./form.ts";

/** Rates of level, trend and season, and the damping. */
export type Smoothing = readonly [alpha: number, beta: number, gamma: number, phi: number];

/**
 * Deviation of every step where it has a closed form: Hyndman, Koehler, Ord & Snyder (2008), sections 6.1 and 6.2 (additive errors; relative
 * errors about a sum). null for a multiplicative season, which has none that is exact.
 */
export function deviationsOf(
  form: EtsForm,
  [alpha, beta, gamma, phi]: Smoothing,
  variance: number,
  mean: Float64Array,
): Float64Array | null {
  if (form.season === "multiplicative") return null;
  const steps = mean.length;
  const deviations = new Float64Array(steps);
  // How an error moves the forecast j steps later.
  const weights = new Float64Array(steps);
  let damping = 0;
  let power = 1;
  for (let j = 1; j < steps; j++) {
    power *= phi;
    damping += power;
    const isSameSeason = form.season === "additive" && j % form.seasonLength === 0;
    weights[j] = alpha + beta * damping + (isSameSeason ? gamma : 0);
  }
  if (form.error === "additive") {
    let sum = 1;
    for (let h = 0; h < steps; h++) {
      if (h > 0) sum += (weights[h] as number) ** 2;
      deviations[h] = Math.sqrt(variance * sum);
    }
    return deviations;
  }
  const moments = new Float64Array(steps);
  for (let h = 0; h < steps; h++) {
    let sum = 0;
    for (let j = 1; j <= h; j++) sum += (weights[j] as number) ** 2 * (moments[h - j] as number);
    const square = (mean[h] as number) ** 2;
    moments[h] = square + variance * sum;
    deviations[h] = Math.sqrt((1 + variance) * (moments[h] as number) - square);
  }
  return deviations;
}

/**
 * Runs one path.
 * @param season - The next season, first step first; moved on. One 0 where there is none.
 * @param values - Errors of the steps, relative ones where the error is multiplicative; they become the values.
 */
export function runPath(
  form: EtsForm,
  [alpha, beta, gamma, phi]: Smoothing,
  [firstLevel, firstTrend]: readonly [level: number, trend: number],
  season: Float64Array,
  values: Float64Array,
): void {
  const isRelative = form.error === "multiplicative";
  const isFactor = form.season === "multiplicative";
  const period = season.length;
  let level = firstLevel;
  let trend = firstTrend;
  let phase = 0;
  for (let h = 0; h < values.length; h++) {
    trend *= phi;
    level += trend;
    const s = season[phase] as number;
    const forecast = isFactor ? level * s : level + s;
    const drawn = values[h] as number;
    const error = isRelative ? forecast * drawn : drawn;
    values[h] = forecast + error;
    if (!isFactor) {
      season[phase] = s + gamma * error;
      level += alpha * error;
      trend += beta * error;
      // As in the recursion: what a product cannot be teaches nothing.
    } else if (forecast + error > 0 && level !== 0) {
      const d = error / s;
      season[phase] = s + (gamma * error) / level;
      level += alpha * d;
      trend += beta * d;
    }
    if (++phase === period) phase = 0;
  }
}

const paths = 1000;
const greatestError = normalQuantile(1 - 0.5 / paths);
const errorsOfSteps: Float64Array[] = [];

/** Standard normal errors of one step on all paths, one from each stratum of equal probability, in an order of the step's own; always the same. */
function errorsOf(step: number): Float64Array {
  for (let made = errorsOfSteps.length; made <= step; made++) {
    const strata = Float64Array.from({ length: paths }, (_, p) => normalQuantile((p + 0.5) / paths));
    errorsOfSteps.push(createRandom(`errors of step ${made}`).shuffle(strata));
  }
  return errorsOfSteps[step] as Float64Array;
}

/**
 * What no value on a path of `simulatedQuantiles` is farther from 0 than, in a pass over the steps alone: every error as great as the greatest drawn one, and of the worst sign. Infinity
 * for absolute errors, whose effect on the states knows no bound where a factor comes near 0.
 */
export function largestSimulated(
  form: EtsForm,
  [alpha, beta, gamma, phi]: Smoothing,
  variance: number,
  [firstLevel, firstTrend]: readonly [level: number, trend: number],
  season: Float64Array,
  steps: number,
): number {
  if (form.error !== "multiplicative") return Number.POSITIVE_INFINITY;
  const error = Math.sqrt(variance) * greatestError;
  let level = Math.abs(firstLevel);
  let trend = Math.abs(firstTrend);
  const factors = season.map(Math.abs);
  let largest = 0;
  for (let h = 0; h < steps; h++) {
    const phase = h % factors.length;
    trend *= phi;
    level += trend;
    largest = Math.max(largest, level * (factors[phase] as number) * (1 + error));
    // The error over a factor is that share of the level, the error over the level that share of the factor.
    factors[phase] = (factors[phase] as number) * (1 + gamma * error);
    trend += beta * error * level;
    level *= 1 + alpha * error;
  }
  return Number.isNaN(largest) ? Number.POSITIVE_INFINITY : largest;
}

/**
 * Quantiles of normal errors run through a form with a multiplicative season, each path from the same state. The errors are a Latin hypercube (McKay, Beckman &
 * Conover 1979), so that a thousand paths do for what takes many more independent ones.
 * @param season - The next season, first step first.
 */
export function simulatedQuantiles(
  form: EtsForm,
  smoothing: Smoothing,
  variance: number,
  start: readonly [level: number, trend: number],
  season: Float64Array,
  probabilities: readonly number[],
  values: readonly Float64Array[],
): void {
  const steps = values[0]?.length ?? 0;
  const deviation = Math.sqrt(variance);
  const outcomes = new Float64Array(paths * steps);
  const errors = Array.from({ length: steps }, (_, h) => errorsOf(h));
  const now = new Float64Array(season.length);
  const path = new Float64Array(steps);
  for (let p = 0; p < paths; p++) {
    now.set(season);
    for (let h = 0; h < steps; h++) path[h] = deviation * ((errors[h] as Float64Array)[p] as number);
    runPath(form, smoothing, start, now, path);
    for (let h = 0; h < steps; h++) outcomes[h * paths + p] = path[h] as number;
  }
  for (let h = 0; h < steps; h++) {
    const drawn = outcomes.subarray(h * paths, (h + 1) * paths);
    // No value before it is above one after it.
    let begin = 0;
    probabilities.forEach((probability, q) => {
      const at = probability * paths - 0.5;
      const below = Math.min(paths - 2, Math.max(0, Math.floor(at)));
      for (let rank = Math.max(begin, below); rank <= below + 1; rank++) {
        selectRank(drawn, rank, begin);
        begin = rank + 1;
      }
      const [low, high] = [drawn[below] as number, drawn[below + 1] as number];
      (values[q] as Float64Array)[h] = low + Math.min(1, Math.max(0, at - below)) * (high - low);
    });
  }
}
