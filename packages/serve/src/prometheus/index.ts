// @tsops/serve/prometheus: what a deployment does, as Prometheus metrics. Every name is listed.

export { metricsListener } from "./listener.ts";
export { type DeploymentMetrics, type DeploymentMetricsOptions, deploymentMetrics } from "./metrics.ts";
