import type { TestOutcome } from "../battery/test-outcome.ts";

/**
 * The smallest p-value that is told. What lies below is an extrapolation from at most 200 windows without a change, or a formula's tail that no noise of the
 * real world keeps to. One column among some thousands that drifts still is a discovery.
 */
export const leastPValue = 1e-6;

/** Outcomes by ascending p-value, smaller ones than the least taken as the least: which of them was the smallest still shows in their order. */
export function toldOutcomes(outcomes: readonly TestOutcome[]): TestOutcome[] {
  return [...outcomes]
    .sort((a, b) => a.pValue - b.pValue)
    .map((outcome) => ({ ...outcome, pValue: Math.max(outcome.pValue, leastPValue) }));
}
