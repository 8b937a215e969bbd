import type { GaugeDefinitions } from "./gauge-set.ts";
import { observedLabels } from "./observed-gauges.ts";

const part = ["deployment", "version", "step"];
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
  tsops_pinball_loss: { help: "Of the last window with outcomes.", labels: [...part, "probability"] },
  tsops_interval_coverage: {
    help: "Share of outcomes inside the interval in the last window with outcomes.",
    labels: [...part, "level"],
  },
  tsops_interval_coverage_expected: {
    help: "Share of outcomes that the interval promises.",
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
