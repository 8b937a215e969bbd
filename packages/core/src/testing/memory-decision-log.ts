import { throwIfAborted } from "../abort.ts";
import type { DecisionLog, DecisionRecord } from "../ports/decision-log.ts";

/** A decision log in memory, for tests. */
export function memoryDecisionLog(): DecisionLog {
  const decisions = new Map<string, DecisionRecord>();
  return {
    async append(decision, options) {
      throwIfAborted(options?.signal);
      if (!decisions.has(decision.id)) decisions.set(decision.id, structuredClone(decision));
    },
    async list({ id, kind, subject, verdict, from, to, limit, signal } = {}) {
      throwIfAborted(signal);
      return [...decisions.values()]
        .filter(
          (decision) =>
            (id === undefined || decision.id === id) &&
            (verdict === undefined || decision.verdict === verdict) &&
            (kind === undefined || decision.kind === kind) &&
            (subject === undefined || decision.subject === subject) &&
            (from === undefined || decision.time >= from) &&
            (to === undefined || decision.time < to),
        )
        .sort((a, b) => (a.time < b.time ? -1 : a.time > b.time ? 1 : 0))
        .slice(0, limit);
    },
  };
}
