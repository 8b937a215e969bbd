import { type LeafTotals, shrink } from "./leaf-totals.ts";
import { type Bounds, boundedOutput, outputScore } from "./monotone.ts";
import { clearlyMore, type Split, type SplitSearch } from "./split.ts";

/**
 * The best threshold over the numeric columns of a leaf whose children must stay within bounds, and in order where the column has a direction. Slower
 * than the other searches: it works out what both children would predict.
 */
export function scanBounded(search: SplitSearch, bounds: Bounds): Split | undefined {
  const { histogram, totals, limits, columns } = search;
  const unsplit = outputScore(
    totals,
    limits.l1,
    limits.l2,
    boundedOutput(totals, limits.l1, limits.l2, bounds),
  );
  let best: Split | undefined;
  let bestGain = limits.minGain;
  const scan = (
    column: number,
    first: number,
    to: number,
    missing: LeafTotals,
    missingLeft?: boolean,
  ): void => {
    const direction = search.directions?.[column] ?? 0;
    let { sum, count, weight } = missing;
    for (let slot = first; slot < to; slot++) {
      const packed = histogram.packed[slot]!;
      const slotSum = Math.floor(packed / limits.countUnit);
      const slotCount = packed - slotSum * limits.countUnit;
      sum += slotSum;
      count += slotCount;
      weight += histogram.weights === undefined ? slotCount : histogram.weights[slot]!;
      if (count < limits.minRows || weight < limits.minWeight) continue;
      if (totals.count - count < limits.minRows || totals.weight - weight < limits.minWeight) break;
      // Without bounds a split gains at least as much: most end here.
      const freeLeft = shrink(sum, limits.l1);
      const freeRight = shrink(totals.sum - sum, limits.l1);
      const free =
        (freeLeft * freeLeft) / (weight + limits.l2) +
        (freeRight * freeRight) / (totals.weight - weight + limits.l2) -
        unsplit;
      if (!(free > bestGain * clearlyMore)) continue;
      const left = { sum, count, weight };
      const gain = boundedGain(search, left, limits.l2, bounds, direction, unsplit);
      if (!(gain > bestGain * clearlyMore)) continue;
      bestGain = gain;
      best = {
        gain,
        column,
        bin: slot - first,
        missingLeft: missingLeft ?? count * 2 >= totals.count,
        listed: undefined,
        left,
        l2: limits.l2,
      };
    }
  };
  columns.numeric.forEach((column, index) => {
    const first = columns.table[2 * index]!;
    const missingAt = first + columns.table[2 * index + 1]!;
    const packed = histogram.packed[missingAt]!;
    if (packed === 0) {
      scan(column, first, missingAt - 1, nothing);
      return;
    }
    const sum = Math.floor(packed / limits.countUnit);
    const count = packed - sum * limits.countUnit;
    scan(column, first, missingAt, nothing, false);
    const weight = histogram.weights === undefined ? count : histogram.weights[missingAt]!;
    scan(column, first, missingAt - 1, { sum, count, weight }, true);
  });
  return best;
}

const nothing: LeafTotals = { sum: 0, count: 0, weight: 0 };

/** Gain of a split within bounds over the unsplit leaf; 0 where it is rounding, or against the column's direction. */
export function boundedGain(
  { totals, limits }: SplitSearch,
  left: LeafTotals,
  l2: number,
  bounds: Bounds,
  direction: number,
  unsplit: number,
): number {
  const right = {
    sum: totals.sum - left.sum,
    count: totals.count - left.count,
    weight: totals.weight - left.weight,
  };
  const leftOutput = boundedOutput(left, limits.l1, l2, bounds);
  const rightOutput = boundedOutput(right, limits.l1, l2, bounds);
  if (direction * (rightOutput - leftOutput) < 0) return 0;
  const whole = outputScore(left, limits.l1, l2, leftOutput) + outputScore(right, limits.l1, l2, rightOutput);
  const gain = whole - unsplit;
  return gain > 1e-12 * (Math.abs(whole) + Math.abs(unsplit)) ? gain : 0;
}
