import { checkList, checkOptions, checkWord, TsopsError } from "@tsops/core";
import { type Sample, sortedValues } from "./sorted-sample.ts";

/** How to count tied values. */
export interface AndersonDarlingOptions {
  /** `"midrank"` (default) is best for rounded values; `"right"` takes the right-continuous distribution function. */
  readonly ties?: "midrank" | "right";
}

/** What `andersonDarling` found. */
export interface AndersonDarlingResult {
  /** A^2 standardised: mean 0 and standard deviation 1 when nothing changed. */
  readonly statistic: number;
  /** In [0.001, 0.25]. */
  readonly pValue: number;
  /** Whether the p-value is a bound only: truly `"below 0.001"` or `"above 0.25"`. */
  readonly clipped: "below 0.001" | "above 0.25" | null;
}

const levels = [0.25, 0.1, 0.05, 0.025, 0.01, 0.005, 0.001];
// Table 2 of Scholz and Stephens; the last two levels, which it lacks, are scipy's.
const coefficients = [
  [0.675, -0.245, -0.105],
  [1.281, 0.25, -0.305],
  [1.645, 0.678, -0.362],
  [1.96, 1.149, -0.391],
  [2.326, 1.822, -0.396],
  [2.573, 2.364, -0.345],
  [3.085, 3.615, -0.154],
] as const;

/**
 * Anderson-Darling test that two or more samples come from one distribution. It weighs differences in the tails more than
 * `kolmogorovSmirnov` and `cramerVonMises` do.
 *
 * The p-value is interpolated: a parabola through the logarithms of seven tabulated levels, equal to `scipy.stats.anderson_ksamp`
 * (1.17.1, `variant` "midrank" or "right"). Outside 0.001 to 0.25 there are no tables: the p-value is then the nearer end, and `clipped` says so.
 * Infinite values are ordered like others.
 *
 * It assumes independent values. Hours of a day are not: use `driftTest` for time series. O(N log k) comparisons of k sorted samples.
 *
 * Source: F. W. Scholz, M. A. Stephens (1987), "K-sample Anderson-Darling tests", JASA 82.
 * @param samples - Two or more, with at least four values together, two of which differ.
 * @throws TsopsError MONITOR_INVALID when there are fewer, or a sample is empty or has NaN.
 */
export function andersonDarling(
  samples: readonly Sample[],
  options: AndersonDarlingOptions = {},
): AndersonDarlingResult {
  checkOptions("MONITOR_INVALID", "andersonDarling()", options, { ties: true });
  checkWord("MONITOR_INVALID", "ties", options.ties ?? "midrank", ["midrank", "right"]);
  checkList("MONITOR_INVALID", "samples", samples);
  const sorted = samples.map((sample, i) => sortedValues(sample, `Sample ${i + 1}`));
  const total = sorted.reduce((sum, { length }) => sum + length, 0);
  if (sorted.length < 2 || total < 4)
    throw new TsopsError(
      "MONITOR_INVALID",
      `andersonDarling() needs two samples and four values together, got ${sorted.length} with ${total}.`,
      { hint: "Give longer windows.", details: { samples: sorted.length, values: total } },
    );
  const least = Math.min(...sorted.map((values) => values[0]!));
  if (sorted.every((values) => values.at(-1) === least))
    throw new TsopsError("MONITOR_INVALID", `All ${total} values are ${least}.`, {
      hint: "andersonDarling() needs values that differ. The samples are equal.",
      details: { values: total },
    });
  const distance = sumOfDistances(sorted, total, options.ties === "right");
  const degrees = sorted.length - 1;
  const statistic = (distance - degrees) / Math.sqrt(variance(sorted, total));
  const critical = coefficients.map(([b0, b1, b2]) => b0 + b1 / Math.sqrt(degrees) + b2 / degrees);
  if (statistic < critical[0]!) return { statistic, pValue: 0.25, clipped: "above 0.25" };
  if (statistic > critical.at(-1)!) return { statistic, pValue: 0.001, clipped: "below 0.001" };
  return {
    statistic,
    pValue: Math.exp(parabolaAt(critical, levels.map(Math.log), statistic)),
    clipped: null,
  };
}

/** Equations 6 (right) and 7 (midrank). */
function sumOfDistances(samples: readonly Float64Array[], total: number, isRight: boolean): number {
  const next = new Uint32Array(samples.length);
  const counts = new Float64Array(samples.length);
  const weighted = new Float64Array(samples.length);
  let before = 0;
  while (before < total) {
    let value = Number.POSITIVE_INFINITY;
    for (let k = 0; k < samples.length; k++) {
      const values = samples[k]!;
      if (next[k]! < values.length && values[next[k]!]! < value) value = values[next[k]!]!;
    }
    let tied = 0;
    for (let k = 0; k < samples.length; k++) {
      const values = samples[k]!;
      const start = next[k]!;
      let i = start;
      while (i < values.length && values[i] === value) i++;
      next[k] = i;
      tied += i - start;
      counts[k] = isRight ? i : (start + i) / 2;
    }
    const below = isRight ? before + tied : before + tied / 2;
    const spread = below * (total - below) - (isRight ? 0 : (total * tied) / 4);
    before += tied;
    // The right-continuous function has nothing above the last value.
    if (isRight && before === total) break;
    for (let k = 0; k < samples.length; k++)
      weighted[k]! += (tied * (total * counts[k]! - below * samples[k]!.length) ** 2) / spread;
  }
  const sum = samples.reduce((all, values, k) => all + weighted[k]! / values.length, 0);
  return isRight ? sum / total : (sum * (total - 1)) / total ** 2;
}

/** Equation 4. */
function variance(samples: readonly Float64Array[], total: number): number {
  const k = samples.length;
  const inverse = samples.reduce((sum, { length }) => sum + 1 / length, 0);
  let h = 0;
  let g = 0;
  for (let i = 2; i < total; i++) {
    h += 1 / (total - i + 1);
    g += h / i;
  }
  h += 1;
  const a = (4 * g - 6) * (k - 1) + (10 - 6 * g) * inverse;
  const b = (2 * g - 4) * k ** 2 + 8 * h * k + (2 * g - 14 * h - 4) * inverse - 8 * h + 4 * g - 6;
  const c = (6 * h + 2 * g - 2) * k ** 2 + (4 * h - 4 * g + 6) * k + (2 * h - 6) * inverse + 4 * h;
  const d = (2 * h + 6) * k ** 2 - 4 * h * k;
  return (a * total ** 3 + b * total ** 2 + c * total + d) / ((total - 1) * (total - 2) * (total - 3));
}

/** The least-squares parabola of y on x, at a point. */
function parabolaAt(x: readonly number[], y: readonly number[], point: number): number {
  // Orthogonal polynomials on x: their coefficients do not depend on one another.
  const first = x.map((value) => value - mean(x));
  const slope =
    dot(
      first,
      first.map((value) => value ** 2),
    ) / dot(first, first);
  const middle = mean(first.map((value) => value ** 2));
  const second = first.map((value) => value ** 2 - slope * value - middle);
  const at = point - mean(x);
  return (
    mean(y) +
    (dot(first, y) / dot(first, first)) * at +
    (dot(second, y) / dot(second, second)) * (at ** 2 - slope * at - middle)
  );
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function dot(x: readonly number[], y: readonly number[]): number {
  return x.reduce((sum, value, i) => sum + value * y[i]!, 0);
}
