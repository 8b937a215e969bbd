import { fc, test } from "@fast-check/vitest";
import { describe, expect } from "vitest";
import { createRandom } from "../../../random.ts";
import { atOnce } from "../../local/in-turns.ts";
import { exactFilter } from "./exact-filter.ts";
import { advance, forecastFrom, forecastVariances, startState } from "./filter-state.ts";
import { gapFilter } from "./gap-filter.ts";
import { type ArimaOrder, armaCount } from "./order.ts";
import { coefficientsFrom, differencingOf, expand, polynomialsOf } from "./polynomials.ts";
import { project } from "./regression.ts";
import { selectArima } from "./select.ts";
import { systemOf } from "./system.ts";

const seasonLength = 4;
const steps = 6;

interface Case {
  readonly orders: readonly [number, number, number, number, number, number];
  /** Before they are made stationary: moderate ones, so that what the oracle leaves out of its infinite sums is nothing. */
  readonly free: readonly number[];
  readonly seed: number;
  /** Per row whether it is missing, unless its phase would be seen too seldom then. */
  readonly holes: readonly boolean[];
}

/** The first row and two of each phase are there, so that all that is asked has an answer. */
function rowsOf({ seed, holes }: Case): (number | null)[] {
  const random = createRandom(seed);
  return holes.map((isHole, t) => {
    const value = random.normal(0, 3);
    return isHole && t > 0 && (t % 12 < 6 || t % 12 > 9) ? null : value;
  });
}

function orderOf([p, d, q, seasonalP, seasonalD, seasonalQ]: Case["orders"]): ArimaOrder {
  return { p, d, q, seasonalP, seasonalD, seasonalQ, seasonLength, hasConstant: false };
}

/** 1 + a B + b B^2 ... times another such polynomial. */
function times(one: readonly number[], other: readonly number[]): number[] {
  const out: number[] = new Array(one.length + other.length - 1).fill(0);
  one.forEach((a, i) => {
    other.forEach((b, j) => {
      out[i + j] = (out[i + j] as number) + a * b;
    });
  });
  return out;
}

/** 1 + sign (c1 B^lag + c2 B^(2 lag) + ...). */
function polynomial(coefficients: readonly number[], lag: number, sign: number): number[] {
  const out: number[] = new Array(coefficients.length * lag + 1).fill(0);
  out[0] = 1;
  coefficients.forEach((value, i) => {
    out[(i + 1) * lag] = sign * value;
  });
  return out;
}

/** Powers of B that 1 / polynomial begins with. */
function inverse(of: readonly number[], count: number): number[] {
  const out: number[] = [];
  for (let k = 0; k < count; k++) {
    let sum = k === 0 ? 1 : 0;
    for (let j = 1; j < Math.min(k + 1, of.length); j++) sum -= (of[j] as number) * (out[k - j] as number);
    out.push(sum);
  }
  return out;
}

type Matrix = number[][];
const dot = (a: readonly number[], b: readonly number[]) =>
  a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
const product = (a: Matrix, b: Matrix): Matrix => {
  const columns = transposed(b);
  return a.map((row) => columns.map((column) => dot(row, column)));
};
const transposed = (a: Matrix): Matrix => (a[0] ?? []).map((_, i) => a.map((row) => row[i] as number));

/** Gauss and Jordan's method with pivots. */
function solved(matrix: Matrix, right: Matrix): { readonly x: Matrix; readonly logDeterminant: number } {
  const size = matrix.length;
  const rows = matrix.map((row, i) => [...row, ...(right[i] as number[])]);
  let logDeterminant = 0;
  for (let i = 0; i < size; i++) {
    const best = rows
      .slice(i)
      .reduce(
        (at, row, k) => (Math.abs(row[i] as number) > Math.abs(rows[at]?.[i] as number) ? i + k : at),
        i,
      );
    [rows[i], rows[best]] = [rows[best] as number[], rows[i] as number[]];
    const pivot = rows[i]?.[i] as number;
    logDeterminant += Math.log(Math.abs(pivot));
    rows[i] = (rows[i] as number[]).map((value) => value / pivot);
    for (let k = 0; k < size; k++) {
      const share = rows[k]?.[i] as number;
      if (k !== i && share !== 0)
        rows[k] = (rows[k] as number[]).map((value, c) => value - share * (rows[i]?.[c] as number));
    }
  }
  return { x: rows.map((row) => row.slice(size)), logDeterminant };
}

