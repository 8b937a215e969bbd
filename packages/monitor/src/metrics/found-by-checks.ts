import {
  checkOptions,
  type DecisionRecord,
  type ExperimentDecision,
  type OutboxEntry,
  TsopsError,
} from "@tsops/core";
import type { AlertObservation } from "../alerts/observation.ts";
import type { AlertState } from "../alerts/state.ts";
import { checkEachMade, checkMade } from "../check-made.ts";
import type { DriftReport } from "../drift/drift-test.ts";
import { checkMicros } from "../micros.ts";
import type { WindowPerformance } from "../performance/by-window.ts";
import type { DetailedMetrics } from "../performance/metrics.ts";
import type { QualityFinding } from "../quality/finding.ts";
import type { StreamingDrift } from "../streaming/streaming-drift.ts";
import { countDelivery, type DeliveryCounts, showAlerts, showOutbox } from "./alert-figures.ts";
import type { CountFigure, ReplaceGauge } from "./definitions.ts";
import { seconds, sumsByLabels } from "./figures.ts";
import type { GaugeSet, Labels } from "./gauge-set.ts";
import { showExperiment, showStream } from "./live-figures.ts";
import { showObserved } from "./observed-gauges.ts";

/**
 * What the checks found last. Each call replaces what the one before it said of the same subject, deployment or table: a column that is
 * tested no more, a finding that is gone, a version that no longer serves leaves no series behind.
 */
export interface FoundByChecks {
  /** Shows a drift report; `about.now` is when the test was made, microseconds UTC. */
  drift(report: DriftReport, about: { readonly subject: string; readonly now: bigint }): void;
  /**
   * Shows the last window with outcomes; of windows that are split by version or step, the last of each.
   * @param windows - From `performanceByWindow`, ascending. Not split by key: series of a metric must stay few.
   * @throws TsopsError MONITOR_INVALID when they are split by key or by segments
   */
  performance(windows: readonly ShownWindow[], about: { readonly deployment: string }): void;
  /** Shows what a quality check found; `about.now` is when it was made, microseconds UTC. */
  quality(findings: readonly QualityFinding[], about: { readonly table: string; readonly now: bigint }): void;
  /** The verdict shows its latest time; older records than that change nothing. */
  decision(record: Pick<DecisionRecord, "subject" | "kind" | "verdict" | "time">): void;
  /**
   * Shows what the watches say, as alert rules take it: `observePromise`, `observeCoverage`, `observeErrorChanges`, `observeEstimate`, `observeSegments`, `observeStream`,
   * `observeDecision`, and signals of your own. Of each series the last; it replaces what was shown of the same subject and signal.
   * @throws TsopsError MONITOR_INVALID when they are no observations, or more than 1,000 series of one subject and signal
   */
  observations(observations: readonly AlertObservation[], about: { readonly now: bigint }): void;
  /** A drift stream as it stands: its evidence beside the bound at which it alarms, its alarm, and how many values it was given. */
  stream(
    stream: Pick<StreamingDrift, "column" | "alpha" | "eValue" | "alarm" | "alarmTime" | "counts">,
    about: { readonly subject: string },
  ): void;
  /** An experiment as it stands, of `experimentDecision`; the last one of a subject. `decision` counts its verdict among all others. */
  experiment(decision: ExperimentDecision): void;
  /** Which alerts fire, from the state that `evaluateAlerts` answered: that of all rules of this process. */
  alerts(state: AlertState): void;
  /** Adds what a pass of `deliverAlerts` did. */
  delivery(delivered: DeliveryCounts): void;
  /** What lies in the outbox: `await outbox.list()`. */
  outbox(entries: readonly Pick<OutboxEntry, "channel" | "status" | "createdAt">[]): void;
}

/** A window of `performanceByWindow`; one of `WindowPerformance` alone leaves out the tracking signal, CRPS and RMSSE. */
type ShownWindow = WindowPerformance & Partial<DetailedMetrics>;

