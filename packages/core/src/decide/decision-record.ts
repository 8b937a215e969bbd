import { canonicalJson } from "../canonical-json.ts";
import { TsopsError } from "../errors.ts";
import { sha256Hex } from "../hash.ts";
import { shown } from "../options.ts";
import type { DecisionRecord } from "../ports/decision-log.ts";

/**
 * Gives a decision its id: its kind and the first 20 hex digits of the sha256 of its content in canonical JSON. The
 * same decision has the same id on every machine, so that logging it twice (after a crash, say) keeps one.
 * @throws TsopsError VALUE_INVALID when a field is missing or of another kind (who asked, about what, when, why), or the evidence holds what canonical JSON cannot (functions, class instances).
 */
export function decisionRecord<const T extends Omit<DecisionRecord, "id">>(
  content: T,
): T & { readonly id: string } {
  checkContent(content);
  return { ...content, id: `${content.kind}-${sha256Hex(canonicalJson(content)).slice(0, 20)}` };
}

const hints = {
  kind: 'Give a kind, e.g. "gate".',
  subject: "Name the model or deployment that the decision is about.",
  verdict: 'Give a word, e.g. "retrain".',
  reason: "Say why, in a sentence with the deciding numbers.",
  requestedBy: "Say who or what asked: a pipeline run, a person, a policy.",
} as const;

/** A record that does not say who asked, about what, when and why is no record. */
function checkContent(content: Omit<DecisionRecord, "id">): void {
  for (const [field, hint] of Object.entries(hints)) {
    const value = (content as Readonly<Record<string, unknown>>)[field];
    if (typeof value !== "string" || value.trim() === "") throw invalid(field, value, hint);
  }
  const { time, evidence } = content;
  if (typeof time !== "bigint")
    throw invalid(
      "time",
      time,
      "Give microseconds UTC as a bigint; toMicros() makes them of dates and texts.",
    );
  if (typeof evidence !== "object" || evidence === null || Array.isArray(evidence))
    throw invalid("evidence", evidence, "Give an object of the numbers behind the verdict; {} for none.");
}

function invalid(field: string, value: unknown, hint: string): TsopsError {
  return new TsopsError("VALUE_INVALID", `A decision has the ${field} ${shown(value)}.`, {
    hint,
    details: { field },
  });
}
