import type { Panel } from "../panel/panel.ts";

/**
 * Per series how far a bound may lie from a forecast: the range of the history, larger where the horizon is long beside it. Few errors, of which one is large, may otherwise make bounds of a size that nothing in the series has ever had.
 * Infinity where the history is constant, as that tells nothing of a change to come.
 */
export function reachesOf(panel: Panel, horizon: number): Float64Array {
  return Float64Array.from(panel.series, (_, s) => {
    let [low, high, known] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 0];
    for (const value of panel.y.subarray(panel.offsets[s], panel.offsets[s + 1])) {
      if (Number.isNaN(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
      known++;
    }
    return high > low ? (high - low) * (1 + (2 * horizon) / known) : Number.POSITIVE_INFINITY;
  });
}
