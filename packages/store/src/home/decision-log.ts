import type { DecisionKind, DecisionLog, DecisionRecord } from "@tsops/core";
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
        .prepare(`SELECT * FROM decision WHERE ${conditions.join(" AND ")} ORDER BY time, sequence LIMIT ?`)
        .all([...values, BigInt(options.limit ?? -1)])
        .map(
          (row): DecisionRecord => ({
            id: String(row["id"]),
            kind: row["kind"] as DecisionKind,
            subject: String(row["subject"]),
            time: row["time"] as bigint,
            verdict: String(row["verdict"]),
            reason: String(row["reason"]),
            requestedBy: String(row["requested_by"]),
            evidence: fromLosslessJson(String(row["evidence"])) as Record<string, unknown>,
          }),
        );
    },
  };
}
