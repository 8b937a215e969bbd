import { countComplete } from "./lag-products.ts";

/** Values that are transformed at once; those of the longest lag and some more. */
const size = 1024;

/** Mean products of values and those 0, 1, ... steps before them. */
export interface LagCovariances {
  readonly means: Float64Array;
  /** Products that each mean is of. */
  readonly pairs: Float64Array;
}

/**
 * Mean products of values and those 0 .. `most` steps before them in the same run; null when the runs are too short for most of them,
 * or there are more lags than one transform has room for. Blocks of the series are correlated by Fourier transforms, whose products are
 * added up before the one way back: for some hundred lags a fifth of the time of a pass each.
 * Source: T. G. Stockham (1966), "High-speed convolution and correlation", AFIPS Proceedings 28.
 */
export function lagCovariances(values: Float64Array, runs: Int32Array, most: number): LagCovariances | null {
  if (2 * most > size || 2 * countComplete(runs, most) < countComplete(runs, 0)) return null;
  const length = size - most;
  const real = new Float64Array(size);
  const imaginary = new Float64Array(size);
  const products = { real: new Float64Array(size), imaginary: new Float64Array(size) };
  for (let at = 0; at < runs.length; at += 2) {
    const [begin, end] = [runs[at] as number, runs[at + 1] as number];
    for (let from = begin; from < end; from += length) {
      // A block in the one part, and the same with what lies before it in the other.
      const to = Math.min(from + length, end);
      place(real, values, from, to, 0);
      const before = Math.min(most, from - begin);
      place(imaginary, values, from - before, to, most - before);
      transform(real, imaginary);
      addProducts(products, real, imaginary);
    }
  }
  // Of numbers that are each other's conjugates from both ends: what comes out is real.
  place(real, products.real, 0, size, 0);
  place(imaginary, products.imaginary, 0, size, 0);
  transform(real, imaginary);
  const pairs = Float64Array.from({ length: most + 1 }, (_, lag) => countComplete(runs, lag));
  const sum = (lag: number) => (real[(size - (most - lag)) % size] as number) / size;
  return { means: pairs.map((count, lag) => sum(lag) / count), pairs };
}

/** Adds the conjugate of the transform of the real part times that of the imaginary part. */
function addProducts(
  sums: { readonly real: Float64Array; readonly imaginary: Float64Array },
  real: Float64Array,
  imaginary: Float64Array,
): void {
  for (let k = 0; k < size; k++) {
    const mirror = (size - k) & (size - 1);
    // The transforms are (x + i y) / 2 and (u + i v) / 2.
    const x = (real[k] as number) + (real[mirror] as number);
    const y = (imaginary[k] as number) - (imaginary[mirror] as number);
    const u = (imaginary[k] as number) + (imaginary[mirror] as number);
    const v = (real[mirror] as number) - (real[k] as number);
    sums.real[k] = (sums.real[k] as number) + (x * u + y * v) / 4;
    sums.imaginary[k] = (sums.imaginary[k] as number) + (x * v - y * u) / 4;
  }
}

/** Cosines and sines of the first half of a turn, in steps of one `size`th, and the places with their bits the other way round. */
const tables = {
  cosines: new Float64Array(size / 2),
  sines: new Float64Array(size / 2),
  reversed: new Uint16Array(size),
};

function fillTables(): void {
  const { cosines, sines, reversed } = tables;
  for (let i = 0; i < size / 2; i++) {
    cosines[i] = Math.cos((2 * Math.PI * i) / size);
    sines[i] = Math.sin((2 * Math.PI * i) / size);
  }
  for (let i = 1; i < size; i++) reversed[i] = ((reversed[i >> 1] as number) >> 1) | (i & 1 ? size / 2 : 0);
}

/** Writes values `from` to `to` from a place on, with zeros elsewhere, as a transform wants them: with the bits of each place reversed. */
function place(into: Float64Array, values: Float64Array, from: number, to: number, first: number): void {
  const { reversed } = tables;
  if (reversed[1] === 0) fillTables();
  into.fill(0);
  for (let i = from, at = first; i < to; i++, at++) into[reversed[at] as number] = values[i] as number;
}

/**
 * The discrete Fourier transform of what was placed, in place.
 * Source: J. W. Cooley, J. W. Tukey (1965), "An algorithm for the machine calculation of complex Fourier series", Math. Comp. 19.
 */
function transform(real: Float64Array, imaginary: Float64Array): void {
  const { cosines, sines } = tables;
  for (let half = 1; half < size; half *= 2) {
    const step = size / (2 * half);
    for (let i = 0; i < half; i++) {
      const cosine = cosines[i * step] as number;
      const sine = sines[i * step] as number;
      for (let low = i; low < size; low += 2 * half) {
        const high = low + half;
        const a = real[high] as number;
        const b = imaginary[high] as number;
        const x = a * cosine + b * sine;
        const y = b * cosine - a * sine;
        const c = real[low] as number;
        const d = imaginary[low] as number;
        real[high] = c - x;
        imaginary[high] = d - y;
        real[low] = c + x;
        imaginary[low] = d + y;
      }
    }
  }
}
