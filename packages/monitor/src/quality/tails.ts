/** Value below which a share of ascending values lies, between neighbours by straight lines. */
export function quantile(sorted: Float64Array, share: number): number {
  if (sorted.length === 0) return Number.NaN;
  const place = (sorted.length - 1) * share;
  const low = Math.floor(place);
  const below = sorted[low] as number;
  const above = sorted[Math.min(low + 1, sorted.length - 1)] as number;
  return below + (above - below) * (place - low);
}

/** Where the tail of a distribution begins, and how far beyond it the value lies that only a share of all values exceeds. */
export interface Tail {
  readonly threshold: number;
  /** 0 where the values pile up at the greatest one, and none lies beyond. */
  readonly distance: number;
}

/** Tails heavier than this are taken for outliers of the reference. */
const heaviest = 0.6;
/** Of fewer values no shape is told. */
const leastValues = 10;

/**
 * The upper tail of ascending values: a generalised Pareto tail (Pickands 1975) above the 90 % quantile, or above the value that more than
 * 10 % share. Its parameters come from the quartiles of what lies beyond, so outliers among the values hardly move it; the fewer the values, the
 * farther it reaches.
 * @param rare - Share of values that exceed the end of the tail.
 */
export function upperTail(sorted: Float64Array, rare: number): Tail {
  const threshold = quantile(sorted, 0.9);
  const first = firstAbove(sorted, threshold);
  const beyond = sorted.subarray(first);
  if (beyond.length === 0) return { threshold, distance: 0 };
  const share = beyond.length / sorted.length;
  const half = quantile(beyond, 0.5) - threshold;
  const quarter = quantile(beyond, 0.75) - threshold;
  const shape =
    beyond.length < leastValues ? 0 : Math.min(Math.max(Math.log2((quarter - half) / half), 0), heaviest);
  const ratio = Math.log(share / rare);
  const reach =
    shape < 0.01 ? ratio / Math.LN2 : Math.expm1(shape * ratio) / Math.expm1(shape * Math.LN2);
  return { threshold, distance: Math.max(half, quarter / 2) * reach * (1 + 10 / Math.sqrt(sorted.length)) };
}

/** `upperTail` of the values with the other sign. */
export function lowerTail(sorted: Float64Array, rare: number): Tail {
  const { threshold, distance } = upperTail(sorted.map((value) => -value).reverse(), rare);
  return { threshold: 0 - threshold, distance };
}

function firstAbove(sorted: Float64Array, value: number): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] as number) > value) high = middle;
    else low = middle + 1;
  }
  return low;
}

/** The finite values, every so many of them where there are more than `most`; ascending. */
export function sortedSample(parts: readonly Float64Array[], most = 100_000): Float64Array {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  const stride = Math.max(1, Math.ceil(total / most));
  const kept = new Float64Array(Math.ceil(total / stride));
  let count = 0;
  let place = 0;
  for (const part of parts)
    for (const value of part) if (place++ % stride === 0 && !Number.isNaN(value)) kept[count++] = value;
  return kept.subarray(0, count).sort();
}
