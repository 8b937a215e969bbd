import { type RankBins, rankBins } from "./rank-bins.ts";

/**
 * Numbers are ranked among those of about the same expected spread, where spreads differ: a calm row that leaves a calm stretch is
 * no draw from the same distribution as one of a wild stretch, and bets on a level weigh calm rows more.
 * Source: V. Vovk, D. Lindsay, I. Nouretdinov, A. Gammerman (2003), "Mondrian confidence machine".
 */
export interface RankGroups {
  /** Spreads up to which a group goes, ascending; the last group has no limit. */
  readonly limits: Float64Array;
  readonly bins: readonly RankBins[];
}

/** Numbers in a group. */
const fewest = 120;
/** Mean spread of the last group over that of the first from which groups are made. */
const leastRatio = 1.5;

/** Thirds by spread, or one group where spreads are about the same. @param spreads - Of each number. */
export function rankGroups(sample: Float64Array, spreads: Float64Array): RankGroups {
  const sorted = spreads.slice().sort();
  const limits = Float64Array.of(
    sorted[Math.floor(sorted.length / 3)] as number,
    sorted[Math.floor((2 * sorted.length) / 3)] as number,
  );
  for (const some of [limits, limits.subarray(1), limits.subarray(0, 1)]) {
    const groups = Array.from({ length: some.length + 1 }, (_, group) => group);
    const rows = groups.map((group) =>
      sample.filter((_, i) => groupOf(some, spreads[i] as number) === group),
    );
    if (rows.some(({ length }) => length < fewest)) continue;
    const means = groups.map((group) => {
      const own = spreads.filter((spread) => groupOf(some, spread) === group);
      return own.reduce((a, b) => a + b, 0) / own.length;
    });
    if ((means.at(-1) as number) < leastRatio * (means[0] as number)) continue;
    return { limits: Float64Array.from(some), bins: rows.map(rankBins) };
  }
  return { limits: new Float64Array(0), bins: [rankBins(sample)] };
}

/** The group of a spread. */
export function groupOf(limits: Float64Array, spread: number): number {
  let group = 0;
  while (group < limits.length && spread > (limits[group] as number)) group++;
  return group;
}
