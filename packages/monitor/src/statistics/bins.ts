import { checkOptions, shown, TsopsError } from "@tsops/core";
import { checkMade } from "../check-made.ts";
import { finiteSortedValues, refuseNaN, type Sample, sortedValues } from "./sorted-sample.ts";

/** Bins of a column's values: bin i holds `edges[i - 1] <= value < edges[i]`, the first and the last are open to infinity. */
export interface Bins {
  /** Ascending and different: one fewer than there are bins. */
  readonly edges: Float64Array;
}

/** How to cut bins. */
export interface QuantileBinsOptions {
  /** Bins, 2 to 10,000, each with the same share of the reference. Default 10. */
  readonly bins?: number;
}

/**
 * Bins with equal shares of the reference: edges are its quantiles 1 / bins, 2 / bins, ..., interpolated linearly between neighbouring values
 * (the rule of R's type 7 and numpy's default). A value on an edge belongs to the bin above it; the outer bins have no end.
 * A value that is so frequent that several quantiles are equal gets a bin of its own, so there may be fewer bins or one more: a
 * constant reference has three, below, at and above its value.
 * @param reference - Sorted ones take O(bins).
 * @throws TsopsError MONITOR_INVALID when it is empty or has NaN or infinite values, or `bins` is no such number.
 */
export function quantileBins(reference: Sample, options: QuantileBinsOptions = {}): Bins {
  checkOptions("MONITOR_INVALID", "quantileBins()", options, { bins: true });
  const { bins = 10 } = options;
  if (!(Number.isInteger(bins) && bins >= 2 && bins <= 10_000))
    throw new TsopsError(
      "MONITOR_INVALID",
      `bins must be a whole number of 2 to 10,000, got ${shown(bins)}.`,
    );
  const sorted = finiteSortedValues(reference, "The reference");
  const edges: number[] = [];
  for (let k = 1; k < bins; k++) {
    const edge = quantileOf(sorted, k / bins);
    if (edges.at(-1) === edge) edges.push(nextAbove(edge));
    else if (!((edges.at(-1) ?? Number.NEGATIVE_INFINITY) > edge)) edges.push(edge);
  }
  return { edges: Float64Array.from(edges) };
}

/**
 * How many values are in each bin.
 * @param values - Sorted ones take O(bins log n), others O(n log bins) without sorting. Infinite values are in the outer bins.
 * @throws TsopsError MONITOR_INVALID when values are NaN or there are none, or edges do not ascend.
 */
export function binCounts(bins: Bins, values: Sample): Float64Array {
  checkMade("binCounts()", "what quantileBins() returned", bins, { edges: "list" });
  const { edges } = bins;
  for (let i = 0; i < edges.length; i++)
    if (!(Number.isFinite(edges[i]) && (i === 0 || edges[i - 1]! < edges[i]!)))
      throw new TsopsError(
        "MONITOR_INVALID",
        `Edge ${i} of the bins, ${edges[i]}, is not above the one before it.`,
        {
          hint: "Edges are finite, ascending and different; quantileBins(reference) makes them.",
        },
      );
  const counts = new Float64Array(edges.length + 1);
  if (values instanceof Float64Array) {
    refuseNaN(values, "The sample");
    for (let i = 0; i < values.length; i++) counts[countUpTo(edges, values[i]!)]!++;
    return counts;
  }
  const sorted = sortedValues(values, "The sample");
  let before = 0;
  edges.forEach((edge, i) => {
    const below = countBelow(sorted, edge);
    counts[i] = below - before;
    before = below;
  });
  counts[edges.length] = sorted.length - before;
  return counts;
}

function quantileOf(sorted: Float64Array, probability: number): number {
  const position = probability * (sorted.length - 1);
  const low = Math.floor(position);
  const high = Math.min(low + 1, sorted.length - 1);
  const share = position - low;
  const [a, b] = [sorted[low]!, sorted[high]!];
  // From the nearer end, as numpy does: the last digit decides which bin a value on an edge is in.
  return share >= 0.5 ? b - (b - a) * (1 - share) : a + (b - a) * share;
}

/** How many edges are no larger: the bin of the value. */
function countUpTo(edges: Float64Array, value: number): number {
  let [low, high] = [0, edges.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (edges[middle]! <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}

function countBelow(sorted: Float64Array, edge: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (sorted[middle]! < edge) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The next larger double. */
function nextAbove(value: number): number {
  const number = new Float64Array([value === 0 ? 0 : value]);
  const bits = new BigInt64Array(number.buffer);
  bits[0] = bits[0]! + (value >= 0 ? 1n : -1n);
  return number[0]!;
}
