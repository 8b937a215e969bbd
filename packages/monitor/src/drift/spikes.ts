import { thinned } from "./long-windows.ts";
import { medianOf } from "./median.ts";
import { positionOf } from "./profile.ts";
import { presentValues, type RegularSeries } from "./regular-series.ts";

/** How many robust standard deviations a value may lie from the median of its neighbours. */
const reach = 4.5;
/** Standard deviation of a normal sample over its median absolute value. */
const normalRatio = 1.4826;

/**
 * Pulls in single values that stand far off their neighbours, in both windows by what is usual in the reference at that position of
 * the season: a broken reading in 200 would hide the persistence of a series, and alarm although it always comes. Steps and slow
 * changes stay as they are, and a spike stays a spike of the usual reach, so the tests still see that there are more of them.
 */
export function withoutSpikes(
  reference: RegularSeries,
  current: RegularSeries,
  seasonLength: number,
): readonly [RegularSeries, RegularSeries] {
  const usual = usualDistances(thinned(reference, seasonLength), seasonLength);
  return [pulledIn(reference, usual), pulledIn(current, usual)];
}

function pulledIn({ first, values }: RegularSeries, usual: Float64Array): RegularSeries {
  const limits = usual.map((distance) => reach * distance);
  const result = values.slice();
  let position = positionOf(first, limits.length) - 1;
  for (let slot = 0; slot < values.length; slot++) {
    if (++position === limits.length) position = 0;
    const limit = limits[position] as number;
    const middle = neighbourMedian(values, slot);
    const distance = (values[slot] as number) - middle;
    if (limit > 0 && Math.abs(distance) > limit) result[slot] = middle + Math.sign(distance) * limit;
  }
  return { first, values: result };
}

/** Robust standard deviation from the neighbours at each position, at least that of all. */
function usualDistances({ first, values }: RegularSeries, seasonLength: number): Float64Array {
  const distances = new Float64Array(values.length);
  for (let slot = 0; slot < distances.length; slot++)
    distances[slot] = Math.abs((values[slot] as number) - neighbourMedian(values, slot));
  const all = normalRatio * medianOf(presentValues(distances));
  return Float64Array.from({ length: seasonLength }, (_, position) => {
    const found = presentValues(
      everyNth(distances, positionOf(position - first, seasonLength), seasonLength),
    );
    return found.length === 0 ? all : Math.max(all, normalRatio * medianOf(found));
  });
}

/** Median of the two values on either side of one. Of the value itself it would be too close to smooth series. */
function neighbourMedian(values: Float64Array, slot: number): number {
  if (slot < 2 || slot + 2 >= values.length) return medianNear(values, slot);
  const [a, b] = [values[slot - 2] as number, values[slot - 1] as number];
  const [c, d] = [values[slot + 1] as number, values[slot + 2] as number];
  const lower = Math.max(Math.min(a, b), Math.min(c, d));
  const upper = Math.min(Math.max(a, b), Math.max(c, d));
  const median = (lower + upper) / 2;
  return Number.isNaN(median) ? medianNear(values, slot) : median;
}

/** The same of those that are there. */
function medianNear(values: Float64Array, slot: number): number {
  const near: number[] = [];
  const last = Math.min(slot + 2, values.length - 1);
  for (let other = Math.max(slot - 2, 0); other <= last; other++) {
    const value = values[other] as number;
    if (other !== slot && !Number.isNaN(value)) near.push(value);
  }
  near.sort((a, b) => a - b);
  const count = near.length;
  return count === 0 ? Number.NaN : ((near[(count - 1) >> 1] as number) + (near[count >> 1] as number)) / 2;
}

/** The values at `from`, `from + step`, `from + 2 step` ... */
function everyNth(values: Float64Array, from: number, step: number): Float64Array {
  const found = new Float64Array(Math.max(0, Math.ceil((values.length - from) / step)));
  for (let i = 0; i < found.length; i++) found[i] = values[from + i * step] as number;
  return found;
}
