import type { CallOptions, OutboxMessage } from "@tsops/core";

/** A way to people. The same message may come twice, with the same id. */
export interface AlertChannel {
  /** Rules and the outbox name it. */
  readonly name: string;
  /** Resolves when the other side has taken the message; rejects when that is not known. */
  send(message: OutboxMessage, options?: CallOptions): Promise<void>;
}
