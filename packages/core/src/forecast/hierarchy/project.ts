import { TsopsError } from "../../errors.ts";
import { type Structure, sumCount, sumUp } from "./structure.ts";
import type { ErrorCovariance } from "./weights.ts";

/**
 * Makes base forecasts add up: the coherent values nearest to them, distance measured by the inverse of the errors' covariance W. Changes `values` in place.
 *
 * With C y = 0 saying that sums are sums, that is y - W C' (C W C')^-1 C y (Wickramasuriya, Athanasopoulos & Hyndman 2019, JASA 114): a system as large as
 * there are sums, solved by conjugate gradients without ever making its matrix.
 */
export interface Projection {
  /** @param values - One per series, sums first. */
  apply(values: Float64Array): void;
}

/**
 * @param nonNegative - Whether the nearest values without any below 0 are wanted (Wickramasuriya, Turlach & Hyndman 2020, Stat. Comput. 30).
 */
export function projection(
  structure: Structure,
  covariance: ErrorCovariance,
  nonNegative: boolean,
): Projection {
  const sums = sumCount(structure);
  const system = systemOf(structure, covariance);
  return {
    apply(values) {
      const base = values.slice();
      system.solve(base, [], values);
      sumUp(structure, values);
      if (!nonNegative || values.every((value) => value >= 0)) return;
      activeSet(structure, system, base, values);
      for (let i = sums; i < values.length; i++) values[i] = Math.max(0, values[i] as number);
      sumUp(structure, values);
    },
  };
}

/**
 * Finds the bottom series that are 0 in the nearest values without negative ones: exchanges all that break a condition at once, and, where that does not
 * help, one at a time (block principal pivoting, Judice & Pires 1994).
 */
function activeSet(structure: Structure, system: System, base: Float64Array, values: Float64Array): void {
  const sums = sumCount(structure);
  const size = base.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const slack = size * 1e-10;
  const isZero = new Uint8Array(structure.bottomCount);
  let fewest = Number.POSITIVE_INFINITY;
  let patience = 10;
  for (let round = 0; round < 1000; round++) {
    const zeroes: number[] = [];
    isZero.forEach((zero, i) => {
      if (zero === 1) zeroes.push(i);
    });
    const multipliers = system.solve(base, zeroes, values);
    const wrong: number[] = [];
    for (let i = 0; i < structure.bottomCount; i++)
      if (isZero[i] === 0 && (values[sums + i] as number) < -slack) wrong.push(i);
    zeroes.forEach((i, k) => {
      values[sums + i] = 0;
      // Without the bound the value would rise: it need not be held at 0.
      if ((multipliers[sums + k] as number) * (system.variance(sums + i) as number) > slack) wrong.push(i);
    });
    if (wrong.length === 0) return;
    if (wrong.length < fewest) {
      fewest = wrong.length;
      patience = 10;
    } else patience--;
    const exchanged = patience > 0 ? wrong : [Math.max(...wrong)];
    for (const i of exchanged) isZero[i] = isZero[i] === 1 ? 0 : 1;
  }
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    "No reconciliation without negative values was found in 1000 rounds.",
    {
      hint: 'Use method: "structural", whose weights are even.',
    },
  );
}

interface System {
  /** Writes the nearest values under the sums and with the given bottom series at 0; gives the multipliers, of the sums first. */
  solve(base: Float64Array, zeroes: readonly number[], values: Float64Array): Float64Array;
  variance(series: number): number;
}

