import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyRows, anyText } from "../../test/arbitrary-columns.ts";
import { TsopsError } from "../errors.ts";
import { bool, float64, int64, nullable, timestamp, utf8 } from "./column-type.ts";
import type { Columns } from "./columns.ts";
import { compactDictionary } from "./dictionary.ts";
import { columnsFromRows } from "./from-rows.ts";
import {
  concatColumns,
  emptyColumns,
  selectColumns,
  sliceColumns,
  takeColumns,
  withColumn,
} from "./reshape.ts";
import { toRows } from "./to-rows.ts";

const back = (columns: Columns) => toRows(columns, { timestamps: "micros" });
const all = anyRows(anyText);

/** The problem that a call reports, as plain data. */
function problem(run: () => unknown): { code: string; message: string; hint: unknown; details: unknown } {
  try {
    run();
  } catch (error) {
    if (TsopsError.is(error))
      return { code: error.code, message: error.message, hint: error.hint, details: error.details };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("columnsFromRows", () => {
  it("gives rows that toRows turns back into the same values", () => {
    fc.assert(
      fc.property(all, ({ types, rows }) => {
        const columns = columnsFromRows(types, rows as never);
        expect(columns.length).toBe(rows.length);
        expect(back(columns)).toEqual(rows);
      }),
      { numRuns: 500 },
    );
  });

  it("takes safe integers, ISO text, Date and missing fields", () => {
    const types = {
      i: int64(),
      t: timestamp({ zone: "-05:00" }),
      x: nullable(float64()),
      b: bool(),
      s: utf8(),
    };
    const columns = columnsFromRows(types, [
      { i: 5, t: "2011-01-01 00:00", b: true, s: "x" },
      { i: -(2n ** 63n), t: new Date(0), x: 1.5, b: false, s: "x" },
    ]);
    expect(toRows(columns)).toEqual([
      { i: 5n, t: new Date("2011-01-01T05:00Z"), x: null, b: true, s: "x" },
      { i: -(2n ** 63n), t: new Date(0), x: 1.5, b: false, s: "x" },
    ]);
    expect(columns.data.s.dictionary).toEqual(["x"]);
    expect(columns.data.i.valid).toBeNull();
  });

  it("ignores fields that the schema does not name", () => {
    const row = { x: 1, more: "ignored" };
    expect(back(columnsFromRows({ x: float64() }, [row]))).toEqual([{ x: 1 }]);
  });

  it.each([
    [float64(), "1", 'is the text "1", expected a number'],
    [float64(), 1n, "is the bigint 1, expected a number"],
    [float64(), null, "is null, and the column is not nullable"],
    [float64(), undefined, "is absent (the row has no value of that name), and the column is not nullable"],
    [int64(), 2 ** 53, "is 9007199254740992, beyond 2^53 where numbers are not exact: pass a bigint"],
    [int64(), 1.5, "is 1.5, not an integer"],
    [int64(), Number.NaN, "is NaN, not an integer"],
    [int64(), 2n ** 63n, "is 9223372036854775808, outside 64 bits"],
    [int64(), "5", 'is the text "5", expected a bigint'],
    [bool(), 1, "is the number 1, expected true or false"],
    [utf8(), 5, "is the number 5, expected text"],
    [utf8(), new Date(0), "is a Date, expected text"],
    [nullable(utf8()), ["x"], "is an array, expected text"],
  ])("refuses a value of the wrong type: %o %s", (type, value, message) => {
    const found = problem(() => columnsFromRows({ c: type }, [{ c: value }] as never));
    expect(found).toMatchObject({
      code: "VALUE_INVALID",
      message: `In row 0, column "c": The value ${message}.`,
    });
  });

  it("reports zone-less times as such, with the row and the count", () => {
    const rows = Array.from({ length: 20 }, (_, i) => ({
      t: i < 3 ? "2026-01-01T00:00Z" : "2026-01-01T00:00",
    }));
    const found = problem(() => columnsFromRows({ t: timestamp() }, rows));
    expect(found.code).toBe("TIME_ZONE_MISSING");
    expect(found.message).toBe(
      'In row 3, column "t": "2026-01-01T00:00" has neither an offset nor a declared zone, so it is not an instant. 16 more values are wrong.',
    );
    expect(found.details).toMatchObject({ count: 17 });
    expect((found.details as { first: unknown[] }).first).toHaveLength(5);
    expect(found.hint).toContain("timestamp({ zone:");
  });

  it("reads repeated local times only when told how", () => {
    const types = { t: timestamp({ zone: "Europe/Berlin" }) };
    const rows = [{ t: "2026-10-25T02:30" }];
    expect(problem(() => columnsFromRows(types, rows)).code).toBe("TIME_INVALID");
    const [row] = back(columnsFromRows(types, rows, { disambiguation: "later" }));
    expect(row).toEqual({ t: 1_792_891_800_000_000n });
  });

  it("refuses rows that are no objects, and counts them", () => {
    const types = { x: nullable(float64()) };
    expect(problem(() => columnsFromRows(types, [{ x: 1 }, null, [1], 3] as never))).toMatchObject({
      code: "VALUE_INVALID",
      message: "Row 1 is null, not an object. So are 2 more.",
      hint: "Give rows like { x }, and leave out those that are none.",
      details: { row: 1, count: 3 },
    });
  });

  it("says what an object, a type that was not called and arguments in the wrong order are", () => {
    expect(problem(() => columnsFromRows({ x: float64() }, [{ x: {} }] as never)).message).toContain(
      "The value is an object, expected a number",
    );
    expect(problem(() => columnsFromRows({ at: timestamp } as never, []))).toMatchObject({
      code: "SCHEMA_INVALID",
      message: 'Column "at" is given a function where its type belongs.',
      hint: "Call it: at: timestamp().",
    });
    expect(problem(() => columnsFromRows([{ x: 1 }] as never, { x: float64() } as never))).toMatchObject({
      message: "The column types are a list.",
      hint: expect.stringContaining("Types come first"),
    });
  });
});

describe("toRows", () => {
  it("refuses to cut microseconds to a Date, and names the first", () => {
    const columns = columnsFromRows({ t: nullable(timestamp()) }, [
      { t: 1_000n },
      {},
      { t: 1_001n },
      { t: 1n },
    ]);
    expect(problem(() => toRows(columns))).toMatchObject({
      code: "VALUE_INVALID",
      message:
        'Column "t" holds 2 instants that a Date cannot hold exactly, the first in row 2: 1970-01-01T00:00:00.001001Z.',
    });
    expect(toRows(columns, { timestamps: "micros" })[3]).toEqual({ t: 1n });
  });

  it("gives Dates that equal the microseconds wherever a Date can", () => {
    fc.assert(
      fc.property(fc.array(fc.date({ noInvalidDate: true })), (dates) => {
        const columns = columnsFromRows(
          { t: timestamp() },
          dates.map((t) => ({ t })),
        );
        expect(toRows(columns)).toEqual(dates.map((t) => ({ t })));
      }),
    );
  });

  it("does not read what lies under nulls", () => {
    const columns: Columns = {
      length: 1,
      types: { t: nullable(timestamp()), s: nullable(utf8()) },
      data: {
        t: { kind: "timestamp", values: BigInt64Array.of(2n ** 63n - 1n), valid: Uint8Array.of(0) },
        s: { kind: "utf8", codes: Int32Array.of(77), dictionary: [], valid: Uint8Array.of(0) },
      },
    };
    expect(toRows(columns)).toEqual([{ t: null, s: null }]);
  });
});

describe("reshaping", () => {
  it("slices as arrays are sliced", () => {
    fc.assert(
      fc.property(all, fc.nat(), fc.nat(), ({ types, rows }, a, b) => {
        const [start, end] = [a % (rows.length + 1), b % (rows.length + 1)].sort((x, y) => x - y);
        const columns = sliceColumns(columnsFromRows(types, rows as never), start as number, end);
        expect(back(columns)).toEqual(rows.slice(start, end));
      }),
      { numRuns: 300 },
    );
  });

  it("takes rows in any order, repeated or not at all", () => {
    fc.assert(
      fc.property(all, fc.array(fc.nat()), ({ types, rows }, picks) => {
        const chosen = rows.length === 0 ? [] : picks.map((pick) => pick % rows.length);
        const columns = takeColumns(columnsFromRows(types, rows as never), Int32Array.from(chosen));
        expect(back(columns)).toEqual(chosen.map((row) => rows[row]));
      }),
      { numRuns: 300 },
    );
  });

  it("concatenates pieces to what they were cut from", () => {
    fc.assert(
      fc.property(
        all,
        fc.array(fc.nat(), { maxLength: 4 }),
        fc.boolean(),
        ({ types, rows }, cuts, reread) => {
          const bounds = [
            0,
            ...cuts.map((cut) => cut % (rows.length + 1)).sort((a, b) => a - b),
            rows.length,
          ];
          const whole = columnsFromRows(types, rows as never);
          const pieces = bounds
            .slice(1)
            .map((end, i) =>
              reread
                ? columnsFromRows(types, rows.slice(bounds[i], end) as never)
                : sliceColumns(whole, bounds[i] as number, end),
            );
          expect(back(concatColumns(pieces))).toEqual(rows);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("keeps garbage codes under nulls out of concatenation and compaction", () => {
    const column = {
      kind: "utf8",
      codes: Int32Array.of(99, 1, -5),
      dictionary: ["unused", "x"],
      valid: Uint8Array.of(0b010),
    } as const;
    const piece: Columns = { length: 3, types: { s: nullable(utf8()) }, data: { s: column } };
    const other = columnsFromRows({ s: nullable(utf8()) }, [{ s: "y" }]);
    expect(back(concatColumns([piece, other]))).toEqual([{ s: null }, { s: "x" }, { s: null }, { s: "y" }]);
    expect(compactDictionary(column)).toMatchObject({ codes: Int32Array.of(0, 0, 0), dictionary: ["x"] });
  });

  it("refuses to concatenate other columns", () => {
    const a = emptyColumns({ x: float64() });
    const b = emptyColumns({ x: int64() });
    expect(problem(() => concatColumns<{ x: ReturnType<typeof float64> }>([a, b as never]))).toMatchObject({
      code: "SCHEMA_MISMATCH",
      message: "The columns of part 1 do not match the schema: wrong type x (int64, expected float64).",
    });
    expect(() => concatColumns([])).toThrow(RangeError);
  });

  it("selects, adds and replaces columns without copying", () => {
    const columns = columnsFromRows({ a: float64(), b: utf8() }, [{ a: 1, b: "x" }]);
    const selected = selectColumns(columns, ["b"]);
    expect(Object.keys(selected.types)).toEqual(["b"]);
    expect(selected.data.b).toBe(columns.data.b);
    const values = Float64Array.of(2);
    const more = withColumn(columns, "c", float64(), { kind: "float64", values, valid: null });
    expect(toRows(more)).toEqual([{ a: 1, b: "x", c: 2 }]);
    expect(more.data.c.values).toBe(values);
    const replaced = withColumn(more, "b", bool(), { kind: "bool", values: Uint8Array.of(1), valid: null });
    expect(toRows(replaced)).toEqual([{ a: 1, b: true, c: 2 }]);
    expect(problem(() => selectColumns(columns, ["nope" as "a"])).code).toBe("COLUMN_NOT_FOUND");
    const two = { kind: "float64", values: Float64Array.of(1, 2), valid: null } as const;
    expect(problem(() => withColumn(columns, "c", float64(), two)).message).toContain(
      "has 2 rows, the others have 1",
    );
    const nulls = { kind: "float64", values, valid: Uint8Array.of(0) } as const;
    expect(problem(() => withColumn(columns, "c", float64(), nulls)).message).toContain("has 1 nulls");
    expect(problem(() => withColumn(columns, "c", int64(), two as never)).code).toBe("SCHEMA_MISMATCH");
  });

  it("refuses rows that are not there", () => {
    const columns = columnsFromRows({ a: float64() }, [{ a: 1 }]);
    for (const [start, end] of [
      [-1, 1],
      [0, 2],
      [1, 0],
      [0.5, 1],
    ])
      expect(() => sliceColumns(columns, start as number, end)).toThrow(RangeError);
    expect(() => takeColumns(columns, Int32Array.of(1))).toThrow(RangeError);
    expect(() => takeColumns(columns, Int32Array.of(-1))).toThrow(RangeError);
  });
});
