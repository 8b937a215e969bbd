import type { CallOptions } from "./call-options.ts";

/** Something to be sent elsewhere that must not be lost: it stays in the outbox until a channel has taken it. */
export interface OutboxMessage {
  /** By which a receiver knows a message that comes again. One per channel. */
  readonly id: string;
  /** Name of the way out, e.g. `"on-call"`. */
  readonly channel: string;
  /** Messages of one channel and group leave in the order in which they were put. */
  readonly group: string;
  /** What is sent, usually JSON. */
  readonly body: string;
  /** When it was made, microseconds UTC. */
  readonly createdAt: bigint;
}

/** `parked` is given up: it no longer stands in the way of its group, and waits for a person. */
export type OutboxStatus = "waiting" | "delivered" | "parked";

/** A message with what became of it so far. */
export interface OutboxEntry extends OutboxMessage {
  readonly status: OutboxStatus;
  /** Deliveries that were begun. */
  readonly attempts: number;
  /** Not tried before; microseconds UTC. */
  readonly nextAttemptAt: bigint;
  /** Who is sending it, and until when nobody else may; null when nobody is. */
  readonly owner: string | null;
  readonly leaseUntil: bigint | null;
  /** What went wrong last; null when nothing did. */
  readonly error: string | null;
  /** When it was delivered or parked; null while it waits. */
  readonly settledAt: bigint | null;
}

/** Which entry. */
export type OutboxKey = Pick<OutboxMessage, "channel" | "id">;

/** Which entries to list; all conditions must hold. */
export interface OutboxQuery {
  readonly channel?: string;
  readonly status?: OutboxStatus;
  readonly limit?: number;
}

/**
 * Keeps messages until they are delivered, across crashes: at least once each. All writes are atomic and durable; several processes may
 * use one outbox at once.
 */
export interface Outbox {
  /** How many messages may wait at once. */
  readonly capacity: number;
  /**
   * Resolves when all messages are durable. One whose channel and id are known already changes nothing.
   * @returns How many were new.
   * @throws TsopsError STORE_FULL when more than `capacity` would wait; none is stored then.
   */
  put(messages: readonly OutboxMessage[], options?: CallOptions): Promise<number>;
  /**
   * Takes messages for `owner` and counts an attempt of each: the oldest waiting one of each channel and group, where it is due and
   * nobody's lease on it is good. A message whose owner died is therefore given out again once the lease has ended.
   */
  claim(
    options: CallOptions & {
      readonly owner: string;
      readonly now: bigint;
      readonly leaseUntil: bigint;
      /** Only of these channels. */
      readonly channels: readonly string[];
      readonly limit: number;
    },
  ): Promise<readonly OutboxEntry[]>;
  /** Settles a message that has arrived, whoever sent it. */
  delivered(key: OutboxKey, now: bigint, options?: CallOptions): Promise<void>;
  /**
   * Ends an attempt that failed: the message waits until `nextAttemptAt`, or is parked when that is null. Changes nothing when `owner`
   * does not hold the message any more.
   */
  failed(
    key: OutboxKey,
    outcome: {
      readonly owner: string;
      readonly now: bigint;
      readonly nextAttemptAt: bigint | null;
      readonly error: string;
    },
    options?: CallOptions,
  ): Promise<void>;
  /**
   * Lets a parked message be tried again from `now`, with its attempts counted anew, behind those of its group that wait.
   * @returns False when there is no such message or it is not parked.
   */
  release(key: OutboxKey, now: bigint, options?: CallOptions): Promise<boolean>;
  /**
   * Forgets a parked message: it is never sent. An id that is forgotten can be put again.
   * @returns False when there is no such message or it is not parked.
   */
  drop(key: OutboxKey, options?: CallOptions): Promise<boolean>;
  /** In the order in which they were put. */
  list(options?: OutboxQuery & CallOptions): Promise<readonly OutboxEntry[]>;
  /**
   * Forgets what was delivered or parked before an instant. An id that is forgotten can be put again.
   * @returns How many were forgotten.
   */
  prune(before: bigint, options?: CallOptions): Promise<number>;
}
