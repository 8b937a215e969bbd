import { createRandom } from "@tsops/core";
import { type CategoryOutcome, categoryTest } from "../battery/category-test.ts";
import type { RegularCodes } from "../model/regular-series.ts";
import { codeSource, nullCodes } from "../null-codes.ts";
import { calibratedPValue, looks, settled, worthASecondLook } from "./calibration.ts";

/** Rows times categories up to which p-values are calibrated; beyond, looking again would take seconds. */
const most = 200_000;

/**
 * The test of categories with a p-value that holds at these lengths and for categories that persist as these do: where it could matter, the same test looks at pairs of windows in which nothing changed, and what it finds
 * there tells what its p-value means.
 * @returns Null as `categoryTest`.
 */
export function calibratedCategoryTest(
  reference: RegularCodes,
  current: RegularCodes,
  categories: number,
  seasonLength: number,
): CategoryOutcome | null {
  const outcome = categoryTest(reference, current, categories, seasonLength);
  if (outcome === null || outcome.pValue > worthASecondLook) return outcome;
  if ((reference.codes.length + current.codes.length) * categories > most) return outcome;
  const random = createRandom(`${outcome.statistic}`);
  const source = codeSource(reference, seasonLength);
  const found: number[] = [];
  let pValue = outcome.pValue;
  for (const more of looks) {
    for (let i = 0; i < more; i++) {
      const [before, now] = nullCodes(source, reference, current, random);
      const nothing = categoryTest(before, now, categories, seasonLength);
      if (nothing !== null) found.push(nothing.pValue);
    }
    pValue = calibratedPValue(outcome.pValue, found);
    if (pValue > worthASecondLook || pValue < settled) break;
  }
  return { ...outcome, pValue };
}
