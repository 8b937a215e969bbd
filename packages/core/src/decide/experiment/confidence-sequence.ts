import { normalSurvival, studentTQuantile } from "../../stats/distributions.ts";
import { cosineVariance, plausibleAutocorrelation } from "../diebold-mariano.ts";

/** Blocks at which the bounds are tightest: eight weeks of days. */
const tightestAt = 56;

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
  /** Square root of the long-run variance of one value. */
  readonly deviation: number;
  /** Degrees of freedom of that variance. */
  readonly degrees: number;
  readonly skewness: number;
}

/** Mean of a series and how it spreads, allowing for its autocorrelation: see `prewhitened` of `dieboldMariano`; here with two standard errors on top, as many looks meet the worst estimate. */
export function spreadOf(values: Float64Array): Spread {
  const n = values.length;
  let mean = 0;
  for (const value of values) mean += value / n;
  const isConstant = values.every((value) => value === values[0]);
  if (isConstant) return { mean: values[0] as number, deviation: 0, degrees: degreesOf(n), skewness: 0 };
  const centred = values.map((value) => value - mean);
  const degrees = degreesOf(n);
  const variance = cosineVariance(centred, degrees, plausibleAutocorrelation(centred, 2));
  let squares = 0;
  let cubes = 0;
  for (const value of centred) {
    squares += (value * value) / n;
    cubes += (value * value * value) / n;
  }
  return { mean, deviation: Math.sqrt(variance), degrees, skewness: cubes / squares ** 1.5 };
}

/** Cosine transforms of n values, as `dieboldMariano` takes them. */
export function degreesOf(n: number): number {
  return Math.max(1, Math.min(Math.floor(0.41 * n ** (2 / 3)), Math.floor(n / 2)));
}

/**
 * Bounds of the expected value after n values, each at a confidence of 1 - alpha at all n together. The boundary in standard errors becomes a
 * quantile of Student's t with the degrees of the variance; Johnson's (1978) correction widens the side towards which a skewed mean strays.
 */
export function boundsAt({ mean, deviation, degrees, skewness }: Spread, n: number, alpha: number) {
  if (deviation === 0) return { lower: mean, upper: mean };
  const t = boundaryInT(n, degrees, alpha);
  const error = deviation / Math.sqrt(n);
  const skewed = (deviation * (1 + 2 * t * t)) / (6 * n);
  return {
    lower: mean - t * error - skewed * Math.max(0, -skewness),
    upper: mean + t * error + skewed * Math.max(0, skewness),
  };
}

/** The boundary as a quantile of Student's t: as improbable as that of the normal distribution. */
export function boundaryInT(n: number, degrees: number, alpha: number): number {
  return studentTQuantile(1 - normalSurvival(mixtureBoundary(n, alpha)), degrees);
}
