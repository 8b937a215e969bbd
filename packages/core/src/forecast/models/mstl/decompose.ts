import { stl } from "../../local/decompose/stl.ts";
import { filledLinearly } from "../ets/start.ts";

/** A series taken apart into a trend and several seasons. */
export interface MstlParts {
  readonly trend: Float64Array;
  /** One per season length, in their order. */
  readonly seasons: readonly Float64Array[];
}

type Decompose = (y: Float64Array) => MstlParts;

/**
 * Several seasons by STL in turn, the shortest first, each from the series without the others, twice around (Bandara, Hyndman & Bergmeir 2021,
 * algorithm 1). Windows of 11, 15, 19, ... values of a phase, as R's `mstl` has them.
 * @param periods - Ascending; two of each fit into the rows.
 */
export function decomposition(rows: number, periods: readonly number[], robust: boolean): Decompose {
  const steps = periods.map((period, i) => stl(rows, period, 11 + 4 * i, robust));
  return (y) => {
    const seasons: Float64Array[] = periods.map(() => new Float64Array(rows));
    const rest = y.slice();
    let trend: Float64Array = new Float64Array(rows);
    for (let turn = 0; turn < (periods.length === 1 ? 1 : 2); turn++)
      steps.forEach((step, i) => {
        const before = seasons[i] as Float64Array;
        for (let t = 0; t < rows; t++) rest[t] = (rest[t] as number) + (before[t] as number);
        const parts = step(rest);
        for (let t = 0; t < rows; t++) rest[t] = (rest[t] as number) - (parts.season[t] as number);
        seasons[i] = parts.season;
        trend = parts.trend;
      });
    return { trend, seasons };
  };
}

/**
 * The decomposition of a series with gaps: filled by straight lines first, then by the trend and the seasons found.
 * @param y - NaN is missing; the first value is known.
 */
export function decomposeWithGaps(decompose: Decompose, y: Float64Array): MstlParts {
  const parts = decompose(filledLinearly(y));
  if (!y.some(Number.isNaN)) return parts;
  const filled = y.map((value, t) =>
    Number.isNaN(value)
      ? parts.seasons.reduce((sum, season) => sum + (season[t] as number), parts.trend[t] as number)
      : value,
  );
  return decompose(filled);
}
