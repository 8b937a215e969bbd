import { calibratedCategoryTest } from "../null-windows/calibrated-categories.ts";
import type { TestOutcome } from "./test-outcome.ts";

/** Slots of one window. */
export interface MissingSlots {
  readonly first: number;
  /** How many. */
  readonly length: number;
  /** 1 where a row is without a value, or there is no row at all; null where none is. */
  readonly missing: Uint8Array | null;
}

/**
 * Whether the share of missing slots changed, missing runs counted by their design effect.
 * @returns Null when nothing, or too little to tell, is missing in both windows.
 */
export function missingnessTest(
  reference: MissingSlots,
  current: MissingSlots,
  seasonLength: number,
): TestOutcome | null {
  if (!reference.missing?.includes(1) && !current.missing?.includes(1)) return null;
  const codes = ({ first, length, missing }: MissingSlots) => ({
    first,
    codes: missing === null ? new Int32Array(length) : Int32Array.from(missing),
  });
  const outcome = calibratedCategoryTest(codes(reference), codes(current), 2, seasonLength);
  if (outcome === null) return null;
  const { code, ...found } = outcome;
  return { ...found, test: "missingness", effect: code === 1 ? found.effect : -found.effect };
}
