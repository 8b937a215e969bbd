import type { CategoricalBins } from "./bins.ts";
import { type LeafTotals, shrink } from "./leaf-totals.ts";
import { boundedOutput, outputScore } from "./monotone.ts";
import { clearlyMore, type Split, type SplitSearch, unsplitScore } from "./split.ts";
import { boundedGain } from "./split-bounded.ts";

interface CategoryStats {
  readonly bin: number;
  readonly totals: LeafTotals;
}

/**
 * The best set of categories over the categorical columns whose gain exceeds `least`: few categories are tried one against the rest;
 * many are put in order of their mean gradient and prefixes from both ends are tried (Fisher 1958, as in LightGBM). The listed
 * categories go left; all others, rare and unseen ones included, go right. Missing values count as a category.
 */
export function findCategoricalSplit(search: SplitSearch, least: number): Split | undefined {
  let best: Split | undefined;
  for (const column of search.columns.categorical) {
    const bins = search.matrix.bins[column] as CategoricalBins;
    const bound = best?.gain ?? least;
    const stats = categoryStats(search, column, bins);
    const found =
      stats.length <= search.limits.categorical.oneVsRestUpTo
        ? oneVsRest(search, column, stats, bound)
        : manyVsRest(search, column, stats, bound);
    best = found ?? best;
  }
  return best;
}

function categoryStats(search: SplitSearch, column: number, bins: CategoricalBins): CategoryStats[] {
  const { packed, weights } = search.histogram;
  const { countUnit } = search.limits;
  const offset = search.matrix.offsets[column]!;
  const stats: CategoryStats[] = [];
  for (let bin = 0; bin <= bins.codes.length; bin++) {
    const value = packed[offset + bin]!;
    if (value === 0) continue;
    const sum = Math.floor(value / countUnit);
    const count = value - sum * countUnit;
    stats.push({ bin, totals: { count, sum, weight: weights?.[offset + bin] ?? count } });
  }
  return stats;
}

function oneVsRest(
  search: SplitSearch,
  column: number,
  stats: readonly CategoryStats[],
  least: number,
): Split | undefined {
  let best: Split | undefined;
  for (const { bin, totals } of stats) {
    if (!isAllowed(search, totals, search.limits.minRows)) continue;
    const gain = gainOf(search, totals, search.limits.l2);
    if (gain > (best?.gain ?? least) * clearlyMore)
      best = split(column, [bin], totals, gain, search.limits.l2);
  }
  return best;
}

function manyVsRest(
  search: SplitSearch,
  column: number,
  stats: readonly CategoryStats[],
  least: number,
): Split | undefined {
  const { smoothing, minRows, maxListed, minGroupRows, l2 } = search.limits.categorical;
  // In single precision, so that equal means are equal however they were rounded; the bin then decides.
  const meanGradient = ({ totals }: CategoryStats): number =>
    Math.fround(totals.sum / (totals.weight + smoothing));
  const ordered = stats
    .filter(({ totals }) => totals.count >= minRows)
    .sort((a, b) => meanGradient(a) - meanGradient(b) || a.bin - b.bin);
  const longest = Math.min(maxListed, Math.floor((ordered.length + 1) / 2));
  let best: Split | undefined;
  for (const direction of [1, -1]) {
    let left: LeafTotals = { count: 0, sum: 0, weight: 0 };
    let group = 0;
    for (let listed = 1; listed <= longest; listed++) {
      const { totals } = ordered[direction === 1 ? listed - 1 : ordered.length - listed]!;
      left = add(left, totals);
      group += totals.count;
      if (left.count < search.limits.minRows || left.weight < search.limits.minWeight) continue;
      if (!isAllowed(search, left, Math.max(search.limits.minRows, minGroupRows))) break;
      if (group < minGroupRows) continue;
      group = 0;
      const gain = gainOf(search, left, l2);
      if (!(gain > (best?.gain ?? least) * clearlyMore)) continue;
      const members = direction === 1 ? ordered.slice(0, listed) : ordered.slice(-listed);
      best = split(
        column,
        members.map(({ bin }) => bin),
        left,
        gain,
        l2,
      );
    }
  }
  return best;
}

function add(a: LeafTotals, b: LeafTotals): LeafTotals {
  return { count: a.count + b.count, sum: a.sum + b.sum, weight: a.weight + b.weight };
}

function isAllowed({ limits, totals }: SplitSearch, left: LeafTotals, minRightRows: number): boolean {
  return (
    left.count >= limits.minRows &&
    left.weight >= limits.minWeight &&
    totals.count - left.count >= minRightRows &&
    totals.weight - left.weight >= limits.minWeight
  );
}

/** Gain over the unsplit leaf, whose own penalty stays `limits.l2`. */
function gainOf(search: SplitSearch, left: LeafTotals, l2: number): number {
  const { limits, totals, bounds } = search;
  if (bounds !== undefined) {
    const output = boundedOutput(totals, limits.l1, limits.l2, bounds);
    return boundedGain(search, left, l2, bounds, 0, outputScore(totals, limits.l1, limits.l2, output));
  }
  const part = (sum: number, weight: number, penalty: number): number => {
    const rest = shrink(sum, limits.l1);
    return (rest * rest) / (weight + penalty);
  };
  const { score: unsplit, noise } = unsplitScore(search);
  const gain =
    part(left.sum, left.weight, l2) + part(totals.sum - left.sum, totals.weight - left.weight, l2) - unsplit;
  return gain > noise ? gain : 0;
}

function split(column: number, listed: number[], left: LeafTotals, gain: number, l2: number): Split {
  return { gain, column, bin: -1, missingLeft: false, listed, left, l2 };
}
