import { describe, expect, it } from "vitest";
import { assertSchema, compareSchemas, sameSchema } from "./check-schema.ts";
import { bool, type ColumnTypes, float64, int64, nullable, timestamp, utf8 } from "./column-type.ts";
import { table } from "./table.ts";

const columns = {
  station: utf8(),
  at: timestamp(),
  known: nullable(timestamp()),
  mw: nullable(float64()),
  ok: bool(),
};

describe("table", () => {
  it("is its own definition", () => {
    const load = table({
      name: "load",
      columns,
      keys: ["station", "ok"],
      eventTime: "at",
      availableAt: "known",
    });
    expect(load).toEqual({
      name: "load",
      columns,
      keys: ["station", "ok"],
      eventTime: "at",
      availableAt: "known",
    });
    expect("availableAt" in table({ name: "load", columns, keys: [], eventTime: "at" })).toBe(false);
  });

  it.each([
    [{ name: "no spaces" }, '"no spaces" cannot be a table name'],
    [{ name: "../up" }, "cannot be a table name"],
    [{ name: "" }, "cannot be a table name"],
    [{ keys: ["city"] }, 'The key "city" of table "load" is not one of its columns.'],
    [{ keys: ["mw"] }, 'The key "mw" of table "load" is float64.'],
    [{ keys: ["station", "station"] }, "names a key twice"],
    [{ keys: ["at"] }, "is both a key and the event time"],
    [{ eventTime: "time" }, 'The event time "time"'],
    [{ eventTime: "toString" }, "is not one of its columns"],
    [{ eventTime: "station" }, 'The event time "station" of table "load" is utf8.'],
    [{ eventTime: "known" }, "is nullable"],
    [{ availableAt: "mw" }, 'The available-at column "mw" of table "load" is float64.'],
    [{ columns: { at: { kind: "date", nullable: false } } }, 'Column "at" has no type that tsops knows.'],
    [{ columns: { at: { kind: "timestamp" } } }, "whether it is nullable"],
    [{ columns: { at: timestamp({ zone: "Mars" }) } }, 'Column "at" has an unknown zone "Mars".'],
    [{ columns: { at: { ...float64(), zone: "UTC" } } }, "is float64 and has a zone"],
    [{ columns: { "": float64() } }, '"" cannot be a column name.'],
    [{ columns: JSON.parse('{"__proto__": {}}') }, '"__proto__" cannot be a column name.'],
    [{ columns: { "a\0b": float64() } }, '"a\\u0000b" cannot be a column name.'],
    [{ columns: { "a\ud800": float64() } }, '"a\\ud800" cannot be a column name.'],
    [{ columns: null }, "are not an object"],
  ])("refuses %j", (wrong, message) => {
    const definition = { name: "load", columns, keys: ["station"], eventTime: "at", ...wrong };
    expect(() => table(definition as never)).toThrow(
      expect.objectContaining({ code: "SCHEMA_INVALID", message: expect.stringContaining(message) }),
    );
  });
});

describe("comparing schemas", () => {
  it("says what is missing, extra, of the wrong kind, and null where it may not be", () => {
    const expected: ColumnTypes = { a: float64(), b: utf8(), c: nullable(int64()), d: bool() };
    const actual: ColumnTypes = { d: bool(), c: int64(), a: nullable(float64()), e: utf8(), b: int64() };
    expect(compareSchemas(expected, actual)).toEqual({
      missing: [],
      extra: ["e"],
      wrongKind: [{ column: "b", expected: "utf8", actual: "int64" }],
      unexpectedNullable: ["a"],
    });
    expect(() => assertSchema(expected, actual, "The rows")).toThrow(
      "The rows do not match the schema: not expected e; wrong type b (int64, expected utf8); may be null a.",
    );
    expect(() => assertSchema(expected, {})).toThrow("missing a, b, c, d");
  });

  it("does not mind order, units and zones, nor columns without nulls where nulls are allowed", () => {
    const a = { x: float64({ unit: "MW" }), t: nullable(timestamp({ zone: "UTC" })) };
    const b = { t: nullable(timestamp()), x: float64() };
    expect(sameSchema(a, b)).toBe(true);
    expect(sameSchema({ x: nullable(float64()) }, { x: float64() })).toBe(false);
    expect(() => assertSchema({ x: nullable(float64()) }, { x: float64() })).not.toThrow();
  });
});
