import {
  type Columns,
  columnsFromArrays,
  createRandom,
  float64,
  int64,
  isValid,
  nullable,
  timestamp,
  utf8,
} from "@tsops/core";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { kolmogorovSmirnov, wasserstein } from "../statistics/index.ts";
import {
  compareSketches,
  distinctSketch,
  loadSketch,
  mergeSketches,
  quantileSketch,
  saveSketch,
  sketchWindow,
  type WindowSketch,
} from "./index.ts";

const finite = fc.double({ noNaN: true });

function shareUpTo(values: readonly number[] | Float64Array, limit: number): number {
  return [...values].filter((value) => value <= limit).length / values.length;
}

describe("quantileSketch", () => {
  it("is exact while it keeps every value", () => {
    fc.assert(
      fc.property(fc.array(finite, { minLength: 1, maxLength: 150 }), finite, (values, at) => {
        const sketch = quantileSketch();
        sketch.update(Float64Array.from(values));
        expect(sketch.rank(at)).toBe(shareUpTo(values, at));
        expect(sketch.rankError).toBe(0);
        expect([sketch.min, sketch.max]).toEqual([sketch.quantile(0), sketch.quantile(1)]);
        const sorted = Float64Array.from(values).sort();
        expect(sketch.quantile(0.5)).toBe(sorted[Math.ceil(values.length / 2) - 1]);
      }),
    );
  });

  it("loses no row, however values are cut into pieces and merged", () => {
    const pieces = fc.array(fc.array(finite, { maxLength: 400 }), { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(pieces, fc.integer({ min: 8, max: 40 }), (lists, size) => {
        const merged = quantileSketch({ size });
        lists.forEach((list, seed) => {
          const piece = quantileSketch({ size, seed });
          piece.update(Float64Array.from(list));
          merged.merge(piece);
          expect(piece.count).toBe(list.length);
        });
        const all = lists.flat();
        const { values, weights } = merged.weighted();
        expect(merged.count).toBe(all.length);
        expect(weights.reduce((sum, weight) => sum + weight, 0)).toBe(all.length);
        expect(
          values.every((value, i) => all.includes(value) && (i === 0 || value >= (values[i - 1] as number))),
        ).toBe(true);
        if (all.length > 0) expect(merged.max).toBe(all.reduce((a, b) => Math.max(a, b)));
      }),
      { numRuns: 50 },
    );
  });

  it.each(["sorted", "shuffled", "merged from days"])("keeps ranks within its error (%s)", (order) => {
    const random = createRandom(order);
    let within = 0;
    for (let repetition = 0; repetition < 40; repetition++) {
      const values = Float64Array.from({ length: 30_000 }, (_, i) => i);
      if (order !== "sorted") random.shuffle(values);
      const sketch = quantileSketch({ seed: repetition });
      if (order === "merged from days")
        for (let from = 0; from < values.length; from += 1000) {
          const day = quantileSketch({ seed: 1000 * repetition + from });
          day.update(values.subarray(from, from + 1000));
          sketch.merge(day);
        }
      else sketch.update(values);
      const worst = Math.max(
        ...Array.from({ length: 300 }, (_, i) => Math.abs(sketch.rank(100 * i) - (100 * i + 1) / 30_000)),
      );
      if (worst <= sketch.rankError) within++;
      expect(sketch.weighted().values.length).toBeLessThan(800);
    }
    expect(within).toBeGreaterThanOrEqual(38);
  });

  it("says what it cannot take", () => {
    const sketch = quantileSketch();
    expect(() => sketch.update(Float64Array.of(1, Number.NaN))).toThrow(/Value 1 of 2 is NaN/);
    expect(sketch.count).toBe(0);
    expect(() => sketch.quantile(0.5)).toThrow(/no value yet/);
    expect(() => sketch.quantile(2)).toThrow(/in \[0, 1\]/);
    expect(() => quantileSketch({ size: 3 })).toThrow(/8 to 65,535/);
    expect(() => sketch.update("7" as unknown as number)).toThrow(/"7"/);
  });
});

describe("distinctSketch", () => {
  it("counts within a few percent from none to hundreds of thousands, in any order and any cut", () => {
    for (const count of [0, 1, 10, 1000, 5000, 300_000]) {
      const [whole, odd, even] = [distinctSketch(), distinctSketch(), distinctSketch()];
      for (let i = 0; i < count; i++) {
        whole.add(`user ${i}`);
        (i % 2 === 0 ? even : odd).add(`user ${i}`);
        if (i % 3 === 0) even.add(`user ${i}`);
      }
      odd.merge(even);
      expect(odd.registers()).toEqual(whole.registers());
      expect(Math.abs(whole.estimate() - count)).toBeLessThanOrEqual(Math.max(0.5, 0.05 * count));
    }
  });

  it("errs by its standard error over many sets of numbers", () => {
    const errors = Array.from({ length: 60 }, (_, set) => {
      const sketch = distinctSketch();
      for (let i = 0; i < 20_000; i++) sketch.add(set * 20_000 + i + 0.25);
      return sketch.estimate() / 20_000 - 1;
    });
    const root = Math.sqrt(errors.reduce((sum, error) => sum + error ** 2, 0) / errors.length);
    expect(root).toBeGreaterThan(0.011);
    expect(root).toBeLessThan(0.022);
  });

  it("tells types apart, and -0 from nothing", () => {
    const sketch = distinctSketch();
    for (const value of [1, 1n, "1", true, 0, -0, "true"]) sketch.add(value);
    expect(Math.round(sketch.estimate())).toBe(6);
    expect(() => sketch.add(null as unknown as string)).toThrow(/null cannot be counted/);
  });
});

const schema = {
  at: timestamp(),
  load: nullable(float64()),
  users: int64(),
  city: nullable(utf8()),
};

function rowsFrom(first: number, count: number, shift = 0): Columns<typeof schema> {
  const random = createRandom(first + shift);
  const rows = Array.from({ length: count }, (_, i) => first + i);
  return columnsFromArrays(schema, {
    at: rows.map((i) => 3_600_000_000n * BigInt(i)),
    load: rows.map((i) => (i % 50 === 0 ? null : shift + random.normal(50, 10))),
    users: rows.map((i) => BigInt(i % 700)),
    city: rows.map((i) => (i % 20 === 0 ? null : ["Rome", "Oslo", "Bern"][i % 3]!)),
  });
}

describe("sketchWindow", () => {
  it("merges hours into the day that was read at once", () => {
    const day = sketchWindow(rowsFrom(0, 6000), { time: "at" });
    const hours = Array.from({ length: 6 }, (_, i) => {
      const all = rowsFrom(0, 6000);
      const piece = { ...all, length: 1000, data: slice(all, 1000 * i, 1000 * (i + 1)) };
      return sketchWindow(piece, { time: "at", seed: i });
    });
    const merged = mergeSketches(hours);
    expect([merged.rows, merged.start, merged.end]).toEqual([day.rows, day.start, day.end]);
    const [load, expected] = [merged.columns["load"]!, day.columns["load"]!];
    if (load.kind !== "numeric" || expected.kind !== "numeric") throw new Error("kind");
    expect([load.rows, load.missing]).toEqual([5880, 120]);
    expect(load.mean).toBeCloseTo(expected.mean, 10);
    expect(load.deviation).toBeCloseTo(expected.deviation, 10);
    expect(Math.abs(load.quantiles.rank(50) - 0.5)).toBeLessThan(0.03);
    expect(merged.columns["users"]!.distinct.estimate()).toBe(day.columns["users"]!.distinct.estimate());
    expect(merged.columns["city"]).toMatchObject({ rows: 5700, missing: 300, categoryError: 0 });
    const before = saveSketch(hours[0]!);
    mergeSketches(hours);
    expect(saveSketch(hours[0]!)).toEqual(before);
  });

  it("is saved and read exactly, infinite values too", () => {
    const values = Float64Array.of(1, Number.POSITIVE_INFINITY, Number.NaN, 5, Number.NEGATIVE_INFINITY);
    const odd = sketchWindow(columnsFromArrays({ x: float64() }, { x: values }));
    expect(odd.columns["x"]).toMatchObject({ rows: 4, missing: 1, infinite: 2, mean: 3 });
    for (const sketch of [
      odd,
      sketchWindow(rowsFrom(0, 5000), { time: "at" }),
      sketchWindow(rowsFrom(0, 0), { time: "at" }),
    ]) {
      const bytes = saveSketch(sketch);
      expect(saveSketch(loadSketch(bytes))).toEqual(bytes);
      expect(saveSketch(mergeSketches([loadSketch(bytes), sketch]))).toEqual(
        saveSketch(mergeSketches([sketch, sketch])),
      );
    }
    expect(() => loadSketch(Uint8Array.of(1, 2))).toThrow(/not saved by tsops/);
  });

  it("keeps the frequent of many categories, and says by how much counts are too low", () => {
    const random = createRandom(3);
    const city = Array.from({ length: 40_000 }, (_, i) =>
      i % 4 === 0 ? "often" : `rare ${random.integer(5000)}`,
    );
    const sketch = mergeSketches(
      [0, 1, 2, 3].map((part) =>
        sketchWindow(
          columnsFromArrays({ city: utf8() }, { city: city.slice(10_000 * part, 10_000 * (part + 1)) }),
        ),
      ),
    ).columns["city"]!;
    if (sketch.kind !== "categorical") throw new Error("kind");
    const counted = sketch.counts.get("often") ?? 0;
    expect(sketch.counts.size).toBeLessThanOrEqual(1000);
    expect(counted).toBeLessThanOrEqual(10_000);
    expect(counted + sketch.categoryError).toBeGreaterThanOrEqual(10_000);
    expect(sketch.categoryError).toBeLessThan(40_000 / 1000);
  });

  it("refuses windows that do not fit together", () => {
    const [numbers, texts] = [
      sketchWindow(columnsFromArrays({ x: float64() }, { x: [1, 2] })),
      sketchWindow(columnsFromArrays({ x: utf8() }, { x: ["1", "2"] })),
    ];
    const other = sketchWindow(columnsFromArrays({ y: float64() }, { y: [1] }));
    expect(() => mergeSketches([numbers, texts])).toThrow(/numbers in 1 sketches and categories in 1/);
    expect(() => mergeSketches([numbers, other])).toThrow(/"x" is in one sketch/);
    expect(() => mergeSketches([])).toThrow(/no sketches/);
    expect(() => compareSketches(numbers, texts)).toThrow(/numeric in the reference and categorical/);
    expect(() => sketchWindow(rowsFrom(0, 5), { columns: ["at"] })).toThrow(/instants/);
    expect(() => sketchWindow(rowsFrom(0, 5), { columns: ["lod"] })).toThrow(/no column "lod"/);
    expect(() => sketchWindow(rowsFrom(0, 5), { time: "load" })).toThrow(/no timestamp column "load"/);
  });
});

describe("compareSketches", () => {
  it("is as far off the statistics of all rows as it says", () => {
    const [before, now] = [rowsFrom(0, 20_000), rowsFrom(20_000, 20_000, 3)];
    const difference = compareSketches(sketchWindow(before), sketchWindow(now)).find(
      ({ column }) => column === "load",
    )!;
    const [x, y] = [present(before), present(now)];
    const exact = kolmogorovSmirnov(x, y, { method: "asymptotic" }).statistic;
    const found = difference.numeric!;
    expect(found.error).toBeGreaterThan(0);
    expect(Math.abs(found.kolmogorovSmirnov - exact)).toBeLessThan(found.error);
    expect(Math.abs(found.wasserstein - wasserstein(x, y))).toBeLessThan(0.3);
    expect(difference.populationStability).toBeGreaterThan(0.05);
    expect(difference.missing.reference).toBeCloseTo(0.02);
  });

  it("equals them where every value is kept", () => {
    const values = fc.array(fc.integer({ min: -5, max: 5 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(values, values, (a, b) => {
        const [x, y] = [Float64Array.from(a), Float64Array.from(b)];
        const [found] = compareSketches(sketchOf(x), sketchOf(y));
        expect(found?.numeric?.kolmogorovSmirnov).toBeCloseTo(kolmogorovSmirnov(x, y).statistic, 12);
        expect(found?.numeric?.wasserstein).toBeCloseTo(wasserstein(x, y), 10);
      }),
    );
  });

  it("has no distances for windows without a value", () => {
    const [found] = compareSketches(sketchOf(new Float64Array(0)), sketchOf(Float64Array.of(Number.NaN)));
    expect(found).toMatchObject({
      numeric: null,
      populationStability: null,
      missing: { reference: 0, current: 1 },
    });
  });
});

function sketchOf(x: Float64Array): WindowSketch {
  return sketchWindow(columnsFromArrays({ x: float64() }, { x }));
}

function present({ data: { load } }: Columns<typeof schema>): Float64Array {
  return load.values.filter((_, row) => isValid(load.valid, row));
}

function slice(columns: Columns<typeof schema>, from: number, to: number): Columns<typeof schema>["data"] {
  const { at, load, users, city } = columns.data;
  const bits = (valid: Uint8Array | null) => {
    if (valid === null) return null;
    const cut = new Uint8Array(Math.ceil((to - from) / 8));
    for (let i = from; i < to; i++)
      if ((valid[i >> 3] as number) & (1 << (i & 7))) cut[(i - from) >> 3]! |= 1 << ((i - from) & 7);
    return cut;
  };
  return {
    at: { ...at, values: at.values.slice(from, to) },
    load: { ...load, values: load.values.slice(from, to), valid: bits(load.valid) },
    users: { ...users, values: users.values.slice(from, to) },
    city: { ...city, codes: city.codes.slice(from, to), valid: bits(city.valid) },
  };
}
