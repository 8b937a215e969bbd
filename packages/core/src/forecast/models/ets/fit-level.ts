import { smoothFour } from "../../local/four-levels.ts";
import { knownValues } from "../../local/known-values.ts";
import { leastRate } from "../../local/optimise/least-rate.ts";
import { type EtsFit, penaltyOf } from "./fit-form.ts";
import { type EtsForm, levelAt, numbersLength } from "./form.ts";

/** Where the search for the rate begins, from bound to bound; closer where the rate is small, as optima are narrow there. */
const grid = Float64Array.of(1e-4, 0.01, 0.04, 0.12, 0.27, 0.5, 0.75, 0.9999);

/**
 * Fits a level without trend and season, ETS(A,N,N): the errors are linear in the first level, so that for every rate the likeliest first level is known, and only the rate is searched for.
 * It is the likeliest with every first level as likely beforehand (the restricted likelihood, Harville 1977): with the first level that suits each rate best, levels that stand still look likelier than they are.
 */
export function fitLevel(form: EtsForm, y: Float64Array, floor: number): EtsFit {
  // A missing value moves nothing on.
  const values = knownValues(y);
  const known = values.length;
  const sums = new Float64Array(12);
  const rate = leastRate((rates, losses) => {
    errorSums(values, rates, sums);
    for (let i = 0; i < 4; i++) {
      losses[i] = (known - 1) * Math.log(leastSquares(sums, i) + floor) + Math.log(sums[8 + i] as number);
    }
  }, grid);
  errorSums(values, Float64Array.of(rate, rate, rate, rate), sums);
  const numbers = new Float64Array(numbersLength(form));
  numbers.set([rate, 0, 0, 1]);
  numbers[levelAt] = (values[0] as number) + (sums[4] as number) / (sums[8] as number);
  const value = known * Math.log(leastSquares(sums, 0) + floor);
  return { form, numbers, logLikelihood: -value / 2, aicc: value + penaltyOf(form, known) };
}

/** The sum of squared errors at the first level that makes it least. */
function leastSquares(sums: Float64Array, i: number): number {
  const product = sums[4 + i] as number;
  return Math.max(0, (sums[i] as number) - (product * product) / (sums[8 + i] as number));
}

/** Where the four levels are while they are smoothed. */
const levels = new Float64Array(4);

/**
 * With a level that begins at the first value, at four rates: sums of squared errors, of errors times what the first level still weighs, and of squares of that weight.
 */
function errorSums(values: Float64Array, rates: Float64Array, sums: Float64Array): void {
  const a = rates[0] as number;
  const b = rates[1] as number;
  const c = rates[2] as number;
  const d = rates[3] as number;
  const first = values[0] as number;
  let [levelA, levelB, levelC, levelD] = [first, first, first, first];
  let [weightA, weightB, weightC, weightD] = [1, 1, 1, 1];
  let [squaresA, squaresB, squaresC, squaresD] = [0, 0, 0, 0];
  let [productsA, productsB, productsC, productsD] = [0, 0, 0, 0];
  let [weightsA, weightsB, weightsC, weightsD] = [0, 0, 0, 0];
  let t = 0;
  // A first level that weighs nothing any more, to the digits there are, is left out: numbers near the least that can be written are slow.
  for (; t < values.length && Math.max(weightA, weightB, weightC, weightD) > 1e-20; t++) {
    const value = values[t] as number;
    const errorA = value - levelA;
    const errorB = value - levelB;
    const errorC = value - levelC;
    const errorD = value - levelD;
    squaresA += errorA * errorA;
    squaresB += errorB * errorB;
    squaresC += errorC * errorC;
    squaresD += errorD * errorD;
    productsA += errorA * weightA;
    productsB += errorB * weightB;
    productsC += errorC * weightC;
    productsD += errorD * weightD;
    weightsA += weightA * weightA;
    weightsB += weightB * weightB;
    weightsC += weightC * weightC;
    weightsD += weightD * weightD;
    levelA += a * errorA;
    levelB += b * errorB;
    levelC += c * errorC;
    levelD += d * errorD;
    weightA -= a * weightA;
    weightB -= b * weightB;
    weightC -= c * weightC;
    weightD -= d * weightD;
  }
  setFour(sums, 0, squaresA, squaresB, squaresC, squaresD);
  setFour(levels, 0, levelA, levelB, levelC, levelD);
  smoothFour(values, t, rates, levels, sums);
  setFour(sums, 4, productsA, productsB, productsC, productsD);
  setFour(sums, 8, weightsA, weightsB, weightsC, weightsD);
}

function setFour(to: Float64Array, at: number, a: number, b: number, c: number, d: number): void {
  to[at] = a;
  to[at + 1] = b;
  to[at + 2] = c;
  to[at + 3] = d;
}
