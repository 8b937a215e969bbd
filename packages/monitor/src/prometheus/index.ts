// @tsops/monitor/prometheus: what the checks found, as Prometheus gauges. Every name is listed.

export type { FoundByChecks } from "../metrics/found-by-checks.ts";
export { type MonitorMetrics, type MonitorMetricsOptions, monitorMetrics } from "./metrics.ts";
