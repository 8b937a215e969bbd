import { sortNumbers } from "./radix-sort.ts";

/** How well scores tell two groups apart. */
export interface SeparationScore {
  /** P(a positive row scores higher than a negative one), ties counting half. */
  readonly auc: number;
  /** Variance of the AUC when scores say nothing, ties allowed for. */
  readonly nullVariance: number;
}

/**
 * Area under the receiver operating characteristic: the Mann-Whitney statistic over the number of pairs.
 * Source: H. B. Mann, D. R. Whitney (1947), Ann. Math. Statist. 18, with the usual correction for ties.
 */
export function areaUnderCurve(negative: Float64Array, positive: Float64Array): SeparationScore {
  const [x, y] = [sortNumbers(negative), sortNumbers(positive)];
  const [n, m] = [x.length, y.length];
  let [i, j, wins, ties] = [0, 0, 0, 0];
  while (i < n || j < m) {
    const value = j === m || (i < n && x[i]! <= y[j]!) ? x[i]! : y[j]!;
    const [before, current] = [i, j];
    while (i < n && x[i] === value) i++;
    while (j < m && y[j] === value) j++;
    const [equal, positives] = [i - before, j - current];
    wins += positives * (before + equal / 2);
    ties += (equal + positives) ** 3 - (equal + positives);
  }
  const total = n + m;
  const correction = total > 1 ? ties / (total * (total - 1)) : 0;
  return { auc: wins / (n * m), nullVariance: Math.max(0, total + 1 - correction) / (12 * n * m) };
}
