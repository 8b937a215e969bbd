import { chiSquareSurvival, normalCdf, normalQuantile } from "@tsops/core";
import { type DesignEffect, meanOf } from "../drift/model/innovation-moments.ts";
import { presentValues, type RegularSeries } from "../drift/model/regular-series.ts";
import { wavesOf, waveValues } from "../drift/model/waves.ts";
import { alternatives, cellOf, fairFactors, type StreamingChange } from "./alternatives.ts";
import type { SlowLevel } from "./slow-level.ts";
import type { Volatility } from "./volatility.ts";

/** Bets are taken to these powers, at most 1: less where the reference's rows tell less than independent ones would. */
export type Powers = Readonly<Record<StreamingChange, number>>;

/** How runs of spreads go on is known roughly only: what is missed of them looks like a new spread. */
export const powerAfterRuns = 0.6;
/** The usual spread is known as well as this many runs tell it, and bets are smaller after fewer. */
const enoughRuns = 45;
/** The same for a level that wanders slowly. */
export const powerAfterSlowLevel = 0.5;
/** An autoregression is but roughly the law of values that are often equal, or of innovations that crowd in some places. */
export const powerBesideNoise = 0.6;

/** A factor counts when independent rows would give it, among all that are looked at, with a probability below this. */
const designLevel = 0.05;
/** The same of gains on another shape, whose heavy tails make chance look like dependence. */
const shapeLevel = 0.01;
/** Rows of the blocks whose sums are looked at: dependence that ends within a block shows whole. */
const blockLengths = [24, 48, 96];
/** Fewer say nothing of how they vary. */
const fewestBlocks = 6;

/**
 * The powers that keep bets fair where innovations still depend on each other: a product of n factors, of which only one in f is worth
 * a new row, must not grow faster than a product of n / f.
 * @param innovations - Without runs, NaN where there is none.
 * @param groups - The group of each that is there: what depends within one shows there first.
 * @param isRough - Whether noise was added to values or innovations.
 */
export function powersOf(
  { first, values }: RegularSeries,
  groups: Uint8Array,
  volatility: Volatility,
  slowLevel: SlowLevel,
  isRough: boolean,
  seasons: readonly number[],
): Powers {
  const scores = normalScores(presentValues(values));
  const location = powerOf(
    [...new Set(groups)].flatMap((group) =>
      blockFactors(scores.map((score, i) => (groups[i] === group ? score : 0))),
    ),
  );
  const spread = powerOf(blockFactors(centred(scores.map((score) => score * score))));
  const shapes = powerOf(
    fairFactors.flatMap((factors, i) =>
      alternatives[i]?.change === "shape"
        ? blockFactors(centred(scores.map((score) => Math.log(factors[cellOf(normalCdf(score))] as number))))
        : [],
    ),
    shapeLevel,
  );
  let row = 0;
  const all = values.map((value) => (Number.isNaN(value) ? 0 : (scores[row++] as number)));
  const { shock, memory } = volatility;
  const runs = (scores.length * (1 - shock - memory)) / (1 + shock + memory);
  const afterRuns = shock > 0 ? Math.min(powerAfterRuns, runs / enoughRuns) : 1;
  const most = isRough ? powerBesideNoise : 1;
  const level = Math.min(most, location, slowLevel.isSuspected ? powerAfterSlowLevel : 1);
  const waves = powerOf(seasons.flatMap((season) => waveFactors({ first, values: all }, season)));
  return {
    level,
    season: Math.min(most, waves),
    scale: Math.min(most, spread, afterRuns),
    shape: Math.min(level, spread, shapes, shock > 0 ? powerAfterRuns : 1),
  };
}

/** The power for the largest factor that counts. */
function powerOf(factors: readonly DesignEffect[], level = designLevel): number {
  return factors.reduce(
    (power, { factor, degrees }) =>
      factor > 1 && chiSquareSurvival(factor * degrees, degrees) < level / factors.length
        ? Math.min(power, 1 / factor)
        : power,
    1,
  );
}

/** How much more sums of blocks of numbers about 0 vary than those of independent ones, for each length of blocks. */
function blockFactors(values: Float64Array): DesignEffect[] {
  const all = values.reduce((sum, value) => sum + value * value, 0);
  return blockLengths
    .filter((length) => values.length >= fewestBlocks * length)
    .map((length) => {
      const blocks = Math.floor(values.length / length);
      let squares = 0;
      for (let block = 0; block < blocks; block++) {
        let sum = 0;
        for (let i = block * length; i < (block + 1) * length; i++) sum += values[i] as number;
        squares += sum * sum;
      }
      const degrees = blocks - 1;
      return { factor: ((squares / degrees) * (values.length / length)) / all, degrees };
    });
}

function centred(values: Float64Array): Float64Array {
  const mean = meanOf(values);
  return values.map((value) => value - mean);
}

/** The same for a season's waves, from cycle to cycle: of the first harmonic, and of all. */
function waveFactors({ first, values }: RegularSeries, season: number): DesignEffect[] {
  const waves = wavesOf([season]).map((wave) => waveValues(wave, first, season));
  const cycles = Math.floor(values.length / season);
  if (cycles < fewestBlocks) return [];
  const squares = waves.map((wave) => {
    let sum = 0;
    for (let cycle = 0; cycle < cycles; cycle++) {
      let coefficient = 0;
      for (let i = 0; i < season; i++)
        coefficient += (wave[i] as number) * (values[cycle * season + i] as number);
      sum += coefficient ** 2 / (season / 2);
    }
    return sum;
  });
  return [...new Set([Math.min(2, waves.length), waves.length])]
    .filter((count) => count > 0)
    .map((count) => ({
      factor: squares.slice(0, count).reduce((a, b) => a + b, 0) / count / (cycles - 1),
      degrees: count * (cycles - 1),
    }));
}

/** Normal scores of the ranks of a sample within itself. */
export function normalScores(values: Float64Array): Float64Array {
  const order = Float64Array.from(values.keys()).sort(
    (a, b) => (values[a] as number) - (values[b] as number),
  );
  const scores = new Float64Array(values.length);
  order.forEach((row, rank) => {
    scores[row] = normalQuantile((rank + 0.5) / values.length);
  });
  return scores;
}
