import {
  type DecisionRecord,
  decisionRecord,
  formatDuration,
  formatInstant,
  sha256Hex,
  toMicros,
} from "@tsops/core";
import type { AlertCondition, AlertRule, AlertSeverity } from "./rule.ts";
import type { AlertSilence } from "./silence.ts";
import { type AlertGroupState, type AlertSeriesState, labelsKey } from "./state.ts";

/** What became of an alert: told for the first time, more severe, more series, over; or not told, and why. */
export type AlertChange = "raised" | "escalated" | "grown" | "resolved" | "silenced" | "held";

/** Every number behind an alert, as JSON. */
export type AlertEvidence = {
  readonly change: AlertChange;
  /** The same for all records of one alert from its beginning to its end. */
  readonly incident: string;
  /** Null when the rule is gone. */
  readonly rule: AlertRule | null;
  readonly ruleName: string;
  /** Labels that the series share. */
  readonly group: Readonly<Record<string, string>>;
  readonly severity: AlertSeverity;
  /** ISO 8601. */
  readonly since: string;
  /** How many series fire; of a resolved alert, how many recovered last. */
  readonly count: number;
  /** The first 25 of them. */
  readonly series: readonly {
    readonly labels: Readonly<Record<string, string>>;
    readonly since: string | null;
    readonly value: number | null;
    readonly sentence: string | null;
  }[];
  /** Why nothing is told, for `silenced`. */
  readonly silence: AlertSilence | null;
  /** When the cool-down ends, for `held`. */
  readonly heldUntil: string | null;
};

/** An alert as a decision record. `alert` and `resolved` are for channels, `silenced` and `held` for the log only. */
export interface AlertRecord extends DecisionRecord {
  readonly kind: "alert";
  readonly verdict: "alert" | "resolved" | "silenced" | "held";
  readonly evidence: AlertEvidence;
}

const mostSeries = 25;

/** What a record says, before it is put into words. */
export interface AlertFacts {
  readonly change: AlertChange;
  readonly rule: AlertRule | null;
  readonly group: AlertGroupState;
  readonly openSince: string;
  readonly severity: AlertSeverity;
  readonly series: readonly AlertSeriesState[];
  readonly forgotten?: number;
  readonly silence?: AlertSilence | null;
  readonly heldUntil?: bigint | null;
}

/** An alert's record: the same facts give the same id. */
export function alertRecord(
  facts: AlertFacts,
  about: { readonly now: bigint; readonly requestedBy: string },
): AlertRecord {
  const { change, rule, group, openSince, severity, series, silence = null, heldUntil = null } = facts;
  const evidence: AlertEvidence = {
    change,
    incident: sha256Hex(labelsKey({ ...group.labels, rule: group.rule, since: openSince })).slice(0, 20),
    rule,
    ruleName: group.rule,
    group: group.labels,
    severity,
    since: openSince,
    count: series.length,
    series: series.slice(0, mostSeries).map(({ labels, firingSince, value, sentence }) => ({
      labels,
      since: firingSince,
      value,
      sentence,
    })),
    silence,
    heldUntil: heldUntil === null ? null : formatInstant(heldUntil),
  };
  return decisionRecord({
    kind: "alert",
    subject: subjectOf(group, series),
    time: about.now,
    verdict: change === "resolved" || change === "silenced" || change === "held" ? change : "alert",
    reason: reasonOf(facts, evidence, about.now),
    requestedBy: about.requestedBy,
    evidence,
  });
}

function subjectOf(group: AlertGroupState, series: readonly AlertSeriesState[]): string {
  const subjects = new Set(series.map(({ labels }) => labels["subject"]));
  const [only] = subjects;
  return group.labels["subject"] ?? (subjects.size === 1 && only !== undefined ? only : group.rule);
}

function reasonOf(
  { change, rule, series, forgotten = 0 }: AlertFacts,
  evidence: AlertEvidence,
  now: bigint,
): string {
  const { ruleName, severity, group, since } = evidence;
  const where = Object.entries(group).map(([name, text]) => `${name} ${text || "(none)"}`);
  const head = `${ruleName}${where.length === 0 ? "" : ` for ${where.join(", ")}`}`;
  const lasted = formatDuration(wholeSeconds(now - toMicros(since)));
  if (change === "resolved") {
    if (rule === null) return `${head}: over after ${lasted}, as there is no such rule any more.`;
    if (series.length === 0) return `${head}: over after ${lasted}, as the rule groups otherwise now.`;
    const { k, of } = rule.resolve;
    if (forgotten === series.length)
      return `${head}: over after ${lasted}, ${counted(series.length)} not observed for ${rule.forgetAfter}.`;
    return `${head}: over after ${lasted}, ${counted(series.length)} in order in ${k} of the last ${of} observations: ${listed(series, rule)}.`;
  }
  if (rule === null) return `${head}: ${change}.`;
  const { k, of } = rule.raise;
  const breach = `${counted(series.length)} in breach (${k} of the last ${of} observations): ${listed(series, rule)}`;
  const { silence, heldUntil } = evidence;
  if (change === "silenced")
    return `${head}: not told until ${silence?.until}, silenced by ${silence?.by} (${silence?.why}). ${breach}.`;
  if (change === "held")
    return `${head}: not told until ${heldUntil}, the last message cools down. ${breach}.`;
  if (change === "escalated") return `${head}: now ${severity}, as it goes on for ${lasted}. ${breach}.`;
  if (change === "grown") return `${head}: ${severity}, goes on for ${lasted} and has grown. ${breach}.`;
  return `${head}: ${severity}. ${breach}.`;
}

function counted(count: number): string {
  return count === 1 ? "1 series is" : `${count} series are`;
}

function listed(series: readonly AlertSeriesState[], rule: AlertRule): string {
  const shown = series.slice(0, 3).map(({ labels, value, sentence }) => {
    const own = Object.entries(labels).filter(([name]) => !rule.groupBy.includes(name));
    const name = own.map(([label, text]) => `${label} ${text}`).join(", ") || `subject ${labels["subject"]}`;
    const figure = value === null ? "" : ` at ${rounded(value)}${bound(rule.when)}`;
    return `${name}${sentence === null ? figure : ` (${sentence.replace(/\.$/, "")})`}`;
  });
  const more = series.length - shown.length;
  return `${shown.join("; ")}${more > 0 ? `; and ${more} more` : ""}`;
}

function bound(when: AlertCondition): string {
  if ("above" in when) return `, bound ${when.above}`;
  return "below" in when ? `, bound ${when.below}` : "";
}

function rounded(value: number): string {
  return Number(value.toPrecision(3)).toString();
}

function wholeSeconds(micros: bigint): bigint {
  return (micros / 1_000_000n) * 1_000_000n;
}
