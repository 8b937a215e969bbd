import { checkList, checkOptions, checkWord, durationMicros, shown, TsopsError } from "@tsops/core";
import type { KOfN } from "../retrain/policy.ts";
import { checkMatcher, checkTexts, type LabelMatcher } from "./matcher.ts";

/** How much an alert matters: to know, to look at today, to look at now. */
export type AlertSeverity = "info" | "warning" | "critical";

/** Severities, ascending. */
export const alertSeverities: readonly AlertSeverity[] = ["info", "warning", "critical"];

/**
 * What counts as a breach: a value above or below a bound, or a verdict. `until` is the bound that a value must be back at to count
 * as in order; what lies between the two counts as neither, so that a value that wavers about one bound raises and resolves nothing.
 */
export type AlertCondition =
  | { readonly above: number; readonly until?: number }
  | { readonly below: number; readonly until?: number }
  | { readonly verdict: readonly string[] };

/** When to raise an alert, as plain data: it goes into every record. */
export interface AlertRule {
  readonly name: string;
  /** Which observations it looks at: `drift`, `quality`, `mae`, `coverage`, ... or a name of yours. */
  readonly signal: string;
  /** Only series with these labels. Empty: all. */
  readonly where: LabelMatcher;
  readonly when: AlertCondition;
  readonly severity: AlertSeverity;
  /** A series fires once k of its last n observations breach. */
  readonly raise: KOfN;
  /** It stops once k of the last n, all since it fired, are in order. */
  readonly resolve: KOfN;
  /** Labels whose series share one alert: by `["subject"]`, 25 columns of a table are one alert. Empty: all of the rule are. */
  readonly groupBy: readonly string[];
  /** Least time between two messages of a group, escalation and recovery apart. Null: none. */
  readonly coolDown: string | null;
  /** Severities it rises to while it goes on, each with how long after it began. */
  readonly escalate: readonly { readonly after: string; readonly to: AlertSeverity }[];
  /** Whether to tell that it is over. */
  readonly tellResolved: boolean;
  /** A series that was not observed for that long is forgotten, and its alert ends. */
  readonly forgetAfter: string;
  /** Names of the channels that it goes to. Empty: all. */
  readonly channels: readonly string[];
}

/** A rule with what was not said filled in by `alertRule`. */
export type AlertRuleOptions = Pick<AlertRule, "name" | "signal" | "when"> & {
  readonly [K in keyof AlertRule]?: AlertRule[K] | undefined;
};

/**
 * Describes when to raise an alert. Defaults: a `warning` when 2 of the last 3 observations breach, over when 3 of 3 are in order, one alert
 * for all series of a subject, at most every 6 hours, no escalation, with a message when it is over, to all channels; a
 * series that was not observed for 90 days is forgotten. Plain JSON in and out.
 * @throws TsopsError MONITOR_INVALID, DURATION_INVALID
 * @example alertRule({ name: "drift", signal: "drift", when: { verdict: ["drift"] } });
 */
export function alertRule(options: AlertRuleOptions): AlertRule {
  checkOptions("MONITOR_INVALID", "alertRule()", options, {
    name: true,
    signal: true,
    where: true,
    when: true,
    severity: true,
    raise: true,
    resolve: true,
    groupBy: true,
    coolDown: true,
    escalate: true,
    tellResolved: true,
    forgetAfter: true,
    channels: true,
  });
  const rule: AlertRule = {
    name: options.name,
    signal: options.signal,
    where: options.where ?? {},
    when: options.when,
    severity: options.severity ?? "warning",
    raise: options.raise ?? { k: 2, of: 3 },
    resolve: options.resolve ?? { k: 3, of: 3 },
    groupBy: options.groupBy ?? ["subject"],
    coolDown: options.coolDown === undefined ? "6h" : options.coolDown,
    escalate: options.escalate ?? [],
    tellResolved: options.tellResolved ?? true,
    forgetAfter: options.forgetAfter ?? "90d",
    channels: options.channels ?? [],
  };
  for (const name of ["name", "signal"] as const)
    if (typeof rule[name] !== "string" || rule[name] === "")
      throw invalid(`The ${name} of a rule is ${shown(rule[name])}.`, "Give a text that is not empty.");
  checkMatcher("where", rule.where);
  checkCondition(rule.when);
  checkWord("MONITOR_INVALID", "severity", rule.severity, alertSeverities);
  requireKOfN("raise", rule.raise);
  requireKOfN("resolve", rule.resolve);
  checkTexts("groupBy", rule.groupBy);
  checkTexts("channels", rule.channels);
  if (rule.coolDown !== null) durationMicros(rule.coolDown);
  durationMicros(rule.forgetAfter);
  checkEscalation(rule);
  if (typeof rule.tellResolved !== "boolean")
    throw invalid(`tellResolved is ${shown(rule.tellResolved)}.`, "Write true or false.");
  return rule;
}

