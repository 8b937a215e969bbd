import { accessSync, constants, existsSync, statfsSync } from "node:fs";
import { dirname } from "node:path";
import { TsopsError } from "@tsops/core";

/** SQLite's own name of a failure, e.g. `SQLITE_BUSY`; null for errors that did not come from SQLite. */
export function sqliteCode(error: unknown): string | null {
  if (typeof error !== "object" || error === null) return null;
  // The driver has no names for most extended codes (SQLITE_BUSY_SNAPSHOT, SQLITE_READONLY_DIRECTORY, ...), but their number.
  if ("rawCode" in error && typeof error.rawCode === "number") return nameOf(error.rawCode);
  if ("code" in error && typeof error.code === "string" && error.code.startsWith("SQLITE_"))
    return error.code;
  // A failed open is reported as text that ends in the number.
  const text = "message" in error ? String(error.message) : "";
  const match = /Unable to open connection to local database .*: (\d+)"\)$/s.exec(text);
  return match === null ? null : nameOf(Number(match[1]));
}

function nameOf(extendedCode: number): string {
  return primaryCodes[extendedCode & 0xff] ?? "SQLITE_ERROR";
}

const primaryCodes: Readonly<Record<number, string>> = {
  5: "SQLITE_BUSY",
  6: "SQLITE_LOCKED",
  8: "SQLITE_READONLY",
  10: "SQLITE_IOERR",
  11: "SQLITE_CORRUPT",
  13: "SQLITE_FULL",
  14: "SQLITE_CANTOPEN",
  15: "SQLITE_PROTOCOL",
  19: "SQLITE_CONSTRAINT",
  26: "SQLITE_NOTADB",
};

/** True when another connection holds the lock and waiting may help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error);
  return code === "SQLITE_BUSY" || code === "SQLITE_LOCKED" || code === "SQLITE_PROTOCOL";
}

/**
 * The error to throw for whatever a database call threw. Errors that are not SQLite's (programmer mistakes, TsopsError)
 * come back as they are.
 */
export function asStoreError(error: unknown, path: string): unknown {
  const code = sqliteCode(error);
  if (code === null || TsopsError.is(error)) return error;
  const details = { path, sqlite: code };
  const text = error instanceof Error ? error.message : String(error);
  if (isBusy(error))
    return new TsopsError(
      "STORE_BUSY",
      `Another process kept ${path} locked for longer than the busy timeout.`,
      {
        hint: "Try again, raise busyTimeoutMs, or end the process that holds a long transaction.",
        details,
        cause: error,
      },
    );
  if (code === "SQLITE_FULL" || (code === "SQLITE_IOERR" && isDiskFull(path)))
    return new TsopsError("STORE_FULL", `There is no room to write to ${path}; the change was undone.`, {
      hint: "Free space on that disk (or raise its quota) and try again.",
      details,
      cause: error,
    });
  if (code === "SQLITE_READONLY" || (code === "SQLITE_CANTOPEN" && !isWritable(path)))
    return new TsopsError(
      "STORE_READ_ONLY",
      `${path} cannot be written: its directory or file is read-only.`,
      {
        hint: "Make the directory and its files writable for this user, or open a home elsewhere.",
        details,
        cause: error,
      },
    );
  if (code === "SQLITE_CORRUPT" || code === "SQLITE_NOTADB")
    return new TsopsError("STORE_CORRUPT", `${path} is damaged or is not an SQLite database: ${text}.`, {
      hint: "Restore the file (with its -wal file) from a backup, or save what is left with `sqlite3 file .recover`.",
      details,
      cause: error,
    });
  return new TsopsError("STORE_UNAVAILABLE", `SQLite refused an operation on ${path}: ${code} (${text}).`, {
    hint:
      code === "SQLITE_CANTOPEN"
        ? "Check that the directory exists."
        : "See the cause for SQLite's own words.",
    details,
    cause: error,
  });
}

function isDiskFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < 1024 * 1024;
  } catch {
    return false;
  }
}

function isWritable(path: string): boolean {
  try {
    if (!existsSync(dirname(path))) return true;
    accessSync(dirname(path), constants.W_OK);
    if (existsSync(path)) accessSync(path, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}
