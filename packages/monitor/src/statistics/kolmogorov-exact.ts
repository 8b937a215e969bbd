/**
 * P(D >= observed) of the two-sided two-sample Kolmogorov-Smirnov statistic when all n + m values are different and in random order.
 * @param gap - n m times the observed statistic, a whole number.
 */
export function exactKolmogorovSurvival(gap: number, n: number, m: number): number {
  if (gap === 0) return 1;
  return n === m ? ofEqualSizes(n, gap / n) : ofUnequalSizes(gap, n, m);
}

/**
 * For n values each, 2 sum over k of (-1)^(k + 1) C(2n, n - k h) / C(2n, n), from the last term to the first.
 * Source: B. V. Gnedenko, V. S. Korolyuk (1951), by the reflection principle.
 * @param h - n times the statistic.
 */
function ofEqualSizes(n: number, h: number): number {
  let rest = 0;
  for (let k = Math.floor(n / h); k >= 1; k--) {
    let ratio = 1;
    const before = (k - 1) * h;
    for (let step = 0; step < h; step++) ratio *= (n - before - step) / (n + before + step + 1);
    rest = ratio * (1 - rest);
  }
  return Math.min(1, 2 * rest);
}

/**
 * Share of the lattice paths from (0, 0) to (n, m) that reach |i / n - j / m| >= D. Of the paths to (i, j), i / (i + j) come from
 * (i - 1, j): all terms are positive, so that small p-values are as precise as large ones.
 */
function ofUnequalSizes(gap: number, n: number, m: number): number {
  // Share of the paths to (i, j) that have been outside, for the last i.
  const outside = new Float64Array(m + 1).fill(1);
  for (let j = 0; j <= m && j * n < gap; j++) outside[j] = 0;
  let first = 0;
  for (let i = 1; i <= n; i++) {
    for (; i * m - first * n >= gap; first++) outside[first] = 1;
    const last = Math.min(m, Math.ceil((i * m + gap) / n) - 1);
    for (let j = first; j <= last; j++)
      outside[j] = (i * outside[j]! + (j === 0 ? 0 : j * outside[j - 1]!)) / (i + j);
  }
  return outside[m]!;
}
