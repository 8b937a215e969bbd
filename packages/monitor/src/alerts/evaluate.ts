import { addDuration, checkOptions, formatInstant, shown, TsopsError, toMicros } from "@tsops/core";
import { checkMicros } from "../micros.ts";
import { type GroupDraft, groupSeries } from "./group-series.ts";
import { type AlertObservation, checkObservations } from "./observation.ts";
import { type AlertChange, type AlertFacts, type AlertRecord, alertRecord } from "./record.ts";
import {
  type AlertRule,
  type AlertRuleOptions,
  type AlertSeverity,
  alertRules,
  alertSeverities,
} from "./rule.ts";
import { type AlertRuleWarning, ruleWarnings } from "./rule-warnings.ts";
import { type AlertSilence, type ReadSilence, readSilences, silenceOf } from "./silence.ts";
import { type AlertGroupState, type AlertSeriesState, type AlertState, readState } from "./state.ts";

/** What is judged. */
export interface AlertQuestion {
  readonly rules: readonly AlertRuleOptions[];
  /**
   * What was found since the last evaluation, of one check or of several. Each observation counts for itself; several of one series are taken in order of time, those of one time as they are listed,
   * and the alert tells the value and the sentence of the last.
   */
  readonly observations: readonly AlertObservation[];
  /** What the last evaluation answered; null to begin. */
  readonly state: AlertState | null;
  readonly silences?: readonly AlertSilence[];
  /** Microseconds UTC. */
  readonly now: bigint;
  /** Who or what asked: a pipeline run, a person. */
  readonly requestedBy: string;
}

/** Alerts to log and to tell, and what to remember. */
export interface AlertEvaluation {
  /** In the order of the rules. Append all to the decision log; `queueAlerts` sends those that are for people. */
  readonly alerts: readonly AlertRecord[];
  readonly state: AlertState;
  /** Signals and labels of rules that no observation of this call has: most likely they are misspelt, and the rule never fires. For people to see. */
  readonly warnings: readonly AlertRuleWarning[];
}

/**
 * Turns observations into alerts that are few: a series fires when k of its last n observations breach and stops when k of n are in order,
 * series of a group share one alert, a group is told of at most once per cool-down, silences and the cool-down leave a record of what
 * was not told, and what still fires when they end is told then. Pure: the same question has the same answer, with the same ids, so a step that is run
 * again after a crash changes nothing; observations that the state has seen are passed over.
 * @throws TsopsError MONITOR_INVALID (a rule, silence or observation that is wrong, a state of another form or of a later moment),
 *   DURATION_INVALID, TIME_INVALID
 */
export function evaluateAlerts(question: AlertQuestion): AlertEvaluation {
  checkOptions("MONITOR_INVALID", "evaluateAlerts()", question, {
    rules: true,
    observations: true,
    state: true,
    silences: true,
    now: true,
    requestedBy: true,
  });
  const { observations, now, requestedBy } = question;
  checkMicros("now", now);
  if (typeof requestedBy !== "string")
    throw new TsopsError("MONITOR_INVALID", `requestedBy is ${shown(requestedBy)}.`, {
      hint: "Say who or what asked, in a text.",
    });
  const rules = alertRules(question.rules);
  const silences = readSilences(question.silences ?? []);
  checkObservations(observations);
  const before = readState(question.state, now);
  const alerts: AlertRecord[] = [];
  const groups: AlertGroupState[] = [];
  const tell = (facts: AlertFacts) => alerts.push(alertRecord(facts, { now, requestedBy }));

  for (const rule of rules) {
    const known = before.filter((group) => group.rule === rule.name);
    for (const draft of groupSeries(rule, known, observations, now)) {
      const judged = judgeGroup(rule, draft, silences, now);
      if (judged.facts !== null) tell(judged.facts);
      if (isRemembered(rule, judged.group, now)) groups.push(judged.group);
    }
  }
  for (const group of before) {
    if (rules.some(({ name }) => name === group.rule) || group.openSince === null) continue;
    if (group.toldSeverity === null) continue;
    const { openSince, toldSeverity: severity } = group;
    const series = group.series.filter(({ firingSince }) => firingSince !== null);
    tell({ change: "resolved", rule: null, group, openSince, severity, series });
  }
  return {
    alerts,
    state: { version: 1, evaluatedAt: formatInstant(now), groups },
    warnings: ruleWarnings(rules, observations),
  };
}

