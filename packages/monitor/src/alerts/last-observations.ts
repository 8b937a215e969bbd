import { type AlertObservation, checkObservations } from "./observation.ts";
import { labelsKey } from "./state.ts";

/** An observation with all of its labels' places filled. */
export interface LastObservation extends AlertObservation {
  readonly labels: Readonly<Record<string, string>>;
}

/**
 * The last observation of each series that says something: by time (those without one are of the present), then by place in the list. In the
 * order in which the series appear.
 * @throws TsopsError MONITOR_INVALID naming the observation and the field
 */
export function lastObservations(observations: readonly AlertObservation[]): readonly LastObservation[] {
  checkObservations(observations);
  const last = new Map<string, LastObservation>();
  for (const observation of observations) {
    const { signal, subject, labels = {}, value, verdict } = observation;
    if (Number.isNaN(value) && verdict === undefined) continue;
    const key = labelsKey({ ...labels, signal, subject });
    const before = last.get(key);
    if (before === undefined || !isEarlier(observation, before)) last.set(key, { ...observation, labels });
  }
  return [...last.values()];
}

function isEarlier(one: AlertObservation, other: AlertObservation): boolean {
  if (one.time === undefined) return false;
  return other.time === undefined || one.time < other.time;
}
