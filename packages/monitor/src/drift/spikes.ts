import { positionOf } from "./profile.ts";
import type { RegularSeries } from "./regular-series.ts";

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
  const expected = neighbourMedians(reference.values);
  const usual = usualDistances(reference, expected, seasonLength);
  return [pulledIn(reference, expected, usual), pulledIn(current, neighbourMedians(current.values), usual)];
}

function pulledIn(series: RegularSeries, expected: Float64Array, usual: Float64Array): RegularSeries {
  const values = series.values.map((value, slot) => {
    const limit = reach * (usual[positionOf(series.first + slot, usual.length)] as number);
    const middle = expected[slot] as number;
    return limit > 0 && Math.abs(value - middle) > limit ? middle + Math.sign(value - middle) * limit : value;
  });
  return { first: series.first, values };
}

/** Robust standard deviation from the neighbours at each position, at least that of all. */
function usualDistances(series: RegularSeries, expected: Float64Array, seasonLength: number): Float64Array {
  const distances = series.values.map((value, slot) => Math.abs(value - (expected[slot] as number)));
  const all = normalRatio * medianOf(distances.filter((value) => !Number.isNaN(value)));
  const byPosition = Array.from({ length: seasonLength }, (): number[] => []);
  distances.forEach((value, slot) => {
    if (!Number.isNaN(value)) byPosition[positionOf(series.first + slot, seasonLength)]?.push(value);
  });
  return Float64Array.from(byPosition, (found) =>
    found.length === 0 ? all : Math.max(all, normalRatio * medianOf(Float64Array.from(found))),
  );
}

/** Median of the two values on either side of each; of those that are there. Of the value itself it would be too close to smooth series. */
function neighbourMedians(values: Float64Array): Float64Array {
  const near = new Float64Array(4);
  return values.map((_, slot) => {
    let count = 0;
    for (let other = slot - 2; other <= slot + 2; other++) {
      const value = values[other];
      if (other === slot || value === undefined || Number.isNaN(value)) continue;
      let at = count++;
      for (; at > 0 && (near[at - 1] as number) > value; at--) near[at] = near[at - 1] as number;
      near[at] = value;
    }
    if (count === 0) return Number.NaN;
    return ((near[(count - 1) >> 1] as number) + (near[count >> 1] as number)) / 2;
  });
}

function medianOf(values: Float64Array): number {
  const sorted = values.sort();
  const n = sorted.length;
  return n === 0 ? 0 : ((sorted[(n - 1) >> 1] as number) + (sorted[n >> 1] as number)) / 2;
}
