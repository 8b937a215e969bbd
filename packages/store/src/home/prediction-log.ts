import {
  abortable,
  type CallOptions,
  checkList,
  checkOptions,
  type PredictionLog,
  type PredictionQuery,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { conditions } from "./conditions.ts";
import {
  type PredictionRow,
  predictionColumns,
  predictionValues,
  readPrediction,
} from "./prediction-codec.ts";
import type { SqliteDatabase, SqliteStatement, SqlValue } from "./sqlite.ts";

interface PendingAppend {
  readonly rows: readonly SqlValue[][];
  readonly signal: AbortSignal | undefined;
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
    const places = Array(18).fill("?").join(", ");
    const statement = sql.prepare(
      `INSERT INTO prediction (${predictionColumns}) VALUES (${places}) ON CONFLICT (prediction_id) DO NOTHING`,
    );
    for (const row of rows) statement.run(row);
  };
  const commit = async (batch: readonly PendingAppend[]): Promise<void> => {
    await sql.write(() => {
      // One that was aborted meanwhile has been rejected: its rows stay out of the commit that it would have shared.
      for (const { rows, signal } of batch) if (!signal?.aborted) insert(rows);
    });
    for (const { resolve } of batch) resolve();
  };
  const commitAll = async (): Promise<void> => {
    // One turn of the event loop gathers the appends of all calls that are being answered right now.
    await new Promise((resolve) => setImmediate(resolve));
    while (pending.length > 0) {
      const batch = pending;
      pending = [];
      try {
        await commit(batch);
      } catch (error) {
        // One append that cannot be stored must not fail those that only share its commit.
        const isShared = batch.length > 1 && TsopsError.is(error, "VALUE_INVALID");
        for (const one of batch) {
          if (isShared) await commit([one]).catch(one.reject);
          else one.reject(error);
        }
      }
    }
    committing = null;
  };

  return {
    async append(records, { signal } = {}) {
      throwIfAborted(signal);
      checkList("VALUE_INVALID", "records", records);
      if (records.length === 0) return;
      const rows = records.map(predictionValues);
      const committed = new Promise<void>((resolve, reject) => {
        pending.push({ rows, signal, resolve, reject });
        committing ??= commitAll();
      });
      await abortable(committed, signal);
    },
    async get(predictionId, options) {
      throwIfAborted(options?.signal);
      const row = sql
        .prepare("SELECT * FROM prediction WHERE prediction_id = ?")
        .get<PredictionRow>([predictionId]);
      if (row === undefined)
        throw new TsopsError(
          "PREDICTION_NOT_FOUND",
          `There is no prediction "${predictionId}" in ${sql.path}.`,
          {
            hint: "Ids are returned with every prediction (predictionIds) and kept in the table prediction of tsops.db.",
          },
        );
      return readPrediction(row);
    },
    async *scan(query: PredictionQuery & CallOptions = {}) {
      checkOptions("VALUE_INVALID", "predictions.scan()", query, {
        deployment: true,
        role: true,
        modelVersion: true,
        cutoffFrom: true,
        cutoffTo: true,
        signal: true,
      });
      const { text, values } = conditions([
        ["deployment = ?", query.deployment],
        ["role = ?", query.role],
        ["model_version = ?", query.modelVersion === undefined ? undefined : BigInt(query.modelVersion)],
        ["cutoff < ?", query.cutoffTo],
      ]);
      const page = (start: string): SqliteStatement =>
        sql.prepare(
          `SELECT * FROM prediction WHERE ${start} AND ${text}
           ORDER BY cutoff, sequence LIMIT ${rowsPerPage}`,
        );
      // Two statements, since SQLite would search (cutoff, sequence) > (?, ?) by its first column only, and many
      // predictions have the same cutoff.
      const sameCutoff = page("cutoff = ? AND sequence > ?");
      const laterCutoffs = page("cutoff > ?");

      // Page by page, each a short read: a long scan neither holds old data in the file nor stops writers.
      // It begins as if everything of the cutoff before the first had been read.
      let cutoff = (query.cutoffFrom ?? -(2n ** 62n)) - 1n;
      let sequence = 2n ** 62n;
      for (;;) {
        throwIfAborted(query.signal);
        let rows = sameCutoff.all<PredictionRow>([cutoff, sequence, ...values]);
        if (rows.length === 0) rows = laterCutoffs.all<PredictionRow>([cutoff, ...values]);
        const last = rows.at(-1);
        if (last === undefined) return;
        for (const row of rows) yield readPrediction(row);
        ({ cutoff, sequence } = last);
      }
    },
    async flush() {
      await committing;
    },
  };
}
