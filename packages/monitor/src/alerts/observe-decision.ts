import { type DecisionRecord, shown, TsopsError } from "@tsops/core";
import type { AlertObservation } from "./observation.ts";

/**
 * A decision as one observation, for rules that tell people of it: the signal is its kind (`experiment`, `gate`, `retrain`, `promotion`, ...), the verdict and the
 * sentence are its own, the time is when it was made. The value is 1, and for an experiment or a gate the loss of the challenger over that
 * of the model it is compared with. One look is enough: `raise: { k: 1, of: 1 }`. An experiment before its first complete block says nothing.
 * @example evaluateAlerts({ rules: [{ name: "won", signal: "experiment", when: { verdict: ["promote"] }, raise: { k: 1, of: 1 } }], observations: observeDecision(decision), ... })
 */
export function observeDecision(
  decision: Pick<DecisionRecord, "kind" | "subject" | "time" | "verdict" | "reason" | "evidence">,
): readonly AlertObservation[] {
  if (typeof decision?.kind !== "string" || typeof decision.subject !== "string")
    throw new TsopsError("MONITOR_INVALID", `observeDecision() was given ${shown(decision)}.`, {
      hint: "Give a decision record, of experimentDecision() or gate() for example.",
    });
  const { kind, subject, time, verdict, reason: sentence, evidence } = decision;
  const value = ratioOf(kind, evidence ?? {});
  return [{ signal: kind, subject, time, value, ...(Number.isNaN(value) ? {} : { verdict }), sentence }];
}

function ratioOf(kind: string, evidence: DecisionRecord["evidence"]): number {
  if (kind !== "experiment" && kind !== "gate") return 1;
  const lossOf = (side: string) => (evidence[side] as { readonly loss?: unknown } | undefined)?.loss;
  const [ours, theirs] =
    kind === "gate" ? [lossOf("candidate"), lossOf("reference")] : [lossOf("challenger"), lossOf("champion")];
  if (typeof ours !== "number" || typeof theirs !== "number") return 1;
  const blocks = (evidence["blocks"] as { readonly count?: number } | undefined)?.count;
  if (kind === "experiment" && blocks === 0) return Number.NaN;
  return ours === theirs ? 1 : ours / theirs;
}