/** Shows what the checks found as gauges, of whatever kind these are. */
export function showFound(gauges: GaugeSet): FoundByChecks {
  const replace: ReplaceGauge = (name, owner, values) => gauges.replace(name, owner, values);
  const count: CountFigure = (name, labels, by) => gauges.count(name, labels, by);
  // From the start, so that the first failure is an increase.
  countDelivery(count, { delivered: 0, failed: 0, parked: 0 });
  const decided = new Map<string, bigint>();

  return {
    drift(report, about) {
      checkOptions("MONITOR_INVALID", "drift()", about, { subject: true, now: true });
      checkMicros("now", about.now);
      checkMade("drift()", "what driftTest() returned", report, { columns: "list", untested: "list" });
      const owner = { subject: about.subject };
      const { columns } = report;
      const tests = columns.flatMap(({ column, tests: list }) =>
        list.map((result) => [{ column, test: result.test as string }, result] as const),
      );
      replace(
        "tsops_drift_detected",
        owner,
        columns.map(({ column, drift }) => [{ column }, drift ? 1 : 0]),
      );
      replace(
        "tsops_drift_adjusted_p_value",
        owner,
        columns.map(({ column, adjustedPValue }) => [{ column }, adjustedPValue]),
      );
      replace(
        "tsops_drift_statistic",
        owner,
        tests.map(([labels, { statistic }]) => [labels, statistic]),
      );
      replace(
        "tsops_drift_p_value",
        owner,
        tests.map(([labels, { pValue }]) => [labels, pValue]),
      );
      replace("tsops_drift_untested_columns", owner, [[{}, report.untested.length]]);
      replace("tsops_drift_tested_timestamp_seconds", owner, [[{}, seconds(about.now)]]);
    },

    performance(windows, about) {
      checkOptions("MONITOR_INVALID", "performance()", about, { deployment: true });
      checkEachMade("performance()", "windows of performanceByWindow()", windows, {
        start: "instant",
        rows: "number",
        intervals: "list",
      });
      const owner = { deployment: about.deployment };
      const parts = lastOfEachPart(windows);
      const known = parts.filter(({ withOutcomes }) => withOutcomes !== null);
      const each = (of: (window: ShownWindow) => number | undefined) =>
        known.map(
          ({ labels, withOutcomes }) => [labels, of(withOutcomes as ShownWindow) ?? Number.NaN] as const,
        );
      const levels = (of: (interval: WindowPerformance["intervals"][number]) => number) =>
        known.flatMap(({ labels, withOutcomes }) =>
          (withOutcomes as WindowPerformance).intervals
            .filter(({ rows }) => rows > 0)
            .map((interval) => [{ ...labels, level: String(interval.level) }, of(interval)] as const),
        );
      replace(
        "tsops_mean_absolute_error",
        owner,
        each(({ mae }) => mae),
      );
      replace(
        "tsops_root_mean_squared_error",
        owner,
        each(({ rmse }) => rmse),
      );
      replace(
        "tsops_mean_bias",
        owner,
        each(({ bias }) => bias),
      );
      replace(
        "tsops_mean_absolute_scaled_error",
        owner,
        each(({ mase }) => mase),
      );
      replace(
        "tsops_root_mean_squared_scaled_error",
        owner,
        each(({ rmsse }) => rmsse),
      );
      replace(
        "tsops_tracking_signal",
        owner,
        each(({ trackingSignal }) => trackingSignal),
      );
      replace(
        "tsops_continuous_ranked_probability_score",
        owner,
        each(({ crps }) => crps),
      );
      replace(
        "tsops_pinball_loss",
        owner,
        known.flatMap(({ labels, withOutcomes }) =>
          (withOutcomes as WindowPerformance).quantiles.map(
            ({ probability, pinball }) => [{ ...labels, probability: String(probability) }, pinball] as const,
          ),
        ),
      );
      replace(
        "tsops_interval_coverage",
        owner,
        levels(({ coverage }) => coverage),
      );
      replace(
        "tsops_interval_coverage_expected",
        owner,
        levels(({ level }) => level / 100),
      );
      replace(
        "tsops_interval_width",
        owner,
        levels(({ width }) => width),
      );
      replace(
        "tsops_interval_rows",
        owner,
        levels(({ rows }) => rows),
      );
      replace(
        "tsops_outcomes",
        owner,
        parts.map(({ labels, last }) => [labels, last.rows]),
      );
      replace(
        "tsops_outcomes_missing",
        owner,
        parts.map(({ labels, last }) => [labels, last.missing]),
      );
      replace(
        "tsops_outcomes_until_timestamp_seconds",
        owner,
        parts.map(({ labels, first, withOutcomes }) => [labels, seconds(withOutcomes?.end ?? first.start)]),
      );
    },

    quality(findings, about) {
      checkOptions("MONITOR_INVALID", "quality()", about, { table: true, now: true });
      checkEachMade("quality()", "findings of checkQuality()", findings, { check: "text", severity: "text" });
      checkMicros("now", about.now);
      const owner = { table: about.table };
      replace("tsops_quality_findings", owner, countsOf(findings));
      replace("tsops_quality_checked_timestamp_seconds", owner, [[{}, seconds(about.now)]]);
    },

    decision(record) {
      checkMade("decision()", "a decision record", record, {
        subject: "text",
        kind: "text",
        verdict: "text",
      });
      const { subject, kind, verdict, time } = record;
      checkMicros("time", time);
      const labels = { subject, kind, verdict };
      const id = JSON.stringify(labels);
      if ((decided.get(id) ?? time - 1n) >= time) return;
      decided.set(id, time);
      replace("tsops_decision_timestamp_seconds", labels, [[{}, seconds(time)]]);
    },

    observations(observations, about) {
      checkOptions("MONITOR_INVALID", "observations()", about, { now: true });
      checkMicros("now", about.now);
      showObserved(replace, observations, about.now);
    },

    stream(stream, about) {
      checkOptions("MONITOR_INVALID", "stream()", about, { subject: true });
      showStream(replace, stream, about.subject);
    },
    experiment: (decision) => showExperiment(replace, decision),
    alerts: (state) => showAlerts(replace, state),
    delivery: (delivered) => countDelivery(count, delivered),
    outbox: (entries) => showOutbox(replace, entries),
  };
}

