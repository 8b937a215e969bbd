import { readFileSync } from "node:fs";
import { type FeatureMatrix, normalSurvival } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { areaUnderCurve } from "./area-under-curve.ts";
import {
  andersonDarling,
  benjaminiHochberg,
  binCounts,
  chiSquare,
  cramerVonMises,
  energyDistance,
  hellinger,
  jensenShannon,
  kolmogorovSmirnov,
  maximumMeanDiscrepancy,
  populationStability,
  quantileBins,
  reconstruction,
  sortedSample,
  wasserstein,
} from "./index.ts";
import { kolmogorovSurvival } from "./kolmogorov-distribution.ts";

interface TwoSamples {
  readonly reference: string;
  readonly current: string;
}
interface TestValues {
  readonly statistic: number;
  readonly pValue: number;
}
interface Method {
  readonly method: "exact" | "asymptotic";
}
interface TwoCounts {
  readonly reference: number[];
  readonly current: number[];
  readonly distance: number;
}
interface Cases {
  readonly kolmogorovSmirnov: readonly (TwoSamples & TestValues & Method)[];
  readonly cramerVonMises: readonly (TwoSamples & TestValues & Method)[];
  readonly wasserstein: readonly (TwoSamples & { readonly distance: number })[];
  readonly energyDistance: readonly (TwoSamples & { readonly distance: number })[];
  readonly kolmogorovSurvival: readonly {
    readonly n: number;
    readonly x: number;
    readonly survival: number;
  }[];
  readonly andersonDarling: readonly (TestValues & {
    readonly samples: readonly string[];
    readonly ties: "midrank" | "right";
  })[];
  readonly bins: readonly (TwoSamples & {
    readonly bins: number;
    readonly edges: number[];
    readonly counts: number[][];
    readonly populationStability: number;
  })[];
  readonly jensenShannon: readonly (TwoCounts & { readonly base: number })[];
  readonly hellinger: readonly TwoCounts[];
  readonly chiSquare: readonly (TestValues & {
    readonly table: readonly [number[], number[]];
    readonly degrees: number;
    readonly cramersV: number;
    readonly leastExpected: number;
    readonly plain: readonly [number, number];
  })[];
  readonly benjaminiHochberg: readonly { readonly pValues: number[]; readonly adjusted: number[] }[];
  readonly maximumMeanDiscrepancy: readonly {
    readonly reference: number[][];
    readonly current: number[][];
    readonly median: boolean;
    readonly bandwidth: number;
    readonly statistic: number;
  }[];
  readonly areaUnderCurve: readonly {
    readonly negative: string;
    readonly positive: string;
    readonly auc: number;
    readonly pValue: number | null;
  }[];
  readonly reconstruction: readonly {
    readonly reference: number[][];
    readonly current: number[][];
    readonly components: number;
    readonly explained: number[];
    readonly error: number;
    readonly byColumn: number[];
  }[];
}

const { samples, cases } = JSON.parse(
  readFileSync(new URL("./__fixtures__/statistics.json", import.meta.url), "utf8"),
) as { samples: Record<string, number[]>; cases: Cases };
const sample = (name: string): Float64Array => Float64Array.from(samples[name] as number[]);

/** Equal to 1e-9, and small p-values also to nine digits. */
function expectClose(got: number, expected: number, what: string): void {
  const error = Math.abs(got - expected);
  if (!(error <= 1e-9 * Math.min(1, Math.abs(expected)) || error <= 1e-14))
    expect.fail(`${what} is ${got}, expected ${expected}`);
}

