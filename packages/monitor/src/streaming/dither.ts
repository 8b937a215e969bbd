import { presentValues, type RegularSeries } from "../drift/model/regular-series.ts";
import { noiseAt, seedOf } from "./rank-noise.ts";

/**
 * Noise that is added to the values of a column of which many are the same (counts, zeros, prices that stay), each spread as widely as a
 * normal density would spread its share of rows. Otherwise their innovations would be told by what the model expected alone, and that
 * persists.
 * Source: L. G. Roberts (1962), "Picture coding using pseudo-random noise", IRE Trans. Inf. Theory 8; A. E. Brockwell (2007), "Universal
 * residuals: a multivariate transformation", Statist. Probab. Letters 77, for discrete values.
 */
export interface Dither {
  /** Values that many rows have, ascending, and how widely each is spread. */
  readonly atoms: Float64Array;
  readonly widths: Float64Array;
  /** How widely the others are, as rows often repeat the one before: 0 where they do not. */
  readonly others: number;
  readonly seed: number;
}

/** Share of rows with one value, or that repeat the row before, from which a column needs dither. */
const needed = 0.15;
/** Share of rows from which a value has a width of its own then. */
const leastShare = 0.01;
/** Width over standard deviation and share: 1 over the height of a normal density, so that values rounded to steps are spread over a step. */
const widthOfShare = 2.5;

const none: Dither = { atoms: new Float64Array(0), widths: new Float64Array(0), others: 0, seed: 0 };

/** The dither for a reference; NaN is missing. */
export function ditherFor(values: Float64Array): Dither {
  const present = presentValues(values);
  const shares = sharesOf(present);
  const frequent = new Set(shares.filter(({ share }) => share >= needed).map(({ value }) => value));
  const steps = present.subarray(1).map((value, i) => value - (present[i] as number));
  const others = steps.filter((_, i) => !frequent.has(present[i] as number));
  const stays = others.length === 0 ? 0 : others.filter((step) => step === 0).length / others.length;
  if (frequent.size === 0 && stays < needed) return none;
  const usual = stays < leastShare ? 0 : widthOfShare * deviationOf(steps) * stays;
  const atoms = shares.filter(({ share }) => share >= leastShare);
  const width = widthOfShare * deviationOf(present);
  return {
    atoms: Float64Array.from(atoms, ({ value }) => value),
    widths: Float64Array.from(atoms, ({ share }) => Math.max(width * share, usual)),
    others: usual,
    seed: seedOf(values),
  };
}

/** Whether noise is added at all. */
export function needsDither({ atoms, others }: Dither): boolean {
  return atoms.length > 0 || others > 0;
}

/** A value with its noise, which depends on its place and the reference alone: a stream that was saved goes on as it would have. */
export function dithered(dither: Dither, value: number, index: number): number {
  if (!needsDither(dither)) return value;
  const { atoms, widths, others, seed } = dither;
  let [low, high] = [0, atoms.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((atoms[middle] as number) < value) low = middle + 1;
    else high = middle;
  }
  const width = atoms[low] === value ? (widths[low] as number) : others;
  return value + width * noiseAt(~index, seed);
}

/** A series with its noise. */
export function ditheredSeries(dither: Dither, { first, values }: RegularSeries): RegularSeries {
  return { first, values: values.map((value, slot) => dithered(dither, value, first + slot)) };
}

/** Each value, ascending, with its share of all. */
function sharesOf(values: Float64Array): { readonly value: number; readonly share: number }[] {
  const sorted = values.slice().sort();
  const shares: { value: number; share: number }[] = [];
  for (let from = 0; from < sorted.length; ) {
    const value = sorted[from] as number;
    let end = from + 1;
    while (sorted[end] === value) end++;
    shares.push({ value, share: (end - from) / sorted.length });
    from = end;
  }
  return shares;
}

function deviationOf(values: Float64Array): number {
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