function systemOf(structure: Structure, { diagonal, factors, rank }: ErrorCovariance): System {
  const sums = sumCount(structure);
  const count = structure.series.length;
  const { starts, members } = structure;
  /** C v: what each sum differs from the sum of its series. */
  const differences = (v: Float64Array, out: Float64Array): void => {
    for (let j = 0; j < sums; j++) {
      let rest = v[j] as number;
      for (let i = starts[j] as number; i < (starts[j + 1] as number); i++)
        rest -= v[sums + (members[i] as number)] as number;
      out[j] = rest;
    }
  };
  const sumFactors = new Float64Array(sums * rank);
  for (let t = 0; t < rank; t++) {
    const column = Float64Array.from({ length: count }, (_, s) => factors[s * rank + t] as number);
    const out = new Float64Array(sums);
    differences(column, out);
    for (let j = 0; j < sums; j++) sumFactors[j * rank + t] = out[j] as number;
  }
  const squareOf = (from: Float64Array, row: number): number => {
    let sum = 0;
    for (let t = 0; t < rank; t++) sum += (from[row * rank + t] as number) ** 2;
    return sum;
  };
  const variance = (s: number): number => (diagonal[s] as number) + squareOf(factors, s);
  const sumDiagonal = new Float64Array(sums);
  for (let j = 0; j < sums; j++) {
    let own = (diagonal[j] as number) + squareOf(sumFactors, j);
    for (let i = starts[j] as number; i < (starts[j + 1] as number); i++)
      own += diagonal[sums + (members[i] as number)] as number;
    sumDiagonal[j] = own;
  }

  return {
    variance,
    solve(base, zeroes, values) {
      const size = sums + zeroes.length;
      const spread = new Float64Array(count);
      const mixed = new Float64Array(rank);
      /** D G'v and U' G'v, from which W G'v is made. */
      const scatter = (v: Float64Array): void => {
        spread.fill(0);
        for (let j = 0; j < sums; j++) {
          const value = v[j] as number;
          spread[j] = value;
          for (let i = starts[j] as number; i < (starts[j + 1] as number); i++) {
            const s = sums + (members[i] as number);
            spread[s] = (spread[s] as number) - value;
          }
        }
        zeroes.forEach((i, k) => {
          spread[sums + i] = (spread[sums + i] as number) + (v[sums + k] as number);
        });
        for (let s = 0; s < count; s++) spread[s] = (spread[s] as number) * (diagonal[s] as number);
        mixed.fill(0);
        if (rank === 0) return;
        for (let k = 0; k < size; k++) {
          const [from, row] = k < sums ? [sumFactors, k] : [factors, sums + (zeroes[k - sums] as number)];
          const value = v[k] as number;
          for (let t = 0; t < rank; t++)
            mixed[t] = (mixed[t] as number) + value * (from[row * rank + t] as number);
        }
      };
      const multiply = (v: Float64Array, out: Float64Array): void => {
        scatter(v);
        differences(spread, out);
        for (let k = sums; k < size; k++) out[k] = spread[sums + (zeroes[k - sums] as number)] as number;
        if (rank === 0) return;
        for (let k = 0; k < size; k++) {
          const [from, row] = k < sums ? [sumFactors, k] : [factors, sums + (zeroes[k - sums] as number)];
          let sum = 0;
          for (let t = 0; t < rank; t++) sum += (mixed[t] as number) * (from[row * rank + t] as number);
          out[k] = (out[k] as number) + sum;
        }
      };
      const right = new Float64Array(size);
      differences(base, right);
      const scale = new Float64Array(size);
      scale.set(sumDiagonal);
      zeroes.forEach((i, k) => {
        right[sums + k] = base[sums + i] as number;
        scale[sums + k] = variance(sums + i);
      });
      const multipliers = conjugateGradients(multiply, right, scale);
      scatter(multipliers);
      for (let s = 0; s < count; s++) {
        let change = spread[s] as number;
        for (let t = 0; t < rank; t++) change += (mixed[t] as number) * (factors[s * rank + t] as number);
        values[s] = (base[s] as number) - change;
      }
      return multipliers;
    },
  };
}

/**
 * Solves A x = b for a symmetric positive definite A by conjugate gradients, preconditioned by its diagonal (Hestenes & Stiefel 1952).
 * @throws TsopsError MODEL_PARAMETER_INVALID when it stops short of 1e-6 of the right side.
 */
function conjugateGradients(
  multiply: (v: Float64Array, out: Float64Array) => void,
  right: Float64Array,
  diagonal: Float64Array,
): Float64Array {
  const n = right.length;
  const x = new Float64Array(n);
  const residual = right.slice();
  const scaled = residual.map((value, i) => value / (diagonal[i] as number));
  const direction = scaled.slice();
  const image = new Float64Array(n);
  let size = dot(residual, scaled);
  const first = size;
  let best = size;
  let bestX = x.slice();
  let idle = 0;
  for (let round = 0; round < 50 + 10 * n && size > first * 1e-28 && idle < 100; round++) {
    multiply(direction, image);
    const step = size / dot(direction, image);
    if (!Number.isFinite(step)) break;
    for (let i = 0; i < n; i++) {
      x[i] = (x[i] as number) + step * (direction[i] as number);
      residual[i] = (residual[i] as number) - step * (image[i] as number);
      scaled[i] = (residual[i] as number) / (diagonal[i] as number);
    }
    const next = dot(residual, scaled);
    for (let i = 0; i < n; i++)
      direction[i] = (scaled[i] as number) + (next / size) * (direction[i] as number);
    size = next;
    if (size < best) {
      if (size < best / 2) idle = 0;
      best = size;
      bestX = x.slice();
    } else idle++;
  }
  if (best <= first * 1e-12) return bestX;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `The weights of the reconciliation are too uneven to solve for: ${Math.sqrt(best / first).toExponential(1)} of the differences are left.`,
    { hint: 'Use method: "structural", or more folds.' },
  );
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] as number) * (b[i] as number);
  return sum;
}
