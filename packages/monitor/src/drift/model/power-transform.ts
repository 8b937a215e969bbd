import type { TestOutcome } from "../battery/test-outcome.ts";
import { giveBack, scratchNumbers } from "../long-windows/scratch-arrays.ts";
import { autoregressionAbout } from "./autoregression-about.ts";
import { meanOf } from "./innovation-moments.ts";
import { medianOf } from "./median.ts";
import { deseasonalise, seasonalProfile } from "./profile.ts";
import { presentValues, presentView, type RegularSeries } from "./regular-series.ts";

/** A scale on which a column is tested: x, its root, or its logarithm (power 1, 0.5, 0), each after adding `shift`. */
export interface PowerTransform {
  readonly power: 1 | 0.5 | 0;
  readonly shift: number;
  /** An outcome on this scale with its effect in the column's own units, about the reference's centre. */
  inUnits(outcome: TestOutcome): TestOutcome;
}

const asItIs: PowerTransform = { power: 1, shift: 0, inUnits: (outcome) => outcome };

/** Another scale must be likelier by this much (natural logarithm), so that a series that fits as it is stays as it is. */
const leastGain = 6;
/** Zeros are a state of their own (night, dry) rather than a small amount where more than this many come on one of the least other value. */
const zerosPerLeast = 20;
/** Below this share of the median of what is above zero nothing is told apart where zeros are a state: dust of rounding, or of dawn. */
const dust = 0.05;
/** A spread that goes with what is expected by this many standard errors makes a scale uneven. */
const unevenInErrors = 3;

/**
 * The scale on which the innovations of the reference are most nearly normal with an even spread, by the likelihood of Box and Cox.
 * Counts and amounts vary more where they are larger: on their own scale calm and busy stretches look like changes of spread. Zeros that
 * are a state of their own have no density, and say nothing of the scale. A scale is left out where the spread goes with what the
 * autoregression expects as it does not on the values' own: skew shocks alone are no reason for it.
 * Columns with values below zero are taken as they are.
 * @param part - Enough of the reference to tell.
 * Source: G. E. P. Box, D. R. Cox (1964), "An analysis of transformations", JRSS B 26.
 */
export function choosePower(
  reference: RegularSeries,
  current: RegularSeries,
  seasonLength: number,
  maxOrder: number,
  part = reference,
): PowerTransform {
  const [least, smallestAbove] = leastValues(reference, current);
  if (!(least >= 0) || !Number.isFinite(smallestAbove)) return asItIs;
  const hasState = least === 0 && zerosAreState(part.values, smallestAbove);
  const shift = least > 0 ? 0 : hasState ? shiftBesideState(part.values) : smallestAbove / 2;
  // Logarithms take a while: those of the scale are the likelihood's too.
  const scales = {
    0: transformed(part, { power: 0, shift }),
    0.5: transformed(part, { power: 0.5, shift }),
    1: part,
  };
  const logarithms = presentView(scales[0].values);
  const meanLogarithm = meanOf(hasState ? logarithms.filter((value) => value > Math.log(shift)) : logarithms);

  const fitOn = (power: PowerTransform["power"]): ScaleFit => {
    const scaled = scales[power];
    const profile = seasonalProfile(scaled, seasonLength);
    const deviations = deseasonalise(scaled, profile).values;
    const model = autoregressionAbout(profile, deviations, maxOrder);
    if (model === null) return { likelihood: Number.NEGATIVE_INFINITY, unevenness: 0 };
    const unevenness = unevennessOf(deviations, model.filtered);
    giveBack(deviations, model.filtered);
    const derivative = power === 1 ? 0 : (power - 1) * meanLogarithm + (power === 0 ? 0 : Math.log(power));
    return {
      likelihood: logarithms.length * (derivative - Math.log(model.innovationVariance) / 2),
      unevenness,
    };
  };
  const powers = [0, 0.5] as const;
  const asIs = fitOn(1);
  const gains = powers.map((power) => {
    const { likelihood, unevenness } = fitOn(power);
    const isUneven = unevenness > Math.max(unevenInErrors, asIs.unevenness);
    return isUneven ? Number.NEGATIVE_INFINITY : likelihood - asIs.likelihood;
  });
  const best = (gains[0] as number) > (gains[1] as number) ? 0 : 1;
  const power = powers[best] as 0 | 0.5;
  const centre = meanOf(presentView(scales[power].values));
  giveBack(scales[0].values, scales[0.5].values);
  if (!((gains[best] as number) > leastGain)) return asItIs;
  const back = (value: number) => (power === 0 ? Math.exp(value) : Math.max(value, 0) ** 2);
  return {
    power,
    shift,
    inUnits: (outcome) =>
      outcome.meaning === "shift" || outcome.meaning === "pattern"
        ? { ...outcome, effect: back(centre + outcome.effect) - back(centre) }
        : outcome,
  };
}

