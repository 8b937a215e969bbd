import type { Bounds, LevelRules } from "./rules.ts";
import { lowerTail, quantile, sortedSample, type Tail, upperTail } from "./tails.ts";

/** Of fewer values no bounds are learnt. */
export const leastValues = 50;
/** A value beyond the usual bounds is rarer than this in the reference's own tail. */
const rare = 1e-6;
/** How many times as far as the usual bounds the possible ones lie. */
const beyondUsual = 2;
/** Stretches of the reference whose medians are compared, and the least rows of one. */
const stretches = 20;
const leastStretch = 24;
/** Values of 100 that make an end of it. */
const leastAtEnd = 3;
/** Values of a stretch, and of a series, that are looked at. */
const [mostOfStretch, mostOfSeries] = [300, 5000];

/**
 * Where the values of one or several series lie. Bounds follow the tails of the values, moved out by as much as the level of the reference wandered:
 * of a reference with season and trend they ask less.
 * @param parts - Values of each series by time, NaN for none.
 * @param steps - Absolute changes from step to step, of all series; null to learn no rate of change.
 * @returns Null for too few values.
 */
export function learnLevels(
  parts: readonly Float64Array[],
  steps: readonly Float64Array[] | null,
): LevelRules | null {
  const sorted = sortedSample(parts, parts.length === 1 ? mostOfSeries : undefined);
  if (sorted.length < leastValues) return null;
  const central: Bounds = [quantile(sorted, 0.01), quantile(sorted, 0.99)];
  const medians = parts.map(stretchMedians);
  const levels = wanderings(medians, central);
  const wandered = (levels[1] - levels[0]) * (1 + 4 * Math.max(0, steadiness(medians) - 0.5));
  const down = lowerTail(sorted, rare, (threshold) => visits(parts, (value) => value < threshold));
  const up = upperTail(sorted, rare, (threshold) => visits(parts, (value) => value > threshold));
  const ceiling = naturalCeiling(sorted);
  const floor = ceiling === null ? naturalFloor(sorted, down) : 0;
  const isFew = areFew(sorted);
  const size = Math.abs(quantile(sorted, 0.5));
  const fallback = Math.max(central[1] - central[0], isFew ? Math.max(size, 1) : size / 2);
  const far = ({ distance }: Tail) =>
    beyondUsual * (Math.max(distance, fallback / 10) + wandered) + fallback / 2;
  // Codes that pile up at their greatest one, as months of a winter, can go on; measurements that do are at a limit.
  const slack = ({ distance }: Tail) =>
    distance > 0 ? distance + wandered : isFew ? Math.max(central[1] - central[0], 1) : 0;
  const usual: Bounds = [floor ?? down.threshold - slack(down), ceiling ?? up.threshold + slack(up)];
  const step = steps === null ? null : greatestStep(steps);
  return {
    rows: parts.reduce((sum, part) => sum + part.length, 0),
    median: quantile(sorted, 0.5),
    central,
    levels,
    usual,
    possible: [floor ?? down.threshold - far(down), ceiling ?? up.threshold + far(up)],
    maxStep: step === null ? null : Math.min(step, usual[1] - usual[0]),
  };
}

/** More different numbers are measurements. */
const mostFew = 31;

/** Whether ascending values are few whole numbers. */
export function areFew(sorted: Float64Array): boolean {
  let different = 0;
  for (let i = 0; i < sorted.length; i++) {
    if (i > 0 && sorted[i] === sorted[i - 1]) continue;
    if (!Number.isInteger(sorted[i]) || ++different > mostFew) return false;
  }
  return true;
}

/**
 * 0, where the values say that they cannot be less: they pile up there, are counts, or lie so skewed above 0 that they spread evenly by their logarithms.
 */
