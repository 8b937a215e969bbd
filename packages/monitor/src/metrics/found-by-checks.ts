import { checkOptions, type DecisionRecord, type ExperimentDecision, type OutboxEntry } from "@tsops/core";
import type { AlertObservation } from "../alerts/observation.ts";
import type { AlertState } from "../alerts/state.ts";
import { checkEachMade, checkMade } from "../check-made.ts";
import type { DriftReport } from "../drift/drift-test.ts";
import { checkMicros } from "../micros.ts";
import type { QualityFinding } from "../quality/finding.ts";
import type { StreamingDrift } from "../streaming/streaming-drift.ts";
import { countDelivery, type DeliveryCounts, showAlerts, showOutbox } from "./alert-figures.ts";
import type { CountFigure, ReplaceGauge } from "./definitions.ts";
import { showDrift } from "./drift-figures.ts";
import { seconds, sumsByLabels } from "./figures.ts";
import type { GaugeSet, Labels } from "./gauge-set.ts";
import { showExperiment, showStream } from "./live-figures.ts";
import { showObserved } from "./observed-gauges.ts";
import { type ShownWindow, showPerformance } from "./performance-figures.ts";

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

/** Shows what the checks found as gauges, of whatever kind these are. */
export function showFound(gauges: GaugeSet): FoundByChecks {
  const replace: ReplaceGauge = (name, owner, values) => gauges.replace(name, owner, values);
  const count: CountFigure = (name, labels, by) => gauges.count(name, labels, by);
  // From the start, so that the first failure is an increase.
  countDelivery(count, { delivered: 0, failed: 0, parked: 0 });
  const decided = new Map<string, bigint>();

  return {
    drift(report, about) {
      showDrift(replace, report, about);
    },

    performance(windows, about) {
      showPerformance(replace, windows, about);
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
