import { scanResult } from "./kernels.ts";
import { type LeafTotals, shrink } from "./leaf-totals.ts";
import { clearlyMore, type Split, type SplitSearch, unsplitScore } from "./split.ts";
import { scanBounded } from "./split-bounded.ts";

/**
 * The best threshold over the numeric columns. Missing values are tried on both sides; where a leaf has none of them, they are sent to the child
 * with more rows.
 */
export function findNumericSplit(search: SplitSearch): Split | undefined {
  if (search.bounds !== undefined) return scanBounded(search, search.bounds);
  const isPlain = search.histogram.weights === undefined && search.limits.l1 === 0;
  const best = isPlain ? scanPlain(search) : scanGeneral(search);
  return best !== undefined && best.gain > search.limits.minGain ? best : undefined;
}

function scanPlain({ histogram, totals, limits, columns, kernels }: SplitSearch): Split | undefined {
  const { result, table } = columns;
  const { minRows, l2, countUnit } = limits;
  const leaf = {
    table,
    columns: columns.numeric.length,
    rows: totals.count,
    sum: totals.sum,
    minRows,
    l2,
    countUnit,
  };
  kernels.scanColumns(histogram.packed, leaf, result);
  const index = result[scanResult.column]!;
  if (index < 0) return undefined;
  // The scan ranks by the gain over the unsplit leaf but for a constant and a factor.
  const both = totals.weight + 2 * l2;
  const square = totals.sum * totals.sum;
  const count = result[scanResult.count]!;
  return {
    gain: result[scanResult.gain]! / both + (square / both - square / (totals.weight + l2)),
    column: columns.numeric[index]!,
    bin: result[scanResult.bin]!,
    missingLeft: result[scanResult.missingLeft] === 1,
    listed: undefined,
    left: { count, sum: result[scanResult.sum]!, weight: count },
    l2,
  };
}

interface Best {
  gain: number;
  slot: number;
  totals: LeafTotals;
}

/** The same search with weights and an L1 penalty. */
function scanGeneral(search: SplitSearch): Split | undefined {
  const { histogram, totals, limits, columns } = search;
  const best: Best = { gain: 0, slot: 0, totals: { count: 0, sum: 0, weight: 0 } };
  let split: Split | undefined;
  columns.numeric.forEach((column, index) => {
    const first = columns.table[2 * index]!;
    const missingAt = first + columns.table[2 * index + 1]!;
    const missing = histogram.packed[missingAt]!;
    const note = (missingLeft: boolean): void => {
      const bin = best.slot - first;
      split = {
        gain: best.gain,
        column,
        bin,
        missingLeft,
        listed: undefined,
        left: best.totals,
        l2: limits.l2,
      };
    };
    const before = best.gain;
    scan(best, search, first, missing === 0 ? missingAt - 1 : missingAt, 0, 0);
    if (best.gain > before) note(missing === 0 && best.totals.count * 2 >= totals.count);
    if (missing === 0) return;
    const right = best.gain;
    scan(best, search, first, missingAt - 1, missing, histogram.weights?.[missingAt] ?? 0);
    if (best.gain > right) note(true);
  });
  return split;
}

function scan(
  best: Best,
  search: SplitSearch,
  from: number,
  to: number,
  packedBefore: number,
  weightBefore: number,
): void {
  const { packed: sums, weights } = search.histogram;
  const { countUnit, l1, l2, minRows, minWeight } = search.limits;
  const { count: rows, sum: total, weight: totalWeight } = search.totals;
  const perUnit = 1 / countUnit;
  const { score: unsplit, noise } = unsplitScore(search);
  let packed = packedBefore;
  let weight = weightBefore;
  for (let slot = from; slot < to; slot++) {
    packed += sums[slot]!;
    const sum = Math.floor(packed * perUnit);
    const count = packed - sum * countUnit;
    weight = weights === undefined ? count : weight + weights[slot]!;
    if (count < minRows || weight < minWeight) continue;
    if (rows - count < minRows || totalWeight - weight < minWeight) break;
    const left = shrink(sum, l1);
    const right = shrink(total - sum, l1);
    const gain = (left * left) / (weight + l2) + (right * right) / (totalWeight - weight + l2) - unsplit;
    if (gain > best.gain * clearlyMore && gain > noise) {
      best.gain = gain;
      best.slot = slot;
      best.totals = { count, sum, weight };
    }
  }
}
