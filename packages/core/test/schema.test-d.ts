import {
  bool,
  type Columns,
  columnsFromArrays,
  columnsFromRows,
  concatColumns,
  float64,
  type InputRowOf,
  int64,
  type MicrosRowOf,
  nullable,
  type RowOf,
  selectColumns,
  sliceColumns,
  type Table,
  table,
  timestamp,
  toRows,
  utf8,
  withColumn,
} from "@tsops/core";
import { fromArrow, toArrow } from "@tsops/core/arrow";
import type { Bool, Dictionary, Float64, Int32, Int64, TimestampMicrosecond, Utf8 } from "apache-arrow";
import { describe, expectTypeOf, it } from "vitest";

const types = {
  station: utf8(),
  at: timestamp(),
  known: nullable(timestamp()),
  mw: nullable(float64()),
  count: int64(),
  ok: bool(),
};
interface Row {
  station: string;
  at: Date;
  known: Date | null;
  mw: number | null;
  count: bigint;
  ok: boolean;
}

describe("row types", () => {
  it("follow the columns", () => {
    expectTypeOf<RowOf<typeof types>>().toEqualTypeOf<Row>();
    expectTypeOf<MicrosRowOf<typeof types>>().toEqualTypeOf<
      Omit<Row, "at" | "known"> & { at: bigint; known: bigint | null } extends infer T
        ? { [K in keyof Row]: T[K & keyof T] }
        : never
    >();
    const columns = columnsFromRows(types, [{ station: "a", at: "2026-01-01T00:00Z", count: 1, ok: true }]);
    expectTypeOf(columns).toEqualTypeOf<Columns<typeof types>>();
    expectTypeOf(toRows(columns)).toEqualTypeOf<RowOf<typeof types>[]>();
    expectTypeOf(toRows(columns, { timestamps: "micros" })[0]?.known).toEqualTypeOf<
      bigint | null | undefined
    >();
    expectTypeOf(columns.data.mw.values).toEqualTypeOf<Float64Array>();
    expectTypeOf(columns.data.at.values).toEqualTypeOf<BigInt64Array>();
    expectTypeOf(columns.data.station.codes).toEqualTypeOf<Int32Array>();
  });

  it("let nullable columns be left out of input, and only those", () => {
    expectTypeOf<{ station: string; at: Date; count: number; ok: boolean }>().toExtend<
      InputRowOf<typeof types>
    >();
    expectTypeOf<{ station: string; at: bigint; count: bigint; ok: boolean; mw: null }>().toExtend<
      InputRowOf<typeof types>
    >();
    // @ts-expect-error "ok" is missing
    columnsFromRows(types, [{ station: "a", at: 0n, count: 1 }]);
    // @ts-expect-error a number does not say its unit
    columnsFromRows(types, [{ station: "a", at: 5, count: 1, ok: true }]);
    // @ts-expect-error "station" may not be null
    columnsFromRows(types, [{ station: null, at: 0n, count: 1, ok: true }]);
    // @ts-expect-error "stations" is a typo
    columnsFromRows(types, [{ stations: "a", station: "a", at: 0n, count: 1, ok: true }]);
  });

  it("hold for arrays", () => {
    columnsFromArrays({ x: float64(), t: timestamp() }, { x: Float32Array.of(1), t: ["2026-01-01T00:00Z"] });
    columnsFromArrays({ x: nullable(float64()) }, { x: [1, null] });
    // @ts-expect-error null in a column that is not nullable
    columnsFromArrays({ x: float64() }, { x: [1, null] });
    // @ts-expect-error a Float64Array is not int64
    columnsFromArrays({ i: int64() }, { i: Float64Array.of(1) });
    // @ts-expect-error the array of "y" is missing
    columnsFromArrays({ x: float64(), y: float64() }, { x: [1] });
  });
});

describe("reshaping", () => {
  const columns = columnsFromRows(types, []);
  it("keeps track of the columns", () => {
    expectTypeOf(sliceColumns(columns, 0)).toEqualTypeOf<Columns<typeof types>>();
    expectTypeOf(concatColumns([columns, columns])).toEqualTypeOf<Columns<typeof types>>();
    const selected = selectColumns(columns, ["mw", "at"]);
    expectTypeOf<keyof typeof selected.types>().toEqualTypeOf<"mw" | "at">();
    const more = withColumn(columns, "y", float64(), {
      kind: "float64",
      values: new Float64Array(0),
      valid: null,
    });
    expectTypeOf(toRows(more)[0]?.y).toEqualTypeOf<number | undefined>();
    expectTypeOf(toRows(more)[0]?.mw).toEqualTypeOf<number | null | undefined>();
    const replaced = withColumn(columns, "mw", bool(), {
      kind: "bool",
      values: new Uint8Array(0),
      valid: null,
    });
    expectTypeOf(toRows(replaced)[0]?.mw).toEqualTypeOf<boolean | undefined>();
    // @ts-expect-error there is no column "my"
    selectColumns(columns, ["my"]);
    // @ts-expect-error a float64 column is not bool
    withColumn(columns, "y", bool(), { kind: "float64", values: new Float64Array(0), valid: null });
  });
});

describe("table", () => {
  it("keeps names as types and is a Table of any columns", () => {
    const load = table({
      name: "load",
      columns: types,
      keys: ["station"],
      eventTime: "at",
      availableAt: "known",
    });
    expectTypeOf(load).toEqualTypeOf<Table<"load", typeof types, "station">>();
    expectTypeOf(load).toExtend<Table>();
    const inline = table({ name: "x", columns: { t: timestamp(), v: float64() }, keys: [], eventTime: "t" });
    expectTypeOf(inline.name).toEqualTypeOf<"x">();
    expectTypeOf<RowOf<typeof inline.columns>>().toEqualTypeOf<{ t: Date; v: number }>();
  });

  it("refuses columns that cannot play the role", () => {
    table({
      name: "load",
      columns: types,
      // @ts-expect-error "mw" is a float64, which cannot be a key
      keys: ["mw"],
      eventTime: "at",
    });
    table({
      name: "load",
      columns: types,
      keys: [],
      // @ts-expect-error "known" is nullable, so it cannot be the event time
      eventTime: "known",
    });
    table({
      name: "load",
      columns: types,
      keys: [],
      eventTime: "at",
      // @ts-expect-error "mw" is no timestamp
      availableAt: "mw",
    });
    table({
      name: "load",
      columns: { x: float64() },
      keys: [],
      // @ts-expect-error 'This table has no column that can be the event time: ...'
      eventTime: "x",
    });
  });
});

describe("Arrow", () => {
  it("has the types of the columns", () => {
    const arrowTable = toArrow(columnsFromRows(types, []));
    expectTypeOf(arrowTable.schema.fields[0]?.type).toExtend<
      Dictionary<Utf8, Int32> | TimestampMicrosecond | Float64 | Int64 | Bool | undefined
    >();
    expectTypeOf(arrowTable.getChild("mw")?.type).toEqualTypeOf<Float64 | undefined>();
    expectTypeOf(fromArrow(arrowTable, types)).toEqualTypeOf<Columns<typeof types>>();
    expectTypeOf(fromArrow(arrowTable)).toEqualTypeOf<Columns>();
  });
});
