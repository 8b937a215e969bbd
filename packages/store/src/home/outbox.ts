import {
  checkList,
  checkOptions,
  checkWord,
  type Outbox,
  type OutboxEntry,
  type OutboxKey,
  type OutboxMessage,
  type OutboxStatus,
  shown,
  TsopsError,
  throwIfAborted,
} from "@tsops/core";
import { conditions } from "./conditions.ts";
import { type SqliteDatabase, storableText } from "./sqlite.ts";

const statuses: readonly OutboxStatus[] = ["waiting", "delivered", "parked"];
const capacity = 10_000;

const insertText = `INSERT INTO outbox (channel, id, message_group, body, created_at, status, attempts, next_attempt_at)
   VALUES (?, ?, ?, ?, ?, 'waiting', 0, ?) ON CONFLICT (channel, id) DO NOTHING`;

/** The first message of each channel and group that waits, if it is due and nobody holds it. */
const claimableText = `SELECT * FROM outbox
   WHERE sequence IN (SELECT min(sequence) FROM outbox WHERE status = 'waiting' GROUP BY channel, message_group)
     AND channel IN (SELECT value FROM json_each(?)) AND next_attempt_at <= ? AND (lease_until IS NULL OR lease_until <= ?)
   ORDER BY sequence LIMIT ?`;

/** Messages that wait to be delivered, in `tsops.db`. */
export function sqliteOutbox(sql: SqliteDatabase): Outbox {
  const insert = ({ channel, id, group, body, createdAt }: OutboxMessage, from: bigint): number =>
    sql.prepare(insertText).run([channel, id, group, body, createdAt, from]);

  return {
    capacity,
    put(messages, { signal } = {}) {
      checkList("VALUE_INVALID", "messages", messages);
      for (const message of messages) checkMessage(message);
      return sql.write(() => {
        let added = 0;
        for (const message of messages) added += insert(message, message.createdAt);
        if (added > 0 && countWaiting(sql) > capacity)
          throw new TsopsError("STORE_FULL", `The outbox holds ${capacity} waiting messages at most.`, {
            hint: "Deliver what waits, or park what cannot be delivered.",
            details: { capacity, refused: messages.length },
          });
        return added;
      }, signal);
    },
    claim(options) {
      const { owner, now, leaseUntil, channels, limit, signal } = options;
      checkOptions("VALUE_INVALID", "outbox.claim()", options, {
        owner: true,
        now: true,
        leaseUntil: true,
        channels: true,
        limit: true,
        signal: true,
      });
      return sql.write(
        () =>
          sql
            .prepare(claimableText)
            .all<OutboxRow>([JSON.stringify(channels), now, now, BigInt(limit)])
            .map((row) => {
              sql
                .prepare(
                  "UPDATE outbox SET owner = ?, lease_until = ?, attempts = attempts + 1 WHERE sequence = ?",
                )
                .run([owner, leaseUntil, row.sequence]);
              return readEntry({ ...row, owner, lease_until: leaseUntil, attempts: row.attempts + 1n });
            }),
        signal,
      );
    },
    async delivered({ channel, id }, now, { signal } = {}) {
      await sql.write(
        () =>
          sql
            .prepare(
              `UPDATE outbox SET status = 'delivered', owner = NULL, lease_until = NULL, error = NULL, settled_at = ?
               WHERE channel = ? AND id = ? AND status <> 'delivered'`,
            )
            .run([now, channel, id]),
        signal,
      );
    },
    async failed({ channel, id }, { owner, now, nextAttemptAt, error }, { signal } = {}) {
      const change = nextAttemptAt === null ? "status = 'parked', settled_at = ?" : "next_attempt_at = ?";
      await sql.write(
        () =>
          sql
            .prepare(
              `UPDATE outbox SET ${change}, owner = NULL, lease_until = NULL, error = ?
               WHERE channel = ? AND id = ? AND owner = ? AND status = 'waiting'`,
            )
            .run([nextAttemptAt ?? now, storableText(error), channel, id, owner]),
        signal,
      );
    },
    release(key, now, { signal } = {}) {
      return sql.write(() => {
        const entry = find(sql, key);
        if (entry?.status !== "parked") return false;
        // A new row has a new place in the order.
        sql.prepare("DELETE FROM outbox WHERE channel = ? AND id = ?").run([key.channel, key.id]);
        insert(entry, now);
        sql
          .prepare("UPDATE outbox SET error = ? WHERE channel = ? AND id = ?")
          .run([entry.error, key.channel, key.id]);
        return true;
      }, signal);
    },
    drop: ({ channel, id }, { signal } = {}) =>
      sql.write(
        () =>
          sql
            .prepare("DELETE FROM outbox WHERE channel = ? AND id = ? AND status = 'parked'")
            .run([channel, id]) > 0,
        signal,
      ),
    async list(options = {}) {
      checkOptions("VALUE_INVALID", "outbox.list()", options, {
        channel: true,
        status: true,
        limit: true,
        signal: true,
      });
      throwIfAborted(options.signal);
      if (options.status !== undefined) checkWord("VALUE_INVALID", "status", options.status, statuses);
      const { text, values } = conditions([
        ["channel = ?", options.channel],
        ["status = ?", options.status],
      ]);
      return sql
        .prepare(`SELECT * FROM outbox WHERE ${text} ORDER BY sequence LIMIT ?`)
        .all<OutboxRow>([...values, BigInt(options.limit ?? -1)])
        .map(readEntry);
    },
    prune: (before, { signal } = {}) =>
      sql.write(() => sql.prepare("DELETE FROM outbox WHERE settled_at < ?").run([before]), signal),
  };
}

function countWaiting(sql: SqliteDatabase): number {
  const row = sql
    .prepare("SELECT count(*) AS count FROM outbox WHERE status = 'waiting'")
    .get<{ count: bigint }>();
  return Number(row?.count);
}

function find(sql: SqliteDatabase, { channel, id }: OutboxKey): OutboxEntry | null {
  const row = sql.prepare("SELECT * FROM outbox WHERE channel = ? AND id = ?").get<OutboxRow>([channel, id]);
  return row === undefined ? null : readEntry(row);
}

/** @throws TsopsError VALUE_INVALID naming the field that is missing or of another type. */
function checkMessage(message: OutboxMessage): void {
  const wrong =
    (["id", "channel", "group", "body"] as const).find((name) => typeof message?.[name] !== "string") ??
    (typeof message.createdAt === "bigint" ? undefined : "createdAt");
  if (wrong === undefined) return;
  throw new TsopsError("VALUE_INVALID", `The message has the ${wrong} ${shown(message?.[wrong])}.`, {
    hint: "id, channel, group and body are texts, createdAt is in microseconds UTC as bigint.",
    details: { field: wrong },
  });
}

interface OutboxRow {
  readonly sequence: bigint;
  readonly channel: string;
  readonly id: string;
  readonly message_group: string;
  readonly body: string;
  readonly created_at: bigint;
  readonly status: OutboxStatus;
  readonly attempts: bigint;
  readonly next_attempt_at: bigint;
  readonly owner: string | null;
  readonly lease_until: bigint | null;
  readonly error: string | null;
  readonly settled_at: bigint | null;
}

function readEntry(row: OutboxRow): OutboxEntry {
  return {
    id: row.id,
    channel: row.channel,
    group: row.message_group,
    body: row.body,
    createdAt: row.created_at,
    status: row.status,
    attempts: Number(row.attempts),
    nextAttemptAt: row.next_attempt_at,
    owner: row.owner,
    leaseUntil: row.lease_until,
    error: row.error,
    settledAt: row.settled_at,
  };
}
