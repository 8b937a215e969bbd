import { checkList, type OutboxEntry, shown, TsopsError, toMicros } from "@tsops/core";
import type { Delivered } from "../alerts/deliver.ts";
import type { AlertState } from "../alerts/state.ts";
import { checkMade } from "../check-made.ts";
import type { CountFigure, ReplaceGauge } from "./definitions.ts";
import { seconds, sumsByLabels } from "./figures.ts";
import type { Labels } from "./gauge-set.ts";

/** Shows which alerts of a state fire, in place of those of the state before. */
export function showAlerts(replace: ReplaceGauge, state: AlertState): void {
  checkMade("alerts()", "the state that evaluateAlerts() answered", state, {
    evaluatedAt: "text",
    groups: "list",
  });
  const open = state.groups.filter(({ openSince }) => openSince !== null);
  replace(
    "tsops_alerts_firing",
    {},
    counted(open.map(({ rule, toldSeverity }) => ({ rule, severity: toldSeverity ?? "" }))),
  );
  const series = open.flatMap(({ rule, series: all }) =>
    all.filter(({ firingSince }) => firingSince !== null).map(() => ({ rule })),
  );
  replace("tsops_alert_series_firing", {}, counted(series));
  replace("tsops_alerts_evaluated_timestamp_seconds", {}, [[{}, seconds(toMicros(state.evaluatedAt))]]);
}

/** What `deliverAlerts` counted. */
export type DeliveryCounts = Pick<Delivered, "delivered" | "failed" | "parked">;

/** Adds what a pass of `deliverAlerts` did. */
export function countDelivery(count: CountFigure, delivered: DeliveryCounts): void {
  for (const result of ["delivered", "failed", "parked"] as const) {
    const by = delivered?.[result];
    if (!(Number.isInteger(by) && by >= 0))
      throw new TsopsError("MONITOR_INVALID", `delivery() was given ${shown(delivered)}.`, {
        hint: "Give what deliverAlerts() answered.",
        details: { result },
      });
  }
  for (const result of ["delivered", "failed", "parked"] as const)
    count("tsops_alert_deliveries_total", { result }, delivered[result]);
}

/** Shows what lies in the outbox, in place of what lay there before. */
export function showOutbox(
  replace: ReplaceGauge,
  entries: readonly Pick<OutboxEntry, "channel" | "status" | "createdAt">[],
): void {
  checkList("MONITOR_INVALID", "entries", entries);
  const open = entries.filter(({ status }) => status !== "delivered");
  replace("tsops_alert_messages", {}, counted(open.map(({ channel, status }) => ({ channel, status }))));
  const oldest = new Map<string, bigint>();
  for (const { channel, status, createdAt } of entries)
    if (status === "waiting" && createdAt < (oldest.get(channel) ?? createdAt + 1n))
      oldest.set(channel, createdAt);
  replace(
    "tsops_alert_oldest_waiting_timestamp_seconds",
    {},
    [...oldest].map(([channel, createdAt]) => [{ channel }, seconds(createdAt)]),
  );
}

/** How often each set of labels comes. */
function counted(all: readonly Labels[]): [Labels, number][] {
  return sumsByLabels(all.map((labels) => [labels, 1]));
}
