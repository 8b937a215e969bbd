import { type Counts, sharesOf } from "./shares.ts";

/**
 * Hellinger distance: the square root of half the sum over bins of (sqrt(p) - sqrt(q))^2, with the shares p and q of the two windows. 0 for equal shares, 1 when
 * no bin has rows of both; a metric.
 *
 * Like `populationStability` it has no level to compare with; for a decision use `driftTest`.
 *
 * Source: E. Hellinger (1909), J. reine angew. Math. 136; the form is that of A. Bhattacharyya (1943).
 * @param reference - Counts or shares by bin or category: each list is scaled to 1.
 * @throws TsopsError MONITOR_INVALID for counts that are no counts, that differ in length or are all 0.
 */
export function hellinger(reference: Counts, current: Counts): number {
  const [p, q] = sharesOf(reference, current);
  const sum = p.reduce((all, share, i) => all + (Math.sqrt(share) - Math.sqrt(q[i]!)) ** 2, 0);
  return Math.min(1, Math.sqrt(sum / 2));
}
