import type { DecisionKind, DecisionLog } from "@tsops/core";
import { fromLosslessJson, toLosslessJson } from "./lossless-json.ts";
import type { SqliteDatabase, SqlValue } from "./sqlite.ts";

/** Decision records in `tsops.db`. NaN and infinities in the evidence come back as they were. */
export function sqliteDecisionLog(sql: SqliteDatabase): DecisionLog {
  return {
    async append(decision) {
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
      });
    },
    async list(options = {}) {
      const conditions = ["true"];
      const values: SqlValue[] = [];
      const where = (condition: string, value: SqlValue | undefined): void => {
        if (value === undefined) return;
        conditions.push(condition);
        values.push(value);
      };
      where("kind = ?", options.kind);
      where("subject = ?", options.subject);
      where("time >= ?", options.from);
      where("time < ?", options.to);
      return sql
        .prepare(
          `SELECT id, kind, subject, time, verdict, reason, requested_by, evidence FROM decision WHERE ${conditions.join(" AND ")} ORDER BY time, sequence LIMIT ?`,
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
