import { type Clock, durationMicros, type Table, throwIfAborted } from "@tsops/core";
import { checkQuality, type DriftReport, joinOutcomes, performanceByWindow } from "@tsops/monitor";
import type { MonitorMetrics } from "@tsops/monitor/prometheus";
import type { Deployment } from "@tsops/serve";
import type { DeltaTable, Home } from "@tsops/store";

/** What is watched. */
export interface WatchParts {
  readonly home: Pick<Home, "predictions" | "decisions">;
  readonly deployment: Pick<Deployment, "name" | "status">;
  readonly table: DeltaTable;
  readonly definition: Table;
  readonly target: string;
  readonly metrics: MonitorMetrics;
  readonly clock: Clock;
}

const lookBack = durationMicros("14d");

/** Looks at once and then every so often, until the signal; what goes wrong is told and tried again. */
export async function watch(
  parts: WatchParts,
  every: string,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  let decisionsFrom = 0n;
  while (!signal.aborted) {
    try {
      decisionsFrom = await look(parts, decisionsFrom, signal);
      await parts.clock.sleepUntil(parts.clock.now() + durationMicros(every), signal);
    } catch (error) {
      if (signal.aborted) return;
      onError(error);
      await parts.clock.sleepUntil(parts.clock.now() + durationMicros(every), signal).catch(() => {});
    }
  }
}

/**
 * Live error, the quality of the latest rows, and the decisions since `decisionsFrom`; a drift report is the evidence of its decision.
 * @returns From when on to list decisions next time.
 */
async function look(
  { home, deployment, table, definition, target, metrics, clock }: WatchParts,
  decisionsFrom: bigint,
  signal: AbortSignal,
): Promise<bigint> {
  const { keys, eventTime: time } = definition;
  const from = deployment.status().observedUntil - lookBack;
  const rows = await (await table.snapshot()).read({ range: { start: from }, signal });
  const predictions = home.predictions.scan({ deployment: deployment.name, cutoffFrom: from, signal });
  const joined = await joinOutcomes(predictions, rows, { keys, time, target });
  throwIfAborted(signal);
  metrics.performance(performanceByWindow(joined, { window: "1d" }), { deployment: deployment.name });
  const now = clock.now();
  metrics.quality(checkQuality(rows, { table: definition, now }), { table: definition.name, now });

  let latest = decisionsFrom;
  for (const record of await home.decisions.list({ from: decisionsFrom, signal })) {
    metrics.decision(record);
    if (record.kind === "drift")
      metrics.drift(record.evidence as unknown as DriftReport, { subject: record.subject, now: record.time });
    latest = record.time;
  }
  return latest;
}
