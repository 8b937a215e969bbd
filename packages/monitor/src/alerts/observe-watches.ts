import { checkMade } from "../check-made.ts";
import type { ErrorChanges } from "../explanation/change-points.ts";
import type { CoverageWatch } from "../performance/coverage-watch.ts";
import type { PerformanceEstimate } from "../performance/estimate-performance.ts";
import type { PromiseResult } from "../performance/worse-than-promised.ts";
import type { SegmentError, WorstSegments } from "../performance/worst-segments.ts";
import type { StreamingDrift } from "../streaming/streaming-drift.ts";
import { type AlertObservation, checkSubject, labelsOf, type ObservedSubject } from "./observation.ts";

/**
 * What `worseThanPromised` found, as one observation of the signal `promise`: live error over the promised one, with the verdict `worse` or
 * `kept`. Too few cutoffs to tell say nothing. The p-value is for one look, so ask rules for several: `raise: { k: 5, of: 7 }`.
 */
export function observePromise(
  result: Pick<PromiseResult, "ratio" | "pValue" | "isWorse" | "sentence">,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observePromise()", about);
  checkMade("observePromise()", "what worseThanPromised() returned", result, { pValue: "number" });
  const { ratio, pValue, isWorse, sentence } = result;
  const said = says(!Number.isNaN(pValue), ratio, isWorse ? "worse" : "kept");
  return [{ signal: "promise", ...about, ...said, sentence }];
}

/**
 * A coverage watch as it stands, as one observation of the signal `coverage_watch` (label `level`, in percent): the evidence against the promised
 * coverage, with the verdict `as_promised`, and once it has alarmed `too_narrow` or `too_wide`. An alarm stays until a new watch is begun, and one look is
 * enough: `raise: { k: 1, of: 1 }`. A watch without a complete block says nothing.
 */
export function observeCoverage(
  watch: Pick<CoverageWatch, "level" | "eValue" | "alarm" | "coverage" | "finding">,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observeCoverage()", about);
  checkMade("observeCoverage()", "a coverageWatch()", watch, { eValue: "number", finding: "function" });
  const { isTooNarrow, sentence } = watch.finding();
  const verdict = watch.alarm ? (isTooNarrow ? "too_narrow" : "too_wide") : "as_promised";
  return [
    {
      signal: "coverage_watch",
      ...about,
      labels: { ...about.labels, level: String(watch.level) },
      ...says(!Number.isNaN(watch.coverage), watch.eValue, verdict),
      sentence,
    },
  ];
}

/**
 * What `errorChanges` found, as one observation of the signal `error_change` (label `metric`): by how much the metric is higher since its last
 * change than before it, with the verdict `higher`, `lower` or `unchanged` (then 0). Bias counts by its size. Too few windows say nothing.
 */
export function observeErrorChanges(
  found: ErrorChanges,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observeErrorChanges()", about);
  checkMade("observeErrorChanges()", "what errorChanges() returned", found, {
    pValue: "number",
    changes: "list",
  });
  const last = found.changes.at(-1);
  const change = last === undefined ? 0 : Math.abs(last.after) - Math.abs(last.before);
  const verdict = change === 0 ? "unchanged" : change > 0 ? "higher" : "lower";
  return [
    {
      signal: "error_change",
      ...about,
      labels: { ...about.labels, metric: found.metric },
      ...says(!Number.isNaN(found.pValue), change, verdict),
      sentence: found.sentence,
    },
  ];
}

/**
 * What is expected of forecasts whose outcomes have not come yet, as one observation of the signal `estimated_mae`: the estimated mean absolute error of all windows that wait,
 * in the unit of the target. An estimate that is not usable, and one of no window, say nothing.
 * @param estimate - From `estimatePerformance` or `estimateLearnedPerformance`.
 */
export function observeEstimate(
  estimate: Pick<PerformanceEstimate, "windows" | "usable" | "sentence">,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observeEstimate()", about);
  checkMade("observeEstimate()", "what estimatePerformance() returned", estimate, {
    windows: "list",
    sentence: "text",
  });
  const { windows, usable, sentence } = estimate;
  const rows = windows.reduce((sum, window) => sum + window.rows, 0);
  const error = windows.reduce((sum, window) => sum + window.rows * window.mae, 0) / rows;
  return [{ signal: "estimated_mae", ...about, value: usable ? error : Number.NaN, sentence }];
}

/**
 * Segments as observations of the signal `segment_error`: how many times the error of all rows that of the segment is expected to be, with the verdict
 * `worse` or `not_worse`. Labels are the names of the segments, and `step`, `version`, `role` and keys of a split. Segments that are gone are in order.
 */
export function observeSegments(
  found: Pick<WorstSegments, "segments" | "tested">,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observeSegments()", about);
  checkMade("observeSegments()", "what worstSegments() returned", found, { segments: "list" });
  const common = { signal: "segment_error", ...about };
  return [
    { ...common, value: Number.NaN, isComplete: true },
    ...found.segments.map((segment) => ({
      ...common,
      labels: { ...about.labels, ...labelsOf(segment) },
      value: segment.expectedRatio,
      verdict: segment.isWorse ? "worse" : "not_worse",
      sentence: sentenceOf(segment, found.tested),
    })),
  ];
}

/**
 * A drift stream as it stands, as one observation of the signal `drift_stream` (label `column`): the evidence that something has changed, with the verdict
 * `drift` once it has alarmed, else `no_drift`. An alarm stays until a new detector is begun, and one look is enough: `raise: { k: 1, of: 1 }`.
 */
export function observeStream(
  stream: Pick<StreamingDrift, "column" | "eValue" | "alarm" | "finding">,
  about: ObservedSubject,
): readonly AlertObservation[] {
  checkSubject("observeStream()", about);
  checkMade("observeStream()", "a streamingDrift()", stream, { eValue: "number", finding: "function" });
  return [
    {
      signal: "drift_stream",
      ...about,
      labels: { ...about.labels, column: stream.column },
      value: stream.eValue,
      verdict: stream.alarm ? "drift" : "no_drift",
      // Before an alarm a finding is a suspicion, which would read like a claim.
      ...(stream.alarm ? { sentence: stream.finding().sentence } : {}),
    },
  ];
}

/** A verdict counts whatever the value is, so what says nothing has none. */
function says(isKnown: boolean, value: number, verdict: string): Pick<AlertObservation, "value" | "verdict"> {
  return isKnown ? { value, verdict } : { value: Number.NaN };
}

function sentenceOf({ error, ratio, adjustedPValue, rows }: SegmentError, tested: number): string {
  const figure = (value: number) => Number(value.toPrecision(4));
  const chance = Number.isNaN(adjustedPValue)
    ? "too few cutoffs to tell whether that is chance"
    : `p ${adjustedPValue < 1e-4 ? "below 0.0001" : figure(adjustedPValue)} among ${tested} segments`;
  return `The error of its ${rows} rows is ${figure(error)}, ${figure(ratio)} times that of all (${chance}).`;
}
