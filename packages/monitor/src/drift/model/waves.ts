import { commonCycle, manyRows } from "../long-windows/long-windows.ts";
import { positionOf } from "./profile.ts";

/** Harmonics of each season that the season test looks at. */
const harmonics = 3;

/** One regressor of the season test. */
export interface Wave {
  readonly season: number;
  readonly harmonic: number;
  readonly phase: "cos" | "sin";
}

/** A wave of some size in a series. */
export interface FittedWave {
  readonly wave: Wave;
  readonly coefficient: number;
}

/** The harmonics of some seasons, cosine and sine side by side. */
export function wavesOf(seasons: readonly number[]): Wave[] {
  return seasons.flatMap((season) =>
    Array.from({ length: Math.min(harmonics, Math.floor((season - 1) / 2)) }, (_, k) => k + 1).flatMap(
      (harmonic): Wave[] => [
        { season, harmonic, phase: "cos" },
        { season, harmonic, phase: "sin" },
      ],
    ),
  );
}

/**
 * The first of some waves, as many as a window of so many rows can tell from a level and noise: a week of days has room for one harmonic
 * of the week, and three would leave nothing of it.
 */
export function wavesFor(seasons: readonly number[], rows: number): Wave[] {
  const most = Math.max(0, Math.floor(rows / rowsPerTerm) - 1);
  return wavesOf(seasons).slice(0, most - (most % 2));
}

/** Rows for each term that is fitted. */
const rowsPerTerm = 2;

/** Radians per step. */
export function frequencyOfWave({ season, harmonic }: Wave): number {
  return (2 * Math.PI * harmonic) / season;
}

/** A wave over `length` steps from grid index `first` on. */
export function waveValues(wave: Wave, first: number, length: number): Float64Array {
  const { season } = wave;
  const cycle = cycleValues(wave);
  const values = new Float64Array(length);
  let position = positionOf(first, season) - 1;
  for (let slot = 0; slot < length; slot++) {
    if (++position === season) position = 0;
    values[slot] = cycle[position] as number;
  }
  return values;
}

/** One cycle each of the waves that were asked for last: all columns have the same. */
const cycles = new Map<string, Float64Array>();
/** Those of two seasons. */
const mostCycles = 4 * harmonics;

function cycleValues(wave: Wave): Float64Array {
  const { season, harmonic, phase } = wave;
  const name = `${season} ${harmonic} ${phase}`;
  const known = cycles.get(name);
  if (known !== undefined) return known;
  const frequency = frequencyOfWave(wave);
  const cycle = Float64Array.from({ length: season }, (_, i) => Math[phase](frequency * i));
  if (cycles.size >= mostCycles) cycles.clear();
  cycles.set(name, cycle);
  return cycle;
}

/** Steps after which all of some waves begin again, where a window is long enough to be summed up by them; else null. */
export function cycleOf(waves: readonly Wave[], rows: number): number | null {
  const cycle = commonCycle(waves.map(({ season }) => season));
  return rows > manyRows && 2 * cycle <= rows ? cycle : null;
}

/** Values from grid index `first` on, less a level and waves: in place. */
export function withoutWaves(
  rest: Float64Array,
  first: number,
  level: number,
  waves: readonly FittedWave[],
): Float64Array {
  const cycle = cycleOf(
    waves.map(({ wave }) => wave),
    rest.length,
  );
  if (cycle === null) {
    for (let slot = 0; slot < rest.length; slot++) rest[slot] = (rest[slot] as number) - level;
    for (const { wave, coefficient } of waves)
      subtract(rest, coefficient, waveValues(wave, first, rest.length));
    return rest;
  }
  const expected = new Float64Array(cycle).fill(level);
  for (const { wave, coefficient } of waves) subtract(expected, -coefficient, waveValues(wave, 0, cycle));
  return lessByPosition(rest, first, expected);
}

/** Takes what is expected at each position of a cycle off a series, in place. */
export function lessByPosition(values: Float64Array, first: number, expected: Float64Array): Float64Array {
  let position = positionOf(first, expected.length) - 1;
  for (let slot = 0; slot < values.length; slot++) {
    if (++position === expected.length) position = 0;
    values[slot] = (values[slot] as number) - (expected[position] as number);
  }
  return values;
}

function subtract(from: Float64Array, factor: number, values: Float64Array): void {
  for (let slot = 0; slot < from.length; slot++)
    from[slot] = (from[slot] as number) - factor * (values[slot] as number);
}
