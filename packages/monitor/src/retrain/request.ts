import { checkOptions, type DecisionRecord, decisionRecord } from "@tsops/core";
import { checkEachMade } from "../check-made.ts";
import type { RetrainAttempt } from "./budget.ts";

/**
 * A retraining that a person or another program asks for, as a decision record. It passes the same gate afterwards, and does not
 * count as an attempt of the policy.
 * @throws TsopsError MONITOR_INVALID, VALUE_INVALID
 */
export function requestRetrain(request: {
  readonly subject: string;
  /** One sentence. */
  readonly why: string;
  readonly now: bigint;
  readonly requestedBy: string;
}): DecisionRecord {
  checkOptions("MONITOR_INVALID", "requestRetrain()", request, {
    subject: true,
    why: true,
    now: true,
    requestedBy: true,
  });
  return decisionRecord({
    kind: "retrain",
    subject: request.subject,
    time: request.now,
    verdict: "retrain",
    reason: request.why,
    requestedBy: request.requestedBy,
    evidence: { triggers: ["request"] },
  });
}

/**
 * When a policy asked to retrain a subject, as `RetrainState` wants it for a budget, oldest first. Requests by people do not count.
 * @param secondsOf - How long the attempt that a decision led to took, for budgets in seconds. Default: not known.
 */
export function retrainAttempts(
  decisions: readonly DecisionRecord[],
  subject: string,
  secondsOf: (decision: DecisionRecord) => number | null = () => null,
): readonly RetrainAttempt[] {
  checkEachMade("retrainAttempts()", "records of a decision log", decisions, { evidence: "object" });
  return decisions
    .filter((decision) => isAttempt(decision, subject))
    .map((decision) => ({ at: decision.time, seconds: secondsOf(decision) }))
    .sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
}

/** When a policy last asked to retrain a subject, as `RetrainState` wants it; null when never. Requests by people do not count. */
export function lastRetrainAttempt(decisions: readonly DecisionRecord[], subject: string): bigint | null {
  return retrainAttempts(decisions, subject).at(-1)?.at ?? null;
}

function isAttempt({ kind, verdict, subject, evidence }: DecisionRecord, about: string): boolean {
  return kind === "retrain" && verdict === "retrain" && subject === about && "policy" in evidence;
}
