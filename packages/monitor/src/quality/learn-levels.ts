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
  const levels = wanderings(parts, central);
  const wandered = levels[1] - levels[0];
  const [down, up] = [lowerTail(sorted, rare), upperTail(sorted, rare)];
  const floor = naturalFloor(sorted, down);
  const isFew = areFew(sorted);
  const size = Math.abs(quantile(sorted, 0.5));
  const fallback = Math.max(central[1] - central[0], isFew ? Math.max(size, 1) : size / 2);
  const far = ({ distance }: Tail) => beyondUsual * (Math.max(distance, fallback / 10) + wandered) + fallback;
  // Codes that pile up at their greatest one, as months of a winter, can go on; measurements that do are at a limit.
  const slack = ({ distance }: Tail) =>
    distance > 0 ? distance + wandered : isFew ? Math.max(central[1] - central[0], 1) : 0;
  return {
    rows: parts.reduce((sum, part) => sum + part.length, 0),
    median: quantile(sorted, 0.5),
    central,
    levels,
    usual: [floor ?? down.threshold - slack(down), up.threshold + slack(up)],
    possible: [floor ?? down.threshold - far(down), up.threshold + far(up)],
    maxStep: steps === null ? null : greatestStep(steps),
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

/** The least and the greatest median of stretches of a series. */
function wanderings(parts: readonly Float64Array[], central: Bounds): Bounds {
  let [least, greatest] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const part of parts) {
    const length = Math.max(leastStretch, Math.ceil(part.length / stretches));
    for (let from = 0; from + length <= part.length; from += length) {
      const sorted = sortedSample([part.subarray(from, from + length)], mostOfStretch);
      if (2 * sorted.length < Math.min(length, mostOfStretch)) continue;
      const median = quantile(sorted, 0.5);
      if (median < least) least = median;
      if (median > greatest) greatest = median;
    }
  }
  // Of several series far apart the stretches tell of their differences; outliers of the reference are no level.
  return least > greatest ? central : [Math.max(least, central[0]), Math.min(greatest, central[1])];
}

/** A change that is rarer than `rare`, where the reference changes most. */
function greatestStep(parts: readonly Float64Array[]): number | null {
  const sorted = sortedSample(parts, parts.length === 1 ? mostOfSeries : undefined);
  if (sorted.length < leastValues) return null;
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
