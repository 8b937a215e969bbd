import { positionsOf } from "./profile.ts";

/** Harmonics of each season that the season test looks at. */
const harmonics = 3;

/** One regressor of the season test. */
export interface Wave {
  readonly season: number;
  readonly harmonic: number;
  readonly phase: "cos" | "sin";
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

/** Radians per step. */
export function frequencyOfWave({ season, harmonic }: Wave): number {
  return (2 * Math.PI * harmonic) / season;
}

/** A wave over `length` steps from grid index `first` on. */
export function waveValues(wave: Wave, first: number, length: number): Float64Array {
  const { season, phase } = wave;
  const cycle = Float64Array.from({ length: season }, (_, i) => Math[phase](frequencyOfWave(wave) * i));
  const values = new Float64Array(length);
  const positions = positionsOf(first, length, season);
  for (let i = 0; i < length; i++) values[i] = cycle[positions[i] as number] as number;
  return values;
}
