import { autoregressionAbout } from "./autoregression-about.ts";
import { meanOf } from "./innovation-moments.ts";
import { deseasonalise, seasonalProfile } from "./profile.ts";
import { presentView, type RegularSeries } from "./regular-series.ts";
import { giveBack, scratchNumbers } from "./scratch-arrays.ts";
import type { TestOutcome } from "./test-outcome.ts";

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

/**
 * The scale on which the innovations of the reference are most nearly normal with an even spread, by the likelihood of Box and Cox.
 * Counts and amounts vary more where they are larger: on their own scale calm and busy stretches look like changes of spread.
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
  const shift = least > 0 ? 0 : smallestAbove / 2;
  // Logarithms take a while: those of the scale are the likelihood's too.
  const scales = {
    0: transformed(part, { power: 0, shift }),
    0.5: transformed(part, { power: 0.5, shift }),
    1: part,
  };
  const logarithms = presentView(scales[0].values);
  const sumOfLogarithms = meanOf(logarithms) * logarithms.length;

  const likelihood = (power: PowerTransform["power"]): number => {
    const scaled = scales[power];
    const profile = seasonalProfile(scaled, seasonLength);
    const deviations = deseasonalise(scaled, profile).values;
    const model = autoregressionAbout(profile, deviations, maxOrder);
    giveBack(deviations, model?.filtered ?? null);
    if (model === null) return Number.NEGATIVE_INFINITY;
    const derivative =
      power === 1
        ? 0
        : (power - 1) * sumOfLogarithms + (power === 0 ? 0 : logarithms.length * Math.log(power));
    return derivative - (logarithms.length / 2) * Math.log(model.innovationVariance);
  };
  const powers = [0, 0.5] as const;
  const asIs = likelihood(1);
  const gains = powers.map((power) => likelihood(power) - asIs);
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
