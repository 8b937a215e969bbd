import type { Bounds } from "./rules.ts";
import { quantile, sortedSample } from "./tails.ts";

/** Numbers that are written where there is no value. */
const known = new Set([
  -1, -9, -99, -999, -9999, -99999, -999999, 99, 999, 9999, 99999, 999999, 9999999, -99.9, 99.9, -999.9,
  999.9, -9999.9, 9999.9, -32768, 32767, 65535, -2147483648, 2147483647, 4294967295, 1e20, -1e20, 1e30, -1e30,
  1e36, -1e36, 3.4028234663852886e38, -3.4028234663852886e38,
]);

/**
 * Numbers that stand for "no value": of those that are written so, the ones that lie farther from the other values than these spread. -1 and the
 * like count where the others are not negative; numbers below 100 have to be there twice.
 * @param central - Where 98 % of the values of the reference lie. Default: of these values.
 * @returns Ascending.
 */
export function sentinelsOf(parts: readonly Float64Array[], central?: Bounds): number[] {
  const counts = new Map<number, number>();
  for (const part of parts)
    for (const value of part)
      if (!(value > -1 && value < 99) && known.has(value)) counts.set(value, (counts.get(value) ?? 0) + 1);
  if (counts.size === 0) return [];
  const [low, high] = central ?? restOf(parts);
  if (!(low <= high)) return [];
  const spread = Math.max(high - low, Math.abs(high), 1);
  return [...counts]
    .filter(([value, count]) => {
      if (Math.abs(value) < 100 && count < 2) return false;
      if (value < 0 && low >= 0) return value <= -9 || high - low > 5;
      return value < low - spread || value > high + spread;
    })
    .map(([value]) => value)
    .sort((a, b) => a - b);
}

/** Where the values lie that could be no sentinels. */
function restOf(parts: readonly Float64Array[]): Bounds {
  const sorted = sortedSample(parts.map((part) => part.filter((value) => !known.has(value))));
  return sorted.length < 20 ? [1, 0] : [quantile(sorted, 0.01), quantile(sorted, 0.99)];
}

/** Sets the values of a list to NaN, wherever they are. */
export function blankOut(parts: readonly Float64Array[], list: readonly number[]): void {
  if (list.length === 0) return;
  for (const part of parts)
    for (let i = 0; i < part.length; i++) if (list.includes(part[i] as number)) part[i] = Number.NaN;
}
