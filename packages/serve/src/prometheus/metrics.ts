import { checkOptions, importPeer, type ModelVersion, TsopsError } from "@tsops/core";
import type { Counter, Gauge, Histogram, Registry } from "prom-client";
import type { Deployment } from "../deployment.ts";
import type { DeploymentActivity } from "../deployment-activity.ts";
import { errorCode } from "../error-code.ts";
import { latencyBounds, metricWords } from "../metric-words.ts";

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
  /** Ends it: nothing more is counted, and what told the present state is gone. Counters stay as they are. */
  stop(): void;
}

/** Errors that `predict` is known for; their counters are there before the first of them, so that its increase is seen. */
const knownCodes = [
  "KEY_UNKNOWN",
  "FUTURE_VALUES_MISSING",
  "MODEL_PARAMETER_INVALID",
  "STORE_BUSY",
  "STORE_FULL",
  "ABORTED",
  "OTHER",
];

/** Metrics that were made here, as names alone do not tell. */
const ours = new WeakSet<object>();

/** Names of the deployments that are measured, by registry. */
const measured = new WeakMap<object, Set<string>>();

function refuseTwice(registry: object, name: string): void {
  if (measured.get(registry)?.has(name) !== true) return;
  throw new TsopsError(
    "MODEL_PARAMETER_INVALID",
    `The deployment "${name}" is measured in this registry already.`,
    {
      hint: "Call stop() of the first deploymentMetrics(), or name the deployments differently.",
      details: { deployment: name },
    },
  );
}

/** What is read at each scrape, by the gauge that shows it: deployments may share a registry, and so its gauges. */
const readers = new WeakMap<Gauge<"deployment">, Set<() => void>>();

/**
 * Counts what a deployment does from now on. The label values are bounded: names of the app's, roles, error codes, and the versions that
 * serve or did so before the last swap, as some predictions of these may still end. Counters begin at 0.
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
  refuseTwice(registry, deployment.name);
  const get = <T extends object>(name: string, make: () => T): T => {
    const known = registry.getSingleMetric(name) as T | undefined;
    if (known !== undefined && !ours.has(known))
      throw new TsopsError(
        "MODEL_PARAMETER_INVALID",
        `The registry has a metric "${name}" of someone else's.`,
        {
          hint: "Give a registry of its own: new Registry(), and merge the two where they are served.",
        },
      );
    const metric = known ?? make();
    ours.add(metric);
    return metric;
  };
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    get<Counter<L>>(name, () => new client.Counter({ name, help, labelNames, ...shared }));
  const gauge = <L extends string>(name: string, help: string, labelNames: L[]) =>
    get<Gauge<L>>(name, () => new client.Gauge({ name, help, labelNames, ...shared }));

  const predictions = counter("tsops_predictions_total", metricWords.tsops_predictions_total, [
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
        help: metricWords.tsops_prediction_duration_seconds,
        labelNames: ["deployment", "role"],
        buckets: [...(options.buckets ?? latencyBounds)],
        ...shared,
      }),
  );
  const errors = counter("tsops_prediction_errors_total", metricWords.tsops_prediction_errors_total, [
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
  const rows = counter("tsops_observed_rows_total", metricWords.tsops_observed_rows_total, [
    "deployment",
    "table",
  ]);
  const until = gauge(
    "tsops_observed_until_timestamp_seconds",
    metricWords.tsops_observed_until_timestamp_seconds,
    ["deployment"],
  );
  const failures = counter("tsops_background_failures_total", metricWords.tsops_background_failures_total, [
    "deployment",
    "kind",
  ]);

  const failing = get<Gauge<"deployment">>("tsops_refresh_failing", () => {
    const read = new Set<() => void>();
    const made = new client.Gauge({
      name: "tsops_refresh_failing",
      help: metricWords.tsops_refresh_failing,
      labelNames: ["deployment"],
      collect: () => {
        for (const one of read) one();
      },
      ...shared,
    });
    readers.set(made, read);
    return made;
  });

  const { name } = deployment;
  const names = measured.get(registry) ?? new Set();
  measured.set(registry, names.add(name));
  let serving: Served[] = [];
  /** Served until the last swap. */
  let retired: Served[] = [];
  const lookAgain = () => {
    const { champion, challenger, observedUntil } = deployment.status();
    until.set({ deployment: name }, Number(observedUntil) / 1e6);
    const now = [servedBy(champion, "champion"), servedBy(challenger, "challenger")].flat();
    if (now.length === serving.length && now.every((one) => isIn(serving, one))) return;
    const gone = serving.filter((one) => !isIn(now, one));
    for (const one of gone) info.remove({ deployment: name, ...one });
    for (const one of retired)
      if (!isIn(now, one) && !isIn(gone, one))
        for (const outcome of outcomes) predictions.remove({ deployment: name, ...one, outcome });
    for (const one of now) {
      info.set({ deployment: name, ...one }, 1);
      for (const outcome of outcomes) predictions.inc({ deployment: name, ...one, outcome }, 0);
      for (const code of knownCodes) errors.inc({ deployment: name, role: one.role, code }, 0);
    }
    [serving, retired] = [now, gone];
  };
  lookAgain();
  for (const kind of ["refresh", "shadow"]) failures.inc({ deployment: name, kind }, 0);

  const listen = (activity: DeploymentActivity): void => {
    switch (activity.type) {
      case "predicted": {
        const { role, failure, version } = activity;
        const one = { ...labelsOf(version), role };
        // One that ends two swaps after it began would leave a series that nothing removes.
        if (isIn(serving, one) || isIn(retired, one))
          predictions.inc({ deployment: name, ...one, outcome: failure === null ? "ok" : "error" });
        if (failure === null) duration.observe({ deployment: name, role }, activity.durationMs / 1000);
        else errors.inc({ deployment: name, role, code: errorCode(failure.error) });
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
  const read = () => {
    try {
      failing.set({ deployment: name }, deployment.status().refreshError === null ? 0 : 1);
    } catch {
      // Closed: there is no present state to tell.
      failing.remove({ deployment: name });
    }
  };
  readers.get(failing)?.add(read);
  const unsubscribe = deployment.subscribe(listen);
  return {
    registry,
    stop: () => {
      unsubscribe();
      names.delete(name);
      readers.get(failing)?.delete(read);
      for (const gauge of [failing, until]) gauge.remove({ deployment: name });
      for (const one of serving) info.remove({ deployment: name, ...one });
      serving = [];
    },
  };
}

/** A version that serves in a role. */
interface Served {
  readonly model: string;
  readonly version: string;
  readonly role: "champion" | "challenger";
}

const outcomes = ["ok", "error"];

function servedBy(version: ModelVersion | null, role: Served["role"]): Served[] {
  return version === null ? [] : [{ ...labelsOf(version), role }];
}

function isIn(list: readonly Served[], one: Served): boolean {
  return list.some(({ version, role }) => version === one.version && role === one.role);
}

function labelsOf({ name, version }: ModelVersion): { readonly model: string; readonly version: string } {
  return { model: name, version: String(version) };
}
