import { checkList } from "../../options.ts";
import { wholeNumber } from "../check.ts";
import type { ReduceOptions, WindowFeature } from "./options.ts";

/** Most of the newest rows that become lags one by one. */
const mostNear = 24;

/** What `seasonalFeatures` gives, for the options of `reduce`. */
export interface SeasonalFeatures {
  readonly lags: readonly number[];
  readonly windows: readonly WindowFeature[];
  readonly positions: readonly number[];
}

/**
 * Features for series with seasons of these lengths, e.g. 24 and 168 for hourly rows with days and weeks: the newest rows, up to one of the shortest
 * season or 24; the rows about one of each season and a multiple of it before; means of the last season; the places in the seasons. Lags and
 * windows reach nearer than any horizon, so the model is recursive.
 * @param seasons - In rows; 1 stands for none. Without a season, the newest 12 rows are the features.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 * @example
 * reduce(gbdt({ loss: "absolute" }), { ...seasonalFeatures([24, 168]), scale: "standard" });
 */
export function seasonalFeatures(seasons: readonly number[]): SeasonalFeatures {
  checkList("MODEL_PARAMETER_INVALID", "seasonalFeatures()", seasons);
  const lengths = [...new Set(seasons.map((length, i) => wholeNumber(`seasons[${i}]`, length)))]
    .filter((length) => length > 1)
    .sort((a, b) => a - b);
  const shortest = lengths[0] ?? 12;
  const longest = lengths.at(-1) ?? 12;
  const lags = new Set(Array.from({ length: Math.min(shortest, mostNear) }, (_, i) => i + 1));
  // Quarters of a season that is too long to be told row by row.
  if (shortest > mostNear) for (const part of [2, 3]) lags.add(Math.round((part * shortest) / 4));
  for (const length of lengths) {
    if (length > mostNear) lags.add(length - 1);
    lags.add(length).add(length + 1);
  }
  if (lengths.length > 1) {
    for (let lag = 2 * shortest; lag <= longest + shortest; lag += shortest) lags.add(lag);
    lags.add(2 * longest);
  }
  return {
    lags: [...lags].sort((a, b) => a - b),
    windows: lengths.map((width) => ({ aggregate: "mean", width, lag: 1 })),
    positions: lengths,
  } satisfies Pick<ReduceOptions, "lags" | "windows" | "positions">;
}

/** The same for a history of so many rows: features that reach back at most a third of it, or one row. */
export function seasonalFeaturesWithin(seasons: readonly number[], rows: number): SeasonalFeatures {
  const { lags, windows, positions } = seasonalFeatures(seasons.filter((season) => season <= rows / 3));
  return { lags: lags.filter((lag) => lag <= Math.max(1, rows / 3)), windows, positions };
}
