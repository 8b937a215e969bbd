import type { DecisionRecord } from "@tsops/core";

/** Whether a gate let a candidate take over. */
export function isPromotion({ kind, verdict }: DecisionRecord): boolean {
  return kind === "gate" && verdict === "promote";
}
