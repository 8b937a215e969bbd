import { fSurvival } from "@tsops/core";
import { type Autoregression, fitAutoregression } from "../model/autoregression.ts";
import { invert, quadraticForm } from "../model/least-squares.ts";
import { type FittedWave, frequencyOfWave } from "../model/waves.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Cycles of a season that the current window needs, so that taking out its waves does not take out the noise's slow part too. */
const cyclesToFit = 4;

/** The waves of seasons short enough for a window of so many rows: an autoregression would take them for persistence. */
export function wavesToTakeOut(waves: readonly FittedWave[], rows: number): FittedWave[] {
  return waves.filter(({ wave }) => wave.season * cyclesToFit <= rows);
}

/**
 * Wald test that the autoregression of the current window has the reference's coefficients.
 * @param rest - The current window less the reference's profile, its own level and waves.
 * @param waves - Those that were taken out.
 */
export function autocorrelationTest(
  model: Autoregression,
  rest: Float64Array,
  waves: readonly FittedWave[],
): TestOutcome | null {
  const order = model.phi.length;
  const fit = fitAutoregression(rest, {
    orders: [order],
    parameters: 1 + waves.length,
    removed: [
      0,
      ...waves.filter(({ wave }) => wave.phase === "cos").map(({ wave }) => frequencyOfWave(wave)),
    ],
    mayOverwrite: true,
  });
  if (fit === null) return null;
  const difference = fit.phi.map((value, i) => value - (model.phi[i] as number));
  const precision = invert(
    fit.covariance.map((value, i) => value + (model.covariance[i] as number)),
    order,
  );
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