/** An orthonormal basis of what is orthogonal to all columns. */
function complement(columns: Matrix, size: number): Matrix {
  const basis: Matrix = [];
  const without = (vector: number[], others: Matrix) =>
    others.reduce((rest, other) => {
      const share = dot(rest, other);
      return rest.map((value, i) => value - share * (other[i] as number));
    }, vector);
  const unit = (vector: number[]) => vector.map((value) => value / Math.sqrt(dot(vector, vector)));
  const found: Matrix = [];
  for (const column of columns) found.push(unit(without(without(column, found), found)));
  for (let i = 0; i < size && basis.length < size - columns.length; i++) {
    const vector = Array.from({ length: size }, (_, k) => (k === i ? 1 : 0));
    const rest = without(without(vector, [...found, ...basis]), [...found, ...basis]);
    if (dot(rest, rest) > 1e-3) basis.push(unit(rest));
  }
  expect(basis.length).toBe(size - columns.length);
  return basis;
}

/**
 * The normal distribution of all values as one vector: sums of innovations and of first values of which nothing is known, innovations with variance 1. The likelihood is that of the
 * contrasts that the first values do not enter into, over the square root of the determinant of how they do; forecasts are best linear unbiased ones.
 */
function oracle(orders: Case["orders"], coefficients: readonly number[], values: readonly (number | null)[]) {
  const [p, d, q, seasonalP, seasonalD] = orders;
  const ar = times(
    polynomial(coefficients.slice(0, p), 1, -1),
    polynomial(coefficients.slice(p + q, p + q + seasonalP), seasonLength, -1),
  );
  const ma = times(
    polynomial(coefficients.slice(p, p + q), 1, 1),
    polynomial(coefficients.slice(p + q + seasonalP), seasonLength, 1),
  );
  let differences = [1];
  for (let i = 0; i < d; i++) differences = times(differences, [1, -1]);
  for (let i = 0; i < seasonalD; i++) differences = times(differences, polynomial([1], seasonLength, -1));
  const lost = differences.length - 1;
  const all = values.length + steps;

  const long = 700;
  const psi = times(inverse(ar, long), ma).slice(0, long);
  const covariances = Array.from({ length: all }, (_, lag) => dot(psi.slice(lag), psi));
  // Each value by the first ones and by the differences.
  const byFirst: Matrix = [];
  const byDifferences: Matrix = [];
  for (let t = 0; t < all; t++) {
    const first: number[] = new Array(lost).fill(0);
    const later: number[] = new Array(all - lost).fill(0);
    if (t < lost) first[t] = 1;
    else {
      later[t - lost] = 1;
      for (let k = 1; k <= lost; k++) {
        const share = -(differences[k] as number);
        byFirst[t - k]?.forEach((value, i) => {
          first[i] = (first[i] as number) + share * value;
        });
        byDifferences[t - k]?.forEach((value, i) => {
          later[i] = (later[i] as number) + share * value;
        });
      }
    }
    byFirst.push(first);
    byDifferences.push(later);
  }
  const gamma = Array.from({ length: all - lost }, (_, i) =>
    Array.from({ length: all - lost }, (_, j) => covariances[Math.abs(i - j)] as number),
  );
  const whole = product(product(byDifferences, gamma), transposed(byDifferences));
  const there = values.flatMap((value, t) => (value === null ? [] : [t]));
  const y = there.map((t) => values[t] as number);
  const design = there.map((t) => byFirst[t] as number[]);
  const contrasts = complement(lost === 0 ? [] : transposed(design), y.length);
  const within = there.map((t) => there.map((s) => whole[t]?.[s] as number));
  const ofContrasts = product(product(contrasts, within), transposed(contrasts));
  const z = contrasts.map((contrast) => dot(contrast, y));
  const { x, logDeterminant } = solved(
    ofContrasts,
    z.map((value) => [value]),
  );
  const squares = dot(
    z,
    x.map(([value]) => value as number),
  );
  const crossed = product(transposed(design), design);
  const logs = logDeterminant + (lost === 0 ? 0 : solved(crossed, crossed).logDeterminant);

  // What the forecasts are beyond the least squares fit of the first values.
  const ahead = Array.from({ length: steps }, (_, h) => values.length + h);
  const weights =
    lost === 0
      ? ahead.map(() => y.map(() => 0))
      : product(
          product(
            ahead.map((t) => byFirst[t] as number[]),
            solved(crossed, transposed(design)).x,
          ),
          y.map((_, i) => y.map((_, k) => Number(i === k))),
        );
  const beyond = (h: number, s: number) =>
    (whole[ahead[h] as number]?.[s] as number) -
    dot(
      weights[h] as number[],
      there.map((t) => whole[t]?.[s] as number),
    );
  const cross = ahead.map((_, h) =>
    contrasts.map((contrast) =>
      dot(
        contrast,
        there.map((s) => beyond(h, s)),
      ),
    ),
  );
  const shares = solved(ofContrasts, transposed(cross)).x;
  return {
    logs,
    squares,
    mean: ahead.map(
      (_, h) =>
        dot(weights[h] as number[], y) +
        dot(
          shares.map((row) => row[h] as number),
          z,
        ),
    ),
    variance: ahead.map((t, h) => {
      const own =
        beyond(h, t) -
        dot(
          weights[h] as number[],
          there.map((s) => beyond(h, s)),
        );
      return (
        own -
        dot(
          cross[h] as number[],
          shares.map((row) => row[h] as number),
        )
      );
    }),
  };
}

