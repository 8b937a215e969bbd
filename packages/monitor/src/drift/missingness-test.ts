import { categoryTest } from "./category-test.ts";
import type { TestOutcome } from "./test-outcome.ts";

/**
 * Whether the share of missing slots changed, missing runs counted by their design effect.
 * @param isMissing - One flag per slot of the grid: a row without a value, or no row at all.
 * @returns Null when nothing is missing in either window.
 */
export function missingnessTest(
  reference: Uint8Array,
  current: Uint8Array,
  blockLength: number,
): TestOutcome | null {
  const outcome = categoryTest(
    { first: 0, codes: Int32Array.from(reference) },
    { first: 0, codes: Int32Array.from(current) },
    2,
    blockLength,
  );
  if (outcome === null) return null;
  const share = (flags: Uint8Array) => flags.reduce((a, b) => a + b, 0) / flags.length;
  return { ...outcome, test: "missingness", effect: share(current) - share(reference) };
}
