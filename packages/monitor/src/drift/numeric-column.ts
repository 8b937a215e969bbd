import { constantTest } from "./battery/constant-test.ts";
import { missingnessTest } from "./battery/missingness-test.ts";
import { type NumericOptions, numericTests } from "./battery/numeric-tests.ts";
import { sparseTest, usualValue } from "./battery/sparse-test.ts";
import type { TestOutcome } from "./battery/test-outcome.ts";

/** A numeric column in one window, on the grid. */
export interface NumericWindow {
  /** Grid index of the first slot. */
  readonly first: number;
  /** NaN is missing. */
  readonly values: Float64Array;
  /** 1 where a value is missing; null where none is. */
  readonly missing: Uint8Array | null;
}

/** All tests of one numeric column; none where nothing can be tested. */
export function numericColumn(
  before: NumericWindow,
  now: NumericWindow,
  options: NumericOptions,
): TestOutcome[] {
  // First: the tests of values may overwrite them.
  const slotsOf = ({ first, values, missing }: NumericWindow) => ({ first, length: values.length, missing });
  const missing = missingnessTest(slotsOf(before), slotsOf(now), options.seasons[0] ?? 1);
  const outcomes = testsOfValues(before, now, options);
  return missing === null ? outcomes : [...outcomes, missing];
}

function testsOfValues(before: NumericWindow, now: NumericWindow, options: NumericOptions): TestOutcome[] {
  if (before.values.every(Number.isNaN) || now.values.every(Number.isNaN)) return [];
  const constant = constantTest(before.values, now.values);
  if (constant !== null) return [constant];
  const usual = usualValue(before.values);
  if (usual === null) return numericTests(before, now, options) ?? [];
  const sparse = sparseTest(before, now, usual, options.seasons[0] ?? 1);
  return sparse === null ? [] : [sparse];
}
