import { type Clock, durationMicros, type ExperimentDecision, type Table, throwIfAborted } from "@tsops/core";
import {
  type AlertState,
  checkQuality,
  type DriftReport,
  errorChanges,
  estimatePerformance,
  joinOutcomes,
  observeCoverage,
  observeErrorChanges,
  observeEstimate,
  performanceByWindow,
} from "@tsops/monitor";
import type { MonitorMetrics } from "@tsops/monitor/prometheus";
import type { Deployment } from "@tsops/serve";
import type { DeltaTable, Home } from "@tsops/store";
import { openCoverage } from "./coverage.ts";

/** What is watched. */
export interface WatchParts {
  readonly home: Pick<Home, "predictions" | "decisions" | "outbox" | "snapshots">;
  readonly deployment: Pick<Deployment, "name" | "status">;
  readonly table: DeltaTable;
  readonly definition: Table;
  readonly target: string;
  readonly metrics: MonitorMetrics;
  readonly clock: Clock;
}

/** What one look leaves to the next. */
interface Seen {
  /** From when on to list decisions. */
  decisionsFrom: bigint;
}

/** Looks at once and then every so often, until the signal; what goes wrong is told and tried again. */
export async function watch(
  parts: WatchParts,
  every: string,
  onError: (error: unknown) => void,
  signal: AbortSignal,
): Promise<void> {
  const seen: Seen = { decisionsFrom: 0n };
  const looks = [lookAtForecasts, lookAtDecisions, lookAtAlerts];
  while (!signal.aborted) {
    for (const look of looks)
      try {
        await look(parts, seen, signal);
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
      }
    await parts.clock.sleepUntil(parts.clock.now() + durationMicros(every), signal).catch(() => {});
  }
}

/** Live error and coverage of the latest forecasts, and the quality of the latest rows. */
async function lookAtForecasts(parts: WatchParts, _: Seen, signal: AbortSignal): Promise<void> {
  const { home, deployment, table, definition, target, metrics, clock } = parts;
  const { keys, eventTime: time } = definition;
  const { observedUntil, champion } = deployment.status();
  const coverage = await openCoverage(
    home.snapshots,
    { deployment: deployment.name, version: champion.version },
    signal,
  );
  const from = observedUntil - coverage.lookBack;
  const rows = await (await table.snapshot()).read({ range: { start: from }, signal });
  const predictions = home.predictions.scan({ deployment: deployment.name, cutoffFrom: from, signal });
  const joined = await joinOutcomes(predictions, rows, { keys, time, target });
  throwIfAborted(signal);
  const days = performanceByWindow(joined, { window: "1d" });
  metrics.performance(days, { deployment: deployment.name });
  const now = clock.now();
  metrics.quality(checkQuality(rows, { table: definition, now }), { table: definition.name, now });

  for (const { level } of days.at(-1)?.intervals ?? []) coverage.watch(level).update(joined);
  await coverage.save(signal);
  const about = { subject: deployment.name };
  metrics.observations(
    [
      ...coverage.watches().flatMap((one) => observeCoverage(one, about)),
      ...observeErrorChanges(errorChanges(days), about),
      ...observeEstimate(estimatePerformance(joined, { window: "1d" }), about),
    ],
    { now },
  );
}

/** Decisions since the last look: drift reports and experiments are the evidence of theirs. */
async function lookAtDecisions(
  { home, metrics }: WatchParts,
  seen: Seen,
  signal: AbortSignal,
): Promise<void> {
  for (const record of await home.decisions.list({ from: seen.decisionsFrom, signal })) {
    seen.decisionsFrom = record.time;
    metrics.decision(record);
    if (record.kind === "drift")
      metrics.drift(record.evidence as unknown as DriftReport, { subject: record.subject, now: record.time });
    if (record.kind === "experiment") metrics.experiment(record as ExperimentDecision);
  }
}

/** Which alerts fire, by the state that whoever evaluates rules keeps as the snapshot `alerts`, and what waits in the outbox. */
async function lookAtAlerts({ home, metrics }: WatchParts, _: Seen, signal: AbortSignal): Promise<void> {
  metrics.outbox(await home.outbox.list({ signal }));
  const state = await home.snapshots.get("alerts", { signal });
  if (state !== null) metrics.alerts(JSON.parse(new TextDecoder().decode(state)) as AlertState);
}
