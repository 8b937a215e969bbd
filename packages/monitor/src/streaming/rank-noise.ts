import { cellOf, cellScores } from "./alternatives.ts";
import { type RankBins, rankBins, rankOf } from "./rank-bins.ts";
import { within } from "./within.ts";

/**
 * Noise that is added to innovations before they are ranked. Where many are nearly equal (counts, zeros, two humps, a sharp edge), a small error of
 * the estimates moves the ranks of all of them, and as estimates go on learning, that would pass for drift. Spread out, they move no more than
 * those of normal noise do, which the stream allows for.
 * Source: L. G. Roberts (1962), "Picture coding using pseudo-random noise", IRE Trans. Inf. Theory 8; A. E. Brockwell (2007), "Universal
 * residuals", Statist. Probab. Letters 77, for discrete values.
 */

/** Widths that are tried, in standard deviations. */
const widths = [0, 0.5, 1, 1.5, 2, 3, 4];
/** How much more than those of normal noise ranks may move: heavy tails are below. */
const mostSensitive = 1.4;
/** The error of estimates, in standard deviations. */
const error = 0.1;
/** Numbers beyond count as this far: a few wild ones do not make noise wide. */
const reach = 4;

/** The least width of noise with which ranks of innovations are no more sensitive to errors than they may be. @param sample - Of standard deviation 1 or so; its order does not matter. */
export function rankNoiseFor(sample: Float64Array): number {
  const usual = sample.map((value) => within(value, reach));
  const found = widths.map((width) => ({ width, sensitivity: sensitivityOf(withNoise(usual, width)) }));
  const enough = found.find(({ sensitivity }) => sensitivity <= mostSensitive);
  return (enough ?? found.reduce((a, b) => (b.sensitivity < a.sensitivity ? b : a))).width;
}

/** A sample with noise. */
export function withNoise(sample: Float64Array, width: number, seed = 0): Float64Array {
  return sample.map((value, i) => value + width * noiseAt(i, seed));
}

/** Uniform in -0.5 .. 0.5 and as good as random from index to index, and from seed to seed. */
export function noiseAt(index: number, seed: number): number {
  return mixed(mixed(index) ^ seed) / 2 ** 32 - 0.5;
}

/** The seed of a series: two columns must not have the same noise, which would be unlucky for both. */
export function seedOf(values: Float64Array): number {
  const words = new Uint32Array(values.slice().buffer);
  return words.reduce((seed, word) => mixed(seed ^ word), 1);
}

/** The last steps of MurmurHash3. */
function mixed(value: number): number {
  let hash = value | 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** By how much normal scores move with their numbers, over what those of normal numbers of this spread do. */
function sensitivityOf(sample: Float64Array): number {
  const mean = sample.reduce((a, b) => a + b, 0) / sample.length;
  const spread = Math.sqrt(sample.reduce((sum, value) => sum + (value - mean) ** 2, 0) / sample.length);
  const bins = rankBins(sample);
  const step = error * spread;
  let moved = 0;
  for (const value of sample) moved += scoreOf(bins, value + step) - scoreOf(bins, value - step);
  return moved / sample.length / (2 * error);
}

function scoreOf(bins: RankBins, value: number): number {
  return cellScores[cellOf(rankOf(bins, value))] as number;
}
