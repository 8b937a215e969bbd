import * as arrow from "apache-arrow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { anyRows, wellFormedText } from "../../test/arbitrary-columns.ts";
import { TsopsError } from "../errors.ts";
import { contentHash } from "../hash.ts";
import { bool, float64, int64, nullable, timestamp, utf8 } from "../schema/column-type.ts";
import type { Columns } from "../schema/columns.ts";
import { columnsFromArrays } from "../schema/from-arrays.ts";
import { columnsFromRows } from "../schema/from-rows.ts";
import { concatColumns, sliceColumns } from "../schema/reshape.ts";
import { table } from "../schema/table.ts";
import { toRows } from "../schema/to-rows.ts";
import { fromArrow } from "./from-arrow.ts";
import { arrowSchema, columnTypesOf, tableOf } from "./schema.ts";
import { toArrow } from "./to-arrow.ts";

const all = anyRows(wellFormedText);
const back = (columns: Columns) => toRows(columns, { timestamps: "micros" });

function problem(run: () => unknown): { code: string; message: string } {
  try {
    run();
  } catch (error) {
    if (TsopsError.is(error)) return { code: error.code, message: error.message };
    throw error;
  }
  throw new Error("nothing was thrown");
}

describe("columns through Arrow", () => {
  it("come back with values and types, from memory and from both IPC formats", () => {
    fc.assert(
      fc.property(all, ({ types, rows }) => {
        const columns = columnsFromRows(types, rows as never);
        const there = toArrow(columns);
        for (const read of [
          there,
          arrow.tableFromIPC(arrow.tableToIPC(there, "stream")),
          arrow.tableFromIPC(arrow.tableToIPC(there, "file")),
        ]) {
          expect(columnTypesOf(read.schema)).toEqual(types);
          const again = fromArrow(read, types);
          expect(back(again)).toEqual(rows);
          expect(contentHash(again)).toBe(contentHash(columns));
        }
      }),
      { numRuns: 200 },
    );
  });

  it("come back from slices and from several batches, which cut bitmaps inside bytes", () => {
    fc.assert(
      fc.property(all, fc.nat(), fc.nat(), ({ types, rows }, a, b) => {
        const [start, end] = [a % (rows.length + 1), b % (rows.length + 1)].sort((x, y) => x - y) as [
          number,
          number,
        ];
        const columns = columnsFromRows(types, rows as never);
        const whole = toArrow(columns);
        const [batch] = whole.batches;
        if (batch === undefined) throw new Error("one batch expected");
        const cut = new arrow.Table([batch.slice(start, end)]);
        expect(back(fromArrow(cut, types))).toEqual(rows.slice(start, end));
        const pieces = [sliceColumns(columns, 0, start), columnsFromRows(types, rows.slice(start) as never)];
        const chunked = new arrow.Table(
          whole.schema,
          pieces.flatMap((piece) => toArrow(piece).batches),
        );
        expect(chunked.batches.length).toBe(2);
        expect(back(fromArrow(chunked, types))).toEqual(rows);
        const resliced = new arrow.Table(whole.schema, [
          batch.slice(end, rows.length),
          batch.slice(start, end),
        ]);
        expect(back(fromArrow(resliced, types))).toEqual([...rows.slice(end), ...rows.slice(start, end)]);
      }),
      { numRuns: 300 },
    );
  });

  it("show the same values to other readers of Arrow", () => {
    const columns = columnsFromRows(
      { x: nullable(float64()), i: int64(), s: nullable(utf8()), b: nullable(bool()), t: timestamp() },
      [
        { x: 1.5, i: 2n ** 62n, s: "ü", b: true, t: 1_000_000n },
        { i: -1, t: 0n },
      ],
    );
    const rows = toArrow(columns)
      .toArray()
      .map((row) => ({ ...row }));
    expect(rows).toEqual([
      { x: 1.5, i: 2n ** 62n, s: "ü", b: true, t: 1000 },
      { x: null, i: -1n, s: null, b: null, t: 0 },
    ]);
  });

  it("share memory where layouts agree, both ways", () => {
    const values = Float64Array.of(1, 2, 3);
    const times = BigInt64Array.of(1n, 2n, 3n);
    const text = {
      kind: "utf8",
      codes: Int32Array.of(0, 1, 0),
      dictionary: ["a", "b"],
      valid: null,
    } as const;
    const valid = Uint8Array.of(0b101);
    const columns = columnsFromArrays(
      { x: nullable(float64()), t: timestamp(), i: int64(), s: utf8() },
      { x: { kind: "float64", values, valid }, t: times, i: times, s: text },
    );
    const there = toArrow(columns);
    const again = fromArrow(there, columns.types);
    expect(again.data.x.values.buffer).toBe(values.buffer);
    expect(again.data.x.valid?.buffer).toBe(valid.buffer);
    expect(again.data.t.values.buffer).toBe(times.buffer);
    expect(again.data.i.values.buffer).toBe(times.buffer);
    expect(again.data.s.codes.buffer).toBe(text.codes.buffer);
  });

  it("of equal types have equal schemas, so that tables can be put together", () => {
    const types = { a: utf8(), b: utf8() };
    const [one, two] = [
      columnsFromRows(types, [{ a: "x", b: "y" }]),
      columnsFromRows(types, [{ a: "y", b: "x" }]),
    ];
    const both = toArrow(one).concat(toArrow(two));
    const read = arrow.tableFromIPC(arrow.tableToIPC(both));
    expect(back(fromArrow(read, types))).toEqual(back(concatColumns([one, two])));
  });

  it("share one dictionary between pieces of a table, so that they fit into one Arrow file", () => {
    const columns = columnsFromRows({ s: utf8() }, [{ s: "x" }, { s: "y" }, { s: "x" }]);
    const pieces = [sliceColumns(columns, 0, 1), sliceColumns(columns, 1)].flatMap(
      (piece) => toArrow(piece).batches,
    );
    const read = arrow.tableFromIPC(arrow.tableToIPC(new arrow.Table(pieces), "file"));
    expect(back(fromArrow(read))).toEqual(back(columns));
  });

  it("refuse text that UTF-8 cannot hold", () => {
    const columns = columnsFromRows({ s: utf8() }, [{ s: "ok" }, { s: "\ud800" }]);
    expect(problem(() => toArrow(columns))).toMatchObject({ code: "VALUE_INVALID" });
  });
});

