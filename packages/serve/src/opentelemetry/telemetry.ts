import type { Attributes, Meter } from "@opentelemetry/api";
import { checkOptions, importPeer, type ModelVersion } from "@tsops/core";
import type { Deployment } from "../deployment.ts";
import type { DeploymentActivity } from "../deployment-activity.ts";
import { errorCode } from "../error-code.ts";
import { latencyBounds, metricWords } from "../metric-words.ts";

/** Where the metrics go. */
export interface DeploymentTelemetryOptions {
  /** Default: the one named `@tsops/serve` of the provider that the app has set. */
  readonly meter?: Meter;
}

/** A deployment under watch. */
export interface DeploymentTelemetry {
  /** Ends it: nothing more is counted or observed. */
  stop(): void;
}

/**
 * Counts what a deployment does from now on: the metrics of `deploymentMetrics`, with the same names and attributes, for apps that
 * export with OpenTelemetry. Without an installed SDK nothing happens. Create it after the app has set its meter provider.
 * @throws TsopsError ADAPTER_MISSING_DEPENDENCY without `@opentelemetry/api`, MODEL_PARAMETER_INVALID, SERVE_CLOSED
 */
export async function deploymentTelemetry(
  deployment: Pick<Deployment, "name" | "status" | "subscribe">,
  options: DeploymentTelemetryOptions = {},
): Promise<DeploymentTelemetry> {
  checkOptions("MODEL_PARAMETER_INVALID", "deploymentTelemetry()", options, { meter: true });
  const meter = options.meter ?? (await globalMeter());
  deployment.status();
  const unsubscribe = deployment.subscribe(counting(deployment.name, meter));
  const stopObserving = observePresent(deployment, meter);
  return {
    stop: () => {
      unsubscribe();
      stopObserving();
    },
  };
}

async function globalMeter(): Promise<Meter> {
  const { metrics } = await importPeer(
    "deploymentTelemetry()",
    "@opentelemetry/api",
    () => import("@opentelemetry/api"),
  );
  return metrics.getMeter("@tsops/serve");
}

/** Counts and times each activity. */
function counting(deployment: string, meter: Meter): (activity: DeploymentActivity) => void {
  const predictions = meter.createCounter("tsops_predictions_total", {
    description: metricWords.tsops_predictions_total,
  });
  const duration = meter.createHistogram("tsops_prediction_duration_seconds", {
    description: metricWords.tsops_prediction_duration_seconds,
    unit: "s",
    advice: {
      explicitBucketBoundaries: [...latencyBounds],
    },
  });
  const errors = meter.createCounter("tsops_prediction_errors_total", {
    description: metricWords.tsops_prediction_errors_total,
  });
  const rows = meter.createCounter("tsops_observed_rows_total", {
    description: metricWords.tsops_observed_rows_total,
  });
  const failures = meter.createCounter("tsops_background_failures_total", {
    description: metricWords.tsops_background_failures_total,
  });
  return (activity) => {
    if (activity.type === "predicted") {
      const { role, version, failure, durationMs } = activity;
      const outcome = failure === null ? "ok" : "error";
      predictions.add(1, { deployment, ...versionOf(version), role, outcome });
      if (failure === null) duration.record(durationMs / 1000, { deployment, role });
      else errors.add(1, { deployment, role, code: errorCode(failure.error) });
    } else if (activity.type === "observed") rows.add(activity.rows, { deployment, table: activity.table });
    else if (activity.type === "refresh_failed") failures.add(1, { deployment, kind: "refresh" });
    else if (activity.type === "shadow_failed") failures.add(1, { deployment, kind: "shadow" });
  };
}

/** Tells the present state whenever a reader asks. */
function observePresent(deployment: Pick<Deployment, "name" | "status">, meter: Meter): () => void {
  const info = meter.createObservableGauge("tsops_model_version_info", {
    description: "1 for each version that serves, 0 for those that did.",
  });
  const until = meter.createObservableGauge("tsops_observed_until_timestamp_seconds", {
    description: metricWords.tsops_observed_until_timestamp_seconds,
  });
  const failing = meter.createObservableGauge("tsops_refresh_failing", {
    description: metricWords.tsops_refresh_failing,
  });
  const all = [info, until, failing];
  const { name } = deployment;
  /** The SDK would repeat the last value of a version that is not told any more. */
  const served = new Map<string, Attributes>();
  const observe: Parameters<Meter["addBatchObservableCallback"]>[0] = (result) => {
    const status = statusOf(deployment);
    if (status === null) return;
    const { champion, challenger, observedUntil, refreshError } = status;
    const now = [
      { deployment: name, ...versionOf(champion), role: "champion" },
      ...(challenger === null ? [] : [{ deployment: name, ...versionOf(challenger), role: "challenger" }]),
    ];
    const ids = new Set(now.map((one) => JSON.stringify(one)));
    for (const [id, one] of served) if (!ids.has(id)) result.observe(info, 0, one);
    for (const one of now) {
      result.observe(info, 1, one);
      served.set(JSON.stringify(one), one);
    }
    result.observe(until, Number(observedUntil) / 1e6, { deployment: name });
    result.observe(failing, refreshError === null ? 0 : 1, { deployment: name });
  };
  meter.addBatchObservableCallback(observe, all);
  return () => meter.removeBatchObservableCallback(observe, all);
}

/** Null when it is closed: there is no present state to tell. */
function statusOf(deployment: Pick<Deployment, "status">): ReturnType<Deployment["status"]> | null {
  try {
    return deployment.status();
  } catch {
    return null;
  }
}

function versionOf({ name, version }: ModelVersion): { readonly model: string; readonly version: string } {
  return { model: name, version: String(version) };
}
