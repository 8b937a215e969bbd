import { columnsFromArrays, type FeatureMatrix, float64, nullable, utf8 } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { errorOf, untyped } from "../../../../test/without-types.ts";
import {
  andersonDarling,
  benjaminiHochberg,
  binCounts,
  chiSquare,
  countCategories,
  cramerVonMises,
  domainClassifier,
  energyDistance,
  hellinger,
  jensenShannon,
  kolmogorovSmirnov,
  maximumMeanDiscrepancy,
  populationStability,
  quantileBins,
  reconstruction,
  simes,
  wasserstein,
} from "./index.ts";

const some = Float64Array.of(3, 1, 2, 5, 4);
const none = new Float64Array();
const holed = Float64Array.of(1, Number.NaN, Number.NaN);
const infinite = Float64Array.of(1, Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY, 2);
const constant = new Float64Array(6).fill(7);
const one = Float64Array.of(2.5);
const counts = (list: Record<string, number>): Map<string, number> => new Map(Object.entries(list));
const matrix = (...columns: Float64Array[]): FeatureMatrix => ({
  rows: columns[0]?.length ?? 0,
  columns: columns.map((values, i) => ({ name: `x${i}`, kind: "numeric", values })),
});
const waves = (length: number, factor: number): Float64Array =>
  Float64Array.from({ length }, (_, i) => Math.sin(i * factor));

const ofValues = {
  kolmogorovSmirnov,
  cramerVonMises,
  andersonDarling: (x: Float64Array, y: Float64Array) => andersonDarling([x, y]),
  wasserstein,
  energyDistance,
  maximumMeanDiscrepancy,
  quantileBins: (x: Float64Array, y: Float64Array) => binCounts(quantileBins(x), y),
};