/** Counts by check, severity and column: a column can have several findings of one check, as two units. */
function countsOf(findings: readonly QualityFinding[]): [Labels, number][] {
  return sumsByLabels(
    findings.map(({ check, severity, column, count }) => [{ check, severity, column: column ?? "" }, count]),
  );
}

interface Part {
  readonly labels: Labels;
  readonly first: ShownWindow;
  last: ShownWindow;
  withOutcomes: ShownWindow | null;
}

/** The windows of each version and step, told by their first, their last, and the last with outcomes. */
function lastOfEachPart(windows: readonly ShownWindow[]): Part[] {
  const parts = new Map<string, Part>();
  for (const window of windows) {
    if (window.key !== undefined)
      throw new TsopsError("MONITOR_INVALID", "The windows are split by key: that makes too many series.", {
        hint: 'Leave "key" out of `split`; the report shows single keys.',
        details: { option: "split" },
      });
    if (window.segment !== undefined)
      throw new TsopsError(
        "MONITOR_INVALID",
        "The windows are split by segments, which the metrics do not tell apart.",
        {
          hint: "Leave `segments` out for the metrics; worstSegments() names those that stand out.",
          details: { option: "segments" },
        },
      );
    const version = window.source === undefined ? "" : String(window.source.modelVersion);
    const labels = { version, step: window.step === undefined ? "" : String(window.step) };
    const id = JSON.stringify(labels);
    const part = parts.get(id) ?? { labels, first: window, last: window, withOutcomes: null };
    part.last = window;
    if (window.rows > 0) part.withOutcomes = window;
    parts.set(id, part);
  }
  return [...parts.values()];
}
