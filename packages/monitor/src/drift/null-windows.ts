import type { Random } from "@tsops/core";
import { meanOf } from "./innovation-moments.ts";
import { ljungBox } from "./ljung-box.ts";
import { positionOf } from "./profile.ts";
import { presentValues, type RegularSeries } from "./regular-series.ts";

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

/**
 * A reference and a current window as they could have been with nothing changed: the reference's autoregression is run on its own
 * innovations, drawn with replacement from the same position of the season, so that hours that are always wild stay so. Where they
 * depend on those before, whole seasons of them are drawn, so that calm and wild stretches stay together for that long; elsewhere that
 * would only make the error of a mean as uncertain as a few blocks are. Missing values are missing again. Windows that follow each other
 * are cut from one series, others are independent.
 */
export function nullWindows(
  reference: RegularSeries,
  current: RegularSeries,
  { phi, ...noise }: Noise,
  seasonLength: number,
  random: Random,
): readonly [RegularSeries, RegularSeries] {
  const gap = current.first - (reference.first + reference.values.length);
  const between = gap < 0 || gap > settling ? settling : gap;
  const begin = settling + reference.values.length + between;
  const drawn = drawnShocks(begin + current.values.length, reference.first - settling, {
    ...noise,
    first: reference.first,
    block: seasonLength > 1 ? seasonLength : usualBlock,
    random,
  });
  const values = new Float64Array(drawn.length);
  for (let slot = 0; slot < values.length; slot++) {
    let value = drawn[slot] as number;
    const lags = Math.min(phi.length, slot);
    for (let i = 0; i < lags; i++) value += (phi[i] as number) * (values[slot - 1 - i] as number);
    values[slot] = value;
  }
  return [cut(values, settling, reference), cut(values, begin, current)];
}

interface Source extends Omit<Noise, "phi"> {
  /** Grid index of the first shock. */
  readonly first: number;
  readonly block: number;
  readonly random: Random;
}

/** Shocks from grid index `from` on. One that is missing is replaced by any other. */
function drawnShocks(
  length: number,
  from: number,
  { shocks, areDependent, first, block, random }: Source,
): Float64Array {
  const present = presentValues(shocks);
  const whole = positionOf(-first, block);
  const blocks = Math.max(1, Math.floor((shocks.length - whole) / block));
  const drawn = new Float64Array(length);
  let position = positionOf(from, block);
  let start = whole + block * random.integer(blocks);
  for (let slot = 0; slot < length; slot++) {
    if (!areDependent) start = whole + block * random.integer(blocks);
    const shock = shocks[(start + position) % shocks.length] as number;
    drawn[slot] = Number.isNaN(shock) ? (present[random.integer(present.length)] as number) : shock;
    position++;
    if (position < block) continue;
    position = 0;
    start = whole + block * random.integer(blocks);
  }
  return drawn;
}

/** The values from a slot on, as many as the window has and missing where it is missing. */
function cut(values: Float64Array, from: number, window: RegularSeries): RegularSeries {
  const part = values.slice(from, from + window.values.length);
  for (let slot = 0; slot < part.length; slot++)
    if (Number.isNaN(window.values[slot])) part[slot] = Number.NaN;
  return { first: window.first, values: part };
}
