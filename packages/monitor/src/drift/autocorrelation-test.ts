import { fSurvival } from "@tsops/core";
import { type Autoregression, fitAutoregression } from "./autoregression.ts";
import { invert, quadraticForm } from "./least-squares.ts";
import type { RegularSeries } from "./regular-series.ts";
import { giveBack } from "./scratch-arrays.ts";
import type { TestOutcome } from "./test-outcome.ts";
import { type FittedWave, frequencyOfWave, withoutWaves } from "./waves.ts";

/** Cycles of a season that the current window needs, so that taking out its waves does not take out the noise's slow part too. */
const cyclesToFit = 4;

/**
 * Wald test that the autoregression of the current window has the reference's coefficients. The window's own level and the waves
 * of its short seasons are taken out first, as an autoregression would take them for persistence.
 * @param now - The current window less the reference's profile; overwritten.
 * @param level - Its fitted level.
 * @param waves - Its fitted waves.
 */
export function autocorrelationTest(
  model: Autoregression,
  now: RegularSeries,
  level: number,
  waves: readonly FittedWave[],
): TestOutcome | null {
  const order = model.phi.length;
  const fitted = waves.filter(({ wave }) => wave.season * cyclesToFit <= now.values.length);
  const adjusted = withoutWaves(now.values, now.first, level, fitted);
  const fit = fitAutoregression(adjusted, {
    orders: [order],
    parameters: 1 + fitted.length,
    removed: [
      0,
      ...fitted.filter(({ wave }) => wave.phase === "cos").map(({ wave }) => frequencyOfWave(wave)),
    ],
  });
  if (fit === null) return null;
  const difference = fit.phi.map((value, i) => value - (model.phi[i] as number));
  const precision = invert(
    fit.covariance.map((value, i) => value + (model.covariance[i] as number)),
    order,
  );
  giveBack(fit.filtered);
  if (precision === null) return null;
  const statistic = quadraticForm(precision, difference) / order;
  return {
    test: "autocorrelation",
    statistic,
    pValue: fSurvival(statistic, order, fit.degrees),
    effect: difference.reduce((a, b) => a + b, 0),
    meaning: "change of persistence",
  };
}
