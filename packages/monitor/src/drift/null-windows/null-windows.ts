import type { Random } from "@tsops/core";
import { whiten } from "../model/autoregression.ts";
import { meanOf } from "../model/innovation-moments.ts";
import { ljungBox } from "../model/ljung-box.ts";
import { positionOf } from "../model/profile.ts";
import { countPresent, presentValues, type RegularSeries } from "../model/regular-series.ts";

/** Steps in which a resampled series forgets where it began. */
const settling = 200;
/** Length of a block of innovations without a season. */
const usualBlock = 24;

/** What the reference's noise is made of. */
export interface Noise {
  /** Coefficients of its autoregression. */
  readonly phi: Float64Array;
  /** Its innovations; NaN where a value or one of its lags is missing. */
  readonly shocks: Float64Array;
  /** Whether they are drawn in blocks. */
  readonly areDependent: boolean;
}

/**
 * The noise of a series: its autoregression and, where what that leaves looks like itself a season before, a factor for that lag too.
 * @param deviations - The series less its profile; NaN is missing.
 * @param growth - Of the shocks, to make them as large as those of values that were not fitted.
 */
export function noiseOf(
  deviations: Float64Array,
  phi: Float64Array,
  seasonLength: number,
  growth: number,
): Noise {
  const plain = whiten(deviations, phi);
  const whole = withSeasonalLag(phi, plain, seasonLength);
  const left = whole === phi ? plain : whiten(deviations, whole);
  // Gaps leave few rows that have all the lags of a season.
  const isEnough = 2 * countPresent(left) >= countPresent(plain);
  const shocks = (isEnough ? left : plain).map((shock) => shock * growth);
  return {
    phi: isEnough ? whole : phi,
    shocks,
    areDependent: areDependent(shocks, seasonLength, phi.length),
  };
}

/** Standard errors from which on a correlation with the season before is believed. */
const believed = 2;

/** Coefficients of (1 - phi) (1 - r at the lag of a season), with the correlation r that the innovations have there. */
function withSeasonalLag(phi: Float64Array, innovations: Float64Array, seasonLength: number): Float64Array {
  if (seasonLength <= phi.length) return phi;
  let [products, squares, pairs] = [0, 0, 0];
  for (let slot = seasonLength; slot < innovations.length; slot++) {
    const product = (innovations[slot] as number) * (innovations[slot - seasonLength] as number);
    if (Number.isNaN(product)) continue;
    products += product;
    squares += ((innovations[slot] as number) ** 2 + (innovations[slot - seasonLength] as number) ** 2) / 2;
    pairs++;
  }
  // The profile took the mean of each position off, which makes neighbouring seasons look unlike.
  const cycles = innovations.length / seasonLength;
  const correlation = Math.min(0.95, products / squares + 1 / cycles);
  if (!(correlation * Math.sqrt(pairs) > believed)) return phi;
  const whole = new Float64Array(seasonLength + phi.length);
  whole.set(phi);
  whole[seasonLength - 1] = correlation;
  phi.forEach((value, lag) => {
    whole[seasonLength + lag] = -correlation * value;
  });
  return whole;
}

/** Innovations are drawn in blocks when a Ljung-Box test of them or of their sizes has a p-value below this. */
const dependenceLevel = 0.01;

/** Whether innovations, or how large they are, depend on those before: then they are to be drawn in blocks. */
export function areDependent(shocks: Float64Array, seasonLength: number, order: number): boolean {
  const lags = seasonLength > 1 ? seasonLength : usualBlock;
  const sizes = shocks.map(Math.abs);
  const mean = meanOf(presentValues(sizes));
  const found = [
    ljungBox(shocks, lags, order),
    ljungBox(
      sizes.map((size) => size - mean),
      lags,
      0,
    ),
  ];
  return found.some((test) => test !== null && test.pValue < dependenceLevel);
}

/** A reference and a current window. */
type Windows = readonly [RegularSeries, RegularSeries];

/**
 * Draws a reference and a current window as they could have been with nothing changed: the reference's autoregression is run on its own
 * innovations, drawn with replacement from the same position of the season, so that hours that are always wild stay so. Where they
 * depend on those before, whole seasons of them are drawn, each of those that came after a season about as wild as the one drawn last, so that calm and wild stretches
 * last as long as they do; elsewhere that would only make the error of a mean as uncertain as a few blocks are. Missing values are missing again. Windows that follow each other
 * are cut from one series, others are independent.
 */
