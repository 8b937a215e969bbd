import { subtractDuration, toMicros } from "@tsops/core";
import { matchesLabels } from "./matcher.ts";
import type { AlertObservation } from "./observation.ts";
import type { AlertRule } from "./rule.ts";
import { isWorthKeeping, newSeries, observeSeries, outcomeOf } from "./series.ts";
import { type AlertGroupState, type AlertSeriesState, labelsKey } from "./state.ts";

/** A group with the series of a batch taken in. */
export interface GroupDraft {
  readonly group: AlertGroupState;
  /** Series that fire, in order of their labels. */
  readonly firing: readonly AlertSeriesState[];
  /** Series that fired before and do no longer. */
  readonly recovered: readonly AlertSeriesState[];
  /** Of those, how many were not observed for too long. */
  readonly forgotten: number;
}

/** An observation with what it belongs to. */
interface Placed {
  readonly observation: AlertObservation;
  readonly labels: Readonly<Record<string, string>>;
  readonly time: bigint;
}

/** Takes a batch into the groups of one rule. */
export function groupSeries(
  rule: AlertRule,
  groups: readonly AlertGroupState[],
  observations: readonly AlertObservation[],
  now: bigint,
): readonly GroupDraft[] {
  const before = new Map(groups.map((group) => [labelsKey(group.labels), group]));
  const series = new Map(
    groups.flatMap((group) => group.series.map((one) => [labelsKey(one.labels), one] as const)),
  );
  const known = new Map(series);
  const placed = observations
    .filter(({ signal }) => signal === rule.signal)
    .map((observation): Placed => {
      const labels = { ...observation.labels, subject: observation.subject };
      return { observation, labels, time: observation.time ?? now };
    })
    .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0));

  for (const { observation, labels, time } of placed) {
    const outcome = outcomeOf(rule.when, observation);
    if (outcome === null || !matchesLabels(rule.where, labels)) continue;
    const key = labelsKey(labels);
    if (isCounted(known.get(key), time)) continue;
    const { value, sentence } = observation;
    const seen = { value, time, ...(sentence === undefined ? {} : { sentence }) };
    series.set(key, observeSeries(series.get(key) ?? newSeries(labels), rule, outcome, seen));
  }
  clearUnnamed(rule, series, known, placed);

  const limit = subtractDuration(now, rule.forgetAfter);
  const drafts = new Map<string, { firing: AlertSeriesState[]; kept: AlertSeriesState[] }>();
  const recovered = new Map<string, { series: AlertSeriesState[]; forgotten: number }>();
  for (const key of [...series.keys()].sort()) {
    const one = series.get(key) as AlertSeriesState;
    const group = labelsKey(groupLabels(rule, one.labels));
    const isForgotten = one === known.get(key) && toMicros(one.lastSeen) < limit;
    const fired = (known.get(key)?.firingSince ?? null) !== null;
    if (fired && (isForgotten || one.firingSince === null)) {
      const gone = recovered.get(group) ?? { series: [], forgotten: 0 };
      gone.series.push(one);
      gone.forgotten += isForgotten ? 1 : 0;
      recovered.set(group, gone);
    }
    if (isForgotten || !isWorthKeeping(one)) continue;
    const draft = drafts.get(group) ?? { firing: [], kept: [] };
    draft.kept.push(one);
    if (one.firingSince !== null) draft.firing.push(one);
    drafts.set(group, draft);
  }
  return [...new Set([...before.keys(), ...drafts.keys()])].sort().map((key) => {
    const draft = drafts.get(key) ?? { firing: [], kept: [] };
    const gone = recovered.get(key) ?? { series: [], forgotten: 0 };
    return {
      group: { ...(before.get(key) ?? newGroup(rule, JSON.parse(key))), series: draft.kept },
      firing: draft.firing,
      recovered: gone.series,
      forgotten: gone.forgotten,
    };
  });
}

/** A check that looked at everything and does not name a series found it in order. */
function clearUnnamed(
  rule: AlertRule,
  series: Map<string, AlertSeriesState>,
  known: ReadonlyMap<string, AlertSeriesState>,
  placed: readonly Placed[],
): void {
  const named = new Set(placed.map(({ labels }) => labelsKey(labels)));
  for (const { observation, time } of placed) {
    if (observation.isComplete !== true) continue;
    for (const [key, one] of known)
      if (one.labels["subject"] === observation.subject && !named.has(key) && !isCounted(one, time))
        series.set(
          key,
          observeSeries(series.get(key) as AlertSeriesState, rule, "c", { value: Number.NaN, time }),
        );
  }
}

function isCounted(known: AlertSeriesState | undefined, time: bigint): boolean {
  return known !== undefined && toMicros(known.lastSeen) >= time;
}

function groupLabels(rule: AlertRule, labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(rule.groupBy.map((name) => [name, labels[name] ?? ""]));
}

function newGroup(rule: AlertRule, labels: Readonly<Record<string, string>>): AlertGroupState {
  return {
    rule: rule.name,
    labels,
    openSince: null,
    toldSeverity: null,
    toldAt: null,
    quiet: null,
    series: [],
  };
}
