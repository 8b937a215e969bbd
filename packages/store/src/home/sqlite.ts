import { TsopsError, throwIfAborted } from "@tsops/core";
import LibsqlDatabase from "libsql";
import { asStoreError, isBusy } from "./sqlite-error.ts";

/** What can be bound to a `?`. Numbers are stored as floats (-0 as 0) or, in integer columns, as integers. */
export type SqlValue = string | number | bigint | null | Uint8Array;
/** One result row by column name. Integers come back as `bigint`, floats as `number`. */
export type SqlRow = Readonly<Record<string, SqlValue>>;

/** A prepared statement. `Row` is what the caller knows of its columns: integers are `bigint`, floats `number`. */
export interface SqliteStatement {
  /** Executes and returns how many rows changed. */
  run(values?: readonly SqlValue[]): number;
  /** The first row; write `LIMIT 1` where there may be more. */
  get<Row = SqlRow>(values?: readonly SqlValue[]): Row | undefined;
  all<Row = SqlRow>(values?: readonly SqlValue[]): Row[];
}

/** One connection to one SQLite file: WAL, synchronous=FULL, foreign keys on. Calls block, but for `write`, which waits. */
export interface SqliteDatabase {
  readonly path: string;
  /** Prepared once per text and kept until `close`. */
  prepare(sql: string): SqliteStatement;
  /** Runs one or more statements that return nothing. */
  exec(sql: string): void;
  /**
   * Runs `work` inside BEGIN IMMEDIATE .. COMMIT, and waits for the lock of another process without blocking the event
   * loop. `work` must not await.
   * @throws TsopsError STORE_BUSY after the busy timeout, ABORTED when the signal fires before `work` has begun; whatever
   *   `work` throws, after a rollback.
   */
  write<T>(work: () => T, signal?: AbortSignal): Promise<T>;
  close(): void;
}

/** Settings of a connection. */
export interface SqliteOptions {
  /** How long to wait for another process's lock. Default 10 000. */
  readonly busyTimeoutMs?: number;
  /** Upper bound on the file's size in pages of 4 KiB, for tests of a full disk. */
  readonly maxPages?: number;
  /** Ends the wait for another process's lock while opening. */
  readonly signal?: AbortSignal;
}

/**
 * Opens (and creates) an SQLite file. This module alone knows the driver.
 * @throws TsopsError STORE_BUSY, STORE_READ_ONLY, STORE_FULL, STORE_CORRUPT, STORE_UNAVAILABLE, ABORTED
 */
