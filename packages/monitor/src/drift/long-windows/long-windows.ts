import type { RegularSeries } from "../model/regular-series.ts";
import { scratchNumbers } from "./scratch-arrays.ts";

/** Windows with more rows than this are summed up by position and by bin rather than row by row: the same up to rounding. */
export const manyRows = 50_000;

/** Windows with more rows than this are summed up by lag, where that is the same up to rounding. */
export const someRows = 10_000;

/** Rows, about, that a thinned series keeps: a spread estimated from independent ones has a standard error of 0.4 %. */
const keptRows = 32_768;
/** Cycles of the season that it keeps at least. */
const keptCycles = 6;
/** Rows that follow each other in a stretch, at least: many more than lags are looked at. */
const stretchRows = 4096;

/**
 * Stretches of a very long series, whole cycles each, spread evenly over all of it and put one behind the other at their positions of the
 * season; the first value of a stretch is left out, so that no lag reaches into the one before. Choices (a scale, the seasons), limits
 * and errors of errors are as good from these as from all rows. Series that are not several times as long stay as they are.
 * @param cycle - Steps after which all seasons begin again.
 */
export function thinned(series: RegularSeries, cycle: number): RegularSeries {
  const { first, values } = series;
  const cycles = Math.ceil(stretchRows / cycle);
  const length = cycles * cycle;
  const stretches = Math.ceil(Math.max(keptRows, keptCycles * cycle) / length);
  const spare = Math.floor(values.length / cycle) - cycles;
  if (2 * stretches * length > values.length) return series;
  const kept = scratchNumbers(stretches * length);
  for (let stretch = 0; stretch < stretches; stretch++) {
    const from = cycle * Math.round((spare * stretch) / (stretches - 1));
    kept.set(values.subarray(from, from + length), stretch * length);
    if (stretch > 0) kept[stretch * length] = Number.NaN;
  }
  return { first, values: kept };
}

/** Steps after which some seasons all begin again. */
export function commonCycle(seasons: readonly number[]): number {
  return seasons.reduce((cycle, season) => (cycle * season) / greatestCommonDivisor(cycle, season), 1);
}

function greatestCommonDivisor(a: number, b: number): number {
  return b === 0 ? a : greatestCommonDivisor(b, a % b);
}
