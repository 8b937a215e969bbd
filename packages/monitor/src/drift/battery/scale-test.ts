import { studentTSurvival } from "@tsops/core";
import { designEffectOver, dotOver, type Standardised, sumOver } from "../model/standardised.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * Whether the innovations spread more or less: t test of the log ratio of their mean deviations to the power 1.5. Where calm and wild stretches take turns in the reference, its blocks of time widen the error.
 * @param expectedRatio - The ratio of spreads that estimation alone makes (fitted parameters, the profile's own error).
 * @returns A sample without any spread has a billionth of the other's, with the other's error; two of them are alike.
 */
export function scaleTest(
  reference: Standardised,
  current: Standardised,
  expectedRatio: number,
): TestOutcome {
  const before = relativeDeviations(reference);
  const now = relativeDeviations(current);
  const runs = designEffectOver(reference, before.influences);
  const [vanished, came] = [now.spread === 0, before.spread === 0];
  if (vanished && came)
    return { test: "scale", statistic: 0, pValue: 1, effect: 1, meaning: "ratio of spreads" };
  const effect = came ? 1 / least : Math.max(least, now.spread / before.spread / expectedRatio);
  const ofBefore = variancePerRow(reference, before.influences);
  const ofNow = variancePerRow(current, now.influences);
  const share = reference.length / current.length;
  const variance =
    runs.factor * (came ? ofNow * (1 + 1 / share) : ofBefore + (vanished ? ofBefore * share : ofNow));
  const statistic = Math.log(effect) / Math.sqrt(variance);
  return {
    test: "scale",
    statistic,
    pValue: Math.min(
      1,
      2 * studentTSurvival(Math.abs(statistic), Math.min(runs.degrees, current.length - 1)),
    ),
    effect,
    meaning: "ratio of spreads",
  };
}

/** Between 1 (mean absolute deviation) and 2 (variance): nearly as sharp as the latter, and a few wild values hardly move it. */
const power = 1.5;

/** The least ratio of spreads that is told. */
const least = 1e-9;

/** The spread of a sample, and each point's influence on its logarithm. */
function relativeDeviations(sample: Standardised): { spread: number; influences: Float64Array } {
  const { points, spread, deviations } = sample;
  const powers = new Float64Array(points.length);
  for (let i = 0; i < powers.length; i++) {
    const deviation = Math.abs(deviations === null ? (points[i] as number) : (deviations[i] as number));
    powers[i] = deviation * Math.sqrt(deviation);
  }
  const average = sumOver(sample, powers) / sample.length;
  const influences = new Float64Array(points.length);
  if (average !== 0)
    for (let i = 0; i < influences.length; i++) influences[i] = ((powers[i] as number) / average - 1) / power;
  return { spread: average ** (1 / power) * (deviations === null ? spread : 1), influences };
}

function variancePerRow(sample: Standardised, influences: Float64Array): number {
  return dotOver(sample, influences, influences) / (sample.length - 1) / sample.length;
}
