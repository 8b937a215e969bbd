/**
 * Where a number ranks among all before it: edges are quantiles of the reference, counts grow with the stream. If the numbers are
 * exchangeable, ranks are uniform whatever their distribution, and as certain as so many numbers allow (a conformal p-value); within a
 * bin, order is taken from the place between its edges.
 * Source: V. Vovk, A. Gammerman, G. Shafer (2005), "Algorithmic Learning in a Random World", chapter 7.
 */
export interface RankBins {
  /** Ascending; bin i holds numbers from edge i - 1 to edge i, the outer bins all beyond. */
  readonly edges: Float64Array;
  /** One more than edges. */
  readonly counts: Float64Array;
}

const mostBins = 64;
const rowsPerBin = 8;

/** Bins of equal counts; the outermost edges are the least and the greatest number. @param sample - At least two numbers. */
export function rankBins(sample: Float64Array): RankBins {
  const sorted = sample.slice().sort();
  const bins = Math.max(1, Math.min(mostBins, Math.floor(sorted.length / rowsPerBin)));
  const edges = Float64Array.from(
    { length: bins + 1 },
    (_, i) => sorted[Math.round((i / bins) * (sorted.length - 1))] as number,
  );
  const counts = new Float64Array(edges.length + 1);
  for (const value of sorted) counts[binOf(edges, value)]! += 1;
  return { edges, counts };
}

/** The share of numbers below, in (0, 1). */
export function rankOf({ edges, counts }: RankBins, value: number): number {
  const bin = binOf(edges, value);
  let below = 0;
  let all = 1;
  for (let i = 0; i < counts.length; i++) {
    if (i < bin) below += counts[i] as number;
    all += counts[i] as number;
  }
  const low = edges[bin - 1] as number;
  const width = (edges[bin] as number) - low;
  // Beyond the outermost edges, and between equal ones, nothing tells the order.
  const within = bin > 0 && bin < edges.length && width > 0 ? (value - low) / width : 0.5;
  return (below + within * (counts[bin] as number) + 0.5) / all;
}

/** Counts a number. */
export function addRank({ edges, counts }: RankBins, value: number): void {
  const bin = binOf(edges, value);
  counts[bin] = (counts[bin] as number) + 1;
}

/** The number of edges at or below a value; the greatest number of the sample belongs to the bin below it. */
function binOf(edges: Float64Array, value: number): number {
  let low = 0;
  let high = edges.length;
  if (value === edges[high - 1]) return high - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((edges[middle] as number) <= value) low = middle + 1;
    else high = middle;
  }
  return low;
}
