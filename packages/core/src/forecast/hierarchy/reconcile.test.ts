import { readFileSync } from "node:fs";
import { fc, test } from "@fast-check/vitest";
import { describe, expect, it } from "vitest";
import { createRandom } from "../../random.ts";
import type { SeriesKey } from "../panel/panel.ts";
import { projection } from "./project.ts";
import { type Structure, structureOf, sumCount } from "./structure.ts";
import { covarianceOf, type ErrorCovariance, type ReconcileMethod, shrinkageOf } from "./weights.ts";

interface Fixture {
  readonly name: string;
  readonly keys: readonly SeriesKey[];
  readonly levels: readonly (readonly string[])[];
  readonly horizon: number;
  readonly base: readonly number[];
  readonly errors: readonly number[];
  readonly reconciled: Readonly<Record<string, readonly number[]>>;
}
const fixtures: readonly Fixture[] = JSON.parse(
  readFileSync(new URL("./__fixtures__/reconciled.json", import.meta.url), "utf8"),
);

/** Rows of a matrix as the textbook has them: S is series x bottom, W series x series. */
type Matrix = number[][];

function summingMatrix(structure: Structure): Matrix {
  const sums = sumCount(structure);
  return structure.series.map((_, s) =>
    Array.from({ length: structure.bottomCount }, (_, b) => {
      if (s >= sums) return s - sums === b ? 1 : 0;
      return structure.members.subarray(structure.starts[s], structure.starts[s + 1]).includes(b) ? 1 : 0;
    }),
  );
}

function denseCovariance({ diagonal, factors, rank }: ErrorCovariance): Matrix {
  return Array.from(diagonal, (own, i) =>
    Array.from(diagonal, (_, j) => {
      let sum = i === j ? own : 0;
      for (let t = 0; t < rank; t++)
        sum += (factors[i * rank + t] as number) * (factors[j * rank + t] as number);
      return sum;
    }),
  );
}

/** Solves A X = B by elimination with pivots. */
function solved(a: Matrix, b: Matrix): Matrix {
  const rows = a.map((row, i) => [...row, ...(b[i] as number[])]);
  const n = rows.length;
  for (let c = 0; c < n; c++) {
    let pivot = c;
    for (let r = c + 1; r < n; r++)
      if (Math.abs((rows[r] as number[])[c] as number) > Math.abs((rows[pivot] as number[])[c] as number))
        pivot = r;
    [rows[c], rows[pivot]] = [rows[pivot] as number[], rows[c] as number[]];
    const top = rows[c] as number[];
    for (let r = 0; r < n; r++) {
      if (r === c) continue;
      const factor = ((rows[r] as number[])[c] as number) / (top[c] as number);
      if (factor !== 0)
        rows[r] = (rows[r] as number[]).map((value, k) => value - factor * (top[k] as number));
    }
  }
  return rows.map((row, i) => row.slice(n).map((value) => value / (row[i] as number)));
}
const transposed = (a: Matrix): Matrix => (a[0] ?? []).map((_, c) => a.map((row) => row[c] as number));
const times = (a: Matrix, b: Matrix): Matrix =>
  a.map((row) =>
    (b[0] ?? []).map((_, c) =>
      row.reduce((sum, value, k) => sum + value * ((b[k] as number[])[c] as number), 0),
    ),
  );

/** S (S' W^-1 S)^-1 S' W^-1 y. */
function oracle(structure: Structure, covariance: ErrorCovariance, base: Float64Array): number[] {
  const s = summingMatrix(structure);
  const weighted = transposed(solved(denseCovariance(covariance), s));
  const bottom = solved(
    times(weighted, s),
    times(
      weighted,
      [...base].map((value) => [value]),
    ),
  );
  return times(s, bottom).map(([value]) => value as number);
}

/** The same without negative values, by cyclic coordinate descent to the end. */
function nonNegativeOracle(structure: Structure, covariance: ErrorCovariance, base: Float64Array): number[] {
  const s = summingMatrix(structure);
  const weighted = transposed(solved(denseCovariance(covariance), s));
  const p = times(weighted, s);
  const q = times(
    weighted,
    [...base].map((value) => [value]),
  ).map(([value]) => value as number);
  const b = new Array<number>(q.length).fill(0);
  for (let round = 0; round < 20_000; round++)
    for (let i = 0; i < b.length; i++) {
      const row = p[i] as number[];
      const rest = row.reduce((sum, value, j) => sum + (j === i ? 0 : value * (b[j] as number)), 0);
      b[i] = Math.max(0, ((q[i] as number) - rest) / (row[i] as number));
    }
  return times(
    s,
    b.map((value) => [value]),
  ).map(([value]) => value as number);
}

