import {
  checkOptions,
  checkWord,
  type DecisionKind,
  type DecisionLog,
  type DecisionRecord,
  shown,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { conditions } from "./conditions.ts";
import { fromLosslessJson, toLosslessJson } from "./lossless-json.ts";
import type { SqliteDatabase } from "./sqlite.ts";

/** Decision records in `tsops.db`. NaN and infinities in the evidence come back as they were. */
export function sqliteDecisionLog(sql: SqliteDatabase): DecisionLog {
  return {
    async append(decision, { signal } = {}) {
      checkRecord(decision);
      const evidence = toLosslessJson(decision.evidence);
      await sql.write(() => {
        sql
          .prepare(
            `INSERT INTO decision (id, kind, subject, time, verdict, reason, requested_by, evidence)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
          )
          .run([
            decision.id,
            decision.kind,
            decision.subject,
            decision.time,
            decision.verdict,
            decision.reason,
            decision.requestedBy,
            evidence,
          ]);
      }, signal);
    },
    async list(options = {}) {
      checkOptions("VALUE_INVALID", "decisions.list()", options, {
        id: true,
        kind: true,
        subject: true,
        verdict: true,
        from: true,
        to: true,
        limit: true,
        signal: true,
      });
      throwIfAborted(options.signal);
      if (options.kind !== undefined) checkWord("VALUE_INVALID", "kind", options.kind, kinds);
      const { text, values } = conditions([
        ["id = ?", options.id],
        ["kind = ?", options.kind],
        ["subject = ?", options.subject],
        ["verdict = ?", options.verdict],
        ["time >= ?", options.from],
        ["time < ?", options.to],
      ]);
      return sql
        .prepare(
          `SELECT id, kind, subject, time, verdict, reason, requested_by, evidence FROM decision WHERE ${text} ORDER BY time, sequence LIMIT ?`,
        )
        .all<DecisionRow>([...values, BigInt(options.limit ?? -1)])
        .map(({ requested_by: requestedBy, evidence, ...row }) => ({
          ...row,
          requestedBy,
          evidence: fromLosslessJson(evidence) as Record<string, unknown>,
        }));
    },
  };
}

const kinds: readonly string[] = [
  "gate",
  "experiment",
  "promotion",
  "rollback",
  "drift",
  "retrain",
  "alert",
] satisfies DecisionKind[];

/** @throws TsopsError VALUE_INVALID naming the field that is missing or of another type. */
function checkRecord(decision: DecisionRecord): void {
  if (typeof decision !== "object" || decision === null)
    throw new TsopsError("VALUE_INVALID", `A decision is a record, got ${shown(decision)}.`, { hint });
  checkWord("VALUE_INVALID", "kind", decision.kind, kinds);
  const wrong =
    (["id", "subject", "verdict", "reason", "requestedBy"] as const).find(
      (name) => typeof decision[name] !== "string",
    ) ??
    (typeof decision.time === "bigint" ? undefined : "time") ??
    (typeof decision.evidence === "object" && decision.evidence !== null ? undefined : "evidence");
  if (wrong === undefined) return;
  throw new TsopsError("VALUE_INVALID", `The decision has the ${wrong} ${shown(decision[wrong])}.`, {
    hint,
    details: { field: wrong },
  });
}

const hint = "Make records with gate(), promote(), driftDecision() and the like, or with decisionRecord().";

interface DecisionRow {
  readonly id: string;
  readonly kind: DecisionKind;
  readonly subject: string;
  readonly time: bigint;
  readonly verdict: string;
  readonly reason: string;
  readonly requested_by: string;
  readonly evidence: string;
}
