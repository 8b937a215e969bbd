import {
  type Claim,
  checkOptions,
  checkWord,
  type Ledger,
  type LedgerEntry,
  type LedgerKey,
  type LedgerStatus,
  type StepRecord,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { assetEvents } from "./asset-events.ts";
import { conditions } from "./conditions.ts";
import { type SqliteDatabase, type SqlValue, storableText } from "./sqlite.ts";

const statuses: readonly LedgerStatus[] = [
  "pending",
  "running",
  "succeeded",
  "failed",
  "waiting_retry",
  "cancelled",
];

const keyCondition = "pipeline = ? AND partition = ? AND interval_start = ? AND interval_end = ?";

/** The ledger in `tsops.db`: one row per pipeline, partition and data interval. `close` does nothing: the home owns the file. */
export function sqliteLedger(sql: SqliteDatabase): Ledger {
  const events = assetEvents(sql);
  const findEntry = (key: LedgerKey): LedgerEntry | null => {
    const row = sql.prepare(`SELECT * FROM pipeline_run WHERE ${keyCondition}`).get<EntryRow>(keyValues(key));
    return row === undefined ? null : readEntry(row);
  };
  const findSteps = (key: LedgerKey): StepRecord[] =>
    sql
      .prepare(`SELECT * FROM step_result WHERE ${keyCondition} ORDER BY sequence`)
      .all<StepRow>(keyValues(key))
      .map(readStep);
  /** The row as its owner sees it. @throws TsopsError LEASE_LOST */
  const ownedEntry = (key: LedgerKey, owner: string): LedgerEntry => {
    const entry = findEntry(key);
    if (entry?.status === "running" && entry.owner === owner) return entry;
    const now =
      entry === null ? "does not exist" : `is ${entry.status}${entry.owner ? ` by ${entry.owner}` : ""}`;
    throw new TsopsError("LEASE_LOST", `"${owner}" no longer holds ${describe(key)}: it ${now}.`, {
      hint: "Stop this attempt; whoever holds the lease goes on from the recorded steps.",
    });
  };

  return {
    claim: (key, options) =>
      sql.write((): Claim => {
        const entry = findEntry(key);
        const isAsked = options.force === true || options.reopen === true;
        if (entry !== null && isFinished(entry.status) && !isAsked)
          return { outcome: "done", entry, steps: findSteps(key) };
        const isHeld = entry?.status === "running" && (entry.leaseUntil ?? 0n) > options.now;
        if (entry !== null && isHeld && entry.owner !== options.owner) return { outcome: "busy", entry };
        const isTooEarly = entry?.status === "waiting_retry" && (entry.nextRetryAt ?? 0n) > options.now;
        if (entry !== null && isTooEarly && !isAsked) return { outcome: "busy", entry };

        // A force starts from the first step; anything else goes on after the last recorded one.
        const isFresh = options.force === true && !isHeld;
        if (isFresh) sql.prepare(`DELETE FROM step_result WHERE ${keyCondition}`).run(keyValues(key));
        const isSameAttempt = isHeld || (entry?.status === "pending" && !isAsked);
        const attempt = entry === null ? 1 : isSameAttempt ? entry.attempt : entry.attempt + 1;
        sql
          .prepare(
            `INSERT INTO pipeline_run (pipeline, partition, interval_start, interval_end, status, attempt, owner,
               lease_until, code_version, created_at, updated_at)
             VALUES (?, ?, ?, ?, 'running', ?, ?, ?, ?, ?, ?)
             ON CONFLICT DO UPDATE SET status = 'running', attempt = excluded.attempt, owner = excluded.owner,
               lease_until = excluded.lease_until, next_retry_at = NULL, error_code = NULL, error_message = NULL,
               code_version = coalesce(excluded.code_version, code_version), updated_at = excluded.updated_at`,
          )
          .run([
            ...keyValues(key),
            BigInt(attempt),
            options.owner,
            options.leaseUntil,
            options.codeVersion ?? null,
            options.now,
            options.now,
          ]);
        const isTakeOver = entry?.status === "running" && !isHeld;
        return {
          outcome: "claimed",
          entry: findEntry(key) as LedgerEntry,
          steps: findSteps(key),
          isTakeOver,
        };
      }, options.signal),
    renew: (key, owner, leaseUntil, now, options) =>
      sql.write(() => {
        ownedEntry(key, owner);
        sql
          .prepare(`UPDATE pipeline_run SET lease_until = ?, updated_at = ? WHERE ${keyCondition}`)
          .run([leaseUntil, now, ...keyValues(key)]);
      }, options?.signal),
    recordStep: (key, owner, step, options) =>
      sql.write(() => {
        ownedEntry(key, owner);
        sql
          .prepare(
            `INSERT INTO step_result (pipeline, partition, interval_start, interval_end, step, attempt, started_at,
               finished_at, result, result_hash, announced, sequence)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?,
               (SELECT count(*) FROM step_result WHERE ${keyCondition}))
             ON CONFLICT DO UPDATE SET attempt = excluded.attempt, started_at = excluded.started_at,
               finished_at = excluded.finished_at, result = excluded.result, result_hash = excluded.result_hash,
               announced = excluded.announced`,
          )
          .run([
            ...keyValues(key),
            step.step,
            BigInt(step.attempt),
            step.startedAt,
            step.finishedAt,
            step.result,
            step.resultHash,
            JSON.stringify(step.announced),
            ...keyValues(key),
          ]);
        const { pipeline, partition, start, end } = key;
        for (const announced of step.announced)
          events.add(announced, step.finishedAt, { pipeline, partition, start, end, step: step.step });
      }, options?.signal),
    finish: (key, owner, outcome, options) =>
      sql.write(() => {
        ownedEntry(key, owner);
        sql
          .prepare(
            `UPDATE pipeline_run SET status = ?, owner = NULL, lease_until = NULL, next_retry_at = ?, error_code = ?,
               error_message = ?, updated_at = ? WHERE ${keyCondition}`,
          )
          .run([
            outcome.status,
            outcome.nextRetryAt ?? null,
            outcome.error?.code ?? null,
            outcome.error === undefined ? null : storableText(outcome.error.message),
            outcome.now,
            ...keyValues(key),
          ]);
      }, options?.signal),
    async get(key, options) {
      throwIfAborted(options?.signal);
      const entry = findEntry(key);
      return entry === null ? null : { entry, steps: findSteps(key) };
    },
    async list(pipeline, options = {}) {
      checkOptions("VALUE_INVALID", "ledger.list()", options, {
        partition: true,
        status: true,
        from: true,
        to: true,
        limit: true,
        signal: true,
      });
      throwIfAborted(options.signal);
      if (options.status !== undefined) checkWord("VALUE_INVALID", "status", options.status, statuses);
      const { text, values } = conditions([
        ["pipeline = ?", pipeline],
        ["partition = ?", options.partition],
        ["status = ?", options.status],
        ["interval_start >= ?", options.from],
        ["interval_start < ?", options.to],
      ]);
      return sql
        .prepare(
          `SELECT * FROM pipeline_run WHERE ${text}
           ORDER BY interval_start, partition, interval_end LIMIT ?`,
        )
        .all<EntryRow>([...values, BigInt(options.limit ?? -1)])
        .map(readEntry);
    },
    announce: (announcement, at, options) =>
      sql.write(() => events.add(announcement, at, null), options?.signal),
    async events(query) {
      throwIfAborted(query.signal);
      return events.find(query);
    },
    async close() {},
  };
}

function isFinished(status: LedgerStatus): boolean {
  return status === "succeeded" || status === "failed" || status === "cancelled";
}

function keyValues(key: LedgerKey): SqlValue[] {
  return [key.pipeline, key.partition, key.start, key.end];
}

function describe(key: LedgerKey): string {
  const partition = key.partition === "" ? "" : ` [${key.partition}]`;
  return `${key.pipeline}${partition} ${iso(key.start)}/${iso(key.end)}`;
}

function iso(micros: bigint): string {
  const date = new Date(Number(micros / 1000n));
  return Number.isNaN(date.getTime()) ? String(micros) : date.toISOString();
}

interface EntryRow {
  readonly pipeline: string;
  readonly partition: string;
  readonly interval_start: bigint;
  readonly interval_end: bigint;
  readonly status: LedgerStatus;
  readonly attempt: bigint;
  readonly owner: string | null;
  readonly lease_until: bigint | null;
  readonly next_retry_at: bigint | null;
  readonly code_version: string | null;
  readonly error_code: string | null;
  readonly error_message: string | null;
  readonly created_at: bigint;
  readonly updated_at: bigint;
}

function readEntry(row: EntryRow): LedgerEntry {
  return {
    pipeline: row.pipeline,
    partition: row.partition,
    start: row.interval_start,
    end: row.interval_end,
    status: row.status,
    attempt: Number(row.attempt),
    owner: row.owner,
    leaseUntil: row.lease_until,
    nextRetryAt: row.next_retry_at,
    codeVersion: row.code_version,
    error: row.error_code === null ? null : { code: row.error_code, message: row.error_message ?? "" },
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

interface StepRow {
  readonly step: string;
  readonly attempt: bigint;
  readonly started_at: bigint;
  readonly finished_at: bigint;
  readonly result: string;
  readonly result_hash: string;
  readonly announced: string;
}

function readStep(row: StepRow): StepRecord {
  return {
    step: row.step,
    attempt: Number(row.attempt),
    startedAt: row.started_at,
    finishedAt: row.finished_at,
    result: row.result,
    resultHash: row.result_hash,
    announced: JSON.parse(row.announced),
  };
}
