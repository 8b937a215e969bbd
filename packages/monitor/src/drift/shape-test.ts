import { fSurvival } from "@tsops/core";
import { largestGap } from "../statistics/kolmogorov-smirnov.ts";
import { sortNumbers } from "../statistics/radix-sort.ts";
import { designEffect, meanOf, spreadOf } from "./innovation-moments.ts";
import { invert, quadraticForm } from "./least-squares.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * Whether two samples of innovations have one shape once location and spread are taken out: a Wald test of tail weight (the deviations
 * to the power 1.5 against the plain ones: sharp against heavier and lighter tails, and its own error stays finite for heavy ones) and
 * of skewness (the characteristic function's imaginary part), each sample standardised by its own mean and mean absolute deviation. The
 * covariance allows for both having been estimated, so no resampling is needed: O(n).
 * The effect is the largest distance between the two distribution functions (Kolmogorov-Smirnov), which people can read.
 * Source: R. C. Geary (1935), "The ratio of the mean deviation to the standard deviation as a test of normality", Biometrika 27, with
 * a power of 1.5 for 2; T. W. Epps, K. J. Singleton (1986), "An omnibus test for the two-sample problem using the empirical
 * characteristic function", J. Statist. Comput. Simul. 26; the influence functions of the estimated location and spread.
 * @returns Null when a sample is too small or has too few distinct values.
 */
export function shapeTest(reference: Float64Array, current: Float64Array): TestOutcome | null {
  const q = 2;
  const [n, m] = [reference.length, current.length];
  const degrees = n + m - q - 3;
  if (Math.min(n, m) < 2 * q || degrees < 1) return null;
  const before = standardised(reference);
  const now = standardised(current);
  const a = characteristics(before);
  const b = characteristics(now);
  const covariance = new Float64Array(q * q);
  for (let i = 0; i < q; i++)
    for (let j = 0; j <= i; j++) {
      const sum =
        dot(a.influences[i] as Float64Array, a.influences[j] as Float64Array) +
        dot(b.influences[i] as Float64Array, b.influences[j] as Float64Array);
      covariance[i * q + j] = sum / (n + m - 2);
      covariance[j * q + i] = sum / (n + m - 2);
    }
  const precision = invert(covariance, q);
  if (precision === null) return null;
  const effects = a.influences.map(designEffect);
  const runs = effects.reduce((sum, { factor, degrees }) => sum + drawnToOne(factor, degrees), 0) / q;
  const runsDegrees = effects.reduce((sum, { degrees }) => sum + degrees, 0);
  const difference = b.means.map((value, i) => value - (a.means[i] as number));
  const distance2 = quadraticForm(precision, difference) / ((1 / n + 1 / m) * runs);
  const statistic = (distance2 * degrees) / (q * (n + m - 2));
  return {
    test: "shape",
    statistic,
    pValue: fSurvival(statistic, q, Math.min(degrees, runsDegrees)),
    effect: Math.abs(largestGap(sortNumbers(before), sortNumbers(now)).gap) / (n * m),
    meaning: "distance of distributions",
  };
}

/** Degrees of freedom that a factor of 1 counts as: few blocks alone would make the test blunt. */
const usualDegrees = 10;

function drawnToOne(factor: number, degrees: number): number {
  return (factor * degrees + usualDegrees) / (degrees + usualDegrees);
}

function standardised(values: Float64Array): Float64Array {
  const mean = meanOf(values);
  const spread = spreadOf(values, mean) || 1;
  const z = new Float64Array(values.length);
  for (let i = 0; i < z.length; i++) z[i] = ((values[i] as number) - mean) / spread;
  return z;
}

/** Tail weight and skewness of a standardised sample, and each value's influence on them. */
function characteristics(z: Float64Array): { means: Float64Array; influences: Float64Array[] } {
  const n = z.length;
  let [signs, roots, powers, sine, cosine, slope] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < n; k++) {
    const x = z[k] as number;
    const size = Math.abs(x);
    const root = Math.sqrt(size);
    signs += Math.sign(x);
    roots += Math.sign(x) * root;
    powers += size * root;
    sine += Math.sin(x);
    cosine += Math.cos(x);
    slope += Math.cos(x) * x;
  }
  signs /= n;
  roots /= n;
  powers /= n;
  sine /= n;
  cosine /= n;
  slope /= n;
  const tails = new Float64Array(n);
  const skewness = new Float64Array(n);
  for (let k = 0; k < n; k++) {
    const x = z[k] as number;
    const size = Math.abs(x);
    tails[k] = ((size * Math.sqrt(size)) / powers - 1) / 1.5 - (size - 1) - x * (roots / powers - signs);
    skewness[k] = Math.sin(x) - sine - cosine * x - slope * (size - 1 - signs * x);
  }
  return { means: Float64Array.of(Math.log(powers) / 1.5, sine), influences: [tails, skewness] };
}

function dot(x: Float64Array, y: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < x.length; i++) sum += (x[i] as number) * (y[i] as number);
  return sum;
}