export function nullWindows(
  reference: RegularSeries,
  current: RegularSeries,
  { phi, ...noise }: Noise,
  seasonLength: number,
): (random: Random) => Windows {
  const gap = current.first - (reference.first + reference.values.length);
  const between = gap < 0 || gap > settling ? settling : gap;
  const begin = settling + reference.values.length + between;
  const source = sourceOf(noise, reference.first, seasonLength > 1 ? seasonLength : usualBlock);
  return (random) => {
    const drawn = drawnShocks(begin + current.values.length, reference.first - settling, source, random);
    const values = new Float64Array(drawn.length);
    for (let slot = 0; slot < values.length; slot++) {
      let value = drawn[slot] as number;
      const lags = Math.min(phi.length, slot);
      for (let i = 0; i < lags; i++) value += (phi[i] as number) * (values[slot - 1 - i] as number);
      values[slot] = value;
    }
    return [cut(values, settling, reference), cut(values, begin, current)];
  };
}

/** Shocks in blocks of a season. */
interface Source {
  readonly shocks: Float64Array;
  /** Those that are there. */
  readonly present: Float64Array;
  /** Slot where the first whole block begins. */
  readonly whole: number;
  readonly block: number;
  readonly blocks: number;
  /** For each block those that may follow it; null where any may. */
  readonly after: readonly number[][] | null;
}

/** @param first - Grid index of the first shock. */
function sourceOf({ shocks, areDependent }: Omit<Noise, "phi">, first: number, block: number): Source {
  const whole = positionOf(-first, block);
  const blocks = Math.max(1, Math.floor((shocks.length - whole) / block));
  const after = areDependent ? followers(shocks, whole, block, blocks) : null;
  return { shocks, present: presentValues(shocks), whole, block, blocks, after };
}

/** Shocks from grid index `from` on. One that is missing is replaced by any other. */
function drawnShocks(
  length: number,
  from: number,
  { shocks, present, whole, block, blocks, after }: Source,
  random: Random,
): Float64Array {
  const drawn = new Float64Array(length);
  let position = positionOf(from, block);
  let at = random.integer(blocks);
  for (let slot = 0; slot < length; slot++) {
    if (after === null) at = random.integer(blocks);
    const start = whole + block * at;
    const shock = shocks[(start + position) % shocks.length] as number;
    drawn[slot] = Number.isNaN(shock) ? (present[random.integer(present.length)] as number) : shock;
    position++;
    if (position < block) continue;
    position = 0;
    const next = after?.[at];
    at = next === undefined ? random.integer(blocks) : (next[random.integer(next.length)] as number);
  }
  return drawn;
}

/** Of all blocks, the part that is near enough in size to be taken for the one before, and how many these are at least. */
const [nearShare, fewestNear] = [1 / 4, 4];

/** For each block those that may follow it: what came after the blocks whose mean size is nearest to its own. */
function followers(shocks: Float64Array, whole: number, block: number, blocks: number): readonly number[][] {
  const sizes = Array.from({ length: blocks }, (_, at) => {
    const part = presentValues(shocks.subarray(whole + at * block, whole + (at + 1) * block));
    return part.length === 0 ? 0 : meanOf(part.map(Math.abs));
  });
  const near = Math.max(fewestNear, Math.round(nearShare * blocks));
  const withNext = Array.from({ length: blocks - 1 }, (_, at) => at);
  return sizes.map((size) => {
    const distance = (at: number) => Math.abs((sizes[at] as number) - size);
    const nearest = [...withNext].sort((a, b) => distance(a) - distance(b)).slice(0, near);
    return nearest.length === 0 ? [0] : nearest.map((at) => at + 1);
  });
}

/** The values from a slot on, as many as the window has and missing where it is missing. */
function cut(values: Float64Array, from: number, window: RegularSeries): RegularSeries {
  const part = values.slice(from, from + window.values.length);
  for (let slot = 0; slot < part.length; slot++)
    if (Number.isNaN(window.values[slot])) part[slot] = Number.NaN;
  return { first: window.first, values: part };
}