const cases: fc.Arbitrary<Case> = fc
  .record({
    orders: fc.tuple(
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 2 }),
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 1 }),
      fc.integer({ min: 0, max: 1 }),
    ),
    rows: fc.integer({ min: 30, max: 60 }),
  })
  .chain(({ orders, rows }) =>
    fc.record({
      orders: fc.constant(orders),
      free: fc.array(fc.double({ min: -1.2, max: 1.2, noNaN: true }), { minLength: 6, maxLength: 6 }),
      seed: fc.integer(),
      holes: fc.array(fc.boolean(), { minLength: rows, maxLength: rows }),
    }),
  );

describe("many gaps", () => {
  test.prop([cases], { numRuns: 60 })(
    "leave likelihood, forecasts and their variances those of the normal distribution of what is there",
    (one) => {
      const order = orderOf(one.orders);
      const values = rowsOf(one);
      const coefficients = new Float64Array(armaCount(order));
      coefficientsFrom(order, Float64Array.from(one.free).subarray(0, coefficients.length), coefficients);
      const polynomials = polynomialsOf(order);
      expand(order, coefficients, polynomials);
      const delta = differencingOf(order);
      const wanted = oracle(one.orders, [...coefficients], values);

      const system = systemOf(order, {
        filled: Float64Array.from(values, (value) => value ?? 7),
        missing: values.flatMap((value, t) => (value === null ? [t] : [])),
        regressors: [],
      });
      const { columns, gaps, isMissing, unit } = system;
      const errors = columns.map((column) => new Float64Array(column.length));
      const filter =
        isMissing === null
          ? exactFilter(columns, system.starts, errors)
          : gapFilter(columns, isMissing, delta, errors);
      const logs = filter(polynomials);
      const { slopes, logs: ofGaps } = project(errors, gaps, gaps);
      const rest = Array.from(
        errors.at(-1) as Float64Array,
        (value, t) => value - slopes.reduce((sum, slope, c) => sum + slope * (errors[c]?.[t] as number), 0),
      );
      expect(logs + ofGaps).toBeCloseTo(wanted.logs, 5);
      expect((dot(rest, rest) * unit * unit) / wanted.squares).toBeCloseTo(1, 6);

      const model = {
        ...polynomials,
        delta,
        size: Math.max(polynomials.phi.length, polynomials.theta.length + 1),
      };
      let state = startState(model);
      for (const value of values) state = advance(model, state, value ?? Number.NaN);
      const mean = new Float64Array(steps);
      forecastFrom(model, state, mean);
      const variance = forecastVariances(model, state, steps);
      for (let h = 0; h < steps; h++) {
        const size = Math.sqrt(wanted.variance[h] as number);
        expect(Math.abs((mean[h] as number) - (wanted.mean[h] as number)) / size).toBeLessThan(1e-4);
        expect((variance[h] as number) / (wanted.variance[h] as number)).toBeCloseTo(1, 4);
      }
    },
  );
});

describe("choosing an order of a long season with many gaps", () => {
  /** Noise with memory about a season of 120 rows. */
  const random = createRandom(8);
  let noise = 0;
  const whole = Float64Array.from({ length: 600 }, (_, t) => {
    noise = 0.7 * noise + random.normal();
    return 50 + 12 * Math.sin((2 * Math.PI * t) / 120) + noise;
  });
  const holed = whole.map((value, t) => (t > 0 && t % 6 === 3 ? Number.NaN : value));

  test("finds the differences and the likelihood that the whole series has, from fewer rows", () => {
    const fits = [whole, holed].map((y) => atOnce(selectArima({ seasonLength: 120 }, y)));
    const [ofWhole, ofHoled] = fits as [NonNullable<(typeof fits)[0]>, NonNullable<(typeof fits)[0]>];
    expect(ofHoled.order.seasonalD).toBe(ofWhole.order.seasonalD);
    expect(ofHoled.order.d).toBe(ofWhole.order.d);
    expect(ofHoled.variance / ofWhole.variance).toBeGreaterThan(0.8);
    expect(ofHoled.variance / ofWhole.variance).toBeLessThan(1.25);
    // The likelihood is of the values that are there: with the filled ones its share of the whole one's would be about 1.
    const share = ofHoled.logLikelihood / ofWhole.logLikelihood;
    expect(share).toBeGreaterThan(0.7);
    expect(share).toBeLessThan(0.95);
  });
});
