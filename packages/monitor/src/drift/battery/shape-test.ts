import { fSurvival } from "@tsops/core";
import { invert, quadraticForm } from "../model/least-squares.ts";
import { designEffectOver, distanceOf, dotOver, type Standardised } from "../model/standardised.ts";
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
export function shapeTest(before: Standardised, now: Standardised): TestOutcome | null {
  const q = 2;
  const [n, m] = [before.length, now.length];
  const degrees = n + m - q - 3;
  if (Math.min(n, m) < 2 * q || degrees < 1) return null;
  const a = characteristics(before);
  const b = characteristics(now);
  const covariance = new Float64Array(q * q);
  for (let i = 0; i < q; i++)
    for (let j = 0; j <= i; j++) {
      const sum =
        dotOver(before, a.influences[i] as Float64Array, a.influences[j] as Float64Array) +
        dotOver(now, b.influences[i] as Float64Array, b.influences[j] as Float64Array);
      covariance[i * q + j] = sum / (n + m - 2);
      covariance[j * q + i] = sum / (n + m - 2);
    }
  const precision = invert(covariance, q);
  if (precision === null) return null;
  const effects = a.influences.map((influences) => designEffectOver(before, influences));
  const runs = effects.reduce((sum, { factor, degrees }) => sum + drawnToOne(factor, degrees), 0) / q;
  const runsDegrees = effects.reduce((sum, { degrees }) => sum + degrees, 0);
  const difference = b.means.map((value, i) => value - (a.means[i] as number));
  const distance2 = quadraticForm(precision, difference) / ((1 / n + 1 / m) * runs);
  const statistic = (distance2 * degrees) / (q * (n + m - 2));
  return {
    test: "shape",
    statistic,
    pValue: fSurvival(statistic, q, Math.min(degrees, runsDegrees)),
    effect: distanceOf(before, now),
    meaning: "distance of distributions",
  };
}

/** Degrees of freedom that a factor of 1 counts as: few blocks alone would make the test blunt. */
const usualDegrees = 10;

function drawnToOne(factor: number, degrees: number): number {
  return (factor * degrees + usualDegrees) / (degrees + usualDegrees);
}

/** Tail weight and skewness of a standardised sample, and each point's influence on them. */
function characteristics({ points, counts, length }: Standardised): {
  means: Float64Array;
  influences: Float64Array[];
} {
  const sines = new Float64Array(points.length);
  let [signs, roots, powers, sine, cosine, slope] = [0, 0, 0, 0, 0, 0];
  for (let k = 0; k < points.length; k++) {
    const count = counts === null ? 1 : (counts[k] as number);
    if (count === 0) continue;
    const x = points[k] as number;
    const size = Math.abs(x);
    const root = Math.sqrt(size);
    const [sin, cos] = [Math.sin(x), Math.cos(x)];
    sines[k] = sin;
    signs += count * Math.sign(x);
    roots += count * (Math.sign(x) * root);
    powers += count * (size * root);
    sine += count * sin;
    cosine += count * cos;
    slope += count * (cos * x);
  }
  signs /= length;
  roots /= length;
  powers /= length;
  sine /= length;
  cosine /= length;
  slope /= length;
  const tails = new Float64Array(points.length);
  const skewness = new Float64Array(points.length);
  for (let k = 0; k < points.length; k++) {
    const x = points[k] as number;
    const size = Math.abs(x);
    tails[k] = ((size * Math.sqrt(size)) / powers - 1) / 1.5 - (size - 1) - x * (roots / powers - signs);
    skewness[k] = (sines[k] as number) - sine - cosine * x - slope * (size - 1 - signs * x);
  }
  return { means: Float64Array.of(Math.log(powers) / 1.5, sine), influences: [tails, skewness] };
}
