import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { areaUnderCurve } from "./area-under-curve.ts";
import {
  alignCounts,
  andersonDarling,
  benjaminiHochberg,
  binCounts,
  chiSquare,
  countCategories,
  cramerVonMises,
  energyDistance,
  hellinger,
  jensenShannon,
  kolmogorovSmirnov,
  maximumMeanDiscrepancy,
  populationStability,
  quantileBins,
  simes,
  sortedSample,
  wasserstein,
} from "./index.ts";

const number = fc.oneof(
  fc.integer({ min: -4, max: 4 }),
  fc.double({ min: -1000, max: 1000, noNaN: true }).map((value) => Math.round(value * 1e6) / 1e6),
);
const values = (minLength: number, maxLength: number): fc.Arbitrary<number[]> =>
  fc.array(number, { minLength, maxLength });
const distinct = (maxLength: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.integer({ min: -50, max: 50 }), { minLength: 2, maxLength });
const array = (list: readonly number[]): Float64Array => Float64Array.from(list);
const share = (list: readonly number[], value: number): number =>
  list.filter((other) => other <= value).length / list.length;
const mean = (list: readonly number[]): number => list.reduce((sum, value) => sum + value, 0) / list.length;

/** Every way to say which `size` of the values are the reference. */
function* groupings(all: readonly number[], size: number): Generator<[number[], number[]]> {
  for (let mask = 0; mask < 2 ** all.length; mask++) {
    const reference = all.filter((_, i) => (mask >> i) & 1);
    if (reference.length === size) yield [reference, all.filter((_, i) => !((mask >> i) & 1))];
  }
}
/** Share of the groupings whose statistic is at least as large. */
function permutationP(
  all: number[],
  size: number,
  observed: number,
  of: (x: number[], y: number[]) => number,
): number {
  const statistics = [...groupings(all, size)].map(([x, y]) => of(x, y));
  return statistics.filter((statistic) => statistic >= observed - 1e-9).length / statistics.length;
}
const largestGap = (x: number[], y: number[]): number =>
  Math.max(...[...x, ...y].map((value) => Math.abs(share(x, value) - share(y, value))));
/** By midranks, as the textbook has it. */
function rankCriterion(x: number[], y: number[]): number {
  const [n, m] = [x.length, y.length];
  const all = [...x, ...y];
  const rank = (value: number): number =>
    all.filter((other) => other < value).length + (all.filter((other) => other === value).length + 1) / 2;
  const squares = (list: number[]): number =>
    [...list].sort((a, b) => a - b).reduce((sum, value, i) => sum + (rank(value) - i - 1) ** 2, 0);
  const u = n * squares(x) + m * squares(y);
  return u / (n * m * (n + m)) - (4 * n * m - 1) / (6 * (n + m));
}

