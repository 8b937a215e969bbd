import { normalSurvival, studentTQuantile } from "../../stats/distributions.ts";
import { plausibleSpreads, transformsOf, upperQuantile } from "../plausible-spreads.ts";
import { type MisleadingSkewness, misleadingSkewness, noSkewness, withSkewness } from "../skewed-mean.ts";

/** Blocks at which the bounds are tightest: eight weeks of days. */
const tightestAt = 56;

/** A block that has not come yet may be as many standard deviations of those that have worse: see `rareReach`. */
const worstUnseen = 15;

/**
 * How far, in standard errors, the mean of n independent values of known variance may stray to one side at any n, with probability alpha: the
 * one-sided normal mixture boundary of Robbins (1970) as Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas (2021) write it, for asymptotic
 * confidence sequences.
 */
export function mixtureBoundary(n: number, alpha: number): number {
  const rho = mixtureVariance(alpha);
  const grown = n * rho + 1;
  return Math.sqrt(((2 * grown) / (n * rho)) * Math.log1p(Math.sqrt(grown) / (2 * alpha)));
}

/** Variance of the mixture, by their approximation of the one that is tightest at `tightestAt`, for one side. */
function mixtureVariance(alpha: number): number {
  const log = -2 * Math.log(2 * alpha);
  return (log + Math.log(1 + log)) / tightestAt;
}

/** What the bounds at one look are made of. */
export interface Spread {
  readonly mean: number;
  /** Square root of the long-run variance of one value, as large as `alpha` lets it be. */
  readonly deviation: number;
  /** Degrees of freedom of that variance. */
  readonly degrees: number;
  readonly skewness: MisleadingSkewness;
  /** What rare values that have not come yet may add to the mean. */
  readonly rare: number;
}

/** Mean of a series and how it may stray at this look, allowing for all ways in which values may follow each other: see `averaged` of `dieboldMariano`. */
export function spreadOf(values: Float64Array, alpha: number): Spread {
  const n = values.length;
  let mean = 0;
  for (const value of values) mean += value / n;
  const degrees = transformsOf(n, 1);
  const isConstant = values.every((value) => value === values[0]);
  if (isConstant) return { mean: values[0] as number, deviation: 0, degrees, skewness: noSkewness, rare: 0 };
  const centred = values.map((value) => value - mean);
  const probability = normalSurvival(mixtureBoundary(n, alpha));
  const reach = upperQuantile(plausibleSpreads(centred, degrees, 1), probability);
  return {
    mean,
    deviation: reach / studentTQuantile(1 - probability, degrees),
    degrees,
    skewness: misleadingSkewness(centred),
    rare: rareReach(centred, alpha),
  };
}

/**
 * Blocks that come with a probability of log(1 / alpha) / n are not among n blocks with probability alpha. If each is `worstUnseen` standard
 * deviations off, the mean that is seen is that much better than the expected one.
 */
function rareReach(centred: Float64Array, alpha: number): number {
  const n = centred.length;
  let squares = 0;
  for (const value of centred) squares += (value * value) / n;
  return (worstUnseen * Math.sqrt(squares) * Math.log(1 / alpha)) / n;
}

/**
 * Bounds of the expected value after n values, each at a confidence of 1 - alpha at all n together. The boundary in standard errors becomes a
 * quantile of Student's t with the degrees of the variance; Hall's (1992) correction widens the side towards which a skewed mean strays.
 */
export function boundsAt({ mean, deviation, degrees, skewness, rare }: Spread, n: number, alpha: number) {
  if (deviation === 0) return { lower: mean, upper: mean };
  const t = boundaryInT(n, degrees, alpha);
  const error = deviation / Math.sqrt(n);
  return {
    lower: mean - Math.max(rare, error * withSkewness(t, skewness.above)),
    upper: mean + Math.max(rare, error * -withSkewness(-t, skewness.below)),
  };
}

/** The boundary as a quantile of Student's t: as improbable as that of the normal distribution. */
export function boundaryInT(n: number, degrees: number, alpha: number): number {
  return studentTQuantile(1 - normalSurvival(mixtureBoundary(n, alpha)), degrees);
}
