import { throwIfAborted } from "../abort.ts";
import { TsopsError } from "../errors.ts";
import type { Outbox, OutboxEntry, OutboxKey } from "../ports/outbox.ts";

/** An outbox in memory, for tests: it is gone with the process. At most `capacity` messages wait, by default 10,000. */
export function memoryOutbox({ capacity = 10_000 }: { readonly capacity?: number } = {}): Outbox {
  let entries = new Map<string, OutboxEntry>();
  const nameOf = ({ channel, id }: OutboxKey) => JSON.stringify([channel, id]);
  const waiting = () => [...entries.values()].filter(({ status }) => status === "waiting");

  return {
    capacity,
    async put(messages, options) {
      throwIfAborted(options?.signal);
      const next = new Map(entries);
      for (const message of messages) {
        if (next.has(nameOf(message))) continue;
        const { id, channel, group, body, createdAt } = message;
        next.set(nameOf(message), {
          id,
          channel,
          group,
          body,
          createdAt,
          status: "waiting",
          attempts: 0,
          nextAttemptAt: createdAt,
          owner: null,
          leaseUntil: null,
          error: null,
          settledAt: null,
        });
      }
      const added = next.size - entries.size;
      if (added > 0 && waiting().length + added > capacity)
        throw new TsopsError("STORE_FULL", `The outbox holds ${capacity} waiting messages at most.`, {
          hint: "Deliver what waits, or park what cannot be delivered.",
        });
      entries = next;
      return added;
    },
    async claim({ owner, now, leaseUntil, channels, limit, signal }) {
      throwIfAborted(signal);
      const claimed: OutboxEntry[] = [];
      const groups = new Set<string>();
      for (const entry of waiting()) {
        const group = JSON.stringify([entry.channel, entry.group]);
        if (groups.has(group)) continue;
        groups.add(group);
        const isHeld = entry.leaseUntil !== null && entry.leaseUntil > now;
        if (claimed.length >= limit || isHeld || entry.nextAttemptAt > now) continue;
        if (!channels.includes(entry.channel)) continue;
        const taken = { ...entry, owner, leaseUntil, attempts: entry.attempts + 1 };
        entries.set(nameOf(entry), taken);
        claimed.push(taken);
      }
      return claimed;
    },
    async delivered(key, now, options) {
      throwIfAborted(options?.signal);
      const entry = entries.get(nameOf(key));
      if (entry === undefined || entry.status === "delivered") return;
      entries.set(nameOf(key), {
        ...entry,
        status: "delivered",
        owner: null,
        leaseUntil: null,
        error: null,
        settledAt: now,
      });
    },
    async failed(key, { owner, now, nextAttemptAt, error }, options) {
      throwIfAborted(options?.signal);
      const entry = entries.get(nameOf(key));
      if (entry?.status !== "waiting" || entry.owner !== owner) return;
      entries.set(nameOf(key), {
        ...entry,
        ...(nextAttemptAt === null
          ? { status: "parked" as const, settledAt: now }
          : { nextAttemptAt, settledAt: null }),
        owner: null,
        leaseUntil: null,
        error,
      });
    },
    async release(key, now, options) {
      throwIfAborted(options?.signal);
      const entry = entries.get(nameOf(key));
      if (entry?.status !== "parked") return false;
      entries.delete(nameOf(key));
      entries.set(nameOf(key), {
        ...entry,
        status: "waiting",
        attempts: 0,
        nextAttemptAt: now,
        settledAt: null,
      });
      return true;
    },
    async drop(key, options) {
      throwIfAborted(options?.signal);
      return entries.get(nameOf(key))?.status === "parked" && entries.delete(nameOf(key));
    },
    async list({ channel, status, limit, signal } = {}) {
      throwIfAborted(signal);
      return [...entries.values()]
        .filter(
          (entry) =>
            (channel === undefined || entry.channel === channel) &&
            (status === undefined || entry.status === status),
        )
        .slice(0, limit);
    },
    async prune(before, options) {
      throwIfAborted(options?.signal);
      const old = [...entries].filter(([, { settledAt }]) => settledAt !== null && settledAt < before);
      for (const [name] of old) entries.delete(name);
      return old.length;
    },
  };
}
