import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import { BinLearner, binColumn, type CategoricalBins, type NumericBins } from "./bins.ts";
import { binSample } from "./sampler.ts";
import { NumberSorter } from "./sort.ts";

const rowsOf = (length: number): Uint32Array => Uint32Array.from({ length }, (_, row) => row);
const numericBins = (values: Float64Array, maxBins = 255): NumericBins =>
  new BinLearner(rowsOf(values.length), maxBins).learn({ name: "x", kind: "numeric", values }) as NumericBins;
const categoricalBins = (values: Float64Array, maxBins = 255): CategoricalBins =>
  new BinLearner(rowsOf(values.length), maxBins).learn({
    name: "x",
    kind: "categorical",
    values,
  }) as CategoricalBins;
const anyNumbers = fc.array(
  fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: -9, max: 9 }), fc.constantFrom(-0, 0)),
  { minLength: 1 },
);

describe("numeric bins", { timeout: 60_000 }, () => {
  it("hold every value: above the bound before, up to their own, in the order of the values", () => {
    fc.assert(
      fc.property(anyNumbers, fc.integer({ min: 2, max: 255 }), (list, maxBins) => {
        const values = Float64Array.from(list);
        const bins = numericBins(values, maxBins);
        expect(bins.upper.length).toBeLessThanOrEqual(maxBins);
        expect(bins.upper.at(-1)).toBe(Number.POSITIVE_INFINITY);
        const found = binColumn(bins, values, new Uint8Array(values.length));
        values.forEach((value, row) => {
          const bin = found[row]!;
          expect(value <= bins.upper[bin]!).toBe(true);
          if (bin > 0) expect(value > bins.upper[bin - 1]!).toBe(true);
        });
      }),
    );
  });

  it("are one per distinct value where they suffice, infinities and signed zeros included", () => {
    const values = Float64Array.of(1, -Infinity, 2, Infinity, 0, -0, 1, 1e308, -1e308, 5e-324);
    const bins = numericBins(values);
    expect([...binColumn(bins, values, new Uint8Array(values.length))]).toEqual([
      4, 0, 5, 7, 2, 2, 4, 6, 1, 3,
    ]);
    expect(numericBins(Float64Array.of(Number.NaN, 2, 4, Number.NaN)).upper).toEqual(
      Float64Array.of(3, Infinity),
    );
    expect(numericBins(Float64Array.of(Number.NaN)).upper.length).toBe(0);
  });

  it("share rows about evenly, and give a frequent value a bin of its own", () => {
    const values = Float64Array.from({ length: 30_000 }, (_, i) => (i % 3 === 0 ? 0 : Math.sin(i) * 100));
    const bins = numericBins(values, 64);
    expect(bins.upper.length).toBeGreaterThanOrEqual(60);
    const counts = new Float64Array(64);
    for (const bin of binColumn(bins, values, new Uint8Array(values.length))) counts[bin]!++;
    const zero = binColumn(bins, Float64Array.of(0), new Uint8Array(1))[0]!;
    const share = 20_000 / 63;
    expect(counts[zero]).toBeLessThan(10_000 + share / 2);
    counts[zero] = 0;
    expect(Math.max(...counts)).toBeLessThan(1.5 * share);
  });

  it("put missing values after all others", () => {
    const bins = numericBins(Float64Array.of(1, 2, 3));
    expect(binColumn(bins, Float64Array.of(Number.NaN, 99), new Uint8Array(2))).toEqual(Uint8Array.of(3, 2));
  });
});

describe("categorical bins", { timeout: 60_000 }, () => {
  it("go by frequency; missing, rare and unseen codes come after", () => {
    const bins = categoricalBins(Float64Array.of(7, 7, 5, 5, 5, 1, 3, Number.NaN), 3);
    expect(bins.codes).toEqual(Int32Array.of(5, 7, 1));
    const asked = Float64Array.of(5, 7, 1, Number.NaN, 3, 1e9, 4);
    expect([...binColumn(bins, asked, new Uint8Array(asked.length))]).toEqual([0, 1, 2, 3, 4, 4, 4]);
  });

  it("find large codes as well as small ones", () => {
    const bins = categoricalBins(Float64Array.of(2_000_000_000, 2_000_000_000, 3));
    expect([...binColumn(bins, Float64Array.of(3, 2_000_000_000, 5, Number.NaN), new Uint8Array(4))]).toEqual(
      [1, 0, 3, 2],
    );
  });
});

describe("NumberSorter", { timeout: 60_000 }, () => {
  it("sorts like the built-in sort, at every length and kind of number", () => {
    const sorter = new NumberSorter(4000);
    const kinds: ((i: number) => number)[] = [
      (i) => Math.sin(i * 12.9898) * 43758.5453,
      (i) => (i * 7919) % 101,
      (i) => 1.6e15 + ((i * 7919) % 4001),
      (i) => (i % 7 === 0 ? Number.NEGATIVE_INFINITY : i % 5 === 0 ? Number.POSITIVE_INFINITY : Math.tan(i)),
      (i) => 2 ** ((i % 2000) - 1040) * (i % 2 === 0 ? 1 : -1),
      (i) => 1 + (i % 13) * Number.EPSILON,
    ];
    for (const kind of kinds)
      for (const length of [0, 1, 5, 1023, 1024, 4000]) {
        const values = Float64Array.from({ length }, (_, i) => kind(i));
        expect(sorter.sort(values)).toEqual(values.slice().sort());
      }
  });
});

describe("bins of many rows", () => {
  it("are cut by 200,000 of them, which the seed draws, and still hold as many rows each", () => {
    const rows = Uint32Array.from({ length: 300_000 }, (_, row) => row);
    const sample = binSample(rows, 1);
    expect(sample.length).toBe(200_000);
    expect(binSample(rows, 1)).toEqual(sample);
    expect(binSample(rows, 2)).not.toEqual(sample);
    expect(binSample(rows.subarray(0, 200_000), 1)).toEqual(rows.subarray(0, 200_000));
    // No share of any season is left out, as every third row would.
    const thirds = [0, 0, 0];
    for (const row of sample) thirds[row % 3]!++;
    for (const count of thirds) expect(count / 200_000).toBeCloseTo(1 / 3, 2);
    const random = createRandom(9);
    const values = Float64Array.from(rows, () => random.normal());
    const bins = new BinLearner(rows, 50, sample).learn({ name: "a", kind: "numeric", values });
    const counts = new Float64Array(51);
    for (const bin of binColumn(bins, values, new Uint8Array(rows.length))) counts[bin]!++;
    for (let bin = 0; bin < 50; bin++) expect(counts[bin]! / 6000).toBeCloseTo(1, 0);
    expect(counts[50]).toBe(0);
    // Codes are counted in all rows: a rare one must not be missed.
    const codes = Float64Array.from(rows, (row) => (row === 299_999 ? 7 : row % 3));
    const known = new BinLearner(rows, 50, rows.subarray(0, 200_000)).learn({
      name: "b",
      kind: "categorical",
      values: codes,
    });
    expect(known).toEqual({ kind: "categorical", codes: Int32Array.of(0, 1, 2, 7) });
  });
});