/**
 * Fills in and checks several rules.
 * @throws TsopsError MONITOR_INVALID when two have one name, and as `alertRule`.
 */
export function alertRules(rules: readonly AlertRuleOptions[]): readonly AlertRule[] {
  checkList("MONITOR_INVALID", "rules", rules);
  const names = new Set<string>();
  return rules.map((options) => {
    const rule = alertRule(options);
    if (names.has(rule.name))
      throw invalid(`Two rules are named "${rule.name}".`, "Give each rule a name of its own.");
    names.add(rule.name);
    return rule;
  });
}

function checkCondition(when: AlertCondition): void {
  const parts: { above?: number; below?: number; verdict?: readonly string[]; until?: number } = when;
  checkOptions("MONITOR_INVALID", "when", parts, { above: true, below: true, verdict: true, until: true });
  const { above, below, verdict, until } = parts;
  if ([above, below, verdict].filter((part) => part !== undefined).length !== 1)
    throw invalid(
      "when needs one of above, below and verdict.",
      'Write { above: 50 }, { below: 0.7, until: 0.75 } or { verdict: ["drift"] }.',
    );
  if (verdict !== undefined) {
    checkTexts("when.verdict", verdict);
    if (verdict.length === 0 || until !== undefined)
      throw invalid("when.verdict names at least one verdict, without until.", 'Write ["drift"].');
    return;
  }
  for (const [name, bound] of Object.entries({ above, below, until }))
    if (bound !== undefined && !(typeof bound === "number" && Number.isFinite(bound)))
      throw invalid(`when.${name} is ${shown(bound)}.`, "Give a finite number.");
  if (until === undefined) return;
  if (above !== undefined ? until > above : until < (below as number))
    throw invalid(
      `when.until is ${until}, on the wrong side of ${above ?? below}: values that breach would be in order.`,
      above !== undefined ? "Give a bound below `above`." : "Give a bound above `below`.",
    );
}

function checkEscalation({ severity, escalate }: AlertRule): void {
  checkList("MONITOR_INVALID", "escalate", escalate);
  let last = { micros: -1n, rank: alertSeverities.indexOf(severity) };
  for (const step of escalate) {
    checkOptions("MONITOR_INVALID", "escalate", step, { after: true, to: true });
    checkWord("MONITOR_INVALID", "escalate.to", step.to, alertSeverities);
    const next = { micros: durationMicros(step.after), rank: alertSeverities.indexOf(step.to) };
    if (next.micros <= last.micros || next.rank <= last.rank)
      throw invalid(
        `escalate goes to ${step.to} after ${step.after}, which is not later and worse than what is before it.`,
        "Order the steps by time; each must be more severe than the one before, and than the rule.",
      );
    last = next;
  }
}

function requireKOfN(name: string, value: KOfN): void {
  checkOptions("MONITOR_INVALID", name, value, { k: true, of: true });
  const { k, of } = value;
  if (!Number.isInteger(k) || !Number.isInteger(of) || k < 1 || k > of || of > 1000)
    throw invalid(`${name} asks for ${k} of ${of}.`, "Give whole numbers with 1 <= k <= of <= 1000.");
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MONITOR_INVALID", message, { hint });
}