describe("against slow definitions", () => {
  it("kolmogorovSmirnov: D, where it is, and in which direction", () => {
    fc.assert(
      fc.property(values(1, 30), values(1, 30), (x, y) => {
        const found = kolmogorovSmirnov(array(x), sortedSample(array(y)));
        expect(found.statistic).toBeCloseTo(largestGap(x, y), 12);
        expect(found.difference).toBeCloseTo(share(y, found.location) - share(x, found.location), 12);
        expect(Math.abs(found.difference)).toBe(found.statistic);
      }),
    );
  });

  it("kolmogorovSmirnov: the exact p-value is the share of all groupings", () => {
    fc.assert(
      fc.property(distinct(11), fc.nat(), (all, cut) => {
        const size = 1 + (cut % (all.length - 1));
        const [x, y] = [all.slice(0, size), all.slice(size)];
        const { pValue } = kolmogorovSmirnov(array(x), array(y), { method: "exact" });
        expect(pValue).toBeCloseTo(permutationP(all, size, largestGap(x, y), largestGap), 12);
      }),
      { numRuns: 60 },
    );
  });

  it("cramerVonMises: T by midranks, and the exact p-value is the share of all groupings", () => {
    fc.assert(
      fc.property(values(1, 25), values(1, 25), (x, y) => {
        const { statistic } = cramerVonMises(array(x), array(y), { method: "asymptotic" });
        expect(statistic).toBeCloseTo(rankCriterion(x, y), 10);
      }),
    );
    fc.assert(
      fc.property(distinct(11), fc.nat(), (all, cut) => {
        const size = 1 + (cut % (all.length - 1));
        const [x, y] = [all.slice(0, size), all.slice(size)];
        const { pValue } = cramerVonMises(array(x), array(y), { method: "exact" });
        expect(pValue).toBeCloseTo(permutationP(all, size, rankCriterion(x, y), rankCriterion), 12);
      }),
      { numRuns: 60 },
    );
  });

  it("tests have the same p-value when the windows change places and when values are scaled", () => {
    fc.assert(
      fc.property(values(3, 40), values(3, 40), (x, y) => {
        const [a, b] = [array(x), array(y)];
        const scaled = (list: Float64Array): Float64Array => list.map((value) => 8 * value - 64);
        for (const test of [kolmogorovSmirnov, cramerVonMises]) {
          expect(test(b, a).pValue).toBeCloseTo(test(a, b).pValue, 12);
          expect(test(scaled(a), scaled(b)).pValue).toBeCloseTo(test(a, b).pValue, 12);
        }
        fc.pre(new Set([...x, ...y]).size > 1);
        expect(andersonDarling([b, a]).statistic).toBeCloseTo(andersonDarling([a, b]).statistic, 10);
        expect(andersonDarling([scaled(a), scaled(b)]).pValue).toBeCloseTo(
          andersonDarling([a, b]).pValue,
          10,
        );
      }),
    );
  });

  it("wasserstein: the mean difference of values in order, each repeated until there are as many", () => {
    fc.assert(
      fc.property(values(1, 12), values(1, 12), (x, y) => {
        const repeated = (list: number[], times: number): number[] =>
          [...list].sort((a, b) => a - b).flatMap((value) => new Array<number>(times).fill(value));
        const [a, b] = [repeated(x, y.length), repeated(y, x.length)];
        const moved = mean(a.map((value, i) => Math.abs(value - (b[i] as number))));
        expect(wasserstein(array(x), array(y))).toBeCloseTo(moved, 9);
      }),
    );
  });

  it("energyDistance: the mean distances of all pairs", () => {
    fc.assert(
      fc.property(values(1, 25), values(1, 25), (x, y) => {
        const apart = (a: number[], b: number[]): number =>
          mean(a.flatMap((value) => b.map((other) => Math.abs(value - other))));
        const squared = 2 * apart(x, y) - apart(x, x) - apart(y, y);
        expect(energyDistance(array(x), array(y)) ** 2).toBeCloseTo(squared, 8);
      }),
    );
  });

  it("quantileBins and binCounts: every value in the one bin whose edges hold it, sorted or not", () => {
    fc.assert(
      fc.property(values(1, 60), values(1, 60), fc.integer({ min: 2, max: 20 }), (x, y, count) => {
        const bins = quantileBins(array(x), { bins: count });
        const edges = [Number.NEGATIVE_INFINITY, ...bins.edges, Number.POSITIVE_INFINITY];
        const expected = edges
          .slice(1)
          .map((end, i) => y.filter((value) => value >= (edges[i] as number) && value < end).length);
        expect([...binCounts(bins, array(y))]).toEqual(expected);
        expect([...binCounts(bins, sortedSample(array(y)))]).toEqual(expected);
        expect(bins.edges).toEqual(quantileBins(sortedSample(array(x)), { bins: count }).edges);
      }),
    );
  });

  it("populationStability, jensenShannon and hellinger: symmetric, 0 on equal shares, bounded where they should be", () => {
    const counts = fc
      .array(fc.tuple(fc.nat(50), fc.nat(50)), { minLength: 1, maxLength: 12 })
      .filter((rows) => rows.some(([a]) => a > 0) && rows.some(([, b]) => b > 0));
    fc.assert(
      fc.property(counts, (rows) => {
        const [p, q] = [rows.map(([a]) => a), rows.map(([, b]) => b)];
        for (const distance of [populationStability, jensenShannon, hellinger]) {
          expect(distance(p, q)).toBeCloseTo(distance(q, p), 12);
          expect(
            distance(
              p,
              p.map((count) => 3 * count),
            ),
          ).toBeCloseTo(0, 7);
          expect(distance(p, q)).toBeGreaterThanOrEqual(0);
        }
        const [js, h] = [jensenShannon(p, q), hellinger(p, q)];
        const isDisjoint = rows.every(([a, b]) => a === 0 || b === 0);
        for (const distance of [js, h]) {
          expect(distance).toBeLessThanOrEqual(1 + 1e-12);
          expect(Math.abs(distance - 1) < 1e-12).toBe(isDisjoint);
        }
        // In bits the divergence is never below the squared Hellinger distance.
        expect(js ** 2).toBeGreaterThanOrEqual(h ** 2 - 1e-12);
      }),
    );
  });

  it("countCategories, alignCounts and chiSquare: the table by hand", () => {
    const letters = fc.array(fc.constantFrom<(string | null)[]>("a", "b", "c", "d", null), {
      minLength: 1,
      maxLength: 80,
    });
    fc.assert(
      fc.property(letters, letters, (x, y) => {
        fc.pre(x.some((value) => value !== null) && y.some((value) => value !== null));
        const [reference, current] = [countCategories(x), countCategories(y)];
        const aligned = alignCounts(reference, current);
        aligned.categories.forEach((category, i) => {
          expect(aligned.reference[i]).toBe(x.filter((value) => value === category).length);
          expect(aligned.current[i]).toBe(y.filter((value) => value === category).length);
        });
        expect(new Set(aligned.unseen)).toEqual(new Set(y.filter((v) => v !== null && !x.includes(v))));
        const cells = ["a", "b", "c", "d"]
          .filter((letter) => x.includes(letter))
          .map((letter) => [x, y].map((list) => list.filter((value) => value === letter).length));
        const unseen = y.filter((value) => value !== null && !x.includes(value)).length;
        if (unseen > 0) cells.push([0, unseen]);
        const totals = [0, 1].map((side) => cells.reduce((sum, cell) => sum + (cell[side] as number), 0));
        const all = (totals[0] as number) + (totals[1] as number);
        let statistic = 0;
        for (const cell of cells)
          for (const side of [0, 1]) {
            const expected = (mean(cell) * 2 * (totals[side] as number)) / all;
            statistic += ((cell[side] as number) - expected) ** 2 / expected;
          }
        const found = chiSquare(reference, current, { continuity: false });
        expect(found.statistic).toBeCloseTo(statistic, 8);
        expect(found.degrees).toBe(cells.length - 1);
        expect(found.unseenShare).toBeCloseTo(unseen / (totals[1] as number), 12);
        const pooled = chiSquare(reference, current, { leastExpected: 5 });
        if (pooled.degrees > 0) expect(pooled.leastExpected).toBeGreaterThanOrEqual(5);
        expect(pooled.degrees).toBeLessThanOrEqual(found.degrees);
      }),
    );
  });

  it("maximumMeanDiscrepancy: the means of the kernel over all pairs", () => {
    fc.assert(
      fc.property(
        values(2, 12),
        values(2, 12),
        fc.double({ min: 0.1, max: 50, noNaN: true }),
        (x, y, sigma) => {
          const kernel = (a: number, b: number): number => Math.exp(-((a - b) ** 2) / (2 * sigma * sigma));
          const within = (list: number[]): number =>
            mean(list.flatMap((a, i) => list.filter((_, j) => j !== i).map((b) => kernel(a, b))));
          const between = mean(x.flatMap((a) => y.map((b) => kernel(a, b))));
          const { statistic } = maximumMeanDiscrepancy(array(x), [array(y)], {
            bandwidth: sigma,
            permutations: 1,
          });
          expect(statistic).toBeCloseTo(within(x) + within(y) - 2 * between, 10);
        },
      ),
    );
  });

  it("areaUnderCurve: the pairs that are won, and the variance over all groupings", () => {
    fc.assert(
      fc.property(values(1, 5), values(1, 5), (x, y) => {
        const won = (a: number[], b: number[]): number =>
          mean(a.flatMap((value) => b.map((other) => (other > value ? 1 : other === value ? 0.5 : 0))));
        const { auc, nullVariance } = areaUnderCurve(array(x), array(y));
        expect(auc).toBeCloseTo(won(x, y), 12);
        const all = [...groupings([...x, ...y], x.length)].map(([a, b]) => won(a, b));
        expect(nullVariance).toBeCloseTo(mean(all.map((value) => (value - 0.5) ** 2)), 10);
      }),
      { numRuns: 60 },
    );
  });

  it("benjaminiHochberg and simes: the smallest level at which each is rejected", () => {
    const pValues = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { minLength: 1, maxLength: 15 });
    fc.assert(
      fc.property(pValues, (p) => {
        const sorted = [...p].sort((a, b) => a - b);
        const adjusted = p.map((own) =>
          Math.min(...sorted.map((value, i) => (value >= own ? (value * p.length) / (i + 1) : 1)), 1),
        );
        benjaminiHochberg(p).forEach((value, i) => {
          expect(value).toBeCloseTo(adjusted[i] as number, 12);
        });
        expect(simes(p)).toBeCloseTo(Math.min(...adjusted), 12);
      }),
    );
  });
});
