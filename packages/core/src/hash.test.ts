import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyRows, anyText } from "../test/arbitrary-columns.ts";
import { contentHash, contentHasher, definitionHash, sha256Hex } from "./hash.ts";
import { bool, float64, int64, nullable, timestamp, utf8 } from "./schema/column-type.ts";
import type { Column, Columns } from "./schema/columns.ts";
import { columnsFromRows } from "./schema/from-rows.ts";
import { sliceColumns } from "./schema/reshape.ts";

const all = anyRows(anyText);

/** The same table with a reversed, padded dictionary and other values under nulls. */
function disguised(columns: Columns): Columns {
  const data: Record<string, Column> = {};
  for (const [name, column] of Object.entries(columns.data as Record<string, Column>)) {
    const isNull = (i: number) =>
      column.valid !== null && ((column.valid[i >> 3] as number) >> (i & 7)) % 2 === 0;
    if (column.kind === "utf8") {
      const dictionary = [...column.dictionary, "never used"].reverse();
      const codes = column.codes.map((code, i) => (isNull(i) ? 12345 : dictionary.length - 1 - code));
      data[name] = { ...column, dictionary, codes };
    } else if (column.kind === "float64" || column.kind === "bool")
      data[name] = {
        ...column,
        values: (column.values as Float64Array).map((x, i) => (isNull(i) ? 77 : x)),
      } as Column;
    else data[name] = { ...column, values: column.values.map((x, i) => (isNull(i) ? 77n : x)) };
  }
  return { ...columns, data };
}

describe("contentHash", () => {
  it("does not depend on dictionaries, values under nulls, or where the table is cut", () => {
    fc.assert(
      fc.property(all, fc.nat(), ({ types, rows }, cut) => {
        const columns = columnsFromRows(types, rows as never);
        const expected = contentHash(columns);
        expect(expected).toMatch(/^[0-9a-f]{64}$/);
        expect(contentHash(disguised(columns))).toBe(expected);
        const hasher = contentHasher(types);
        const at = cut % (rows.length + 1);
        hasher.update(sliceColumns(columns, 0, at));
        hasher.update(disguised(sliceColumns(columns, at)));
        expect(hasher.digest()).toBe(expected);
      }),
      { numRuns: 300 },
    );
  });

  it("differs between tables that differ, and only then", () => {
    const canonical = (value: unknown) =>
      typeof value === "number"
        ? Number.isNaN(value)
          ? "NaN"
          : `${value + 0}`
        : `${typeof value} ${JSON.stringify(value, (_, v) => (typeof v === "bigint" ? `${v}n` : v))}`;
    const small = fc.array(
      fc.record({
        x: fc.constantFrom(0, -0, Number.NaN, null),
        s: fc.constantFrom("", "a", "b", "\ud800", "\ufffd", null),
      }),
      { maxLength: 3 },
    );
    const types = { x: nullable(float64()), s: nullable(utf8()) };
    fc.assert(
      fc.property(small, small, (a, b) => {
        const same =
          JSON.stringify(a.map((row) => [canonical(row.x), canonical(row.s)])) ===
          JSON.stringify(b.map((row) => [canonical(row.x), canonical(row.s)]));
        expect(contentHash(columnsFromRows(types, a)) === contentHash(columnsFromRows(types, b))).toBe(same);
      }),
      { numRuns: 1000 },
    );
  });

  it("counts names and kinds as content, but not nullability, units and zones", () => {
    const values = { kind: "int64", values: BigInt64Array.of(1n), valid: null } as const;
    const ints: Columns = { length: 1, types: { a: int64() }, data: { a: values } };
    const times: Columns = {
      length: 1,
      types: { a: timestamp() },
      data: { a: { ...values, kind: "timestamp" } },
    };
    const renamed: Columns = { length: 1, types: { b: int64() }, data: { b: values } };
    const annotated: Columns = { ...ints, types: { a: nullable(int64({ unit: "1" })) } };
    expect(new Set([ints, times, renamed].map(contentHash)).size).toBe(3);
    expect(contentHash(annotated)).toBe(contentHash(ints));
  });

  it("takes every NaN as one, through many blocks", () => {
    const bits = new BigInt64Array(20_000).fill(0x7ff8000000000000n);
    const columns = (): Columns => ({
      length: bits.length,
      types: { x: float64() },
      data: { x: { kind: "float64", values: new Float64Array(bits.buffer), valid: null } },
    });
    const before = contentHash(columns());
    bits[12_345] = -0x0007ffffffffffffn;
    expect(contentHash(columns())).toBe(before);
    bits[12_345] = 0n;
    expect(contentHash(columns())).not.toBe(before);
  });

  it("stays the same from release to release", () => {
    const columns = columnsFromRows(
      { k: utf8(), t: timestamp(), x: nullable(float64()), i: int64(), b: bool() },
      [
        { k: "a", t: 0n, x: 1.5, i: 2n ** 60n, b: true },
        { k: "ü", t: -1n, i: -1, b: false },
      ],
    );
    expect(contentHash(columns)).toBe(
      // Computed by a separate Python script from the format in the docstring.
      "5a6d9b343eb76012c57cd4cbecd3063f65532501293b3b56b26911b9f4434bb8",
    );
  });

  it("refuses pieces of other columns and late pieces", () => {
    const hasher = contentHasher({ x: float64() });
    expect(() => hasher.update(columnsFromRows({ y: float64() }, []))).toThrow("missing x; not expected y");
    hasher.digest();
    expect(() => hasher.update(columnsFromRows({ x: float64() }, []))).toThrow(TypeError);
    expect(() => hasher.digest()).toThrow(TypeError);
  });
});

describe("definitionHash", () => {
  it("is the sha256 of the canonical text", () => {
    expect(definitionHash({ b: 1, a: 2n })).toBe(sha256Hex('{"a":{"$int":"2"},"b":1}'));
    expect(definitionHash({ a: 2n, b: 1 })).toBe(definitionHash({ b: 1, a: 2n }));
    expect(sha256Hex("abc")).toBe("ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  });
});
