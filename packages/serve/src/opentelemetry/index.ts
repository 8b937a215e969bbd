// @tsops/serve/opentelemetry: what a deployment does, as OpenTelemetry metrics. Every name is listed.

export {
  type DeploymentTelemetry,
  type DeploymentTelemetryOptions,
  deploymentTelemetry,
} from "./telemetry.ts";