describe("equal to scipy 1.17.1 and scikit-learn 1.9.1", () => {
  it.each(cases.kolmogorovSmirnov)("kolmogorovSmirnov: $reference and $current, $method", (known) => {
    const { statistic, pValue, method } = kolmogorovSmirnov(sample(known.reference), sample(known.current), {
      method: known.method,
    });
    expect(method).toBe(known.method);
    expectClose(statistic, known.statistic, "D");
    expectClose(pValue, known.pValue, "p");
  });

  it("the distribution of one Kolmogorov-Smirnov sample, for sizes of 1 to 500,000", () => {
    for (const { n, x, survival } of cases.kolmogorovSurvival)
      expectClose(kolmogorovSurvival(x, n), survival, `P(D >= ${x}) of ${n} values`);
  });

  it.each(cases.cramerVonMises)("cramerVonMises: $reference and $current, $method", (known) => {
    const { statistic, pValue, method } = cramerVonMises(sample(known.reference), sample(known.current), {
      method: known.method,
    });
    expect(method).toBe(known.method);
    expect(Math.abs(statistic - known.statistic)).toBeLessThan(1e-12);
    // scipy leaves out what its series adds at large T.
    expect(Math.abs(pValue - known.pValue)).toBeLessThan(statistic > 4 ? 1e-7 : 1e-9);
  });

  it.each(cases.wasserstein)("wasserstein: $reference and $current", ({ reference, current, distance }) =>
    expectClose(wasserstein(sample(reference), sample(current)), distance, "distance"),
  );

  it.each(cases.energyDistance)(
    "energyDistance: $reference and $current",
    ({ reference, current, distance }) =>
      expectClose(energyDistance(sample(reference), sample(current)), distance, "distance"),
  );

  it.each(cases.andersonDarling)("andersonDarling: $samples, $ties", (known) => {
    const { statistic, pValue, clipped } = andersonDarling(known.samples.map(sample), { ties: known.ties });
    expectClose(statistic, known.statistic, "A^2");
    expectClose(pValue, known.pValue, "p");
    expect(clipped).toBe(
      known.pValue === 0.25 ? "above 0.25" : known.pValue === 0.001 ? "below 0.001" : null,
    );
  });

  it.each(cases.bins)(
    "quantileBins, binCounts and populationStability: $reference in $bins bins",
    (known) => {
      const [reference, current] = [sample(known.reference), sample(known.current)];
      const bins = quantileBins(sortedSample(reference), { bins: known.bins });
      expect([...bins.edges]).toEqual(known.edges);
      for (const [i, values] of [reference, current].entries()) {
        expect([...binCounts(bins, values)]).toEqual(known.counts[i]);
        expect([...binCounts(bins, sortedSample(values))]).toEqual(known.counts[i]);
      }
      const index = populationStability(binCounts(bins, reference), binCounts(bins, current));
      expectClose(index, known.populationStability, "PSI");
    },
  );

  it.each(cases.jensenShannon)("jensenShannon: $reference and $current, base $base", (known) =>
    expectClose(
      jensenShannon(known.reference, known.current, { base: known.base }),
      known.distance,
      "distance",
    ),
  );

  it.each(cases.hellinger)("hellinger: $reference and $current", ({ reference, current, distance }) =>
    expectClose(hellinger(reference, current), distance, "distance"),
  );

  it.each(cases.chiSquare)("chiSquare: $table", (known) => {
    const [reference, current] = known.table.map(
      (row) => new Map(row.map((count, i) => [`category ${i}`, count])),
    ) as [Map<string, number>, Map<string, number>];
    const found = chiSquare(reference, current);
    expectClose(found.statistic, known.statistic, "chi-square");
    expectClose(found.pValue, known.pValue, "p");
    expectClose(found.cramersV, known.cramersV, "V");
    expectClose(found.leastExpected, known.leastExpected, "least expected count");
    expect(found.degrees).toBe(known.degrees);
    const plain = chiSquare(reference, current, { continuity: false });
    expectClose(plain.statistic, known.plain[0], "chi-square without correction");
    expectClose(plain.pValue, known.plain[1], "p without correction");
  });

  it.each(cases.benjaminiHochberg)("benjaminiHochberg: $pValues", ({ pValues, adjusted }) =>
    benjaminiHochberg(pValues).forEach((p, i) => {
      expectClose(p, adjusted[i] as number, `p ${i}`);
    }),
  );

  it.each(cases.maximumMeanDiscrepancy)("maximumMeanDiscrepancy: bandwidth $bandwidth", (known) => {
    const [reference, current] = [known.reference, known.current].map((columns) =>
      columns.map((values) => Float64Array.from(values)),
    ) as [Float64Array[], Float64Array[]];
    const found = maximumMeanDiscrepancy(reference, current, {
      bandwidth: known.median ? "median" : known.bandwidth,
      permutations: 9,
    });
    expectClose(found.bandwidth, known.bandwidth, "bandwidth");
    expectClose(found.statistic, known.statistic, "MMD^2");
  });

  it.each(cases.areaUnderCurve)("areaUnderCurve: $negative and $positive", (known) => {
    const { auc, nullVariance } = areaUnderCurve(sample(known.negative), sample(known.positive));
    expectClose(auc, known.auc, "AUC");
    if (known.pValue === null) expect(nullVariance).toBe(0);
    else expectClose(normalSurvival((auc - 0.5) / Math.sqrt(nullVariance)), known.pValue, "p");
  });

  it.each(cases.reconstruction)("reconstruction: $components components", async (known) => {
    const matrix = (columns: number[][]): FeatureMatrix => ({
      rows: columns[0]?.length ?? 0,
      columns: columns.map((values, i) => ({
        name: `x${i}`,
        kind: "numeric",
        values: Float64Array.from(values),
      })),
    });
    const learnt = await reconstruction(matrix(known.reference), { components: known.components });
    known.explained.forEach((share, k) => {
      expectClose(learnt.explained[k] as number, share, `share of component ${k}`);
    });
    const { statistic, columns } = learnt.error(matrix(known.current));
    expectClose(statistic, known.error, "error");
    for (const { column, error } of columns)
      expectClose(error, known.byColumn[Number(column.slice(1))] as number, column);
  });
});
