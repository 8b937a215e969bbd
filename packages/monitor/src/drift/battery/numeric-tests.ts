import { commonCycle, thinned } from "../long-windows/long-windows.ts";
import { giveBack } from "../long-windows/scratch-arrays.ts";
import { choosePower, transformed } from "../model/power-transform.ts";
import type { RegularSeries } from "../model/regular-series.ts";
import { seasonsShown } from "../model/season-choice.ts";
import { calibrated, mayBeCalibrated } from "../null-windows/calibration.ts";
import { numericBattery } from "./numeric-battery.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Settings of the tests of one numeric column. */
export interface NumericOptions {
  /** Season lengths in steps, ascending; empty for none. */
  readonly seasons: readonly number[];
  /** Leave out longer seasons that the reference does not show. */
  readonly choose: boolean;
  readonly maxOrder: number;
  /** Whether the values of both windows may be overwritten. Default false. */
  readonly mayOverwrite?: boolean;
}

/**
 * The battery on the scale on which the reference's noise is most even, with p-values that hold at these lengths: large-sample ones
 * that could matter are calibrated on windows in which nothing changed, resampled from the reference.
 * @returns Null when the reference cannot carry the tests: it is constant, or too short for its seasons.
 */
export function numericTests(
  reference: RegularSeries,
  current: RegularSeries,
  { seasons: all, choose, maxOrder, mayOverwrite = false }: NumericOptions,
): TestOutcome[] | null {
  const shortest = all[0] ?? 1;
  const few = thinned(reference, shortest);
  const power = choosePower(reference, current, shortest, maxOrder, few);
  const part = thinned(reference, commonCycle(all));
  const scaled = transformed(part, power);
  const seasons = choose ? seasonsShown(scaled, all, maxOrder) : all;
  for (const { values } of [few, part, scaled]) if (values !== reference.values) giveBack(values);
  const [before, now] = [transformed(reference, power), transformed(current, power)];
  const isFinal = !mayBeCalibrated(before, now);
  // On another scale the values are copies.
  const result = numericBattery(before, now, seasons, maxOrder, {
    inPlace: isFinal && (mayOverwrite || power.power !== 1),
  });
  if (power.power !== 1 && isFinal) giveBack(before.values, now.values);
  if (result === null) return null;
  const outcomes = isFinal ? result.outcomes : calibrated(result, before, now, seasons, maxOrder);
  result.giveBack();
  return outcomes.map((outcome) => power.inUnits(outcome));
}