function stepOf(values: readonly number[], horizon: number, h: number): Float64Array {
  return Float64Array.from({ length: values.length / horizon }, (_, s) => values[s * horizon + h] as number);
}

describe("reconciled forecasts agree with hierarchicalforecast 1.5.3", () => {
  for (const fixture of fixtures) {
    const columns = Object.keys(fixture.keys[0] ?? {});
    const structure = structureOf(columns, fixture.keys, fixture.levels);
    const errors = {
      rows: fixture.errors.length / structure.series.length,
      values: Float64Array.from(fixture.errors),
    };
    for (const [title, expected] of Object.entries(fixture.reconciled))
      it(`${fixture.name}: ${title}`, () => {
        const nonNegative = title.endsWith("not below 0");
        const method = title.split(",")[0] as ReconcileMethod;
        for (let h = 0; h < fixture.horizon; h++) {
          const values = stepOf(fixture.base, fixture.horizon, h);
          const wanted = stepOf(expected, fixture.horizon, h);
          if (method === "bottomUp") {
            const s = summingMatrix(structure);
            const bottom = [...values.subarray(sumCount(structure))].map((value) => [value]);
            values.set(times(s, bottom).map(([value]) => value as number));
          } else {
            // There negative base forecasts become 0 first, and the solver stops early.
            for (let s = 0; s < values.length && nonNegative; s++)
              values[s] = Math.max(0, values[s] as number);
            projection(structure, covarianceOf(structure, method, errors), nonNegative).apply(values);
          }
          const size = Math.max(...wanted.map(Math.abs));
          const tolerance = size * (nonNegative ? 1e-5 : method === "variance" ? 1e-8 : 1e-9);
          values.forEach((value, s) => {
            expect(Math.abs(value - (wanted[s] as number)), `series ${s}, step ${h + 1}`).toBeLessThan(
              tolerance,
            );
          });
        }
      });
  }
});

/** A random hierarchy of two crossed keys and a nested one, with forecasts and errors of it. */
function example(seed: number, bottomCount: number, rows: number, low = 0) {
  const random = createRandom(`hierarchy ${seed}`);
  const keys = Array.from({ length: bottomCount }, (_, i) => ({
    region: `r${random.integer(3)}`,
    product: `p${random.integer(3)}`,
    store: `s${i}`,
  }));
  const structure = structureOf(["region", "product", "store"], keys, [
    [],
    ["region"],
    ["product"],
    ["region", "product"],
  ]);
  const count = structure.series.length;
  const base = Float64Array.from({ length: count }, () => random.normal(low, 10));
  const common = Float64Array.from({ length: rows }, () => random.normal());
  const values = Float64Array.from(
    { length: rows * count },
    (_, i) => random.normal(0, 1 + (i % count)) + 2 * (common[Math.floor(i / count)] as number),
  );
  return { structure, base, errors: { rows, values } };
}
const methods = ["ols", "structural", "variance", "minTrace"] as const;

