/** What each metric of a deployment says, alike for every exporter. */
export const metricWords = {
  tsops_predictions_total: "Predictions that reached a model.",
  tsops_prediction_duration_seconds:
    "From the feature lookup until the log has kept the answer; answered predictions only.",
  tsops_prediction_errors_total: "Predictions that failed, by error code.",
  tsops_observed_rows_total: "Rows given to observe, repeated ones included.",
  tsops_observed_until_timestamp_seconds:
    "Least recent last observation over all series, seconds since 1970.",
  tsops_background_failures_total: "Refreshes and shadows that failed.",
  tsops_refresh_failing: "1 while the last look at the registry failed: the last good version serves.",
} as const;

/** Upper bounds of the latency histogram in seconds: an answer in process takes less than a millisecond. */
export const latencyBounds: readonly number[] = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5,
];
