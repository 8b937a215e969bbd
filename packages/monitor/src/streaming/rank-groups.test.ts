import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { rankOf } from "./rank-bins.ts";
import { groupOf, rankGroups } from "./rank-groups.ts";

const random = createRandom("rank-groups");
const spreads = Float64Array.from({ length: 900 }, (_, row) => [0.5, 1, 2][row % 3] as number);

describe("rankGroups", () => {
  it("are one where spreads are about the same, or numbers few", () => {
    const sample = spreads.map(() => random.normal());
    expect(
      rankGroups(
        sample,
        spreads.map(() => random.uniform(0.9, 1.1)),
      ).bins,
    ).toHaveLength(1);
    expect(rankGroups(sample.slice(0, 200), spreads.slice(0, 200)).bins).toHaveLength(1);
  });

  it("rank a number among those of its own spread", () => {
    // Wild rows lie higher: among all of them a usual one of the calm rows ranks low.
    const sample = spreads.map((spread) => random.normal() + (spread === 2 ? 3 : 0));
    const { limits, bins } = rankGroups(sample, spreads);
    expect(bins.length).toBeGreaterThan(1);
    const rank = (spread: number, value: number) =>
      rankOf(bins[groupOf(limits, spread)] as (typeof bins)[0], value);
    expect(Math.abs(rank(0.5, 0) - 0.5)).toBeLessThan(0.1);
    expect(Math.abs(rank(2, 3) - 0.5)).toBeLessThan(0.1);
  });
});
