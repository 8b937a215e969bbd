import { checkOptions, shown, TsopsError } from "@tsops/core";
import { type Counts, sharesOf } from "./shares.ts";

/** How to treat rare bins. */
export interface PopulationStabilityOptions {
  /** Least share of a bin, in (0, 1): a bin that is empty on one side would make the index infinite. Default 0.0001. */
  readonly floor?: number;
}

/**
 * Population stability index: the sum over bins of (q - p) ln(q / p), with the shares p of the reference and q of the current window, neither below
 * `floor` (and not scaled to 1 again). 0 for equal shares; symmetric.
 *
 * The usual bounds of 0.1 and 0.2 are for large samples of independent rows: with k bins, n and m rows, it is about
 * (k - 1) (1 / n + 1 / m) when nothing changed, and much more where rows are autocorrelated. For a decision use `driftTest`.
 *
 * Source: S. Kullback, R. A. Leibler (1951), "On information and sufficiency", Ann. Math. Statist. 22 (their symmetric divergence J).
 * @param reference - Counts by bin or category, e.g. `binCounts(quantileBins(reference), reference)`.
 * @throws TsopsError MONITOR_INVALID for counts that are no counts, that differ in length or are all 0.
 */
export function populationStability(
  reference: Counts,
  current: Counts,
  options: PopulationStabilityOptions = {},
): number {
  checkOptions("MONITOR_INVALID", "populationStability()", options, { floor: true });
  const { floor = 1e-4 } = options;
  if (!(floor > 0 && floor < 1))
    throw new TsopsError("MONITOR_INVALID", `floor must be between 0 and 1, got ${shown(floor)}.`, {
      hint: "0.0001 is usual.",
      details: { option: "floor" },
    });
  const [p, q] = sharesOf(reference, current);
  return p.reduce((sum, share, i) => {
    const [before, now] = [Math.max(share, floor), Math.max(q[i]!, floor)];
    return sum + (now - before) * Math.log(now / before);
  }, 0);
}