export async function openSqlite(path: string, options: SqliteOptions = {}): Promise<SqliteDatabase> {
  const busyTimeoutMs = options.busyTimeoutMs ?? 10_000;
  const guarded = <T>(call: () => T): T => {
    try {
      return call();
    } catch (error) {
      throw asStoreError(error, path);
    }
  };
  throwIfAborted(options.signal);
  const driver = guarded(() => new LibsqlDatabase(path, { timeout: 0 }));
  const statements = new Map<string, SqliteStatement>();
  let isOpen = true;

  const prepare = (sql: string): SqliteStatement => {
    const known = statements.get(sql);
    if (known !== undefined) return known;
    assertOpen();
    const statement = wrapStatement(
      guarded(() => driver.prepare(sql).safeIntegers(true)),
      sql,
      guarded,
    );
    statements.set(sql, statement);
    return statement;
  };
  const assertOpen = (): void => {
    if (!isOpen)
      throw new TsopsError("STORE_UNAVAILABLE", `${path} was used after it was closed.`, {
        hint: "Keep the home open for as long as its parts are in use.",
      });
  };
  const exec = (sql: string): void => {
    assertOpen();
    guarded(() => driver.exec(sql));
  };
  const finish = <T>(work: () => T): T => {
    try {
      const result = work();
      driver.exec("COMMIT");
      return result;
    } catch (error) {
      if (driver.inTransaction) driver.exec("ROLLBACK");
      throw asStoreError(error, path);
    }
  };
  /** True when the lock was taken; false when somebody else has it. */
  const begin = (): boolean => {
    exec("PRAGMA busy_timeout = 0");
    try {
      driver.exec("BEGIN IMMEDIATE");
      return true;
    } catch (error) {
      if (isBusy(error)) return false;
      throw asStoreError(error, path);
    } finally {
      driver.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    }
  };
  const timedOut = (): TsopsError =>
    new TsopsError("STORE_BUSY", `Another process kept ${path} locked for ${busyTimeoutMs} ms.`, {
      hint: "Try again, raise busyTimeoutMs, or end the process that holds a long transaction.",
      details: { path, busyTimeoutMs },
    });

  /** Attempts until it works or it is too late. The driver's own timeout would block the event loop instead. */
  const patiently = async <T>(attempt: () => Done<T> | null, signal?: AbortSignal): Promise<T> => {
    const deadline = performance.now() + busyTimeoutMs;
    for (let pause = 1; ; pause = Math.min(pause * 2, 25)) {
      throwIfAborted(signal);
      const done = attempt();
      if (done !== null) return done.result;
      if (performance.now() >= deadline) throw timedOut();
      await new Promise((resolve) => setTimeout(resolve, pause));
    }
  };

  try {
    // Switching to WAL meets the locks of whoever opens the file at the same moment.
    await patiently(() => {
      try {
        driver.prepare("PRAGMA journal_mode = WAL").all();
        driver.exec("PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON");
        return { result: undefined };
      } catch (error) {
        if (isBusy(error)) return null;
        throw asStoreError(error, path);
      }
    }, options.signal);
    if (options.maxPages !== undefined) driver.prepare(`PRAGMA max_page_count = ${options.maxPages}`).all();
    driver.exec(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  } catch (error) {
    driver.close();
    throw error;
  }

  return {
    path,
    prepare,
    exec,
    // No await between the beginning and the end: other calls on this connection would land in the same transaction.
    write: (work, signal) => patiently(() => (begin() ? { result: finish(work) } : null), signal),
    close() {
      if (!isOpen) return;
      isOpen = false;
      statements.clear();
      // The driver lets go of the files when its statements are collected as garbage, which may be much later: until then
      // the file must be whole without its -wal beside it, for whoever copies it. Others at work make this fail, harmlessly.
      try {
        driver.exec("PRAGMA busy_timeout = 0");
        driver.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
      } catch {}
      guarded(() => driver.close());
    },
  };
}

interface Done<T> {
  readonly result: T;
}

/** The driver cuts text at a NUL character and replaces half a surrogate pair: two names could become one. */
function checkText(text: string): void {
  const problem = text.includes("\0")
    ? "a NUL character"
    : loneSurrogate.test(text)
      ? "half a surrogate pair"
      : null;
  if (problem === null) return;
  throw new TsopsError("VALUE_INVALID", `Text with ${problem} cannot be stored.`, {
    hint: "Remove the character, or store the content as an artifact.",
  });
}

const loneSurrogate = /\p{Surrogate}/u;

/** A text for people that can be stored whatever it holds: what `checkText` refuses is replaced by U+FFFD. */
export function storableText(text: string): string {
  return text.replace(/[\0\p{Surrogate}]/gu, "\ufffd");
}

interface DriverStatement {
  run(values: SqlValue[]): { changes: number };
  all(values: SqlValue[]): unknown[];
}

function wrapStatement(
  statement: DriverStatement,
  sql: string,
  guarded: <T>(call: () => T) => T,
): SqliteStatement {
  const expected = sql.match(/\?/g)?.length ?? 0;
  // The driver takes missing values for NULL and ends the whole process on a boolean or undefined.
  const checked = (values: readonly SqlValue[]): SqlValue[] => {
    if (values.length !== expected)
      throw new TypeError(`The statement takes ${expected} values, got ${values.length}: ${sql}`);
    for (const value of values) {
      if (!isSqlValue(value)) throw new TypeError(`Cannot bind a ${typeof value} to: ${sql}`);
      if (typeof value === "string") checkText(value);
      if (typeof value === "bigint" && BigInt.asIntN(64, value) !== value)
        throw new TsopsError("VALUE_INVALID", `The integer ${value} is beyond 64 bits.`);
    }
    return values as SqlValue[];
  };
  const all = <Row>(values: readonly SqlValue[] = []): Row[] => {
    const rows = guarded(() => statement.all(checked(values))) as Record<string, SqlValue | ArrayBuffer>[];
    for (const row of rows)
      for (const name in row) {
        const value = row[name];
        if (value instanceof ArrayBuffer) row[name] = new Uint8Array(value);
      }
    return rows as Row[];
  };
  return {
    run: (values = []) => guarded(() => statement.run(checked(values)).changes),
    get: <Row>(values?: readonly SqlValue[]) => all<Row>(values)[0],
    all,
  };
}

function isSqlValue(value: unknown): boolean {
  switch (typeof value) {
    case "string":
    case "number":
    case "bigint":
      return true;
    default:
      return value === null || value instanceof Uint8Array;
  }
}
