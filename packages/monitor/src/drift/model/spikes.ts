import { thinned } from "../long-windows/long-windows.ts";
import { giveBack, scratchNumbers } from "../long-windows/scratch-arrays.ts";
import { medianOf } from "./median.ts";
import { positionOf } from "./profile.ts";
import type { RegularSeries } from "./regular-series.ts";

/** How many robust standard deviations a value may lie from the median of its neighbours. */
const reach = 4.5;
/** Standard deviation of a normal sample over its median absolute value. */
const normalRatio = 1.4826;

/** How far a value may lie from its neighbours at each position of the season, by what is usual in the reference. */
export function spikeLimits(reference: RegularSeries, seasonLength: number): Float64Array {
  const part = thinned(reference, seasonLength);
  const usual = usualDistances(part, seasonLength);
  if (part !== reference) giveBack(part.values);
  return usual.map((distance) => reach * distance);
}

/**
 * Pulls in, in place, single values that stand farther off their neighbours than the limits of the reference: a broken reading in 200
 * would hide the persistence of a series, and alarm although it always comes. Steps and slow changes stay as they are, and a spike
 * stays a spike of the usual reach, so the tests still see that there are more of them.
 */
export function pullInSpikes({ first, values }: RegularSeries, limits: Float64Array): void {
  const last = values.length - 1;
  let position = positionOf(first, limits.length) - 1;
  // The two before as they were.
  let before2 = Number.NaN;
  let before1 = Number.NaN;
  for (let slot = 0; slot <= last; slot++) {
    if (++position === limits.length) position = 0;
    const value = values[slot] as number;
    const after1 = slot < last ? (values[slot + 1] as number) : Number.NaN;
    const after2 = slot + 1 < last ? (values[slot + 2] as number) : Number.NaN;
    const limit = limits[position] as number;
    // Near three of four neighbours is near their median: no need to find it.
    if (
      !(Math.abs(value - before1) <= limit) ||
      !(Math.abs(value - after1) <= limit) ||
      !(Math.abs(value - after2) <= limit)
    ) {
      const middle = medianOfFour(before2, before1, after1, after2);
      const distance = value - middle;
      if (limit > 0 && Math.abs(distance) > limit) values[slot] = middle + Math.sign(distance) * limit;
    }
    before2 = before1;
    before1 = value;
  }
}

/** Robust standard deviation from the neighbours at each position, at least that of all. */
function usualDistances(series: RegularSeries, seasonLength: number): Float64Array {
  const distances = distancesFromNeighbours(series.values);
  const buffer = scratchNumbers(distances.length);
  /** Robust standard deviation of the distances at `from`, `from + step`, `from + 2 step` ... */
  const spreadAt = (from: number, step: number): number => {
    let count = 0;
    for (let slot = from; slot < distances.length; slot += step) {
      const distance = distances[slot] as number;
      if (!Number.isNaN(distance)) buffer[count++] = distance;
    }
    return normalRatio * medianOf(buffer.subarray(0, count));
  };
  const all = spreadAt(0, 1);
  const usual = new Float64Array(seasonLength);
  for (let position = 0; position < seasonLength; position++)
    usual[position] = Math.max(
      all,
      spreadAt(positionOf(position - series.first, seasonLength), seasonLength),
    );
  giveBack(distances, buffer);
  return usual;
}

/** How far each value lies from the median of its neighbours. */
function distancesFromNeighbours(values: Float64Array): Float64Array {
  const distances = scratchNumbers(values.length);
  const last = values.length - 1;
  let [before2, before1, value] = [Number.NaN, Number.NaN, values[0] as number];
  let after1 = last > 0 ? (values[1] as number) : Number.NaN;
  for (let slot = 0; slot <= last; slot++) {
    const after2 = slot + 1 < last ? (values[slot + 2] as number) : Number.NaN;
    distances[slot] = Math.abs(value - medianOfFour(before2, before1, after1, after2));
    before2 = before1;
    before1 = value;
    value = after1;
    after1 = after2;
  }
  return distances;
}

/** Median of a value's four neighbours (with the value itself it would be too close to smooth series); of those that are not NaN. */
function medianOfFour(a: number, b: number, c: number, d: number): number {
  const lower = Math.max(Math.min(a, b), Math.min(c, d));
  const upper = Math.min(Math.max(a, b), Math.max(c, d));
  const median = (lower + upper) / 2;
  return Number.isNaN(median) ? medianOfPresent([a, b, c, d]) : median;
}

function medianOfPresent(values: readonly number[]): number {
  const present = values.filter((value) => !Number.isNaN(value)).sort((x, y) => x - y);
  const count = present.length;
  return count === 0
    ? Number.NaN
    : ((present[(count - 1) >> 1] as number) + (present[count >> 1] as number)) / 2;
}