function naturalFloor(sorted: Float64Array, down: Tail): number | null {
  const least = sorted[0] as number;
  if (least < 0) return null;
  if (least === 0 && (quantile(sorted, 0.005) === 0 || sorted.every(Number.isInteger))) return 0;
  if (down.threshold - down.distance >= 0) return null;
  const at = (share: number) => quantile(sorted, share);
  const [low, middle, high] = [at(0.05), at(0.5), at(0.95)];
  const isSkewed = high - middle > 2 * (middle - low) && high > 0;
  return isSkewed ? 0 : null;
}

/** 100 or 1, where the values are percentages or shares: none is negative, none above it, and it is there more than once. */
function naturalCeiling(sorted: Float64Array): number | null {
  const greatest = sorted.at(-1) as number;
  if ((sorted[0] as number) < 0 || (greatest !== 100 && greatest !== 1)) return null;
  if (sorted.at(-leastAtEnd) !== greatest) return null;
  return greatest === 100 || !sorted.every(Number.isInteger) ? greatest : null;
}

/** How often the values of series come to where a claim holds. */
function visits(parts: readonly Float64Array[], holds: (value: number) => boolean): number {
  let count = 0;
  for (const part of parts) {
    let isThere = false;
    for (const value of part) {
      if (Number.isNaN(value)) continue;
      const now = holds(value);
      if (now && !isThere) count++;
      isThere = now;
    }
  }
  return count;
}

/** The least and the greatest median of stretches of a series. @param medians - Of each series. */
function wanderings(medians: readonly (readonly number[])[], central: Bounds): Bounds {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const own of medians)
    for (const median of own) {
      if (median < least) least = median;
      if (median > greatest) greatest = median;
    }
  // Of several series far apart the stretches tell of their differences; outliers of the reference are no level.
  return least > greatest ? central : [Math.max(least, central[0]), Math.min(greatest, central[1])];
}

function stretchMedians(part: Float64Array): number[] {
  const medians: number[] = [];
  const length = Math.max(leastStretch, Math.ceil(part.length / stretches));
  for (let from = 0; from + length <= part.length; from += length) {
    const sorted = sortedSample([part.subarray(from, from + length)], mostOfStretch);
    if (2 * sorted.length >= Math.min(length, mostOfStretch)) medians.push(quantile(sorted, 0.5));
  }
  return medians;
}

/** How steadily the level goes one way, as a mean over the series: Kendall's tau of its stretches, without its sign. What grows goes on to. */
function steadiness(medians: readonly (readonly number[])[]): number {
  let [sum, count] = [0, 0];
  for (const own of medians) {
    if (own.length < 8) continue;
    let [agreeing, pairs] = [0, 0];
    for (let i = 0; i < own.length; i++)
      for (let j = i + 1; j < own.length; j++, pairs++)
        agreeing += Math.sign((own[j] as number) - (own[i] as number));
    sum += Math.abs(agreeing) / pairs;
    count++;
  }
  return count === 0 ? 0 : sum / count;
}

/** A change that is rarer than `rare`, where the reference changes most. */
function greatestStep(parts: readonly Float64Array[]): number | null {
  const sorted = sortedSample(parts, parts.length === 1 ? mostOfSeries : undefined);
  if (sorted.length < leastValues) return null;
  // Changes of values on a grid take few sizes, and the greatest come with rare events: no end of them is read off their tail.
  const { threshold, distance } = upperTail(sorted, rare);
  if (distance === 0) return null;
  return (threshold + distance) * unsteadiness(parts, threshold);
}

/** How many times as much the liveliest stretch changes as all do, at most 5. */
function unsteadiness(parts: readonly Float64Array[], usual: number): number {
  let most = 1;
  for (const part of parts) {
    const length = Math.max(2 * leastStretch, Math.ceil(part.length / stretches));
    for (let from = 0; from + length <= part.length; from += length) {
      const own = quantile(sortedSample([part.subarray(from, from + length)], mostOfStretch), 0.9);
      if (usual > 0 && own / usual > most) most = own / usual;
    }
  }
  return Math.min(most, 5);
}
