import { largestGap } from "../../statistics/kolmogorov-smirnov.ts";
import { sortNumbers } from "../../statistics/radix-sort.ts";
import { manyRows } from "../long-windows/long-windows.ts";
import { scratchShorts } from "../long-windows/scratch-arrays.ts";
import { type DesignEffect, designEffect, designEffectOf, meanOf, spreadOf } from "./innovation-moments.ts";

/**
 * A sample less its mean, over its mean absolute deviation, as the points that it has: each value is one, or, in long samples, each bin
 * of width 1/512 is, at the mean of what lies in it. Statistics of shape are off by some hundred-thousandths.
 */
export interface Standardised {
  /** How many values. */
  readonly length: number;
  /** Their mean absolute deviation before. */
  readonly spread: number;
  readonly points: Float64Array;
  /** The points before they were divided by the spread; null for bins. */
  readonly deviations: Float64Array | null;
  /** Values at each point; null for one each. */
  readonly counts: Float64Array | null;
  /** Point of each value in order of time; null for its own, and where the order was not asked for. */
  readonly pointOf: Uint16Array | Int32Array | null;
}

/** Bins for values of up to so many spreads; the few beyond are points of their own. */
const [reach, binsPerSpread] = [8, 512];
const bins = 2 * reach * binsPerSpread;

const largestShort = 2 ** 16 - 1;

/**
 * Standardises a sample. One without spread stays as it is, less its mean.
 * @param options - The sample's mean, where it is known; whether its order of time is to be kept, as design effects need it.
 */
export function standardise(
  values: Float64Array,
  { mean = meanOf(values), inOrder = true }: { readonly mean?: number; readonly inOrder?: boolean } = {},
): Standardised {
  const spread = spreadOf(values, mean) || 1;
  if (values.length > manyRows) return binned(values, mean, spread, inOrder);
  const deviations = values.map((value) => value - mean);
  const points = deviations.map((deviation) => deviation / spread);
  return { length: values.length, spread, points, deviations, counts: null, pointOf: null };
}

function binned(values: Float64Array, mean: number, spread: number, inOrder: boolean): Standardised {
  let pointOf: Standardised["pointOf"] = inOrder ? scratchShorts(values.length) : null;
  const counts = new Int32Array(bins);
  const sums = new Float64Array(bins);
  const beyond: number[] = [];
  const scale = binsPerSpread / spread;
  const middle = reach * binsPerSpread - mean * scale;
  for (let i = 0; i < values.length; i++) {
    const place = (values[i] as number) * scale + middle;
    if (place >= 0 && place < bins) {
      const bin = place | 0;
      if (pointOf !== null) pointOf[i] = bin;
      counts[bin]!++;
      sums[bin]! += place;
    } else {
      const point = bins + beyond.length;
      if (point > largestShort && pointOf instanceof Uint16Array) pointOf = Int32Array.from(pointOf);
      if (pointOf !== null) pointOf[i] = point;
      beyond.push(place);
    }
  }
  const points = new Float64Array(bins + beyond.length);
  for (let bin = 0; bin < bins; bin++) if (counts[bin] !== 0) points[bin] = sums[bin]! / counts[bin]!;
  points.set(beyond, bins);
  const all = new Float64Array(points.length).fill(1);
  all.set(counts);
  for (let i = 0; i < points.length; i++) points[i] = (points[i] as number) / binsPerSpread - reach;
  return {
    length: values.length,
    spread,
    points,
    deviations: null,
    counts: all,
    pointOf,
  };
}

/** Sum over the values of what each point has. */
export function sumOver({ counts }: Standardised, atPoints: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < atPoints.length; i++)
    sum += counts === null ? (atPoints[i] as number) : (counts[i] as number) * (atPoints[i] as number);
  return sum;
}

/** Sum over the values of the product of what each point has. */
export function dotOver({ counts }: Standardised, x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) {
    const product = (x[i] as number) * (y[i] as number);
    sum += counts === null ? product : (counts[i] as number) * product;
  }
  return sum;
}

/** The design effect of what each point has, in the values' order of time. */
export function designEffectOver(sample: Standardised, atPoints: Float64Array): DesignEffect {
  const { pointOf, length } = sample;
  if (pointOf === null) return designEffect(atPoints);
  const mean = sumOver(sample, atPoints) / length;
  const deviations = new Float64Array(atPoints.length);
  for (let i = 0; i < deviations.length; i++) deviations[i] = (atPoints[i] as number) - mean;
  return designEffectOf(length, dotOver(sample, deviations, deviations), (from, end) => {
    // Two at a time: their additions do not wait for each other.
    let [sum, other] = [0, 0];
    let i = from;
    for (; i + 1 < end; i += 2) {
      sum += deviations[pointOf[i] as number] as number;
      other += deviations[pointOf[i + 1] as number] as number;
    }
    if (i < end) sum += deviations[pointOf[i] as number] as number;
    return sum + other;
  });
}

/** The largest distance of two distribution functions; between bins, where both samples have them. */
export function distanceOf(before: Standardised, now: Standardised): number {
  if (before.counts !== null && now.counts !== null) return distanceOfBins(before, now);
  const [x, y] = [valuesOf(before), valuesOf(now)];
  return Math.abs(largestGap(sortNumbers(x), sortNumbers(y)).gap) / (x.length * y.length);
}

/** A sample's values in any order. */
function valuesOf({ length, points, counts }: Standardised): Float64Array {
  if (counts === null) return points;
  const values = new Float64Array(length);
  let end = 0;
  points.forEach((point, i) => {
    values.fill(point, end, end + (counts[i] as number));
    end += counts[i] as number;
  });
  return values;
}

function distanceOfBins(before: Standardised, now: Standardised): number {
  let difference = below(before) - below(now);
  let largest = Math.abs(difference);
  for (let bin = 0; bin < bins; bin++) {
    difference += share(before, bin) - share(now, bin);
    largest = Math.max(largest, Math.abs(difference));
  }
  return largest;
}

function share({ counts, length }: Standardised, bin: number): number {
  return ((counts as Float64Array)[bin] as number) / length;
}

/** Share of values below all bins. */
function below({ points, length }: Standardised): number {
  return points.subarray(bins).reduce((count, z) => count + (z < 0 ? 1 : 0), 0) / length;
}
