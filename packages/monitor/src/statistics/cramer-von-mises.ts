import { checkOptions, checkWord } from "@tsops/core";
import { exactCramerVonMisesSurvival } from "./cramer-von-mises-exact.ts";
import { cramerVonMisesLimit } from "./cramer-von-mises-limit.ts";
import { type Sample, sortedValues } from "./sorted-sample.ts";

/** How to find the p-value. */
export interface CramerVonMisesOptions {
  /** Default `"auto"`: exact when neither sample has more than 20 values. */
  readonly method?: "auto" | "exact" | "asymptotic";
}

/** What `cramerVonMises` found. */
export interface CramerVonMisesResult {
  /** T, about 1/6 on average when nothing changed. */
  readonly statistic: number;
  readonly pValue: number;
  readonly method: "exact" | "asymptotic";
}

const mostForAuto = 20;

/**
 * Two-sample Cramér-von Mises test: T = n m / (n + m)^2 times the sum over all values of (F(x) - G(x))^2, by midranks where values are tied.
 * It adds up differences everywhere, so it is often more powerful than `kolmogorovSmirnov`, which looks at the largest only.
 *
 * Equal to `scipy.stats.cramervonmises_2samp` (1.17.1), but for the rounding of T on large samples, of which this has less, and for the asymptotic
 * p-value of very large T, where its series is summed to the end. The asymptotic p-value is a difference from 1, so nothing below 1e-15 is told
 * apart from 0. With ties p-values are approximate. Infinite values are ordered like others.
 *
 * It assumes independent values. Hours of a day are not: use `driftTest` for time series. O(n + m) for sorted samples.
 *
 * Source: T. W. Anderson (1962), "On the distribution of the two-sample Cramer-von Mises criterion", Ann. Math. Statist. 33.
 * @throws TsopsError MONITOR_INVALID when a sample is empty or has NaN, or is too large for an exact p-value.
 */
export function cramerVonMises(
  reference: Sample,
  current: Sample,
  options: CramerVonMisesOptions = {},
): CramerVonMisesResult {
  checkOptions("MONITOR_INVALID", "cramerVonMises()", options, { method: true });
  checkWord("MONITOR_INVALID", "method", options.method ?? "auto", ["auto", "exact", "asymptotic"]);
  const x = sortedValues(reference, "The reference");
  const y = sortedValues(current, "The current sample");
  const [n, m] = [x.length, y.length];
  const isExact =
    options.method === "exact" || (options.method !== "asymptotic" && Math.max(n, m) <= mostForAuto);
  const squares = sumOfSquares(x, y);
  const total = n + m;
  const statistic = squares / (n * m) / total ** 2;
  if (isExact) return { statistic, pValue: exactCramerVonMisesSurvival(squares, n, m), method: "exact" };
  const mean = (1 + 1 / total) / 6;
  const variance =
    ((total + 1) * (4 * n * m * total - 3 * (n ** 2 + m ** 2) - 2 * n * m)) / (180 * total ** 2 * n * m);
  const standard = 1 / 6 + (statistic - mean) / Math.sqrt(45 * variance);
  return { statistic, pValue: Math.max(0, 1 - cramerVonMisesLimit(standard)), method: "asymptotic" };
}

/**
 * n m (n + m)^2 T. For values that are all different it is the sum of (i m - j n)^2 over them, i and j of either sample being no larger; the terms for
 * ties make it what midranks give, without the cancellation that ranks suffer from.
 */
function sumOfSquares(x: Float64Array, y: Float64Array): number {
  const [n, m] = [x.length, y.length];
  let [i, j] = [0, 0];
  let [squares, ties] = [0, 0];
  while (i < n || j < m) {
    const value = j === m || (i < n && x[i]! <= y[j]!) ? x[i]! : y[j]!;
    const [before, current] = [i, j];
    while (i < n && x[i] === value) i++;
    while (j < m && y[j] === value) j++;
    const [p, q] = [i - before, j - current];
    const middle = ((before + i) / 2) * m - ((current + j) / 2) * n;
    squares += (p + q) * middle ** 2;
    ties += p ** 3 * (m * m + n * (n + m)) + q ** 3 * (n * n + m * (n + m)) - 3 * n * m * p * q * (p + q);
  }
  return squares + (ties - (n + m) * (n - m) ** 2) / 12;
}
