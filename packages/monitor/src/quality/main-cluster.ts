import { sortedSample } from "./tails.ts";

/** Sizes that are so many times apart, with nothing in between, are of two kinds. */
const apart = Math.log(20);
/** Sizes below this part of the greatest are what is left of zeros. */
const nothing = 1e-8;
/** Values that the smaller kind has at least. */
const leastOther = 3;

/**
 * The larger part of values whose sizes fall into two far apart, as when some are in another unit; what is next to nothing belongs to neither.
 * @returns The values, NaN for those of the smaller part; null where the sizes do not fall apart.
 */
export function mainCluster(values: Float64Array): Float64Array | null {
  const least = nothing * values.reduce((most, value) => Math.max(most, Math.abs(value) || 0), 0);
  const logs = values.map((value) => (Math.abs(value) > least ? Math.log(Math.abs(value)) : Number.NaN));
  const sorted = sortedSample([logs], 5000);
  let widest = { gap: 0, at: 0 };
  for (let i = leastOther; i <= sorted.length - leastOther; i++) {
    const gap = (sorted[i] as number) - (sorted[i - 1] as number);
    if (gap > widest.gap) widest = { gap, at: i };
  }
  if (widest.gap < apart) return null;
  const border = ((sorted[widest.at] as number) + (sorted[widest.at - 1] as number)) / 2;
  const isUpper = 2 * widest.at < sorted.length;
  return values.map((value, i) => ((logs[i] as number) > border === isUpper ? value : Number.NaN));
}
