import { checkOptions, importPeer, type ModelVersion, TsopsError } from "@tsops/core";
import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Deployment } from "../deployment.ts";
import type { DeploymentActivity } from "../deployment-activity.ts";

/** Where the metrics go. */
export interface DeploymentMetricsOptions {
  /** Several deployments may share one. Default: a new one. */
  readonly registry?: Registry;
  /** Upper bounds of the latency histogram in seconds. Default: 0.5 ms to 2.5 s. Deployments of one registry share the first's. */
  readonly buckets?: readonly number[];
}

/** A deployment under watch. */
export interface DeploymentMetrics {
  readonly registry: Registry;
  /** Ends it: nothing more is counted. */
  stop(): void;
}

const inProcess = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5];

/**
 * Counts what a deployment does from now on. The label values are bounded: names of the app's, roles, error codes, and the versions that
 * serve; the series of a version go when it no longer does.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY without `prom-client`, MODEL_PARAMETER_INVALID, SERVE_CLOSED
 */
export async function deploymentMetrics(
  deployment: Pick<Deployment, "name" | "status" | "subscribe">,
  options: DeploymentMetricsOptions = {},
): Promise<DeploymentMetrics> {
  checkOptions("MODEL_PARAMETER_INVALID", "deploymentMetrics()", options, { registry: true, buckets: true });
  const client = await importPeer("deploymentMetrics()", "prom-client", () => import("prom-client"));
  const registry = options.registry ?? new client.Registry();
  const shared = { registers: [registry] };
  const get = <T>(name: string, make: () => T) => (registry.getSingleMetric(name) as T | undefined) ?? make();
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    get<Counter<L>>(name, () => new client.Counter({ name, help, labelNames, ...shared }));
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    get<Gauge<L>>(name, () => new client.Gauge({ name, help, labelNames, ...shared }));

  const predictions = counter("tsops_predictions_total", "Predictions that reached a model.", [
    "deployment",
    "model",
    "version",
    "role",
    "outcome",
  ]);
  const durationName = "tsops_prediction_duration_seconds";
  const duration = get<Histogram<"deployment" | "role">>(
    durationName,
    () =>
      new client.Histogram({
        name: durationName,
        help: "From the feature lookup until the log has kept the answer; answered predictions only.",
        labelNames: ["deployment", "role"],
        buckets: [...(options.buckets ?? inProcess)],
        ...shared,
      }),
  );
  const errors = counter("tsops_prediction_errors_total", "Predictions that failed, by error code.", [
    "deployment",
    "role",
    "code",
  ]);
  const info = gauge("tsops_model_version_info", "1 for each version that serves.", [
    "deployment",
    "model",
    "version",
    "role",
  ]);
  const rows = counter("tsops_observed_rows_total", "Rows given to observe, repeated ones included.", [
    "deployment",
    "table",
  ]);
  const until = gauge(
    "tsops_observed_until_timestamp_seconds",
    "Least recent last observation over all series, seconds since 1970.",
    ["deployment"],
  );
  const failures = counter("tsops_background_failures_total", "Refreshes and shadows that failed.", [
    "deployment",
    "kind",
  ]);

  const { name } = deployment;
  let serving: { readonly model: string; readonly version: string; readonly role: string }[] = [];
  const roles = ["champion", "challenger"];
  const lookAgain = () => {
    const { champion, challenger, observedUntil } = deployment.status();
    until.set({ deployment: name }, Number(observedUntil) / 1e6);
    const now = [champion, challenger].flatMap((version, i) =>
      version === null ? [] : [{ ...labelsOf(version), role: roles[i] as string }],
    );
    for (const old of serving) {
      if (now.some(({ version, role }) => version === old.version && role === old.role)) continue;
      info.remove({ deployment: name, ...old });
      for (const outcome of ["ok", "error"]) predictions.remove({ deployment: name, ...old, outcome });
    }
    serving = now;
    for (const one of serving) info.set({ deployment: name, ...one }, 1);
  };
  lookAgain();

  const listen = (activity: DeploymentActivity): void => {
    switch (activity.type) {
      case "predicted": {
        const { role, failure, version } = activity;
        const labels = { ...labelsOf(version), role };
        // One that ends after its version was swapped out would leave a series that nothing removes.
        if (serving.some((one) => one.version === labels.version && one.role === role))
          predictions.inc({ deployment: name, ...labels, outcome: failure === null ? "ok" : "error" });
        if (failure === null) duration.observe({ deployment: name, role }, activity.durationMs / 1000);
        else errors.inc({ deployment: name, role, code: codeOf(failure.error) });
        break;
      }
      case "observed":
        rows.inc({ deployment: name, table: activity.table }, activity.rows);
        lookAgain();
        break;
      case "swapped":
      case "challenger_changed":
        lookAgain();
        break;
      default:
        failures.inc({ deployment: name, kind: activity.type === "refresh_failed" ? "refresh" : "shadow" });
    }
  };
  return { registry, stop: deployment.subscribe(listen) };
}

function labelsOf({ name, version }: ModelVersion): { readonly model: string; readonly version: string } {
  return { model: name, version: String(version) };
}

function codeOf(error: unknown): string {
  return TsopsError.is(error) ? error.code : "OTHER";
}
