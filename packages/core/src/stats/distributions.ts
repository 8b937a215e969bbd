import { incompleteBeta } from "./beta.ts";
import { erfc, logMinusExcess, lowerGamma, stirlingError, upperGamma } from "./gamma.ts";

/** P(Z <= x) of the standard normal distribution, precise in both tails. */
export function normalCdf(x: number): number {
  return 0.5 * erfc(-x / Math.SQRT2);
}

/** P(Z > x) of the standard normal distribution, precise in both tails. */
export function normalSurvival(x: number): number {
  return 0.5 * erfc(x / Math.SQRT2);
}

/**
 * The x with `normalCdf(x) = probability`; -Infinity at 0, Infinity at 1. Halley's method on the cdf.
 * @throws RangeError when the probability is outside [0, 1].
 */
export function normalQuantile(probability: number): number {
  checkProbability(probability);
  if (probability > 0.5) return -normalQuantile(1 - probability);
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 0.5) return 0;
  // Start: Abramowitz and Stegun 26.2.22, error below 3e-3.
  const w = Math.sqrt(-2 * Math.log(probability));
  let x = -(w - (2.30753 + 0.27061 * w) / (1 + w * (0.99229 + 0.04481 * w)));
  for (let i = 0; i < 20; i++) {
    const density = Math.exp(-0.5 * x * x) / Math.sqrt(2 * Math.PI);
    // Near the middle cdf - 1/2 is compared, which keeps its relative precision.
    const excess =
      probability > 0.25
        ? 0.5 - probability - 0.5 * lowerGamma(0.5, 0.5 * x * x)
        : normalCdf(x) - probability;
    const newton = excess / density;
    const step = newton / (1 + 0.5 * x * newton);
    if (!Number.isFinite(step)) return x;
    x -= step;
    if (Math.abs(step) <= 1e-14 * Math.abs(x)) return x;
  }
  return x;
}

/**
 * P(T <= t) of Student's t distribution; degrees of freedom may be fractional, Infinity is the normal distribution.
 * @throws RangeError when the degrees of freedom are not positive.
 */
export function studentTCdf(t: number, degrees: number): number {
  return studentTSurvival(-t, degrees);
}

/** P(T > t) of Student's t distribution, precise in both tails. See `studentTCdf`. */
export function studentTSurvival(t: number, degrees: number): number {
  checkDegrees(degrees);
  if (Number.isNaN(t)) throw new RangeError("Student's t distribution needs a number, got NaN.");
  if (degrees === Number.POSITIVE_INFINITY) return normalSurvival(t);
  // Two forms of t^2 / (degrees + t^2), so that neither overflows.
  const ratio = Math.abs(t) / Math.sqrt(degrees);
  const [x, y] =
    ratio > 1
      ? [1 / ratio ** 2 / (1 / ratio ** 2 + 1), 1 / (1 / ratio ** 2 + 1)]
      : [1 / (1 + ratio ** 2), ratio ** 2 / (1 + ratio ** 2)];
  const tail = 0.5 * incompleteBeta(x, degrees / 2, 0.5, y);
  return t >= 0 ? tail : 1 - tail;
}

/**
 * The t with `studentTCdf(t, degrees) = probability`; -Infinity at 0, Infinity at 1. Bisection on the cdf.
 * @throws RangeError when the probability is outside [0, 1] or the degrees of freedom are not positive.
 */
export function studentTQuantile(probability: number, degrees: number): number {
  checkProbability(probability);
  checkDegrees(degrees);
  if (probability > 0.5) return -studentTQuantile(1 - probability, degrees);
  if (probability === 0) return Number.NEGATIVE_INFINITY;
  if (probability === 0.5) return 0;
  // On the positive side, where the survival function falls from 1/2 to 0.
  let low = 0;
  let high = 1;
  while (studentTSurvival(high, degrees) > probability) {
    low = high;
    high *= 2;
    if (high === Number.POSITIVE_INFINITY) return Number.NEGATIVE_INFINITY;
  }
  for (;;) {
    const middle = low + (high - low) / 2;
    if (middle <= low || middle >= high) return -middle;
    if (studentTSurvival(middle, degrees) > probability) low = middle;
    else high = middle;
  }
}

