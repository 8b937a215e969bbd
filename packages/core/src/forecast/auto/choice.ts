import type { PanelOutlier } from "../outliers/outliers.ts";

/** How a candidate did on the rows that were held out. */
export interface JudgedCandidate {
  readonly name: string;
  /**
   * Mean of its sMAPE and its MASE, each divided by that of the seasonal naive forecast on the same rows: below 1 it is better. Null when it
   * was not tried. Where three tenths of the targets are 0, RMSSE in the place of both: their least is the mean, and that of absolute errors often 0.
   */
  readonly score: number | null;
  /** Why it was not tried. */
  readonly skipped?: string;
}

/** How several forecasts become one; `"alone"` for a single one. */
export type Combine = "alone" | "mean" | "median";

/** What `autoForecaster` decided, and why. JSON-serialisable. */
export interface AutoChoice {
  /** Lengths of the seasons in rows, ascending; empty for none. */
  readonly seasonLengths: readonly number[];
  /** Seasons that were given, and that no series is long enough for: they are not used. */
  readonly seasonsTooLong: readonly number[];
  /** Season of the seasonal naive forecast that scores are relative to; 1: the last value. */
  readonly referenceSeason: number;
  /** Horizons at the end of the history that were held out. 0: the history was too short to judge anything. */
  readonly folds: number;
  /** Series that were judged: those that are long enough, of many an even choice. */
  readonly judgedSeries: number;
  /** All candidates, the best first, those not tried last. */
  readonly candidates: readonly JudgedCandidate[];
  /** The candidates whose forecasts are combined. */
  readonly members: readonly string[];
  /** How. */
  readonly combine: Combine;
  /** Score of the combination; never above 1, as the seasonal naive forecast is a candidate. Null when nothing was judged. */
  readonly score: number | null;
  /** How wide intervals are where the forecast is larger: alike, or in proportion where the changes of most series are beyond doubt. */
  readonly spread: "constant" | "proportional";
  /** Values that were taken for missing, as they are outliers beyond doubt: no model has seen them, and no interval reckons with their like. */
  readonly outliers: readonly PanelOutlier[];
  /** No forecast and no interval lies below: the option of that name, or 0 as long as no value is negative. */
  readonly lowest: number | null;
}