interface Judged {
  readonly group: AlertGroupState;
  /** Null when there is nothing to record. */
  readonly facts: AlertFacts | null;
}

/** What to tell of a group, if anything. */
function judgeGroup(
  rule: AlertRule,
  draft: GroupDraft,
  silences: readonly ReadSilence[],
  now: bigint,
): Judged {
  const { group, firing } = draft;
  if (firing.length === 0) return closed(rule, draft);
  const openSince = group.openSince ?? formatInstant(now);
  const severity = severityAt(rule, openSince, now);
  const open = { ...group, openSince };
  const facts = { rule, group: open, openSince, severity };

  const silence = (series: AlertSeriesState) =>
    silenceOf(silences, { ...series.labels, rule: rule.name, severity }, now);
  const audible = firing.filter((series) => silence(series) === null);
  if (audible.length === 0) {
    if (group.toldSeverity !== null || group.quiet === "silence") return { group: open, facts: null };
    const [first] = firing;
    return {
      group: { ...open, quiet: "silence" },
      facts: {
        ...facts,
        change: "silenced",
        series: firing,
        silence: first === undefined ? null : silence(first),
      },
    };
  }
  const heldUntil = coolDownEnd(rule, group);
  const isHeld = heldUntil !== null && now < heldUntil;
  const change = changeOf(open, audible, severity, isHeld);
  if (change === null) return { group: open, facts: null };
  if (change === "held")
    return group.quiet === "cool_down"
      ? { group: open, facts: null }
      : { group: { ...open, quiet: "cool_down" }, facts: { ...facts, change, series: audible, heldUntil } };
  return {
    group: {
      ...open,
      toldSeverity: severity,
      toldAt: formatInstant(now),
      quiet: null,
      series: open.series.map((series) => (audible.includes(series) ? { ...series, isTold: true } : series)),
    },
    facts: { ...facts, change, series: audible },
  };
}

function changeOf(
  { toldSeverity }: AlertGroupState,
  audible: readonly AlertSeriesState[],
  severity: AlertSeverity,
  isHeld: boolean,
): AlertChange | null {
  if (toldSeverity === null) return isHeld ? "held" : "raised";
  if (alertSeverities.indexOf(severity) > alertSeverities.indexOf(toldSeverity)) return "escalated";
  return !isHeld && audible.some(({ isTold }) => !isTold) ? "grown" : null;
}

/** Nothing fires: an alert that was told is over. */
function closed(rule: AlertRule, { group, recovered, forgotten }: GroupDraft): Judged {
  const { openSince, toldSeverity: severity } = group;
  const quiet = { ...group, openSince: null, toldSeverity: null, quiet: null };
  if (openSince === null || severity === null || !rule.tellResolved) return { group: quiet, facts: null };
  return {
    group: quiet,
    facts: { change: "resolved", rule, group, openSince, severity, series: recovered, forgotten },
  };
}

function severityAt(rule: AlertRule, openSince: string, now: bigint): AlertSeverity {
  const since = toMicros(openSince);
  return rule.escalate.findLast(({ after }) => addDuration(since, after) <= now)?.to ?? rule.severity;
}

function coolDownEnd({ coolDown }: AlertRule, { toldAt }: AlertGroupState): bigint | null {
  return coolDown === null || toldAt === null ? null : addDuration(toMicros(toldAt), coolDown);
}

function isRemembered(rule: AlertRule, group: AlertGroupState, now: bigint): boolean {
  const until = coolDownEnd(rule, group);
  return group.series.length > 0 || (until !== null && now < until);
}
