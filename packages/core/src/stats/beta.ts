import { logMinusExcess, stirlingError } from "./gamma.ts";

const tiny = 1e-300;
const maxIterations = 10_000_000;

/**
 * Regularised incomplete beta function I_x(a, b), a > 0, b > 0, 0 <= x <= 1 (DLMF 8.17.2).
 * @param complement - 1 - x. Pass it when it is known more precisely than the subtraction gives.
 * @throws RangeError when an argument is outside its range.
 */
export function incompleteBeta(x: number, a: number, b: number, complement = 1 - x): number {
  const y = complement;
  if (!(a > 0 && b > 0 && Number.isFinite(a) && Number.isFinite(b) && x >= 0 && x <= 1 && y >= 0 && y <= 1))
    throw new RangeError(
      `The incomplete beta function needs a, b > 0 and 0 <= x <= 1, got a = ${a}, b = ${b}, x = ${x}.`,
    );
  if (x === 0) return 0;
  if (y === 0) return 1;
  const n = a + b;
  // (a + b) y - b = a - (a + b) x: taken from the side of the smaller probability, it loses no digits.
  const shift = y < x ? n * y - b : a - n * x;
  const front = powerOverBeta(x, y, a, b, shift);
  // The fraction converges fast below the mean; above it the other tail is computed.
  return shift > 0 ? front / fractionOfBeta(x, a, b, shift) : 1 - front / fractionOfBeta(y, b, a, -shift);
}

/**
 * x^a y^b / B(a, b) with y = 1 - x, by Loader's saddle-point expansion of the binomial probability, which keeps
 * its relative precision for large a and b, where differences of log-gammas do not.
 */
function powerOverBeta(x: number, y: number, a: number, b: number, shift: number): number {
  const n = a + b;
  const exponent =
    stirlingError(n) -
    stirlingError(a) -
    stirlingError(b) +
    a * logMinusExcess((n * x) / a, -shift / a) +
    b * logMinusExcess((n * y) / b, shift / b);
  return Math.exp(exponent) * Math.sqrt(((a / n) * b) / (2 * Math.PI));
}

/**
 * Continued fraction of x^a y^b / (B(a, b) I_x(a, b)) in the form of A. R. DiDonato and A. H. Morris, "Algorithm 708",
 * ACM TOMS 18 (1992), eq. 9, by Lentz's method. `shift` is a - (a + b) x: taken as given, since computing it here would
 * lose the digits that matter when a is large and x near 1.
 */
function fractionOfBeta(x: number, a: number, b: number, shift: number): number {
  let result = (a * (shift + 1)) / (a + 1);
  let c = result;
  let d = 0;
  for (let m = 1; m < maxIterations; m++) {
    const odd = a + 2 * m - 1;
    const numerator = (((a + m - 1) / odd) * (a + b + m - 1) * m * (b - m) * x * x) / odd;
    const denominator = m + (m * (b - m) * x) / odd + ((a + m) * (shift + 1 + m * (2 - x))) / (odd + 2);
    d = 1 / nonZero(denominator + numerator * d);
    c = nonZero(denominator + numerator / c);
    const factor = d * c;
    result *= factor;
    if (Math.abs(factor - 1) <= Number.EPSILON) return result;
  }
  throw new RangeError(`The incomplete beta fraction did not converge for a = ${a}, b = ${b}, x = ${x}.`);
}

function nonZero(value: number): number {
  return Math.abs(value) < tiny ? tiny : value;
}
