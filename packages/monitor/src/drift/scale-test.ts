import { studentTSurvival } from "@tsops/core";
import { designEffectOver, dotOver, type Standardised, sumOver } from "./standardised.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * Whether the innovations spread more or less: t test of the log ratio of their mean deviations to the power 1.5. Where calm and wild stretches take turns in the reference, its blocks of time widen the error.
 * @param expectedRatio - The ratio of spreads that estimation alone makes (fitted parameters, the profile's own error).
 */
export function scaleTest(
  reference: Standardised,
  current: Standardised,
  expectedRatio: number,
): TestOutcome {
  const before = relativeDeviations(reference);
  const now = relativeDeviations(current);
  const runs = designEffectOver(reference, before.influences);
  const effect = now.spread / before.spread / expectedRatio;
  const variance =
    runs.factor * (variancePerRow(reference, before.influences) + variancePerRow(current, now.influences));
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

/** The spread of a sample, and each point's influence on its logarithm. */
function relativeDeviations(sample: Standardised): { spread: number; influences: Float64Array } {
  const { points, spread, deviations } = sample;
  const powers = new Float64Array(points.length);
  for (let i = 0; i < powers.length; i++) {
    const deviation = Math.abs(deviations === null ? (points[i] as number) : (deviations[i] as number));
    powers[i] = deviation * Math.sqrt(deviation);
  }
  const average = sumOver(sample, powers) / sample.length;
  const influences = powers.map((value) => (value / average - 1) / power);
  return { spread: average ** (1 / power) * (deviations === null ? spread : 1), influences };
}

function variancePerRow(sample: Standardised, influences: Float64Array): number {
  return dotOver(sample, influences, influences) / (sample.length - 1) / sample.length;
}
