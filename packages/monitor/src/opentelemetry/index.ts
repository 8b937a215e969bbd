// @tsops/monitor/opentelemetry: what the checks found, as OpenTelemetry metrics. Every name is listed.

export type { FoundByChecks } from "../metrics/found-by-checks.ts";
export { type MonitorTelemetry, type MonitorTelemetryOptions, monitorTelemetry } from "./telemetry.ts";
