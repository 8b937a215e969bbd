import { describe, expect, it } from "vitest";
import { bool, float64, int64, nullable, timestamp, utf8 } from "./column-type.ts";
import { columnsFromArrays } from "./from-arrays.ts";
import { toRows } from "./to-rows.ts";

describe("columnsFromArrays", () => {
  it("uses fitting typed arrays and ready columns as they are", () => {
    const x = Float64Array.of(1, 2);
    const i = BigInt64Array.of(1n, 2n);
    const b = Uint8Array.of(0, 1);
    const s = { kind: "utf8", codes: Int32Array.of(0, 0), dictionary: ["a"], valid: null } as const;
    const columns = columnsFromArrays(
      { x: float64(), i: int64(), t: timestamp(), b: bool(), s: utf8() },
      { x, i, t: i, b, s },
    );
    expect(columns.length).toBe(2);
    expect(columns.data.x.values).toBe(x);
    expect(columns.data.i.values).toBe(i);
    expect(columns.data.t.values).toBe(i);
    expect(columns.data.b.values).toBe(b);
    expect(columns.data.s).toBe(s);
  });

  it("converts other arrays, with nulls", () => {
    const columns = columnsFromArrays(
      {
        x: float64(),
        i: int64(),
        n: nullable(float64()),
        t: timestamp(),
        b: nullable(bool()),
        s: nullable(utf8()),
      },
      {
        x: Float32Array.of(0.5, 2),
        i: Int32Array.of(-1, 7),
        n: [null, 1],
        t: ["1970-01-01T00:00Z", new Date(1)],
        b: [undefined, true],
        s: ["a", null],
      },
    );
    expect(toRows(columns)).toEqual([
      { x: 0.5, i: -1n, n: null, t: new Date(0), b: null, s: "a" },
      { x: 2, i: 7n, n: 1, t: new Date(1), b: true, s: null },
    ]);
  });

  it("makes no rows of no columns and of empty arrays", () => {
    expect(columnsFromArrays({}, {}).length).toBe(0);
    expect(columnsFromArrays({ x: float64() }, { x: [] }).length).toBe(0);
  });

  it.each([
    [
      { x: float64(), y: float64() },
      { x: [1], y: [1, 2] },
      "SCHEMA_MISMATCH",
      'Column "y" has 2 values, the columns before it have 1.',
    ],
    [{ x: float64() }, {}, "COLUMN_NOT_FOUND", 'No array was given for column "x".'],
    [
      { x: float64() },
      { x: [1, "2"] },
      "VALUE_INVALID",
      'In entry 1, column "x": The value is the text "2", expected a number.',
    ],
    [{ x: float64() }, { x: [1, null] }, "VALUE_INVALID", "is null"],
    [{ b: bool() }, { b: Uint8Array.of(0, 2) }, "VALUE_INVALID", "holds 2 in row 1"],
    [
      { i: int64() },
      { i: { kind: "float64", values: Float64Array.of(1), valid: null } },
      "SCHEMA_MISMATCH",
      "is float64, expected int64",
    ],
    [
      { x: float64() },
      { x: { kind: "float64", values: Float64Array.of(1), valid: Uint8Array.of(0) } },
      "VALUE_INVALID",
      "has 1 nulls",
    ],
  ])("refuses wrong input %#", (types, arrays, code, message) => {
    expect(() => columnsFromArrays(types as never, arrays as never)).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(message) }),
    );
  });
});
