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