describe("a projection", () => {
  test.prop([
    fc.nat(),
    fc.integer({ min: 1, max: 12 }),
    fc.integer({ min: 1, max: 30 }),
    fc.constantFrom(...methods),
  ])("is the generalized least squares of the textbook, and adds up", (seed, bottomCount, rows, method) => {
    const { structure, base, errors } = example(seed, bottomCount, rows);
    const covariance = covarianceOf(structure, method, errors);
    const values = base.slice();
    projection(structure, covariance, false).apply(values);
    const expected = oracle(structure, covariance, base);
    values.forEach((value, s) => {
      expect(Math.abs(value - (expected[s] as number))).toBeLessThan(1e-6);
    });
    const bottom = [...values.subarray(sumCount(structure))].map((value) => [value]);
    times(summingMatrix(structure), bottom).forEach(([sum], s) => {
      expect(Math.abs((values[s] as number) - (sum as number))).toBeLessThan(1e-9);
    });
  });

  test.prop([fc.nat(), fc.integer({ min: 1, max: 8 }), fc.constantFrom(...methods)], { numRuns: 60 })(
    "without negative values is the nearest such one",
    (seed, bottomCount, method) => {
      const { structure, base, errors } = example(seed, bottomCount, 20);
      const covariance = covarianceOf(structure, method, errors);
      const values = base.slice();
      projection(structure, covariance, true).apply(values);
      const expected = nonNegativeOracle(structure, covariance, base);
      values.forEach((value, s) => {
        expect(value).toBeGreaterThanOrEqual(0);
        expect(Math.abs(value - (expected[s] as number))).toBeLessThan(1e-4);
      });
    },
  );

  test.prop([fc.nat(), fc.constantFrom(...methods)])("leaves what adds up as it is", (seed, method) => {
    const { structure, base, errors } = example(seed, 6, 20);
    const coherent = base.slice();
    const project = projection(structure, covarianceOf(structure, method, errors), false);
    project.apply(coherent);
    const again = coherent.slice();
    project.apply(again);
    again.forEach((value, s) => {
      expect(Math.abs(value - (coherent[s] as number))).toBeLessThan(1e-9);
    });
  });

  test.prop([fc.nat()])("weighs by errors alike in every unit", (seed) => {
    const { structure, base, errors } = example(seed, 6, 20);
    const scaled = { ...errors, values: errors.values.map((value) => value * 1000) };
    const [one, other] = [base.slice(), base.map((value) => value * 1000)];
    projection(structure, covarianceOf(structure, "minTrace", errors), false).apply(one);
    projection(structure, covarianceOf(structure, "minTrace", scaled), false).apply(other);
    one.forEach((value, s) => {
      expect((other[s] as number) / 1000).toBeCloseTo(value, 7);
    });
  });

  it("copes with series that were never wrong, and with errors that are missing", () => {
    const { structure, base, errors } = example(5, 6, 20);
    const count = structure.series.length;
    const perfect = count - 1;
    const values = errors.values.map((value, i) => {
      if (i % count === perfect) return 0;
      return i % 7 === 0 ? Number.NaN : value;
    });
    for (const method of ["variance", "minTrace"] as const) {
      const own = base.slice();
      projection(structure, covarianceOf(structure, method, { rows: 20, values }), false).apply(own);
      expect(own.every(Number.isFinite)).toBe(true);
      expect(own[perfect]).toBeCloseTo(base[perfect] as number, 4);
    }
    const none = { rows: 20, values: errors.values.map(() => 0) };
    const own = base.slice();
    projection(structure, covarianceOf(structure, "minTrace", none), false).apply(own);
    expect(own.every(Number.isFinite)).toBe(true);
  });

  it("reconciles 10,000 series in 1,111 groups by every method", { timeout: 120_000 }, () => {
    const random = createRandom("ten thousand");
    const keys = Array.from({ length: 10_000 }, (_, i) => ({
      region: `r${i % 10}`,
      city: `c${i % 100}`,
      street: `t${i % 1000}`,
      store: `s${i}`,
    }));
    const structure = structureOf(["region", "city", "street", "store"], keys, [
      [],
      ["region"],
      ["region", "city"],
      ["region", "city", "street"],
    ]);
    const count = structure.series.length;
    expect(count).toBe(11_111);
    const base = Float64Array.from({ length: count }, () => random.uniform(0, 10));
    for (let j = 0; j < sumCount(structure); j++)
      base[j] =
        5 *
        ((structure.starts[j + 1] as number) - (structure.starts[j] as number)) *
        random.uniform(0.9, 1.1);
    const values = Float64Array.from({ length: 30 * count }, () => random.normal());
    for (const method of methods) {
      const covariance = covarianceOf(structure, method, { rows: 30, values });
      for (const nonNegative of [false, true]) {
        const own = base.slice();
        projection(structure, covariance, nonNegative).apply(own);
        let sum = 0;
        for (let s = sumCount(structure); s < count; s++) sum += own[s] as number;
        expect(Math.abs(sum / (own[0] as number) - 1)).toBeLessThan(1e-12);
        if (nonNegative) expect(Math.min(...own)).toBeGreaterThanOrEqual(0);
      }
    }
  });
});

describe("shrinkage", () => {
  test.prop([fc.nat(), fc.integer({ min: 2, max: 8 }), fc.integer({ min: 2, max: 20 })])(
    "is the ratio of Schaefer and Strimmer, pair by pair",
    (seed, count, rows) => {
      const random = createRandom(`shrinkage ${seed}`);
      const raw = Float64Array.from({ length: rows * count }, () => random.normal());
      const roots = Array.from({ length: count }, (_, s) => {
        let sum = 0;
        for (let t = 0; t < rows; t++) sum += (raw[t * count + s] as number) ** 2;
        return Math.sqrt(sum / rows);
      });
      const x = raw.map((value, i) => value / (roots[i % count] as number));
      let [variance, squares] = [0, 0];
      for (let i = 0; i < count; i++)
        for (let j = 0; j < count; j++) {
          if (i === j) continue;
          const w = Array.from(
            { length: rows },
            (_, t) => (x[t * count + i] as number) * (x[t * count + j] as number),
          );
          const mean = w.reduce((sum, value) => sum + value, 0) / rows;
          variance += w.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (rows * (rows - 1));
          squares += mean * mean;
        }
      expect(shrinkageOf(x, rows, count)).toBeCloseTo(Math.min(1, variance / squares), 8);
    },
  );
});
