import type { Random } from "@tsops/core";
import type { Autoregression } from "./autoregression.ts";
import { positionOf } from "./profile.ts";
import { presentValues, type RegularSeries } from "./regular-series.ts";

/** Steps before the reference in which a resampled series forgets where it began. */
const settling = 200;
/** Cycles of the short season in a block of innovations: calm and wild stretches stay together for that long. */
const cyclesOfBlock = 1;
/** Length of a block without a season. */
const usualBlock = 24;

/**
 * A reference and a current window as they could have been with nothing changed: the reference's autoregression is run on innovations
 * drawn from its own, in blocks that begin at the same position of the season. Missing values are missing again. Windows that join
 * or lie near each other are cut from one series.
 */
export function nullWindows(
  reference: RegularSeries,
  current: RegularSeries,
  { phi, degrees, innovations }: Autoregression,
  shocks: Float64Array,
  seasonLength: number,
  random: Random,
): readonly [RegularSeries, RegularSeries] {
  const gap = current.first - (reference.first + reference.values.length);
  const between = gap < 0 || gap > settling ? settling : gap;
  const length = settling + reference.values.length + between + current.values.length;
  const block = seasonLength > 1 ? cyclesOfBlock * seasonLength : usualBlock;
  const inflation = Math.sqrt(innovations.length / degrees);
  const first = positionOf(reference.first - settling, block);
  const values = new Float64Array(length);
  const present = presentValues(shocks);
  const blocks = Math.floor(shocks.length / block);
  const offset = positionOf(-reference.first, block);
  let source = 0;
  for (let slot = 0; slot < length; slot++) {
    const position = (first + slot) % block;
    if (slot === 0 || position === 0) source = offset + block * random.integer(Math.max(1, blocks));
    let shock = shocks[(source + position) % shocks.length] as number;
    if (Number.isNaN(shock)) shock = present[random.integer(present.length)] as number;
    let value = shock * inflation;
    for (let i = 0; i < phi.length && i < slot; i++)
      value += (phi[i] as number) * (values[slot - 1 - i] as number);
    values[slot] = value;
  }
  const end = settling + reference.values.length;
  return [
    cut(values, settling, reference),
    cut(values, end + between, current),
  ];
}

function cut(values: Float64Array, from: number, like: RegularSeries): RegularSeries {
  const part = values.slice(from, from + like.values.length);
  for (let slot = 0; slot < part.length; slot++)
    if (Number.isNaN(like.values[slot])) part[slot] = Number.NaN;
  return { first: like.first, values: part };
}
