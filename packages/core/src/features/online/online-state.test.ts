import { describe, expect, it } from "vitest";
import { float64, nullable, timestamp, utf8 } from "../../schema/column-type.ts";
import { columnsFromRows } from "../../schema/from-rows.ts";
import { table } from "../../schema/table.ts";
import { toRows } from "../../schema/to-rows.ts";
import { column, count, sum } from "../feature.ts";
import { featureView } from "../feature-view.ts";
import { loadOnlineFeatures, onlineFeatures } from "./online-features.ts";

const hour = (n: number): Date => new Date(Date.UTC(2026, 0, 1, n));
const rentals = table({
  name: "rentals",
  columns: { city: nullable(utf8()), at: timestamp(), users: nullable(float64()), note: nullable(utf8()) },
  keys: ["city"],
  eventTime: "at",
});
const usage = featureView({
  name: "usage",
  table: rentals,
  features: {
    users: column("users"),
    note: column("note"),
    total: sum("users", "3h"),
    n: count("users", "3h"),
  },
});
const rowsOf = (...rows: { city: string | null; at: Date; users?: number | null; note?: string }[]) =>
  columnsFromRows(rentals.columns, rows);
const spineAt = (city: string, n: number) =>
  columnsFromRows({ city: utf8(), at: timestamp() }, [{ city, at: hour(n) }]);
const error = (code: string, message: RegExp) =>
  expect.objectContaining({ code, message: expect.stringMatching(message) });

describe("observe", () => {
  it("counts rows that are late, repeated or without a key, and ignores columns that no view reads", () => {
    const online = onlineFeatures([usage]);
    const first = rowsOf(
      { city: "p", at: hour(1), users: 1 },
      { city: "p", at: hour(3), users: 3 },
      { city: null, at: hour(2) },
    );
    expect(online.observe("rentals", first)).toEqual({ accepted: 2, late: 0, repeated: 0, withoutKey: 1 });
    const second = rowsOf(
      { city: "p", at: hour(2), users: 2 },
      { city: "p", at: hour(3), users: 3 },
      { city: "q", at: hour(1) },
    );
    expect(online.observe("rentals", second)).toEqual({ accepted: 2, late: 1, repeated: 1, withoutKey: 0 });
    const [joined] = toRows(online.lookup(spineAt("p", 3), { time: "at" }));
    expect(joined).toMatchObject({
      usage__users: 3,
      usage__total: 6,
      usage__n: 3n,
      usage__feature_time: hour(3),
    });
    expect(online.size).toEqual({ rentals: 4 });
  });

  it("keeps repeated rows as facts of their own when asked to", () => {
    const online = onlineFeatures([usage], { repeats: "keep" });
    const rows = rowsOf({ city: "p", at: hour(1), users: Number.NaN }, { city: "p", at: hour(1), users: 2 });
    online.observe("rentals", rows);
    expect(online.observe("rentals", rows)).toMatchObject({ accepted: 2, repeated: 0 });
    expect(toRows(online.lookup(spineAt("p", 1), { time: "at" }))[0]).toMatchObject({
      usage__total: Number.NaN,
      usage__n: 4n,
    });
  });

  it("refuses rows that do not fit and takes none of them", () => {
    const online = onlineFeatures([usage]);
    expect(() => online.observe("rent", rowsOf())).toThrowError(error("STORE_NOT_FOUND", /"rent"/));
    const { users: _, ...fewer } = rentals.columns;
    expect(() => online.observe("rentals", columnsFromRows(fewer, []) as never)).toThrowError(
      error("COLUMN_NOT_FOUND", /no column "users"/),
    );
    const text = { ...rentals.columns, users: utf8() };
    expect(() => online.observe("rentals", columnsFromRows(text, []) as never)).toThrowError(
      error("SCHEMA_MISMATCH", /"users" as utf8, not float64/),
    );
    const loose = { ...rentals.columns, at: nullable(timestamp()) };
    const untimed = columnsFromRows(loose, [{ city: "p", at: hour(1) }, { city: "p" }]);
    expect(() => online.observe("rentals", untimed as never)).toThrowError(error("VALUE_INVALID", /row 1/));
    expect(online.size).toEqual({ rentals: 0 });
  });

  it("refuses two definitions of one table", () => {
    const other = table({
      name: "rentals",
      columns: { ...rentals.columns, rain: float64() },
      keys: ["city"],
      eventTime: "at",
    });
    const rain = featureView({ name: "rain", table: other, features: { rain: column("rain") } });
    expect(() => onlineFeatures([usage, rain])).toThrowError(error("FEATURE_INVALID", /another definition/));
  });
});

