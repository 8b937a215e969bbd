import type { Random } from "@tsops/core";
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
}

/**
 * A reference and a current window as they could have been with nothing changed: the reference's autoregression is run on its own
 * innovations, in blocks of a season, drawn with replacement, that begin at the same position. So hours that are always wild stay
 * so, and calm and wild stretches stay together for that long. Missing values are missing again. Windows that follow each other are
 * cut from one series, others are independent.
 */
export function nullWindows(
  reference: RegularSeries,
  current: RegularSeries,
  { phi, shocks }: Noise,
  seasonLength: number,
  random: Random,
): readonly [RegularSeries, RegularSeries] {
  const gap = current.first - (reference.first + reference.values.length);
  const between = gap < 0 || gap > settling ? settling : gap;
  const begin = settling + reference.values.length + between;
  const drawn = drawnShocks(begin + current.values.length, reference.first - settling, {
    shocks,
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

interface Source {
  readonly shocks: Float64Array;
  /** Grid index of the first shock. */
  readonly first: number;
  readonly block: number;
  readonly random: Random;
}

/** Shocks from grid index `from` on. One that is missing is replaced by any other. */
function drawnShocks(length: number, from: number, { shocks, first, block, random }: Source): Float64Array {
  const present = presentValues(shocks);
  const whole = positionOf(-first, block);
  const blocks = Math.max(1, Math.floor((shocks.length - whole) / block));
  const drawn = new Float64Array(length);
  let position = positionOf(from, block);
  let start = whole + block * random.integer(blocks);
  for (let slot = 0; slot < length; slot++) {
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
