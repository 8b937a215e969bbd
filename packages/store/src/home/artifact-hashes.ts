import { join, relative, sep } from "node:path";
import { type Clock, TsopsError } from "@tsops/core";
import type { SqliteDatabase } from "./sqlite.ts";

/** The sha256 of every artifact that was logged, in `tsops.db`. */
export interface ArtifactHashes {
  /** Durable when it resolves; called before the file is written, so that a written file is always known. */
  record(directory: string, path: string, sha256: string, bytes: number, signal?: AbortSignal): Promise<void>;
  /**
   * Accepts any content that was ever logged at that place, and whatever another tool wrote where we logged nothing.
   * @throws TsopsError STORE_CORRUPT for other content
   */
  verify(directory: string, path: string, sha256: string): void;
}

/** @param root - Absolute path of the `artifacts` directory; places are kept relative to it, so a home can be moved. */
export function sqliteArtifactHashes(
  sql: SqliteDatabase,
  root: string,
  clock: Pick<Clock, "now">,
): ArtifactHashes {
  const locationOf = (directory: string, path: string): string =>
    relative(root, join(directory, path)).split(sep).join("/");
  return {
    async record(directory, path, sha256, bytes, signal) {
      await sql.write(() => {
        sql
          .prepare(
            `INSERT INTO artifact_hash (location, sha256, bytes, recorded_at) VALUES (?, ?, ?, ?)
             ON CONFLICT DO NOTHING`,
          )
          .run([locationOf(directory, path), sha256, BigInt(bytes), clock.now()]);
      }, signal);
    },
    verify(directory, path, found) {
      const location = locationOf(directory, path);
      const rows = sql
        .prepare("SELECT sha256 FROM artifact_hash WHERE location = ?")
        .all<{ sha256: string }>([location]);
      if (rows.length === 0 || rows.some((row) => row.sha256 === found)) return;
      throw new TsopsError("STORE_CORRUPT", `Artifact ${location} was changed after it was logged.`, {
        hint: "Restore the file from a backup, or log it again.",
        details: { location, expected: rows.map((row) => row.sha256), found },
      });
    },
  };
}
