import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { TsopsError, type TsopsErrorCode } from "@tsops/core";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../../test/temporary-directory.ts";
import { migrate } from "./migrations.ts";
import { openSqlite, type SqliteDatabase, type SqliteOptions, type SqlValue } from "./sqlite.ts";

const withCode =
  (code: TsopsErrorCode) =>
  (error: unknown): boolean =>
    TsopsError.is(error, code) && error.hint !== undefined;

describe("the SQLite module", () => {
  let directory: ReturnType<typeof temporaryDirectory>;
  let databases: SqliteDatabase[];
  const open = async (options?: SqliteOptions): Promise<SqliteDatabase> => {
    const database = await openSqlite(join(directory.path, "test.db"), options);
    databases.push(database);
    return database;
  };
  const count = (database: SqliteDatabase): bigint | undefined =>
    database.prepare("SELECT count(*) AS rows FROM item").get<{ rows: bigint }>()?.rows;
  const code = async (call: () => unknown): Promise<string | undefined> => {
    try {
      await call();
      return undefined;
    } catch (error) {
      return TsopsError.is(error) ? error.code : String(error);
    }
  };

  beforeEach(async () => {
    directory = temporaryDirectory();
    databases = [];
  });
  afterEach(async () => {
    for (const database of databases) database.close();
    await directory.dispose();
  });

  it("is durable before it answers: WAL, synchronous FULL, foreign keys", async () => {
    const database = await open();
    expect(database.prepare("PRAGMA journal_mode").get()).toEqual({ journal_mode: "wal" });
    expect(database.prepare("PRAGMA synchronous").get()).toEqual({ synchronous: 2n });
    expect(database.prepare("PRAGMA foreign_keys").get()).toEqual({ foreign_keys: 1n });
    expect(database.prepare("PRAGMA busy_timeout").get()).toEqual({ timeout: 10_000n });
  });

  it("gives back what was bound: exact integers, floats, text and bytes", async () => {
    const database = await open();
    database.exec("CREATE TABLE item (i INTEGER, f REAL, t TEXT, b BLOB) STRICT");
    const rows: SqlValue[][] = [
      [9_007_199_254_740_993n, 0.1, "ü '' ✓", Uint8Array.of(0, 255, 7)],
      [-(2n ** 63n), 5e-324, "", new Uint8Array(0)],
      [5, Number.POSITIVE_INFINITY, "x", Uint8Array.of(1, 2, 3, 4).subarray(1, 3)],
      [null, null, null, null],
    ];
    const insert = database.prepare("INSERT INTO item VALUES (?, ?, ?, ?)");
    for (const row of rows) expect(insert.run(row)).toBe(1);
    const read = database.prepare("SELECT * FROM item ORDER BY rowid").all();
    expect(read.map((row) => Object.values(row))).toEqual([
      rows[0],
      rows[1],
      [5n, Number.POSITIVE_INFINITY, "x", Uint8Array.of(2, 3)],
      rows[3],
    ]);
  });

  it("refuses values that would end the process, be taken for NULL or be cut", async () => {
    const database = await open();
    database.exec("CREATE TABLE item (a, b)");
    const insert = database.prepare("INSERT INTO item VALUES (?, ?)");
    for (const value of [true, undefined, {}, new Date(0)])
      expect(() => insert.run([1, value as unknown as SqlValue])).toThrow(TypeError);
    expect(() => insert.run([1])).toThrow("takes 2 values, got 1");
    for (const value of ["cut\0here", "half \ud83d", 2n ** 63n, -(2n ** 63n) - 1n])
      expect(await code(() => insert.run([1, value]))).toBe("VALUE_INVALID");
    expect(count(database)).toBe(0n);
  });

  it("undoes a transaction that throws and can go on", async () => {
    const database = await open();
    database.exec("CREATE TABLE item (a INTEGER PRIMARY KEY)");
    const insert = database.prepare("INSERT INTO item VALUES (?)");
    await expect(
      database.write(() => {
        insert.run([1n]);
        throw new Error("no");
      }),
    ).rejects.toThrow("no");
    expect(count(database)).toBe(0n);
    await database.write(() => insert.run([1n]));
    expect(count(database)).toBe(1n);
  });

  it("waits for another writer without stopping the event loop, and then writes", async () => {
    const [first, second] = [await open(), await open({ busyTimeoutMs: 5000 })];
    first.exec("CREATE TABLE item (a INTEGER)");
    first.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const ticking = setInterval(() => ticks++, 2);
    setTimeout(() => first.exec("COMMIT"), 60);
    await second.write(() => second.prepare("INSERT INTO item VALUES (1)").run());
    clearInterval(ticking);
    expect(ticks).toBeGreaterThan(5);
    expect(count(first)).toBe(1n);
  });

  it("gives up with STORE_BUSY after the timeout, and ABORTED when told to stop", async () => {
    const [first, second] = [await open(), await open({ busyTimeoutMs: 30 })];
    first.exec("CREATE TABLE item (a INTEGER)");
    first.exec("BEGIN IMMEDIATE");
    await expect(second.write(() => 1)).rejects.toSatisfy(withCode("STORE_BUSY"));
    expect(await code(() => second.exec("INSERT INTO item VALUES (1)"))).toBe("STORE_BUSY");
    const patient = await open({ busyTimeoutMs: 60_000 });
    const abort = new AbortController();
    setTimeout(() => abort.abort(), 20);
    await expect(patient.write(() => 1, abort.signal)).rejects.toSatisfy((error) =>
      TsopsError.is(error, "ABORTED"),
    );
    first.exec("ROLLBACK");
    expect(await second.write(() => 2)).toBe(2);
  });

  it("says STORE_FULL when there is no room, keeps what was there, and goes on when there is room again", async () => {
    const database = await open({ maxPages: 20 });
    database.exec("CREATE TABLE item (b BLOB)");
    const insert = database.prepare("INSERT INTO item VALUES (?)");
    await database.write(() => insert.run([new Uint8Array(1000)]));
    expect(await code(() => database.write(() => insert.run([new Uint8Array(200_000)])))).toBe("STORE_FULL");
    expect(count(database)).toBe(1n);
    expect(database.prepare("PRAGMA integrity_check").get()).toEqual({ integrity_check: "ok" });
    database.prepare("PRAGMA max_page_count = 1000").all();
    await database.write(() => insert.run([new Uint8Array(200_000)]));
    expect(count(database)).toBe(2n);
  });

  it("says STORE_CORRUPT for a damaged file and for one that is no database", async () => {
    const path = join(directory.path, "test.db");
    writeFileSync(path, "This is text, long enough to be taken for the header of a file. ".repeat(100));
    expect(await code(() => open())).toBe("STORE_CORRUPT");

    const other = await openSqlite(join(directory.path, "damaged.db"));
    other.exec("CREATE TABLE item (b BLOB)");
    other.prepare("INSERT INTO item VALUES (?)").run([new Uint8Array(100_000).fill(7)]);
    other.prepare("PRAGMA wal_checkpoint(TRUNCATE)").all();
    other.close();
    const header = Buffer.alloc(8192, 0xee);
    header.write("SQLite format 3\0");
    writeFileSync(join(directory.path, "damaged.db"), header);
    expect(
      await code(async () => {
        const damaged = await openSqlite(join(directory.path, "damaged.db"));
        databases.push(damaged);
        count(damaged);
      }),
    ).toBe("STORE_CORRUPT");
  });

  it("names a missing directory and use after close", async () => {
    expect(await code(() => openSqlite(join(directory.path, "missing", "x.db")))).toBe("STORE_UNAVAILABLE");
    const database = await open();
    database.close();
    database.close();
    expect(await code(() => database.exec("SELECT 1"))).toBe("STORE_UNAVAILABLE");
    expect(await code(() => database.prepare("SELECT 2"))).toBe("STORE_UNAVAILABLE");
  });

  it("migrates step by step, once, and undoes all steps when one fails", async () => {
    const database = await open();
    const first = { number: 1, name: "one", sql: "CREATE TABLE item (a INTEGER)" };
    const second = { number: 2, name: "two", sql: "ALTER TABLE item ADD COLUMN b INTEGER" };
    const broken = { number: 3, name: "three", sql: "CREATE TABLE other (a); CREATE TABLE item (a)" };
    await migrate(database, [first], 10n);
    await migrate(database, [first, second], 20n);
    await migrate(database, [first, second], 30n);
    expect(await code(() => migrate(database, [first, second, broken], 40n))).toBe("STORE_UNAVAILABLE");
    expect(
      database.prepare("SELECT number, name, applied_at AS at FROM migration ORDER BY number").all(),
    ).toEqual([
      { number: 1n, name: "one", at: 10n },
      { number: 2n, name: "two", at: 20n },
    ]);
    expect(database.prepare("SELECT name FROM sqlite_master WHERE name = 'other'").all()).toEqual([]);
    expect(await code(() => migrate(database, [first], 50n))).toBe("STORE_UNSUPPORTED");
  });
});