describe("what is no sample is refused with numbers", () => {
  it.each(Object.entries(ofValues))("by %s", async (_, call) => {
    for (const [x, y] of [
      [none, some],
      [some, none],
    ] as const)
      expect(await errorOf(() => call(x, y))).toMatchObject({
        code: "MONITOR_INVALID",
        message: expect.stringMatching(/is empty|has 0 rows/),
      });
    for (const [x, y] of [
      [holed, some],
      [some, holed],
    ] as const)
      expect(await errorOf(() => call(x, y))).toMatchObject({
        code: "MONITOR_INVALID",
        message: expect.stringMatching(/has 2 NaN/),
      });
    expect(await errorOf(() => call(untyped("load"), some))).toMatchObject({ code: "MONITOR_INVALID" });
  });

  it.each<[string, RegExp, () => unknown]>([
    ["infinities where distances are", /reference has 2 infinite of 4/, () => wasserstein(infinite, some)],
    ["infinities where distances are", /current sample has 2 infinite/, () => energyDistance(some, infinite)],
    [
      "infinities in a kernel",
      /2 NaN or infinite values among 4/,
      () => maximumMeanDiscrepancy(some, infinite),
    ],
    ["infinite edges", /reference has 2 infinite/, () => quantileBins(infinite)],
    ["one row in a kernel", /has 1 rows, 2 are needed/, () => maximumMeanDiscrepancy(one, some)],
    ["a constant in Anderson-Darling", /All 12 values are 7/, () => andersonDarling([constant, constant])],
    ["three values in Anderson-Darling", /got 2 with 3/, () => andersonDarling([one, Float64Array.of(1, 2)])],
    ["one sample in Anderson-Darling", /got 1 with 5/, () => andersonDarling([some])],
    [
      "an exact p-value that takes for ever",
      /40000 and 30000 values takes too long/,
      () => kolmogorovSmirnov(new Float64Array(40_000), new Float64Array(30_000), { method: "exact" }),
    ],
    [
      "an exact p-value that takes for ever",
      /400 and 399 values takes too long/,
      () => cramerVonMises(waves(400, 3), waves(399, 2), { method: "exact" }),
    ],
    [
      "an unknown method",
      /method is one of/,
      () => kolmogorovSmirnov(some, some, untyped({ method: "exakt" })),
    ],
    ["one bin", /bins must be a whole number of 2/, () => quantileBins(some, { bins: 1 })],
    ["edges that do not ascend", /Edge 1/, () => binCounts({ edges: Float64Array.of(1, 1) }, some)],
    [
      "counts of other lengths",
      /reference has 2 counts, the current window 3/,
      () => hellinger([1, 2], [1, 2, 3]),
    ],
    ["a negative count", /Count 1 of the current window is -2/, () => jensenShannon([1, 2], [1, -2])],
    ["no counts", /2 counts of the reference window add up to 0/, () => populationStability([0, 0], [1, 2])],
    ["a NaN count", /Count 0/, () => hellinger([Number.NaN, 1], [1, 1])],
    ["a floor of 0", /floor must be between 0 and 1/, () => populationStability([1], [1], { floor: 0 })],
    ["base 1", /base must be above 1/, () => jensenShannon([1], [1], { base: 1 })],
    ["only nulls", /no categories in 2 rows/, () => countCategories([null, null])],
    ["numbers as categories", /Row 1 is 5/, () => countCategories(untyped(["a", 5]))],
    [
      "objects as counts",
      /current counts must be a Map/,
      () => chiSquare(counts({ a: 1 }), untyped({ a: 1 })),
    ],
    [
      "a design effect below 1",
      /designEffect/,
      () => chiSquare(counts({ a: 1 }), counts({ a: 1 }), { designEffect: 0.5 }),
    ],
    ["p-values above 1", /p-value 1 of 2 is 1.5/, () => benjaminiHochberg([0.5, 1.5])],
    ["NaN p-values", /p-value 0 of 1 is NaN/, () => simes([Number.NaN])],
    [
      "a bandwidth of 0",
      /bandwidth must be above 0/,
      () => maximumMeanDiscrepancy(some, some, { bandwidth: 0 }),
    ],
    [
      "other columns",
      /reference has 1 columns, the current sample 2/,
      () => maximumMeanDiscrepancy(some, [some, some]),
    ],
    [
      "blocks longer than the sample",
      /Two blocks of 3 rows are needed, and the smaller sample has 5/,
      () => maximumMeanDiscrepancy(some, some, { method: "block", blockRows: 3 }),
    ],
    [
      "fewer rows than folds",
      /5 folds need 5 blocks of 1 rows.*they have 5 and 4/,
      () => domainClassifier(matrix(some), matrix(some.subarray(1))),
    ],
    [
      "other columns",
      /columns x0 \(numeric\), x1 \(numeric\), the current window x0/,
      () => domainClassifier(matrix(some, some), matrix(some)),
    ],
    [
      "columns of a table",
      /must be a matrix with columns, got an object/,
      () => domainClassifier(untyped({ types: { a: float64() } }), matrix(some)),
    ],
    ["one column", /needs two columns or more/, () => reconstruction(matrix(some))],
    [
      "a short reference",
      /needs 5 chunks of 30 rows, and has 100/,
      () => reconstruction(matrix(waves(100, 1), waves(100, 2)), { chunkRows: 30 }),
    ],
    [
      "as many components as columns",
      /components must be a whole number of 1 to 1/,
      () => reconstruction(matrix(some, some), { components: 2 }),
    ],
    [
      "categories in components",
      /"x0" holds categories/,
      () => reconstruction({ rows: 5, columns: [{ name: "x0", kind: "categorical", values: some }] }),
    ],
  ])("%s: %s", async (_, message, call) => {
    const error = await errorOf(call);
    expect(error.code).toBe("MONITOR_INVALID");
    expect(error.message).toMatch(message);
  });
});