/**
 * P(X <= x) of the F distribution with `numerator` and `denominator` degrees of freedom; 0 for x <= 0.
 * @throws RangeError when degrees of freedom are not positive and finite.
 */
export function fCdf(x: number, numerator: number, denominator: number): number {
  const split = splitOfF(x, numerator, denominator);
  return split === null ? 0 : incompleteBeta(split[0], numerator / 2, denominator / 2, split[1]);
}

/** P(X > x) of the F distribution, precise in its tail. See `fCdf`. */
export function fSurvival(x: number, numerator: number, denominator: number): number {
  const split = splitOfF(x, numerator, denominator);
  return split === null ? 1 : incompleteBeta(split[1], denominator / 2, numerator / 2, split[0]);
}

function splitOfF(x: number, numerator: number, denominator: number): readonly [number, number] | null {
  checkDegrees(numerator);
  checkDegrees(denominator);
  if (Number.isNaN(x)) throw new RangeError("The F distribution needs a number, got NaN.");
  if (x <= 0) return null;
  const ratio = (numerator / denominator) * x;
  return ratio > 1
    ? [1 / (1 + 1 / ratio), 1 / ratio / (1 + 1 / ratio)]
    : [ratio / (1 + ratio), 1 / (1 + ratio)];
}

/**
 * P(X <= x) of the chi-square distribution; 0 for x <= 0.
 * @throws RangeError when the degrees of freedom are not positive and finite.
 */
export function chiSquareCdf(x: number, degrees: number): number {
  checkDegrees(degrees);
  return x <= 0 ? 0 : lowerGamma(degrees / 2, x / 2);
}

/** P(X > x) of the chi-square distribution, precise in its tail. See `chiSquareCdf`. */
export function chiSquareSurvival(x: number, degrees: number): number {
  checkDegrees(degrees);
  return x <= 0 ? 1 : upperGamma(degrees / 2, x / 2);
}

/**
 * P(X = successes) of the binomial distribution, precise also for millions of trials and far in the tails.
 * Source: C. Loader, "Fast and accurate computation of binomial probabilities" (2000).
 * @param complement - 1 - probability. Pass it when it is known more precisely than the subtraction gives.
 * @throws RangeError when the successes are not whole numbers of 0 to trials, or the probability is outside [0, 1].
 */
export function binomialProbability(
  successes: number,
  trials: number,
  probability: number,
  complement = 1 - probability,
): number {
  checkProbability(probability);
  checkProbability(complement);
  const failures = trials - successes;
  if (!(Number.isSafeInteger(successes) && Number.isSafeInteger(trials) && successes >= 0 && failures >= 0))
    throw new RangeError(`Successes are whole numbers of 0 to ${trials}, got ${successes}.`);
  if (probability === 0 || complement === 0) return successes === trials * probability ? 1 : 0;
  if (successes === 0) return Math.exp(trials * logOf(complement, probability));
  if (failures === 0) return Math.exp(trials * logOf(probability, complement));
  const exponent =
    stirlingError(trials) -
    stirlingError(successes) -
    stirlingError(failures) +
    deviance(successes, trials * probability) +
    deviance(failures, trials * complement);
  return Math.exp(exponent) * Math.sqrt(trials / (2 * Math.PI * successes * failures));
}

/** x (ln(mean / x) - (mean / x - 1)) without cancellation where the two are close. */
function deviance(x: number, mean: number): number {
  return x * logMinusExcess(mean / x, (mean - x) / x);
}

/** ln(x) with x = 1 - complement, precise near 1. */
function logOf(x: number, complement: number): number {
  return complement < 0.5 ? Math.log1p(-complement) : Math.log(x);
}

function checkDegrees(degrees: number): void {
  if (!(degrees > 0)) throw new RangeError(`Degrees of freedom must be positive, got ${degrees}.`);
}

function checkProbability(probability: number): void {
  if (!(probability >= 0 && probability <= 1))
    throw new RangeError(`A probability lies in [0, 1], got ${probability}.`);
}