describe("Arrow schemas", () => {
  const load = table({
    name: "load",
    columns: {
      station: utf8(),
      at: timestamp({ zone: "Europe/Berlin" }),
      known: nullable(timestamp()),
      mw: nullable(float64({ unit: "MW" })),
    },
    keys: ["station"],
    eventTime: "at",
    availableAt: "known",
  });

  it("carry a table's definition there and back", () => {
    expect(tableOf(arrowSchema(load))).toEqual(load);
    const columns = columnsFromRows(load.columns, [{ station: "a", at: 0n }]);
    const read = arrow.tableFromIPC(arrow.tableToIPC(toArrow(columns, { table: load })));
    expect(tableOf(read.schema)).toEqual(load);
    expect(columnTypesOf(read.schema)).toEqual(load.columns);
    expect(tableOf(arrowSchema(load.columns))).toBeNull();
  });

  it("are what Delta and DuckDB expect of each kind", () => {
    expect(String(arrowSchema({ ...load.columns, n: int64(), b: bool() }))).toBe(
      "Schema<{ 0: station: Dictionary<Int32, Utf8>, 1: at: Timestamp<MICROSECOND, UTC>, 2: known: Timestamp<MICROSECOND, UTC>, 3: mw: Float64, 4: n: Int64, 5: b: Bool }>",
    );
    expect(arrowSchema(load.columns).fields.map((field) => field.nullable)).toEqual([
      false,
      false,
      true,
      true,
    ]);
    expect(arrowSchema({ columns: float64() }).names).toEqual(["columns"]);
  });

  it("are refused where tsops has no type", () => {
    const decimal = new arrow.Schema([arrow.Field.new("d", new arrow.Decimal(2, 10))]);
    expect(problem(() => columnTypesOf(decimal))).toMatchObject({ code: "SCHEMA_INVALID" });
    const twice = new arrow.Schema([
      arrow.Field.new("a", new arrow.Bool()),
      arrow.Field.new("a", new arrow.Bool()),
    ]);
    expect(problem(() => columnTypesOf(twice)).message).toContain('Two columns are called "a"');
    const broken = new arrow.Schema([], new Map([["tsops.table", "{"]]));
    expect(problem(() => tableOf(broken)).message).toContain("is not JSON");
  });
});

