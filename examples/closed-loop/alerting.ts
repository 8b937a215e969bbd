// What people are told of: rules as data, and a log channel that takes what passes them.
import type { Clock } from "@tsops/core";
import {
  type AlertObservation,
  type AlertState,
  alertRules,
  deliverAlerts,
  evaluateAlerts,
  logChannel,
  queueAlerts,
} from "@tsops/monitor";
import type { FoundByChecks } from "@tsops/monitor/prometheus";
import type { Home } from "@tsops/store";

const atOnce = { raise: { k: 1, of: 1 }, resolve: { k: 1, of: 1 } };

/** Plain JSON: they could come from a file. */
export const rules = alertRules([
  { name: "rows", signal: "quality", when: { verdict: ["error", "warning"] }, ...atOnce, coolDown: "7d" },
  {
    name: "unusual day", // the 95 % intervals of a day hold less than half of its hours
    signal: "coverage",
    where: { level: "95" },
    when: { below: 0.5 },
    ...atOnce,
    tellResolved: false,
  },
  {
    name: "worse than promised", // at 5 of 7 daily looks, as each of them is for one look
    signal: "promise",
    when: { verdict: ["worse"] },
    raise: { k: 5, of: 7 },
    resolve: { k: 7, of: 7 },
    coolDown: "28d",
  },
  {
    name: "intervals",
    signal: "coverage_watch",
    when: { verdict: ["too_narrow", "too_wide"] },
    ...atOnce,
    severity: "critical",
  },
  {
    name: "drift", // columns that drift in two of three weeks; those of a table are one alert
    signal: "drift",
    when: { verdict: ["drift"] },
    raise: { k: 2, of: 3 },
    coolDown: "28d",
    severity: "info",
  },
  {
    name: "experiment",
    signal: "experiment",
    when: { verdict: ["promote", "keep"] },
    ...atOnce,
    severity: "info",
    tellResolved: false,
  },
]);

/**
 * Judges observations by the rules; alerts go to the decision log, and messages through the outbox to `write`.
 * @param found - Shows a Prometheus the observations, the alerts that fire and their messages.
 */
export function openAlerting(
  home: Home,
  clock: Clock,
  write: (line: string) => void,
  found: FoundByChecks | null = null,
) {
  const channels = [logChannel({ write })];
  let state: AlertState | null = null; // an app that starts again keeps it, e.g. in home.snapshots

  return async (observations: readonly AlertObservation[]): Promise<void> => {
    const evaluated = evaluateAlerts({ rules, observations, state, now: clock.now(), requestedBy: "daily" });
    for (const { sentence } of evaluated.warnings) write(sentence);
    for (const alert of evaluated.alerts) await home.decisions.append(alert);
    await queueAlerts(evaluated.alerts, { outbox: home.outbox, channels });
    state = evaluated.state;
    const delivered = await deliverAlerts({
      outbox: home.outbox,
      channels,
      decisions: home.decisions,
      clock,
    });
    if (found === null) return;
    found.observations(observations, { now: clock.now() });
    found.alerts(state);
    found.delivery(delivered);
    found.outbox(await home.outbox.list());
  };
}
