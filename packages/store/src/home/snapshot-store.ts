import { type Clock, type SnapshotStore, throwIfAborted } from "@tsops/core";
import type { SqliteDatabase } from "./sqlite.ts";

/** Named snapshots of in-memory state in `tsops.db`. */
export function sqliteSnapshotStore(sql: SqliteDatabase, clock: Pick<Clock, "now">): SnapshotStore {
  return {
    async put(name, bytes, { signal } = {}) {
      await sql.write(() => {
        sql
          .prepare(
            `INSERT INTO snapshot (name, bytes, updated_at) VALUES (?, ?, ?)
             ON CONFLICT (name) DO UPDATE SET bytes = excluded.bytes, updated_at = excluded.updated_at`,
          )
          .run([name, bytes, clock.now()]);
      }, signal);
    },
    async get(name, { signal } = {}) {
      throwIfAborted(signal);
      const row = sql.prepare("SELECT bytes FROM snapshot WHERE name = ?").get<{ bytes: Uint8Array }>([name]);
      return row === undefined ? null : row.bytes;
    },
  };
}
