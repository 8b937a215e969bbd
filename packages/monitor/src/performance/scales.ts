import {
  checkOptions,
  type Panel,
  type SeriesKey,
  seasonalNaiveScale,
  seriesKeyText,
  shown,
  TsopsError,
  usualSeasonLength,
} from "@tsops/core";

/** What errors are divided by, series by series; NaN for series that have no scale. */
export interface SeriesScales {
  /** For MASE. */
  readonly absolute: (key: SeriesKey) => number;
  /** For RMSSE. */
  readonly squared: (key: SeriesKey) => number;
}

/**
 * The scales of MASE and RMSSE of each series of a training panel: its seasonal naive error, so that series of different sizes can be
 * averaged and a live MASE means what the backtest's did. Series that the panel has not, or that repeat themselves exactly, have NaN.
 * @param options.seasonLength - In steps. Default: the usual one of the panel's frequency, e.g. 24 for hours.
 * @throws TsopsError MONITOR_INVALID, VALUE_INVALID
 */
export function trainingScales(
  training: Panel,
  options: { readonly seasonLength?: number } = {},
): SeriesScales {
  checkOptions("MONITOR_INVALID", "trainingScales()", options, { seasonLength: true });
  if (typeof training !== "object" || training === null || !("offsets" in training))
    throw new TsopsError("MONITOR_INVALID", `trainingScales() takes a panel, got ${shown(training)}.`, {
      hint: "Make one with panel(columns, { keys, time, target, frequency }).",
    });
  const season = options.seasonLength ?? usualSeasonLength(training.spec.frequency);
  const scales = new Map(
    training.series.map((key, i) => {
      const history = training.y.subarray(training.offsets[i], training.offsets[i + 1]);
      const of = (kind: "absolute" | "squared") => seasonalNaiveScale(history, season, kind) || Number.NaN;
      return [seriesKeyText(key), { absolute: of("absolute"), squared: of("squared") }] as const;
    }),
  );
  return {
    absolute: (key) => scales.get(seriesKeyText(key))?.absolute ?? Number.NaN,
    squared: (key) => scales.get(seriesKeyText(key))?.squared ?? Number.NaN,
  };
}

/** How a scale may be given: one for all, one per series, or both kinds from `trainingScales`. */
export type ScaleOption = number | ((key: SeriesKey) => number) | SeriesScales;

/** Scales by number of the series; NaN where there is none. */
export interface ScaleNumbers {
  readonly absolute: Float64Array;
  readonly squared: Float64Array;
}

/** Reads the option once per series. @throws TsopsError MONITOR_INVALID when it is none of its forms */
export function scaleNumbers(
  series: readonly SeriesKey[],
  scale: ScaleOption | undefined,
): ScaleNumbers | null {
  if (scale === undefined) return null;
  const read = (of: (key: SeriesKey) => number) =>
    Float64Array.from(series, (key) => {
      const value = of(key);
      return typeof value === "number" && value > 0 && value < Number.POSITIVE_INFINITY ? value : Number.NaN;
    });
  const none = new Float64Array(series.length).fill(Number.NaN);
  if (typeof scale === "number" && !(scale > 0 && scale < Number.POSITIVE_INFINITY))
    throw new TsopsError("MONITOR_INVALID", `scale is ${shown(scale)}, and errors are divided by it.`, {
      hint: "Give a number above 0, such as the mean absolute error of seasonal naive on the training rows, or trainingScales(panel).",
      details: { option: "scale" },
    });
  if (typeof scale === "number") return { absolute: read(() => scale), squared: none };
  if (typeof scale === "function") return { absolute: read(scale), squared: none };
  if (typeof scale?.absolute === "function" && typeof scale.squared === "function")
    return { absolute: read(scale.absolute), squared: read(scale.squared) };
  throw new TsopsError("MONITOR_INVALID", `scale is ${shown(scale)}.`, {
    hint: "Give a number, a function of the series' key, or trainingScales(panel).",
    details: { option: "scale" },
  });
}
