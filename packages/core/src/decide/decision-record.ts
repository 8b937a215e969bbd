import { canonicalJson } from "../canonical-json.ts";
import { sha256Hex } from "../hash.ts";
import type { DecisionRecord } from "../ports/decision-log.ts";

/**
 * Gives a decision its id: its kind and the first 20 hex digits of the sha256 of its content in canonical JSON. The
 * same decision has the same id on every machine, so that logging it twice (after a crash, say) keeps one.
 * @throws TsopsError VALUE_INVALID when the evidence holds what canonical JSON cannot (functions, class instances).
 */
export function decisionRecord<const T extends Omit<DecisionRecord, "id">>(
  content: T,
): T & { readonly id: string } {
  return { ...content, id: `${content.kind}-${sha256Hex(canonicalJson(content)).slice(0, 20)}` };
}
