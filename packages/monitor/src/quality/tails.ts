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

/** Tails heavier than the one are taken for outliers of the reference; that values have an end nearer than the other says is not told by their tail alone. */
const [heaviest, lightest] = [0.5, -0.3];
/** Shape by which the greatest value says how far the others can reach: where it is far from that, the shape was read off too few events. */
const heavy = 0.1;
/** Of fewer values no shape is told; the more there are, the more their shape counts. */
const [leastValues, halfTrusted] = [10, 50];
/** Of the values beyond the threshold, the part below which the shape is read off; what lies above may be wrong. */
const trusted = 0.85;

/**
 * The upper tail of ascending values: a generalised Pareto tail (Pickands 1975) above the 90 % quantile, or above the value that more than
 * 10 % share. Its parameters come from two quantiles of what lies beyond, so outliers among the values hardly move it; the fewer the values, the
 * farther it reaches.
 * @param rare - Share of values that exceed the end of the tail.
 * @param visits - How often the values come to lie beyond a threshold: those of one visit tell of one event. Without it each value counts, and no end of the tail is looked for.
 */
export function upperTail(sorted: Float64Array, rare: number, visits?: (threshold: number) => number): Tail {
  const threshold = quantile(sorted, 0.9);
  const first = firstAbove(sorted, threshold);
  const beyond = sorted.subarray(first);
  if (beyond.length === 0) return { threshold, distance: 0 };
  const share = beyond.length / sorted.length;
  const half = quantile(beyond, 0.5) - threshold;
  const most = quantile(beyond, trusted) - threshold;
  const shape =
    beyond.length < leastValues
      ? 0
      : cautious(shapeOf(most / half), visits?.(threshold) ?? beyond.length, visits !== undefined);
  const reach = growth(share / rare, shape) / growth(2, shape);
  const scale = Math.max(half, (most * growth(2, shape)) / growth(1 / (1 - trusted), shape));
  const farthest =
    ((sorted.at(-1) as number) - threshold) *
    (growth(share / rare, heavy) / growth(beyond.length + 1, heavy));
  return { threshold, distance: Math.min(farthest, scale * reach * (1 + 10 / Math.sqrt(sorted.length))) };
}

/** Tails are taken for heavier the more visits tell so, and for lighter where that is beyond chance: two standard errors. */
function cautious(shape: number, visits: number, mayEnd: boolean): number {
  if (shape >= 0) return (shape * visits) / (visits + halfTrusted);
  return mayEnd ? Math.max(lightest, Math.min(0, shape + 2 / Math.sqrt(visits))) : 0;
}

/** How far a generalised Pareto tail of scale 1 reaches to leave one of so many beyond. */
function growth(ofSoMany: number, shape: number): number {
  return Math.abs(shape) < 1e-3 ? Math.log(ofSoMany) : Math.expm1(shape * Math.log(ofSoMany)) / shape;
}

/** The shape, from -1 to `heaviest`, at which the trusted quantile is so many times the median. */
function shapeOf(ratio: number): number {
  let [low, high] = [-1, heaviest];
  for (let i = 0; i < 20; i++) {
    const middle = (low + high) / 2;
    if (growth(1 / (1 - trusted), middle) / growth(2, middle) < ratio) low = middle;
    else high = middle;
  }
  return low;
}

/** `upperTail` of the values with the other sign. */
export function lowerTail(sorted: Float64Array, rare: number, visits: (threshold: number) => number): Tail {
  const { threshold, distance } = upperTail(sorted.map((value) => -value).reverse(), rare, (negative) =>
    visits(-negative),
  );
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

/** Share of the golden section: its multiples, less their whole parts, are spread evenly and repeat nothing. */
const golden = 0.6180339887498949;

/**
 * The finite values, ascending; of more than `most` a part of them, at distances that change, so that a season is not met at one phase only.
 */
export function sortedSample(parts: readonly Float64Array[], most = 20_000): Float64Array {
  const total = parts.reduce((sum, { length }) => sum + length, 0);
  const kept = new Float64Array(Math.min(total, most));
  const distance = total / kept.length;
  let [count, drawn, before] = [0, 0, 0];
  for (const part of parts) {
    const end = before + part.length;
    for (; drawn < kept.length; drawn++) {
      const place = distance === 1 ? drawn : Math.floor((drawn + ((drawn * golden) % 1)) * distance);
      if (place >= end) break;
      const value = part[place - before] as number;
      if (!Number.isNaN(value)) kept[count++] = value;
    }
    before = end;
  }
  return kept.subarray(0, count).sort();
}
