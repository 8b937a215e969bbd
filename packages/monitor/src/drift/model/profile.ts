import { scratchNumbers } from "../long-windows/scratch-arrays.ts";
import type { RegularSeries } from "./regular-series.ts";

/** Mean of the reference at each position of the season. */
export interface SeasonalProfile {
  readonly seasonLength: number;
  readonly means: Float64Array;
  /** Positions that the reference has values for: the degrees of freedom that the profile takes. */
  readonly parameters: number;
}

/** The seasonal profile of a series; positions without a value get the overall mean. `seasonLength` 1 is a plain mean. */
export function seasonalProfile(series: RegularSeries, seasonLength: number): SeasonalProfile {
  const sums = new Float64Array(seasonLength);
  const counts = new Float64Array(seasonLength);
  const { first, values } = series;
  let position = positionOf(first, seasonLength) - 1;
  for (let slot = 0; slot < values.length; slot++) {
    if (++position === seasonLength) position = 0;
    const value = values[slot] as number;
    if (Number.isNaN(value)) continue;
    sums[position] = (sums[position] as number) + value;
    counts[position] = (counts[position] as number) + 1;
  }
  let [total, rows, parameters] = [0, 0, 0];
  for (let position = 0; position < seasonLength; position++) {
    total += sums[position] as number;
    rows += counts[position] as number;
    if (counts[position] !== 0) parameters++;
  }
  const means = new Float64Array(seasonLength);
  for (let position = 0; position < seasonLength; position++) {
    const count = counts[position] as number;
    means[position] = count === 0 ? total / rows : (sums[position] as number) / count;
  }
  return { seasonLength, means, parameters };
}

/** A series less its profile, in an array of its own or, if `inPlace`, in the series' own. */
export function deseasonalise(
  series: RegularSeries,
  { means, seasonLength }: SeasonalProfile,
  inPlace = false,
): RegularSeries {
  const values = inPlace ? series.values : scratchNumbers(series.values.length);
  let position = positionOf(series.first, seasonLength) - 1;
  for (let slot = 0; slot < values.length; slot++) {
    if (++position === seasonLength) position = 0;
    values[slot] = (series.values[slot] as number) - (means[position] as number);
  }
  return { first: series.first, values };
}

/** Position within the season of a grid index (which may be negative). */
export function positionOf(index: number, seasonLength: number): number {
  return ((index % seasonLength) + seasonLength) % seasonLength;
}

/** Positions within the season of `length` grid indexes from `first` on. */
export function positionsOf(first: number, length: number, seasonLength: number): Int32Array {
  const positions = new Int32Array(length);
  let position = positionOf(first, seasonLength);
  for (let slot = 0; slot < length; slot++) {
    positions[slot] = position;
    position = position + 1 === seasonLength ? 0 : position + 1;
  }
  return positions;
}

/** Frequencies, in radians per step, that a seasonal profile takes out of a series. */
export function frequenciesOf(seasonLength: number): number[] {
  return Array.from({ length: Math.floor(seasonLength / 2) + 1 }, (_, i) => (2 * Math.PI * i) / seasonLength);
}