describe("lookup", () => {
  it("gives results that later observations do not change", () => {
    const online = onlineFeatures([usage]);
    online.observe("rentals", rowsOf({ city: "p", at: hour(1), users: 1, note: "dry" }));
    const joined = online.lookup(spineAt("p", 2), { time: "at" });
    const before = structuredClone(joined);
    online.observe(
      "rentals",
      rowsOf(...Array.from({ length: 500 }, (_, i) => ({ city: "p", at: hour(2), users: i, note: `${i}` }))),
    );
    expect(joined).toEqual(before);
  });

  it("refuses a spine that does not fit, and to the type checker too", () => {
    const online = onlineFeatures([usage]);
    const wrong = columnsFromRows({ city: float64(), at: timestamp() }, []);
    // @ts-expect-error View "usage" needs spine column "city" as utf8, not float64.
    expect(() => online.lookup(wrong, { time: "at" })).toThrowError(
      error("SCHEMA_MISMATCH", /as utf8, not float64/),
    );
    // @ts-expect-error "city" is not a timestamp
    expect(() => online.lookup(spineAt("p", 1), { time: "city" })).toThrowError(
      error("SCHEMA_MISMATCH", /is utf8/),
    );
  });
});

describe("advance", () => {
  it("keeps what windows and the latest row need, however much is observed", () => {
    const online = onlineFeatures([usage]);
    for (let n = 0; n < 2000; n++) {
      online.observe("rentals", rowsOf({ city: n % 2 === 0 ? "p" : "q", at: hour(n), users: 1 }));
      online.advance(hour(n));
      expect(online.size["rentals"]).toBeLessThanOrEqual(4);
    }
    expect(toRows(online.lookup(spineAt("p", 2000), { time: "at" }))[0]).toMatchObject({
      usage__total: 1,
      usage__n: 1n,
    });
  });

  it("refuses to look back beyond what it forgot", () => {
    const online = onlineFeatures([usage]);
    online.advance(hour(5));
    expect(online.advance(hour(4))).toBe(0);
    expect(() => online.lookup(spineAt("p", 4), { time: "at" })).toThrowError(
      error("TIME_INVALID", /2026-01-01T04:00:00Z is before 2026-01-01T05:00:00Z/),
    );
    expect(online.lookup(spineAt("p", 5), { time: "at" }).length).toBe(1);
  });
});

describe("save", () => {
  it("is refused by other views, and when damaged", () => {
    const online = onlineFeatures([usage]);
    online.observe("rentals", rowsOf({ city: "p", at: hour(1), users: 1 }));
    online.advance(hour(1));
    const bytes = online.save();
    const other = featureView({ name: "usage", table: rentals, features: { users: column("users") } });
    expect(() => loadOnlineFeatures([other], bytes)).toThrowError(
      error("FEATURE_INVALID", /other feature views/),
    );
    const damaged = bytes.slice();
    damaged[damaged.length - 1] = (damaged[damaged.length - 1] as number) ^ 1;
    expect(() => loadOnlineFeatures([usage], damaged)).toThrowError(
      error("MODEL_FORMAT_INVALID", /checksum/),
    );
    const restored = loadOnlineFeatures([usage], bytes);
    expect(() => restored.lookup(spineAt("p", 0), { time: "at" })).toThrowError(
      error("TIME_INVALID", /forgotten/),
    );
  });
});
