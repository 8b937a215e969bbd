import { checkOptions, checkWord, TsopsError } from "@tsops/core";
import { kolmogorovSurvival } from "./kolmogorov-distribution.ts";
import { exactKolmogorovSurvival } from "./kolmogorov-exact.ts";
import { type Sample, sortedValues } from "./sorted-sample.ts";

/** How to find the p-value. */
export interface KolmogorovSmirnovOptions {
  /** Default `"auto"`: exact when neither sample has more than 10,000 values. */
  readonly method?: "auto" | "exact" | "asymptotic";
}

/** What `kolmogorovSmirnov` found. */
export interface KolmogorovSmirnovResult {
  /** Largest distance of the two distribution functions, in [0, 1]. */
  readonly statistic: number;
  readonly pValue: number;
  readonly method: "exact" | "asymptotic";
  /** The (lowest) value at which they are that far apart. */
  readonly location: number;
  /** Share of current values up to `location` less the share of reference values: negative when the current values are larger. */
  readonly difference: number;
}

const mostForAuto = 10_000;
const mostPaths = 1e9;

/**
 * Two-sample Kolmogorov-Smirnov test: D = sup |F(x) - G(x)| of the empirical distribution functions, two-sided.
 *
 * The exact p-value is the share of lattice paths that leave the band of width D; the asymptotic one is that of a single sample of
 * n m / (n + m) values, rounded half to even, against a known distribution, as `scipy.stats.ks_2samp` has it (1.17.1, to which both are equal).
 * With ties both are too large, never too small. Infinite values are ordered like others.
 *
 * It assumes independent values. Hours of a day are not: use `driftTest` for time series. O(n + m) for sorted samples; exact p-values
 * take O(n m D) for unequal sizes, up to about half a second at 10,000 and 9,999.
 *
 * Source: J. L. Hodges (1958), "The significance probability of the Smirnov two-sample test", Arkiv för Matematik 3.
 * @throws TsopsError MONITOR_INVALID when a sample is empty or has NaN, or is too large for an exact p-value (n m > 10^9).
 */
export function kolmogorovSmirnov(
  reference: Sample,
  current: Sample,
  options: KolmogorovSmirnovOptions = {},
): KolmogorovSmirnovResult {
  checkOptions("MONITOR_INVALID", "kolmogorovSmirnov()", options, { method: true });
  checkWord("MONITOR_INVALID", "method", options.method ?? "auto", ["auto", "exact", "asymptotic"]);
  const x = sortedValues(reference, "The reference");
  const y = sortedValues(current, "The current sample");
  const [n, m] = [x.length, y.length];
  const isExact =
    options.method === "exact" || (options.method !== "asymptotic" && Math.max(n, m) <= mostForAuto);
  if (isExact && n * m > mostPaths)
    throw new TsopsError("MONITOR_INVALID", `An exact p-value of ${n} and ${m} values takes too long.`, {
      hint: 'Use method: "asymptotic"; at this size the two agree.',
      details: { reference: n, current: m },
    });
  const { gap, location } = largestGap(x, y);
  const statistic = Math.abs(gap) / (n * m);
  return {
    statistic,
    pValue: isExact
      ? exactKolmogorovSurvival(Math.abs(gap), n, m)
      : kolmogorovSurvival(statistic, Math.max(1, roundHalfToEven((n / (n + m)) * m))),
    method: isExact ? "exact" : "asymptotic",
    location,
    difference: gap === 0 ? 0 : -gap / (n * m),
  };
}

/** n m times the largest difference F - G of sorted samples, and where it is: whole numbers, so that nothing is rounded. */
export function largestGap(x: Float64Array, y: Float64Array): { gap: number; location: number } {
  const [n, m] = [x.length, y.length];
  let [i, j] = [0, 0];
  let [least, most] = [0, 0];
  let [leastAt, mostAt] = [x[0]!, x[0]!];
  // The difference is largest where one sample's turn ends; of tied values both samples' come first.
  while (i < n && j < m) {
    if (x[i]! < y[j]!) {
      const end = y[j]!;
      while (i < n && x[i]! < end) i++;
      const gap = i * m - j * n;
      if (gap > most) [most, mostAt] = [gap, x[i - 1]!];
    } else if (y[j]! < x[i]!) {
      const end = x[i]!;
      while (j < m && y[j]! < end) j++;
      const gap = i * m - j * n;
      if (gap < least) [least, leastAt] = [gap, y[j - 1]!];
    } else {
      const value = x[i]!;
      while (i < n && x[i] === value) i++;
      while (j < m && y[j] === value) j++;
      const gap = i * m - j * n;
      if (gap > most) [most, mostAt] = [gap, value];
      else if (gap < least) [least, leastAt] = [gap, value];
    }
  }
  return -least > most ? { gap: least, location: leastAt } : { gap: most, location: mostAt };
}

function roundHalfToEven(value: number): number {
  const rounded = Math.round(value);
  return rounded - value === 0.5 && rounded % 2 === 1 ? rounded - 1 : rounded;
}
