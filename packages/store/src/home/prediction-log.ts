import { type PredictionLog, type PredictionQuery, TsopsError } from "@tsops/core";
import {
  type PredictionRow,
  predictionColumns,
  predictionValues,
  readPrediction,
} from "./prediction-codec.ts";
import type { SqliteDatabase, SqlValue } from "./sqlite.ts";

interface PendingAppend {
  readonly rows: readonly SqlValue[][];
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** A prediction log that can be told to finish what it has. */
export interface SqlitePredictionLog extends PredictionLog {
  /** Resolves when every append so far is durable or has failed. */
  flush(): Promise<void>;
}

const rowsPerPage = 256;

/** Predictions in `tsops.db`. Appends that arrive while one commit is under way share the next one. */
export function sqlitePredictionLog(sql: SqliteDatabase): SqlitePredictionLog {
  let pending: PendingAppend[] = [];
  let committing: Promise<void> | null = null;

  const insert = (rows: readonly SqlValue[][]): void => {
    const places = Array(16).fill("?").join(", ");
    const statement = sql.prepare(
      `INSERT INTO prediction (${predictionColumns}) VALUES (${places}) ON CONFLICT (prediction_id) DO NOTHING`,
    );
    for (const row of rows) statement.run(row);
  };
  const commitAll = async (): Promise<void> => {
    // One turn of the event loop gathers the appends of all calls that are being answered right now.
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        await sql.write(() => {
          for (const { rows } of batch) insert(rows);
        });
        for (const { resolve } of batch) resolve();
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    committing = null;
  };

  return {
    async append(records) {
      if (records.length === 0) return;
      const rows = records.map(predictionValues);
      await new Promise<void>((resolve, reject) => {
        pending.push({ rows, resolve, reject });
        committing ??= commitAll();
      });
    },
    async get(predictionId) {
      const row = sql
        .prepare("SELECT * FROM prediction WHERE prediction_id = ?")
        .get<PredictionRow>([predictionId]);
      if (row === undefined)
        throw new TsopsError(
          "PREDICTION_NOT_FOUND",
          `There is no prediction "${predictionId}" in ${sql.path}.`,
          {
            hint: "Prediction ids are returned with every prediction; list them with scan().",
          },
        );
      return readPrediction(row);
    },
    async *scan(query: PredictionQuery = {}) {
      const conditions = ["(cutoff, sequence) > (?, ?)"];
      const values: SqlValue[] = [];
      const where = (condition: string, value: SqlValue | undefined): void => {
        if (value === undefined) return;
        conditions.push(condition);
        values.push(value);
      };
      where("deployment = ?", query.deployment);
      where("role = ?", query.role);
      where("model_version = ?", query.modelVersion === undefined ? undefined : BigInt(query.modelVersion));
      where("cutoff < ?", query.cutoffTo);
      const page = sql.prepare(
        `SELECT * FROM prediction WHERE ${conditions.join(" AND ")} ORDER BY cutoff, sequence LIMIT ${rowsPerPage}`,
      );
      // Page by page, each a short read: a long scan neither holds old data in the file nor stops writers.
      let after: [bigint, bigint] = [query.cutoffFrom ?? -(2n ** 63n), -1n];
      for (;;) {
        const rows = page.all<PredictionRow>([...after, ...values]);
        for (const row of rows) yield readPrediction(row);
        const last = rows.at(-1);
        if (last === undefined || rows.length < rowsPerPage) return;
        after = [last.cutoff, last.sequence];
      }
    },
    async flush() {
      await committing;
    },
  };
}
