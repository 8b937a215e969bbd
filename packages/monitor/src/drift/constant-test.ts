import { presentView } from "./regular-series.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * A reference without any variation leaves nothing to estimate an error from: any other value in the current window is a change
 * (p = 0), the same constant is none (p = 1).
 * @returns Null when the reference varies.
 */
export function constantTest(reference: Float64Array, current: Float64Array): TestOutcome | null {
  const present = presentView(reference);
  const constant = present[0] as number;
  if (present.some((value) => value !== constant)) return null;
  let largest = 0;
  for (const value of current)
    if (!Number.isNaN(value) && Math.abs(value - constant) > Math.abs(largest)) largest = value - constant;
  return {
    test: "constant",
    statistic: Math.abs(largest),
    pValue: largest === 0 ? 1 : 0,
    effect: largest,
    meaning: "shift",
  };
}
