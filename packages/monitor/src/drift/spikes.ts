import { medianOf } from "./median.ts";
import { positionOf, positionsOf } from "./profile.ts";
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
  const expected = neighbourMedians(reference.values);
  const usual = usualDistances(reference, expected, seasonLength);
  return [pulledIn(reference, expected, usual), pulledIn(current, neighbourMedians(current.values), usual)];
}

function pulledIn(series: RegularSeries, expected: Float64Array, usual: Float64Array): RegularSeries {
  const values = series.values.slice();
  const positions = positionsOf(series.first, values.length, usual.length);
  for (let slot = 0; slot < values.length; slot++) {
    const limit = reach * (usual[positions[slot] as number] as number);
    const middle = expected[slot] as number;
    const distance = (values[slot] as number) - middle;
    if (limit > 0 && Math.abs(distance) > limit) values[slot] = middle + Math.sign(distance) * limit;
  }
  return { first: series.first, values };
}

/** Robust standard deviation from the neighbours at each position, at least that of all. */
function usualDistances(series: RegularSeries, expected: Float64Array, seasonLength: number): Float64Array {
  const distances = new Float64Array(series.values.length);
  for (let slot = 0; slot < distances.length; slot++)
    distances[slot] = Math.abs((series.values[slot] as number) - (expected[slot] as number));
  const all = normalRatio * medianOf(presentValues(distances));
  return Float64Array.from({ length: seasonLength }, (_, position) => {
    const found = presentValues(
      everyNth(distances, positionOf(position - series.first, seasonLength), seasonLength),
    );
    return found.length === 0 ? all : Math.max(all, normalRatio * medianOf(found));
  });
}

/** Median of the two values on either side of each; of those that are there. Of the value itself it would be too close to smooth series. */
function neighbourMedians(values: Float64Array): Float64Array {
  const near = new Float64Array(4);
  const medians = new Float64Array(values.length);
  for (let slot = 0; slot < values.length; slot++) {
    let count = 0;
    const last = Math.min(slot + 2, values.length - 1);
    for (let other = Math.max(slot - 2, 0); other <= last; other++) {
      const value = values[other] as number;
      if (other === slot || Number.isNaN(value)) continue;
      let at = count++;
      for (; at > 0 && (near[at - 1] as number) > value; at--) near[at] = near[at - 1] as number;
      near[at] = value;
    }
    medians[slot] =
      count === 0 ? Number.NaN : ((near[(count - 1) >> 1] as number) + (near[count >> 1] as number)) / 2;
  }
  return medians;
}

/** The values at `from`, `from + step`, `from + 2 step` ... */
function everyNth(values: Float64Array, from: number, step: number): Float64Array {
  const found = new Float64Array(Math.max(0, Math.ceil((values.length - from) / step)));
  for (let i = 0; i < found.length; i++) found[i] = values[from + i * step] as number;
  return found;
}
