import type { DecisionRecord, ModelVersion, SeriesKey } from "@tsops/core";
import type { AlertObservation } from "../alerts/observation.ts";
import type { JoinedOutcomes } from "../performance/join-outcomes.ts";
import type { ScaleOption } from "../performance/scales.ts";
import type { QualityFinding } from "../quality/finding.ts";
import type { DatedDrift } from "../retrain/evaluate.ts";

/** Another forecaster's predictions of the same instants, to compare errors with. */
export interface ReportComparison {
  readonly name: string;
  /** Predicted instants, microseconds UTC, ascending, and the predictions. */
  readonly time: BigInt64Array;
  readonly mean: Float64Array;
}

/** What a forecast chart shows. */
export interface ForecastChartData {
  /** Predictions and outcomes, from `joinOutcomes`. The champion's are shown: of each instant the forecast with the latest cutoff. */
  readonly served: JoinedOutcomes;
  /** Which series to draw when there are several, and in a report the one that is shown before the reader chooses. Default: the first. */
  readonly series?: SeriesKey;
  /** What is predicted. */
  readonly target: { readonly name: string; readonly unit?: string };
  /** Zone or offset of the wall clock that people read. Default `"UTC"`. */
  readonly zone?: string;
  /** How many days before the last prediction are drawn. Default 21. */
  readonly days?: number;
}

/** What a report is made of; the app fills it from its logs. */
export interface ReportData extends ForecastChartData {
  /** Model or deployment. */
  readonly title: string;
  /** One sentence under the title. */
  readonly subtitle?: string;
  /** The instant as of which it was written; passed in, so that the same data give the same bytes. */
  readonly now: bigint;
  /** What absolute errors are divided by for MASE: a number, a function of the series' key, or `trainingScales(panel)`, so that series of different sizes can be compared. */
  readonly scale?: ScaleOption;
  readonly comparisons?: readonly ReportComparison[];
  /** In order of time, from a `DecisionLog`. */
  readonly decisions?: readonly DecisionRecord[];
  /** Default: the drift reports among the decisions. */
  readonly drift?: readonly DatedDrift[];
  readonly quality?: readonly QualityFinding[];
  /** What the watches say, as alert rules take it, e.g. `[...observePromise(result, about), ...observeCoverage(watch, about)]`: the last of each series is shown. */
  readonly observations?: readonly AlertObservation[];
  /** The version that serves now; its lineage is drawn. */
  readonly champion?: ModelVersion;
}
