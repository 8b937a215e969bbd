import { checkOptions } from "@tsops/core";
import type { Registry } from "prom-client";
import { counters, definitions } from "../metrics/definitions.ts";
import { type FoundByChecks, showFound } from "../metrics/found-by-checks.ts";
import { gaugeSet } from "./gauges.ts";

/** Where the metrics go. */
export interface MonitorMetricsOptions {
  /** e.g. that of the deployment's metrics. Default: a new one. */
  readonly registry?: Registry;
}

/** What the checks found, in a registry. */
export interface MonitorMetrics extends FoundByChecks {
  readonly registry: Registry;
}

/**
 * Figures of what drift tests and streams, live performance, quality checks, experiments, decisions, alerts and their delivery say, beside the metrics of a deployment.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY without `prom-client`, MONITOR_INVALID
 */
export async function monitorMetrics(options: MonitorMetricsOptions = {}): Promise<MonitorMetrics> {
  checkOptions("MONITOR_INVALID", "monitorMetrics()", options, { registry: true });
  const gauges = await gaugeSet("monitorMetrics()", definitions, counters, options.registry);
  return { registry: gauges.registry, ...showFound(gauges) };
}