/** How a scale fits. */
interface ScaleFit {
  /** Logarithm of the likelihood. */
  readonly likelihood: number;
  /** How far the spread of innovations goes with what was expected, in standard errors. */
  readonly unevenness: number;
}

/**
 * The correlation of absolute innovations with what the autoregression expected, over its standard error.
 * Source: H. Glejser (1969), "A new test for heteroskedasticity", JASA 64.
 */
function unevennessOf(deviations: Float64Array, innovations: Float64Array): number {
  let [count, sizes, expectations, sizeSquares, expectedSquares, products] = [0, 0, 0, 0, 0, 0];
  for (let slot = 0; slot < deviations.length; slot++) {
    const innovation = innovations[slot] as number;
    if (Number.isNaN(innovation)) continue;
    const size = Math.abs(innovation);
    const expected = (deviations[slot] as number) - innovation;
    count++;
    sizes += size;
    expectations += expected;
    sizeSquares += size * size;
    expectedSquares += expected * expected;
    products += size * expected;
  }
  const squares =
    (sizeSquares - (sizes * sizes) / count) * (expectedSquares - (expectations * expectations) / count);
  if (!(squares > 0)) return 0;
  return (Math.abs(products - (sizes * expectations) / count) / Math.sqrt(squares)) * Math.sqrt(count);
}

/** Whether zeros are many more than the values next to them: counts have about as many ones. */
function zerosAreState(values: Float64Array, smallestAbove: number): boolean {
  let [zeros, next] = [0, 0];
  for (let slot = 0; slot < values.length; slot++) {
    if (values[slot] === 0) zeros++;
    else if (values[slot] === smallestAbove) next++;
  }
  return zeros > zerosPerLeast * Math.max(next, 1);
}

function shiftBesideState(values: Float64Array): number {
  return dust * medianOf(presentValues(values).filter((value) => value > 0));
}

/** The least value of two windows, and the least that is greater than 0. */
function leastValues(reference: RegularSeries, current: RegularSeries): [number, number] {
  let hasZero = false;
  let above = Number.POSITIVE_INFINITY;
  for (const { values } of [reference, current])
    for (let slot = 0; slot < values.length; slot++) {
      const value = values[slot] as number;
      if (!(value < above)) continue;
      // Columns with values below zero, most of which have one soon, are not looked at further.
      if (value < 0) return [value, above];
      if (value === 0) hasZero = true;
      else above = value;
    }
  return [hasZero ? 0 : above, above];
}

/** A series on another scale. */
export function transformed(
  series: RegularSeries,
  { power, shift }: Pick<PowerTransform, "power" | "shift">,
): RegularSeries {
  if (power === 1) return series;
  const values = scratchNumbers(series.values.length);
  if (power === 0)
    for (let slot = 0; slot < values.length; slot++)
      values[slot] = Math.log((series.values[slot] as number) + shift);
  else
    for (let slot = 0; slot < values.length; slot++)
      values[slot] = Math.sqrt((series.values[slot] as number) + shift);
  return { first: series.first, values };
}
