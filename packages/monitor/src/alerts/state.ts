import { canonicalJson, shown, TsopsError, toMicros } from "@tsops/core";
import type { AlertSeverity } from "./rule.ts";

/** What is remembered of a series: only of those that breach or did lately. */
export interface AlertSeriesState {
  /** With `subject`. */
  readonly labels: Readonly<Record<string, string>>;
  /** The last observations, oldest first: `b` breach, `c` in order, `-` neither. Begins anew when it fires. */
  readonly seen: string;
  /** Since when it fires, ISO 8601; null when it does not. */
  readonly firingSince: string | null;
  readonly lastSeen: string;
  /** As it was last; null when it was not finite. */
  readonly value: number | null;
  readonly sentence: string | null;
  /** Whether a message has named it since it fires. */
  readonly isTold: boolean;
}

/** What is remembered of the series that share an alert. */
export interface AlertGroupState {
  readonly rule: string;
  /** The labels that they share. */
  readonly labels: Readonly<Record<string, string>>;
  /** Since when one of them fires; null when none does. */
  readonly openSince: string | null;
  /** What the last message since then said; null when there was none. */
  readonly toldSeverity: AlertSeverity | null;
  /** When the last message was that the cool-down counts from. */
  readonly toldAt: string | null;
  /** Why nothing was told although one fires, once that is on record. */
  readonly quiet: "silence" | "cool_down" | null;
  readonly series: readonly AlertSeriesState[];
}

/** What `evaluateAlerts` remembers, as plain JSON: save it after each call and give it to the next. */
export interface AlertState {
  readonly version: 1;
  readonly evaluatedAt: string;
  readonly groups: readonly AlertGroupState[];
}

/** @throws TsopsError MONITOR_INVALID when it is no state, or one of a later moment. */
export function readState(state: AlertState | null | undefined, now: bigint): readonly AlertGroupState[] {
  if (state === null || state === undefined) return [];
  if (!isState(state))
    throw new TsopsError("MONITOR_INVALID", `The state of the alerts is of another form: ${shown(state)}.`, {
      hint: "Give the state that the last evaluateAlerts() answered, parsed from its JSON, or null to begin.",
    });
  if (toMicros(state.evaluatedAt) > now)
    throw new TsopsError(
      "MONITOR_INVALID",
      `The state of the alerts is of ${state.evaluatedAt}, after the present of this evaluation.`,
      { hint: "Evaluate in order of time; begin with null to replay the past." },
    );
  return state.groups;
}

/** So far as wrong ones would do harm: something else, or a state whose groups were cut out. */
function isState(state: AlertState): boolean {
  return (
    typeof state === "object" &&
    state.version === 1 &&
    typeof state.evaluatedAt === "string" &&
    Array.isArray(state.groups) &&
    state.groups.every(
      (group) =>
        typeof group?.rule === "string" &&
        typeof group.labels === "object" &&
        Array.isArray(group.series) &&
        group.series.every(
          (series: AlertSeriesState | null) =>
            typeof series?.labels === "object" && typeof series.seen === "string",
        ),
    )
  );
}

/** Of equal labels in any order. */
export function labelsKey(labels: Readonly<Record<string, string>>): string {
  return canonicalJson(labels);
}