describe("values that do not fit", () => {
  const one = (vector: arrow.Vector) => new arrow.Table({ c: vector });

  it("are refused, never rounded", () => {
    const u64 = one(arrow.vectorFromArray([1n, 2n ** 63n], new arrow.Uint64()));
    expect(problem(() => fromArrow(u64, { c: int64() }))).toEqual({
      code: "VALUE_INVALID",
      message: 'Column "c" holds 9223372036854775808 in row 1, which int64 cannot hold.',
    });
    const i64 = one(arrow.vectorFromArray([2n ** 53n, 2n ** 53n + 1n], new arrow.Int64()));
    expect(problem(() => fromArrow(i64, { c: float64() })).message).toContain("9007199254740993 in row 1");
    const ns = one(
      arrow.makeVector(
        arrow.makeData({
          type: new arrow.TimestampNanosecond("UTC"),
          data: BigInt64Array.of(1_000n, 1_001n),
        }),
      ),
    );
    expect(problem(() => fromArrow(ns, { c: timestamp() }))).toEqual({
      code: "TIME_INVALID",
      message: 'Column "c" holds 1001 ns in row 1, which is finer than a microsecond.',
    });
    const s = one(
      arrow.makeVector(
        arrow.makeData({ type: new arrow.TimestampSecond("UTC"), data: BigInt64Array.of(2n ** 62n) }),
      ),
    );
    expect(problem(() => fromArrow(s, { c: timestamp() })).message).toContain("beyond 64-bit microseconds");
  });

  it("do not matter under nulls", () => {
    const data = arrow.makeData({
      type: new arrow.TimestampNanosecond("UTC"),
      data: BigInt64Array.of(1n, 2000n),
      nullBitmap: Uint8Array.of(0b10),
    });
    expect(back(fromArrow(one(arrow.makeVector(data)), { c: nullable(timestamp()) }))).toEqual([
      { c: null },
      { c: 2n },
    ]);
  });

  it("take integers as floats where they are exact", () => {
    const ints = one(arrow.vectorFromArray([1, null, 3], new arrow.Int16()));
    expect(back(fromArrow(ints, { c: nullable(float64()) }))).toEqual([{ c: 1 }, { c: null }, { c: 3 }]);
  });

  it("are local times that a zone has twice or never", () => {
    const micros = BigInt(Date.UTC(2026, 9, 25, 2, 30)) * 1000n;
    const data = arrow.makeData({
      type: new arrow.TimestampMicrosecond(),
      data: BigInt64Array.of(0n, micros),
    });
    const naive = one(arrow.makeVector(data));
    expect(problem(() => fromArrow(naive, { c: timestamp({ zone: "Europe/Berlin" }) })).message).toBe(
      'Column "c" holds a local time in row 1 that Europe/Berlin has twice.',
    );
    const fixed = fromArrow(naive, { c: timestamp({ zone: "+01:00" }) });
    expect(back(fixed)[1]).toEqual({ c: micros - 3_600_000_000n });
  });

  it("are nulls where none are allowed, missing columns and other kinds", () => {
    const nulls = one(arrow.vectorFromArray([1, null, 3, null], new arrow.Float64()));
    expect(problem(() => fromArrow(nulls, { c: float64() }))).toEqual({
      code: "VALUE_INVALID",
      message: 'Column "c" is not nullable and has 2 nulls, the first in row 1.',
    });
    expect(problem(() => fromArrow(nulls, { d: float64() })).message).toBe(
      'The Arrow table has no column "d".',
    );
    expect(problem(() => fromArrow(nulls, { c: nullable(int64()) })).message).toContain(
      "is Float64, expected int64",
    );
    expect(problem(() => fromArrow(nulls, { c: nullable(timestamp()) })).code).toBe("SCHEMA_MISMATCH");
  });

  it("are read from a record batch as from a table, and types may be guessed", () => {
    const columns = columnsFromRows({ x: float64(), s: nullable(utf8()) }, [{ x: 1, s: "a" }, { x: 2 }]);
    const [batch] = toArrow(columns).batches;
    expect(back(fromArrow(batch as arrow.RecordBatch))).toEqual(back(columns));
  });
});
