import { formatInstant } from "@tsops/core";
import type { AlertObservation } from "./observation.ts";
import type { AlertCondition, AlertRule } from "./rule.ts";
import type { AlertSeriesState } from "./state.ts";

/** What an observation is to a rule: a breach, in order, or neither. */
export type Outcome = "b" | "c" | "-";

/** Null when the observation says nothing. */
export function outcomeOf(
  when: AlertCondition,
  { value, verdict }: Pick<AlertObservation, "value" | "verdict">,
): Outcome | null {
  if ("verdict" in when) return verdict === undefined ? null : when.verdict.includes(verdict) ? "b" : "c";
  if (Number.isNaN(value)) return null;
  if ("above" in when) return value > when.above ? "b" : value <= (when.until ?? when.above) ? "c" : "-";
  return value < when.below ? "b" : value >= (when.until ?? when.below) ? "c" : "-";
}

/** A series that was not seen before. */
export function newSeries(labels: Readonly<Record<string, string>>): AlertSeriesState {
  return {
    labels,
    seen: "",
    firingSince: null,
    lastSeen: "",
    value: null,
    sentence: null,
    isTold: false,
  };
}

/** The series after one more observation. */
export function observeSeries(
  series: AlertSeriesState,
  rule: AlertRule,
  outcome: Outcome,
  observed: Pick<AlertObservation, "value" | "sentence"> & { readonly time: bigint },
): AlertSeriesState {
  const { k, of } = series.firingSince === null ? rule.raise : rule.resolve;
  const seen = (series.seen + outcome).slice(-of);
  const counted = series.firingSince === null ? "b" : "c";
  const turns = seen.split(counted).length - 1 >= k;
  const lastSeen = formatInstant(observed.time);
  return {
    ...series,
    lastSeen,
    value: Number.isFinite(observed.value) ? observed.value : null,
    sentence: observed.sentence ?? null,
    // Both counts begin anew: what was before it fired says nothing about its recovery, and the other way round.
    seen: turns ? "" : seen,
    firingSince: turns ? (series.firingSince === null ? lastSeen : null) : series.firingSince,
    isTold: series.isTold && !(turns && series.firingSince !== null),
  };
}

/** Whether it has to be remembered: what is in order starts from nothing the next time. */
export function isWorthKeeping({ firingSince, seen }: AlertSeriesState): boolean {
  return firingSince !== null || seen.includes("b");
}
