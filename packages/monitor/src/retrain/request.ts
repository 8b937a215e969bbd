import { type DecisionRecord, decisionRecord } from "@tsops/core";

/**
 * A retraining that a person or another program asks for, as a decision record. It passes the same gate afterwards, and does not
 * count as an attempt of the policy.
 */
export function requestRetrain(request: {
  readonly subject: string;
  /** One sentence. */
  readonly why: string;
  readonly now: bigint;
  readonly requestedBy: string;
}): DecisionRecord {
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

/** When a policy last asked to retrain a subject, as `RetrainState` wants it; null when never. Requests by people do not count. */
export function lastRetrainAttempt(decisions: readonly DecisionRecord[], subject: string): bigint | null {
  let latest: bigint | null = null;
  for (const { kind, verdict, subject: about, evidence, time } of decisions) {
    const isAttempt =
      kind === "retrain" && verdict === "retrain" && about === subject && "policy" in evidence;
    if (isAttempt && (latest === null || time > latest)) latest = time;
  }
  return latest;
}
