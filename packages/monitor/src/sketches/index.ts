// The public contract of @tsops/monitor/sketches: summaries of windows that merge. Every name is listed.

export type { CategoricalSketch, ColumnSketch, NumericSketch } from "./column-sketch.ts";
export { type BeforeAndNow, compareSketches, type SketchDifference } from "./compare-sketches.ts";
export { type Countable, type DistinctSketch, distinctSketch } from "./distinct-sketch.ts";
export {
  type QuantileSketch,
  type QuantileSketchOptions,
  type QuantileState,
  quantileSketch,
  quantileSketchFrom,
  type WeightedValues,
} from "./quantile-sketch.ts";
export { loadSketch, saveSketch } from "./saved-sketch.ts";
export { mergeSketches, type SketchOptions, sketchWindow, type WindowSketch } from "./window-sketch.ts";
