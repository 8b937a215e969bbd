import type { DecisionRecord } from "@tsops/core";

/** Whether a champion was let be replaced: by a gate, by an experiment, or by a person. A promotion that names its gate or experiment is that one's. */
export function isPromotion({
  kind,
  verdict,
  evidence,
}: Pick<DecisionRecord, "kind" | "verdict"> & Partial<DecisionRecord>): boolean {
  if (kind === "gate" || kind === "experiment") return verdict === "promote";
  return kind === "promotion" && (evidence?.["gate"] ?? null) === null;
}

/** What is marked in charts and counted. */
export type ReportEvent = "promoted" | "rejected" | "alert";

/** What a decision is on the page; null where it is only listed, as alerts that were silenced, held, or are over. */
export function eventOf(decision: DecisionRecord): ReportEvent | null {
  if (isPromotion(decision)) return "promoted";
  const { kind, verdict } = decision;
  if (kind === "gate") return verdict === "reject" ? "rejected" : null;
  return kind === "alert" && verdict === "alert" ? "alert" : null;
}
