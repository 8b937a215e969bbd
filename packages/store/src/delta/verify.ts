import { TsopsError } from "@tsops/core";
import { isQueryFailure } from "../engine/duckdb-error.ts";
import type { DuckSession } from "../engine/engine.ts";
import { quoteName } from "../engine/sql-text.ts";
import { damagedFile, type ScanSource, scanFiles } from "./scan.ts";
import type { SessionSource } from "./session-source.ts";

/**
 * Reads every file of a snapshot to its end.
 * @throws TsopsError STORE_CORRUPT naming the first file that is missing, cut or cannot be read
 */
export async function verifyFiles(
  source: ScanSource,
  session: DuckSession,
  signal?: AbortSignal,
): Promise<void> {
  const { types } = await scanFiles(source);
  const hashes = ["_ingest_time", ...Object.keys(types).map((name) => `hash(${quoteName(name)})`)];
  for (const file of source.files) {
    const { sql } = await scanFiles({ ...source, files: [file] });
    try {
      await session.run(`SELECT bit_xor(hash(${hashes.join(", ")})) FROM ${sql}`, { signal });
    } catch (cause) {
      if (!isQueryFailure(cause)) throw cause;
      throw damagedFile(source, file, "cannot be read", 1, cause);
    }
  }
}

/** The damaged file behind an error that DuckDB raised while reading, or else the error itself. */
export async function damageBehind(
  source: ScanSource,
  sessions: SessionSource,
  error: unknown,
): Promise<unknown> {
  if (!isQueryFailure(error)) return error;
  const found = await sessions
    .use((session) => verifyFiles(source, session))
    .catch((reason: unknown) => reason);
  return TsopsError.is(found, "STORE_CORRUPT") ? found : error;
}
