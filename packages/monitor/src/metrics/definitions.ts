import type { GaugeDefinitions, GaugeSet, Labels } from "./gauge-set.ts";
import { observedLabels } from "./observed-gauges.ts";

const part = ["deployment", "version", "step"];
const stream = ["subject", "column"];
const pair = ["subject", "champion", "challenger"];
const observed = ["subject", "signal", ...observedLabels, "series"];

/** Every gauge of what the checks found. Times are seconds since 1970. */
export const definitions = {
  tsops_drift_detected: {
    help: "1 when the column drifts at the report's false-discovery rate, else 0.",
    labels: ["subject", "column"],
  },
  tsops_drift_adjusted_p_value: {
    help: "P-value of the column, adjusted for the number of columns.",
    labels: ["subject", "column"],
  },
  tsops_drift_statistic: {
    help: "Statistic of one test of a column.",
    labels: ["subject", "column", "test"],
  },
  tsops_drift_p_value: { help: "P-value of one test of a column.", labels: ["subject", "column", "test"] },
  tsops_drift_untested_columns: { help: "Columns that could not be tested.", labels: ["subject"] },
  tsops_drift_tested_timestamp_seconds: { help: "When drift was last tested.", labels: ["subject"] },
  tsops_mean_absolute_error: {
    help: "Of the last window with outcomes, in the unit of the target.",
    labels: part,
  },
  tsops_root_mean_squared_error: {
    help: "Of the last window with outcomes, in the unit of the target.",
    labels: part,
  },
  tsops_mean_bias: {
    help: "Mean of forecast minus outcome in the last window with outcomes, in the unit of the target.",
    labels: part,
  },
  tsops_mean_absolute_scaled_error: { help: "Of the last window with outcomes.", labels: part },
  tsops_root_mean_squared_scaled_error: { help: "Of the last window with outcomes.", labels: part },
  tsops_tracking_signal: {
    help: "Sum of forecast minus outcome over the mean absolute error, in the last window with outcomes.",
    labels: part,
  },
  tsops_continuous_ranked_probability_score: {
    help: "Score of the whole distribution in the last window with outcomes, in the unit of the target.",
    labels: part,
  },
  tsops_pinball_loss: { help: "Of the last window with outcomes.", labels: [...part, "probability"] },
  tsops_interval_coverage: {
    help: "Share of outcomes inside the interval in the last window with outcomes.",
    labels: [...part, "level"],
  },
  tsops_interval_coverage_expected: {
    help: "Share of outcomes that the interval promises.",
    labels: [...part, "level"],
  },
  tsops_interval_width: {
    help: "Mean width of the interval in the last window with outcomes, in the unit of the target.",
    labels: [...part, "level"],
  },
  tsops_interval_rows: { help: "Outcomes that the coverage is counted over.", labels: [...part, "level"] },
  tsops_outcomes: { help: "Predicted rows of the last window whose outcome is known.", labels: part },
  tsops_outcomes_missing: { help: "Predicted rows of the last window without an outcome.", labels: part },
  tsops_outcomes_until_timestamp_seconds: {
    help: "End of the last window with outcomes; start of the first window when none has any.",
    labels: part,
  },
  tsops_quality_findings: {
    help: "Rows concerned by a finding; series where it is about staleness.",
    labels: ["table", "check", "severity", "column"],
  },
  tsops_quality_checked_timestamp_seconds: {
    help: "When the table was last checked.",
    labels: ["table"],
  },
  tsops_decision_timestamp_seconds: {
    help: "When a decision last had this verdict.",
    labels: ["subject", "kind", "verdict"],
  },
  tsops_drift_stream_e_value: {
    help: "Evidence of a drift stream that something has changed; 1 at first.",
    labels: stream,
  },
  tsops_drift_stream_bound: { help: "Evidence at which the stream alarms.", labels: stream },
  tsops_drift_stream_alarm: { help: "1 once the stream has alarmed, else 0.", labels: stream },
  tsops_drift_stream_alarm_timestamp_seconds: {
    help: "Time of the value at which the stream alarmed.",
    labels: stream,
  },
  tsops_drift_stream_values: {
    help: "Values that the stream was given, by what became of them: used, missing or late.",
    labels: [...stream, "state"],
  },
  tsops_experiment_loss: {
    help: "Mean loss over the closed blocks of an experiment.",
    labels: [...pair, "role"],
  },
  tsops_experiment_blocks: { help: "Closed blocks of an experiment.", labels: pair },
  tsops_experiment_blocks_deadline: {
    help: "Blocks after which the champion is kept when nothing is decided.",
    labels: pair,
  },
  tsops_experiment_blocks_left: {
    help: "Blocks until a verdict is to be expected, if losses go on as they are.",
    labels: pair,
  },
  tsops_experiment_outcomes: { help: "Outcomes in the closed blocks of an experiment.", labels: pair },
  tsops_experiment_difference: {
    help: "Mean loss of the challenger minus what it has to meet, at the last look; negative is better.",
    labels: pair,
  },
  tsops_experiment_difference_lower: { help: "Greatest lower bound of all looks.", labels: pair },
  tsops_experiment_difference_upper: { help: "Least upper bound of all looks.", labels: pair },
  tsops_experiment_verdict: {
    help: "1 for the verdict of an experiment as it stands.",
    labels: [...pair, "verdict"],
  },
  tsops_experiment_judged_timestamp_seconds: {
    help: "When the experiment was last judged.",
    labels: ["subject"],
  },
  tsops_alerts_firing: {
    help: "Alerts that fire, by the severity that was told; empty while silenced or cooling down.",
    labels: ["rule", "severity"],
  },
  tsops_alert_series_firing: { help: "Series that fire.", labels: ["rule"] },
  tsops_alerts_evaluated_timestamp_seconds: { help: "When alert rules were last evaluated.", labels: [] },
  tsops_alert_messages: {
    help: "Messages of alerts that wait in the outbox or were given up (parked).",
    labels: ["channel", "status"],
  },
  tsops_alert_oldest_waiting_timestamp_seconds: {
    help: "When the oldest message that waits was made.",
    labels: ["channel"],
  },
  tsops_observation: {
    help: "Last value of what a check or a watch observed; what it measures depends on the signal.",
    labels: observed,
  },
  tsops_observation_verdict: {
    help: "1 for the verdict that an observation last had.",
    labels: [...observed, "verdict"],
  },
  tsops_observation_timestamp_seconds: {
    help: "When the signal of a subject was last observed.",
    labels: ["subject", "signal"],
  },
} satisfies GaugeDefinitions;

/** Name of a gauge. */
export type GaugeName = keyof typeof definitions;

/** What is counted up. */
export const counters = {
  tsops_alert_deliveries_total: {
    help: "What deliverAlerts did: messages delivered, attempts that failed, messages given up (parked).",
    labels: ["result"],
  },
} satisfies GaugeDefinitions;

/** Name of a counter. */
export type CounterName = keyof typeof counters;

/** `GaugeSet.replace` of the gauges there are. */
export type ReplaceGauge = (
  name: GaugeName,
  owner: Labels,
  values: Parameters<GaugeSet["replace"]>[2],
) => void;

/** `GaugeSet.count` of the counters there are. */
export type CountFigure = (name: CounterName, labels: Labels, by: number) => void;