describe("few or equal values have a defined result", () => {
  it("one value against another", () => {
    const two = Float64Array.of(4);
    expect(kolmogorovSmirnov(one, two)).toEqual({
      statistic: 1,
      pValue: 1,
      method: "exact",
      location: 2.5,
      difference: -1,
    });
    expect(kolmogorovSmirnov(one, two, { method: "asymptotic" }).pValue).toBe(0);
    expect(cramerVonMises(one, two)).toEqual({ statistic: 0.25, pValue: 1, method: "exact" });
    expect(wasserstein(one, two)).toBe(1.5);
    expect(energyDistance(one, two)).toBeCloseTo(Math.sqrt(3), 12);
  });

  it("the same constant on both sides is no difference", () => {
    expect(kolmogorovSmirnov(constant, constant)).toMatchObject({ statistic: 0, pValue: 1, difference: 0 });
    expect(cramerVonMises(constant, constant).pValue).toBe(1);
    expect(wasserstein(constant, constant)).toBe(0);
    expect(energyDistance(constant, constant)).toBe(0);
    for (const method of ["permutation", "block"] as const)
      expect(maximumMeanDiscrepancy(constant, constant, { method })).toMatchObject({
        statistic: 0,
        pValue: 1,
      });
  });

  it("infinite values are ordered like others where only order counts", () => {
    const large = Float64Array.of(1, -1e300, 1e300, 2);
    expect(kolmogorovSmirnov(infinite, some).pValue).toBe(kolmogorovSmirnov(large, some).pValue);
    expect(cramerVonMises(infinite, some)).toEqual(cramerVonMises(large, some));
    expect(andersonDarling([infinite, some])).toEqual(andersonDarling([large, some]));
    const bins = quantileBins(some);
    expect(binCounts(bins, infinite)).toEqual(binCounts(bins, large));
  });

  it("a constant reference has bins below, at and above it, so that a shift shows", () => {
    const bins = quantileBins(constant);
    expect([...binCounts(bins, constant)]).toEqual([0, 6, 0]);
    expect([...binCounts(bins, Float64Array.of(6, 7, 8, 9))]).toEqual([1, 1, 2]);
    const zeros = Float64Array.of(0, 0, 0, 0, 0, 1, 2, 3, 4, 5);
    expect(binCounts(quantileBins(zeros), zeros)[1]).toBe(5);
  });

  it("one category has nothing to compare", () => {
    expect(chiSquare(counts({ a: 3 }), counts({ a: 5 }))).toMatchObject({
      statistic: 0,
      pValue: 1,
      degrees: 0,
      cramersV: 0,
    });
  });

  it("counts the codes of a text column, without its nulls", () => {
    const { data } = columnsFromArrays(
      { site: nullable(utf8()) },
      { site: ["b", "a", null, "b", null, "b"] },
    );
    expect([...countCategories(data.site)]).toEqual([
      ["b", 3],
      ["a", 1],
    ]);
  });

  it("unseen categories are one cell, rare ones are put together, and correlated rows count as fewer", () => {
    const reference = counts({ a: 400, b: 300, rare: 2, rarer: 1 });
    const current = counts({ a: 200, b: 150, new1: 20, new2: 30 });
    const found = chiSquare(reference, current);
    expect(found).toMatchObject({ degrees: 4, unseen: ["new1", "new2"], unseenShare: 0.125, pooled: [] });
    const pooled = chiSquare(reference, current, { leastExpected: 5 });
    expect(pooled.degrees).toBe(2);
    expect(new Set(pooled.pooled)).toEqual(new Set(["rare", "rarer", "new1", "new2"]));
    const fewer = chiSquare(reference, current, { designEffect: 10 });
    expect(fewer.statistic).toBeCloseTo(found.statistic / 10, 10);
    expect(fewer.effectiveRows).toEqual({ reference: 70.3, current: 40 });
    expect(fewer.cramersV).toBeCloseTo(found.cramersV, 12);
  });

  it("no p-values are no discoveries", () => {
    expect(benjaminiHochberg([])).toEqual([]);
    expect(simes([])).toBe(1);
  });
});
