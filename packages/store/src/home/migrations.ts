import { TsopsError } from "@tsops/core";
import type { SqliteDatabase } from "./sqlite.ts";

/** One numbered step of a database's schema: 1, 2, 3, ... Never edited once released. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
}

/**
 * Brings a database to the newest schema, in one transaction, so that several processes may open it at once and a
 * killed one leaves the old schema.
 * @param nowMicros - Instant written beside each step taken.
 * @throws TsopsError STORE_UNSUPPORTED when a newer release has already moved it further; ABORTED, STORE_BUSY.
 */
export async function migrate(
  database: SqliteDatabase,
  migrations: readonly Migration[],
  nowMicros: bigint,
  signal?: AbortSignal,
): Promise<void> {
  const newest = migrations.at(-1)?.number ?? 0;
  const found = schemaNumber(database);
  if (found === newest) return;
  if (found > newest)
    throw new TsopsError(
      "STORE_UNSUPPORTED",
      `${database.path} has schema ${found}; this release of tsops knows up to ${newest}.`,
      {
        hint: "Upgrade @tsops/store in this program to the release that wrote the file.",
        details: { found, newest },
      },
    );
  await database.write(() => {
    database.exec(
      "CREATE TABLE IF NOT EXISTS migration (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at INTEGER NOT NULL) STRICT",
    );
    // Another process may have been faster between the look above and the lock.
    const current = schemaNumber(database);
    for (const { number, name, sql } of migrations) {
      if (number <= current) continue;
      database.exec(sql);
      database
        .prepare("INSERT INTO migration (number, name, applied_at) VALUES (?, ?, ?)")
        .run([BigInt(number), name, nowMicros]);
    }
  }, signal);
}

function schemaNumber(database: SqliteDatabase): number {
  const table = database
    .prepare("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'migration'")
    .get();
  if (table === undefined) return 0;
  const row = database
    .prepare("SELECT coalesce(max(number), 0) AS number FROM migration")
    .get<{ number: bigint }>();
  return Number(row?.number);
}
