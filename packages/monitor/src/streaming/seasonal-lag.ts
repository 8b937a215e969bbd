import { positionOf } from "../drift/model/profile.ts";
import { within } from "./within.ts";

/**
 * What an innovation owes to the one at the same position a season before: an autoregression at that lag, on top of the nearer ones that the model has.
 * Days that resemble the day before beyond the profile would otherwise look like another pattern.
 * Source: G. E. P. Box, G. M. Jenkins (1970), Time Series Analysis, ch. 9 (multiplicative seasonal models).
 */
export interface SeasonalLag {
  /** Share of the last season's innovation; 0 where there is none, and then nothing is kept. */
  readonly weight: number;
  /** The innovations of the last season, by grid index modulo its length; NaN where there was none. */
  readonly last: Float64Array;
}

/** Innovations count up to this many deviations: a broken reading has no successor a season later. */
const reachInDeviations = 3;
/** A weight must be this many standard errors from 0 to be believed. */
const limitInErrors = 2.5;
/** Weights are not taken for larger, as these would follow each new pattern at once. */
const mostWeight = 0.9;
const fewestSeasons = 8;

/**
 * Fits the weight to innovations of usual variance 1.
 * @param innovations - In order of time, NaN where there is none.
 * @returns Without a weight where there are too few seasons, or none shows beyond doubt.
 */
export function fitSeasonalLag(innovations: Float64Array, season: number): SeasonalLag {
  const none = { weight: 0, last: new Float64Array(0) };
  const seasons = innovations.length / season;
  if (season < 2 || seasons < fewestSeasons) return none;
  let [products, squares, count] = [0, 0, 0];
  for (let slot = season; slot < innovations.length; slot++) {
    const product = bounded(innovations[slot] as number) * bounded(innovations[slot - season] as number);
    if (Number.isNaN(product)) continue;
    products += product;
    squares += bounded(innovations[slot - season] as number) ** 2;
    count++;
  }
  if (count === 0 || squares === 0) return none;
  // The profile's mean of each position is taken off, which makes neighbours look less alike.
  const found = products / squares;
  const weight = found + (1 + found) / seasons;
  if (weight * Math.sqrt(count) < limitInErrors) return none;
  return { weight: Math.min(weight, mostWeight), last: new Float64Array(season).fill(Number.NaN) };
}

/** What is left of an innovation of usual variance 1, again of usual variance 1; remembers it for the next season. NaN is none. */
export function withoutSeasonalLag({ weight, last }: SeasonalLag, innovation: number, index: number): number {
  if (weight === 0) return innovation;
  const place = positionOf(index, last.length);
  const before = bounded(last[place] as number);
  last[place] = innovation;
  return Number.isNaN(before) ? innovation : (innovation - weight * before) / Math.sqrt(1 - weight ** 2);
}

/** How much of a lasting shift of innovations is left, in their usual deviations. */
export function shiftLeft({ weight }: SeasonalLag): number {
  return Math.sqrt((1 - weight) / (1 + weight));
}

function bounded(value: number): number {
  return within(value, reachInDeviations);
}
