import { seasonalNaiveScale } from "./metrics.ts";
import type { Panel } from "./panel/panel.ts";

/** Per series the mean absolute seasonal difference: 0 where it repeats itself, NaN where it is shorter than a season. */
export function scalesOf(panel: Panel, seasonLength: number): Float64Array {
  return Float64Array.from(panel.series, (_, s) =>
    seasonalNaiveScale(panel.y.subarray(panel.offsets[s], panel.offsets[s + 1]), seasonLength),
  );
}

/** The same, or changes from row to row where there is no season yet; those of a typical series where there is nothing, and 1 where there is none. Always above 0. */
export function ownScales(panel: Panel, seasonLength: number): Float64Array {
  const seasonal = scalesOf(panel, seasonLength);
  const plain = scalesOf(panel, 1);
  const own = seasonal.map((scale, s) => (scale > 0 ? scale : (plain[s] as number)));
  const typical = middleOf([...own]);
  return own.map((scale) => (scale > 0 ? scale : typical > 0 ? typical : 1));
}

/** The median of the finite values, the upper one of two; NaN of none. */
export function middleOf(values: readonly number[]): number {
  const known = values.filter(Number.isFinite).sort((a, b) => a - b);
  return known[known.length >> 1] ?? Number.NaN;
}
