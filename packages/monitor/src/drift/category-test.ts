import { chiSquareSurvival } from "@tsops/core";
import type { RegularCodes } from "./regular-series.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * Whether the mix of categories changed: Pearson's chi-square of the two windows, divided by the average design effect, which
 * says how many autocorrelated rows count as one. The design effect compares the variance of the shares between blocks of
 * `blockLength` steps of the reference with what independent rows would give.
 * Source: J. N. K. Rao, A. J. Scott (1981), "The analysis of categorical data from complex sample surveys", JASA 76 (first-order
 * correction), with blocks of time as clusters.
 * @returns Null when fewer than two categories occur.
 */
export function categoryTest(
  reference: RegularCodes,
  current: RegularCodes,
  categories: number,
  blockLength: number,
): TestOutcome | null {
  const before = countsOf(reference.codes, categories);
  const now = countsOf(current.codes, categories);
  const n = total(before);
  const m = total(now);
  const used = Array.from({ length: categories }, (_, c) => c).filter(
    (c) => (before[c] as number) + (now[c] as number) > 0,
  );
  if (used.length < 2 || n === 0 || m === 0) return null;
  let statistic = 0;
  let largest = 0;
  for (const c of used) {
    const share = ((before[c] as number) + (now[c] as number)) / (n + m);
    const difference = (now[c] as number) / m - (before[c] as number) / n;
    statistic += (difference * difference) / share;
    if (Math.abs(difference) > Math.abs(largest)) largest = difference;
  }
  statistic /= 1 / n + 1 / m;
  const corrected = statistic / designEffect(reference, before, used, blockLength);
  return {
    test: "categories",
    statistic: corrected,
    pValue: chiSquareSurvival(corrected, used.length - 1),
    effect: largest,
    meaning: "change of share",
  };
}

/** Average over categories of the variance of block shares over the variance that independent rows would give; at least 1. */
function designEffect(
  reference: RegularCodes,
  counts: Float64Array,
  used: readonly number[],
  blockLength: number,
): number {
  const n = total(counts);
  const blocks = Math.floor(reference.codes.length / blockLength);
  if (blocks < 2) return 1;
  let effects = 0;
  let weights = 0;
  for (const c of used) {
    const share = (counts[c] as number) / n;
    if (share === 0 || share === 1) continue;
    let between = 0;
    for (let block = 0; block < blocks; block++) {
      let size = 0;
      let hits = 0;
      for (let i = block * blockLength; i < (block + 1) * blockLength; i++) {
        const code = reference.codes[i] as number;
        if (code < 0) continue;
        size++;
        if (code === c) hits++;
      }
      between += (hits - size * share) ** 2;
    }
    const effect = (between * (blocks / (blocks - 1))) / (n * share * (1 - share));
    effects += (1 - share) * effect;
    weights += 1 - share;
  }
  return weights === 0 ? 1 : Math.max(1, effects / weights);
}

function countsOf(codes: Int32Array, categories: number): Float64Array {
  const counts = new Float64Array(categories);
  for (const code of codes) if (code >= 0) counts[code] = (counts[code] as number) + 1;
  return counts;
}

function total(counts: Float64Array): number {
  return counts.reduce((a, b) => a + b, 0);
}
