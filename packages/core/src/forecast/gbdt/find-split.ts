import type { Split, SplitSearch } from "./split.ts";
import { findCategoricalSplit } from "./split-categorical.ts";
import { findNumericSplit } from "./split-numeric.ts";

/**
 * The split of a leaf with the greatest gain, or undefined when none is allowed or gains anything. Of equal
 * gains the first column wins, numeric before categorical.
 */
export function findSplit(search: SplitSearch): Split | undefined {
  const numeric = findNumericSplit(search);
  const categorical = findCategoricalSplit(search, numeric?.gain ?? search.limits.minGain);
  return categorical ?? numeric;
}
