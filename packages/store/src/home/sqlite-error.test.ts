import { TsopsError } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { asStoreError, isBusy } from "./sqlite-error.ts";

const failure = (rawCode: number, code: string): Error => Object.assign(new Error("text"), { rawCode, code });

describe("errors of SQLite", () => {
  it.each([
    ["SQLITE_BUSY_SNAPSHOT", 517, "STORE_BUSY"],
    ["SQLITE_BUSY_RECOVERY", 261, "STORE_BUSY"],
    ["SQLITE_LOCKED_SHAREDCACHE", 262, "STORE_BUSY"],
    ["SQLITE_READONLY_DIRECTORY", 1544, "STORE_READ_ONLY"],
    ["SQLITE_READONLY_RECOVERY", 264, "STORE_READ_ONLY"],
    ["SQLITE_FULL", 13, "STORE_FULL"],
    ["SQLITE_CORRUPT_INDEX", 779, "STORE_CORRUPT"],
    ["SQLITE_NOTADB", 26, "STORE_CORRUPT"],
    ["SQLITE_IOERR_FSYNC", 1034, "STORE_UNAVAILABLE"],
    ["SQLITE_CONSTRAINT_UNIQUE", 2067, "STORE_UNAVAILABLE"],
  ] as const)("%s is known by its number, which is all that the driver gives", (_, number, code) => {
    const mapped = asStoreError(failure(number, `UNKNOWN_SQLITE_ERROR_${number}`), "x.db");
    expect(TsopsError.is(mapped, code)).toBe(true);
    expect(isBusy(failure(number, `UNKNOWN_SQLITE_ERROR_${number}`))).toBe(code === "STORE_BUSY");
  });

  it("leaves mistakes of the program as they are", () => {
    for (const error of [
      new TypeError("no"),
      Object.assign(new Error("no"), { code: "ENOENT" }),
      "text",
      null,
    ])
      expect(asStoreError(error, "x.db")).toBe(error);
  });
});
