import { columnsFromRows, emptyColumns, float64, nullable, TsopsError, timestamp, utf8 } from "@tsops/core";
import { describe, expect, it } from "vitest";
import { checkQuality } from "./check-quality.ts";

const types = { shop: utf8(), at: timestamp(), units: nullable(float64()) };
const table = { name: "sales", keys: ["shop"], eventTime: "at" } as const;
const row = (shop: string, hour: number, units: number | null) => ({
  shop,
  at: new Date(Date.UTC(2026, 0, 1, hour)),
  units,
});
const rows = (...list: ReturnType<typeof row>[]) => columnsFromRows(types, list);
const micros = (hour: number) => BigInt(Date.UTC(2026, 0, 1, hour)) * 1000n;

describe("checkQuality", () => {
  it("finds nothing wrong with regular rows of several series", () => {
    const good = rows(row("a", 0, 1), row("b", 0, 1), row("a", 1, 2), row("b", 1, 3));
    expect(
      checkQuality(good, {
        table,
        frequency: "1h",
        now: micros(2),
        maxAge: "2h",
        ranges: { units: [0, 10] },
      }),
    ).toEqual([]);
  });

  it("says which rows lack a value, as an error where one is required", () => {
    const holed = rows(row("a", 0, 1), row("a", 1, null), row("a", 2, null));
    expect(checkQuality(holed, { table })).toMatchObject([
      { check: "missing", column: "units", severity: "info", count: 2, rows: [1, 2] },
    ]);
    expect(checkQuality(holed, { table, required: ["units"] })[0]?.severity).toBe("error");
  });

  it("tells NaN and infinities from values out of range", () => {
    const odd = rows(row("a", 0, Number.NaN), row("a", 1, Number.POSITIVE_INFINITY), row("a", 2, -4));
    const found = checkQuality(odd, { table, ranges: { units: [0, 1e9] } });
    expect(found.map(({ check, rows: at }) => [check, at])).toEqual([
      ["non_finite", [0, 1]],
      ["range", [1, 2]],
    ]);
  });

  it("finds duplicates within a series only, and rows out of order", () => {
    const mixed = rows(row("a", 1, 1), row("b", 1, 1), row("a", 0, 1), row("a", 1, 2));
    expect(checkQuality(mixed, { table })).toMatchObject([
      { check: "duplicates", count: 1, rows: [3] },
      { check: "unsorted", count: 1, rows: [0] },
    ]);
  });

  it("counts the steps that have no row", () => {
    const holed = rows(row("a", 0, 1), row("a", 4, 1), row("a", 5, 1), row("a", 7, 1));
    expect(checkQuality(holed, { table, frequency: "1h" })).toMatchObject([
      { check: "gaps", severity: "warning", count: 4, rows: [0, 2] },
    ]);
  });

  it("finds stale series and rows of the future by the passed clock", () => {
    const late = rows(row("a", 0, 1), row("b", 5, 1), row("c", 9, 1));
    const found = checkQuality(late, { table, now: micros(6), maxAge: "3h" });
    expect(found).toMatchObject([
      { check: "future", rows: [2] },
      { check: "staleness", rows: [0], count: 1 },
    ]);
    expect(found[1]?.sentence).toContain('shop "a" since 2026-01-01T00:00:00Z');
  });

  it("reports an empty table instead of calling it fine, and refuses columns that are not there", () => {
    expect(checkQuality(emptyColumns(types), { table })).toMatchObject([
      { check: "empty", severity: "error" },
    ]);
    let caught: unknown;
    try {
      checkQuality(rows(row("a", 0, 1)), { table, ranges: { unitz: [0, 1] } });
    } catch (error) {
      caught = error;
    }
    expect(TsopsError.is(caught, "COLUMN_NOT_FOUND")).toBe(true);
  });
});
