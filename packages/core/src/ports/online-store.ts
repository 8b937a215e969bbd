import type { CallOptions } from "./call-options.ts";

/** Durable snapshots of in-memory state by name, so that a restarted process continues where it was. */
export interface SnapshotStore {
  /** Replaces the snapshot atomically and durably. */
  put(name: string, bytes: Uint8Array, options?: CallOptions): Promise<void>;
  /** The bytes as they were put last; null when there is no snapshot of that name. */
  get(name: string, options?: CallOptions): Promise<Uint8Array | null>;
}
