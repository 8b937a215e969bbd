import { studentTSurvival } from "@tsops/core";
import { designEffect, meanOf } from "./innovation-moments.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * Whether the innovations spread more or less: t test of the log ratio of their mean deviations to the power 1.5. Where calm and wild stretches take turns in the reference, its blocks of time widen the error.
 * @param expectedRatio - The ratio of spreads that estimation alone makes (fitted parameters, the profile's own error).
 */
export function scaleTest(
  reference: Float64Array,
  current: Float64Array,
  expectedRatio: number,
): TestOutcome {
  const before = relativeDeviations(reference);
  const now = relativeDeviations(current);
  const runs = designEffect(before.influences);
  const effect = now.spread / before.spread / expectedRatio;
  const variance = runs.factor * (variancePerRow(before.influences) + variancePerRow(now.influences));
  const statistic = Math.log(effect) / Math.sqrt(variance);
  return {
    test: "scale",
    statistic,
    pValue: Number.isNaN(statistic)
      ? 1
      : Math.min(1, 2 * studentTSurvival(Math.abs(statistic), Math.min(runs.degrees, current.length - 1))),
    effect,
    meaning: "ratio of spreads",
  };
}

/** Between 1 (mean absolute deviation) and 2 (variance): nearly as sharp as the latter, and a few wild values hardly move it. */
const power = 1.5;

/** The spread of a sample, and each value's influence on its logarithm. */
function relativeDeviations(values: Float64Array): { spread: number; influences: Float64Array } {
  const mean = meanOf(values);
  const powers = new Float64Array(values.length);
  for (let i = 0; i < powers.length; i++) {
    const deviation = Math.abs((values[i] as number) - mean);
    powers[i] = deviation * Math.sqrt(deviation);
  }
  const average = meanOf(powers);
  const influences = new Float64Array(values.length);
  for (let i = 0; i < powers.length; i++) influences[i] = ((powers[i] as number) / average - 1) / power;
  return { spread: average ** (1 / power), influences };
}

function variancePerRow(influences: Float64Array): number {
  let squares = 0;
  for (const value of influences) squares += value * value;
  return squares / (influences.length - 1) / influences.length;
}
