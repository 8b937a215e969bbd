import type { NumericBins } from "./bins.ts";
import {
  clearlyMore,
  type LeafTotals,
  type Split,
  type SplitLimits,
  type SplitSearch,
  shrink,
  unsplitScore,
} from "./split.ts";

/** The best split so far: a mutable record that scans write to. */
interface Best {
  gain: number;
  column: number;
  bin: number;
  missingLeft: boolean;
  count: number;
  sum: number;
  weight: number;
}

/**
 * The best threshold over the numeric ones among `columns`. Missing values are tried on both sides; where a leaf has none of them, they
 * are sent to the child with more rows.
 */
export function findNumericSplit(search: SplitSearch, columns: Int32Array): Split | undefined {
  const { matrix, histogram, totals, limits } = search;
  const best: Best = { gain: 0, column: -1, bin: 0, missingLeft: false, count: 0, sum: 0, weight: 0 };
  const isGeneral = histogram.weights !== undefined || limits.l1 > 0;
  for (let i = 0; i < columns.length; i++) {
    const column = columns[i]!;
    const bins = matrix.bins[column] as NumericBins;
    if (bins.kind !== "numeric") continue;
    const offset = matrix.offsets[column]!;
    const valueBins = bins.upper.length;
    const missing = histogram.packed[offset + valueBins]!;
    const before = best.gain;
    const scan = isGeneral ? scanGeneral : scanPlain;
    if (missing === 0) {
      scan(best, search, offset, offset + valueBins - 1, 0, 0);
      if (best.gain > before) best.missingLeft = best.count * 2 >= totals.count;
    } else {
      scan(best, search, offset, offset + valueBins, 0, 0);
      if (best.gain > before) best.missingLeft = false;
      const right = best.gain;
      const missingWeight = histogram.weights?.[offset + valueBins] ?? 0;
      scan(best, search, offset, offset + valueBins - 1, missing, missingWeight);
      if (best.gain > right) best.missingLeft = true;
    }
    if (best.gain > before) {
      best.column = column;
      best.bin -= offset;
    }
  }
  if (best.column < 0) return undefined;
  const gain = isGeneral ? best.gain : plainGain(best.gain, totals, limits);
  if (!(gain > limits.minGain)) return undefined;
  return {
    gain,
    column: best.column,
    bin: best.bin,
    missingLeft: best.missingLeft,
    listed: undefined,
    left: { count: best.count, sum: best.sum, weight: best.weight },
    l2: limits.l2,
  };
}

/*
 * With a = W_left + l2 and b = W_right + l2, whose sum S is the same for every split of a leaf,
 *   G_left^2 / a + G_right^2 / b = (G_left b - G_right a)^2 / (a b S) + G^2 / S,
 * so splits of a leaf are ranked by the first numerator over a b. It needs one division, and it is exactly 0 (not a rounding error)
 * for a column that separates nothing.
 */
function scanPlain(best: Best, search: SplitSearch, from: number, to: number, packedStart: number): void {
  const sums = search.histogram.packed;
  const { countUnit, l2, minRows } = search.limits;
  const { count: rows, sum: total } = search.totals;
  const perUnit = 1 / countUnit;
  const maxLeft = rows - minRows;
  let packed = packedStart;
  let bestGain = best.gain;
  for (let slot = from; slot < to; slot++) {
    packed += sums[slot]!;
    const sum = Math.floor(packed * perUnit);
    const count = packed - sum * countUnit;
    if (count < minRows) continue;
    if (count > maxLeft) break;
    const left = count + l2;
    const right = rows - count + l2;
    const difference = sum * right - (total - sum) * left;
    const gain = (difference * difference) / (left * right);
    if (gain > bestGain) {
      bestGain = gain;
      best.gain = gain;
      best.bin = slot;
      best.count = count;
      best.sum = sum;
      best.weight = count;
    }
  }
}

/** Completes the ranking number of `scanPlain` to the gain over the unsplit leaf. */
function plainGain(ranking: number, totals: LeafTotals, limits: SplitLimits): number {
  const both = totals.weight + 2 * limits.l2;
  const square = totals.sum * totals.sum;
  return ranking / both + (square / both - square / (totals.weight + limits.l2));
}

/** The same search with weights and an L1 penalty. */
function scanGeneral(
  best: Best,
  search: SplitSearch,
  from: number,
  to: number,
  packedStart: number,
  weightStart: number,
): void {
  const { packed: sums, weights } = search.histogram;
  const { countUnit, l1, l2, minRows, minWeight } = search.limits;
  const { count: rows, sum: total, weight: totalWeight } = search.totals;
  const perUnit = 1 / countUnit;
  const { score: unsplit, noise } = unsplitScore(search);
  let packed = packedStart;
  let weight = weightStart;
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
      best.bin = slot;
      best.count = count;
      best.sum = sum;
      best.weight = weight;
    }
  }
}
