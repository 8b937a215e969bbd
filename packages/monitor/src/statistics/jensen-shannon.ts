import { checkOptions, shown, TsopsError } from "@tsops/core";
import { type Counts, sharesOf } from "./shares.ts";

/** In which unit information is measured. */
export interface JensenShannonOptions {
  /** Base of the logarithm, above 1. Default 2, with which the distance lies in [0, 1]; scipy's default is `Math.E`. */
  readonly base?: number;
}

/**
 * Jensen-Shannon distance: the square root of (KL(p, r) + KL(q, r)) / 2 with r = (p + q) / 2 and the shares p and q of the two windows. 0 for equal
 * shares, 1 (in base 2) when no bin has rows of both; a metric, finite also for bins that are empty on one side.
 * Equal to `scipy.spatial.distance.jensenshannon` (1.17.1) of the same base; the divergence is its square.
 *
 * Like `populationStability` it has no level to compare with; for a decision use `driftTest`.
 *
 * Source: J. Lin (1991), "Divergence measures based on the Shannon entropy", IEEE Trans. Inform. Theory 37; D. M. Endres, J. E. Schindelin (2003) for the root.
 * @param reference - Counts or shares by bin or category: each list is scaled to 1.
 * @throws TsopsError MONITOR_INVALID for counts that are no counts, that differ in length or are all 0.
 */
export function jensenShannon(
  reference: Counts,
  current: Counts,
  options: JensenShannonOptions = {},
): number {
  checkOptions("MONITOR_INVALID", "jensenShannon()", options, { base: true });
  const { base = 2 } = options;
  if (!(base > 1 && base < Number.POSITIVE_INFINITY))
    throw new TsopsError("MONITOR_INVALID", `base must be above 1, got ${shown(base)}.`);
  const [p, q] = sharesOf(reference, current);
  const divergence = p.reduce((sum, share, i) => {
    const middle = (share + q[i]!) / 2;
    return sum + information(share, middle) + information(q[i]!, middle);
  }, 0);
  return Math.sqrt(Math.max(0, divergence) / (2 * Math.log(base)));
}

function information(share: number, middle: number): number {
  return share === 0 ? 0 : share * Math.log(share / middle);
}
