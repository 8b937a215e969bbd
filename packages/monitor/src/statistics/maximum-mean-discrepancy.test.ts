import { createRandom } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { maximumMeanDiscrepancy } from "./maximum-mean-discrepancy.ts";

const random = createRandom("maximum-mean-discrepancy");
const normals = (length: number, mean = 0): Float64Array =>
  Float64Array.from({ length }, () => random.normal(mean));

describe("maximumMeanDiscrepancy", () => {
  it.each([
    ["permutation", 25],
    ["block", 200],
  ] as const)("by %s: few alarms at 5 %% when nothing changed, and many at a shift", (method, rows) => {
    const share = (mean: number): number => {
      const alarms = Array.from({ length: 200 }, (_, seed) =>
        maximumMeanDiscrepancy(normals(rows), normals(rows, mean), { method, seed, permutations: 99 }),
      ).filter(({ pValue }) => pValue <= 0.05);
      return alarms.length / 200;
    };
    // 5 % of 200 has a standard error of 1.5 points.
    expect(share(0)).toBeLessThanOrEqual(0.1);
    expect(share(1)).toBeGreaterThan(0.7);
  });

  it("sees columns that no longer move together, each of which looks as before", () => {
    const rows = (sign: number): Float64Array[] => {
      const x = normals(150);
      return [x, x.map((value) => sign * value + 0.3 * random.normal())];
    };
    const { pValue, method } = maximumMeanDiscrepancy(rows(1), rows(-1));
    expect(method).toBe("permutation");
    expect(pValue).toBe(0.005);
    expect(
      maximumMeanDiscrepancy(rows(1)[0] as Float64Array, rows(-1)[0] as Float64Array).pValue,
    ).toBeGreaterThan(0.01);
  });

  it("gives the same for the same seed, and uses blocks on large samples", () => {
    const [x, y] = [normals(3000), normals(2000)];
    const first = maximumMeanDiscrepancy(x, y, { seed: 7 });
    expect(first.method).toBe("block");
    expect(maximumMeanDiscrepancy(x, y, { seed: 7 })).toEqual(first);
    expect(maximumMeanDiscrepancy(x, y, { seed: 8 }).statistic).not.toBe(first.statistic);
  });
});
