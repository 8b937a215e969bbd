import { readFileSync } from "node:fs";
import { type Table as ArrowTable, Schema, tableFromIPC } from "apache-arrow";
import { describe, expect, it } from "vitest";
import { type ColumnType, float64, nullable, timestamp, utf8 } from "../schema/column-type.ts";
import { toRows } from "../schema/to-rows.ts";
import { fromArrow } from "./from-arrow.ts";
import { columnTypesOf } from "./schema.ts";

/** Written by pyarrow 26.0.1, see test/fixtures/arrow/make_foreign.py: two batches with different dictionaries. */
const foreign = (): ArrowTable =>
  tableFromIPC(readFileSync(new URL("../../test/fixtures/arrow/foreign.arrows", import.meta.url)));

// Rows 0..7 of the first batch and 1..6 of the second, whose first row was sliced off; row 1 of each is null.
const rows = [
  ...Array.from({ length: 8 }, (_, n) => ({ n, words: ["a", "ü", "👍"] as (string | null)[] })),
].concat(Array.from({ length: 6 }, (_, i) => ({ n: i + 1, words: ["ü", null, "a", "neu"] })));
const wordOf = ({ n, words }: (typeof rows)[number]) => words[n % words.length] ?? null;
const nullAt1 = <T>(value: (row: (typeof rows)[number]) => T) =>
  rows.map((row) => (row.n === 1 ? null : value(row)));

const hour = 3_600_000_000n;
const expected: Record<string, unknown[]> = {
  i8: nullAt1(({ n }) => BigInt(n - 2)),
  u16: rows.map(({ n }) => BigInt(65528 + n)),
  u32: nullAt1(({ n }) => BigInt(4294967288 + n)),
  u64: nullAt1(({ n }) => 9223372036854775800n + BigInt(n)),
  f16: rows.map(({ n }) => n / 4),
  f32: nullAt1(({ n }) => n / 2),
  flag: nullAt1(({ n }) => n % 3 === 0),
  text: nullAt1(wordOf),
  large: nullAt1(wordOf),
  view: nullAt1((row) => (wordOf(row) ?? "").repeat(5)),
  dict: nullAt1(wordOf),
  s: nullAt1(({ n }) => BigInt(n) * 1_000_000n),
  ms: nullAt1(({ n }) => BigInt(n) * 1000n),
  us: nullAt1(({ n }) => BigInt(n)),
  ns: nullAt1(({ n }) => BigInt(n)),
  naive: nullAt1(({ n }) => BigInt(n + 5) * hour),
  day: nullAt1(({ n }) => BigInt(n * 24 + 5) * hour),
};

function read(name: string, type?: ColumnType): unknown[] {
  const table = foreign();
  const field = table.schema.fields.find((each) => each.name === name);
  if (field === undefined) throw new Error(`no field ${name}`);
  const types = { [name]: type ?? (columnTypesOf(new Schema([field]))[name] as ColumnType) };
  const columns = fromArrow(table, types, { zone: "-05:00" });
  return toRows(columns, { timestamps: "micros" }).map((row) => row[name]);
}

describe("Arrow that pyarrow wrote", () => {
  it.each(Object.keys(expected))("is read exactly: %s", (name) => {
    expect(read(name)).toEqual(expected[name]);
  });

  it("covers every column of the fixture", () => {
    expect([...Object.keys(expected), "none"]).toEqual(foreign().schema.names);
  });

  it("reads a column of nulls as whatever is wanted", () => {
    for (const type of [nullable(float64()), nullable(utf8()), nullable(timestamp())])
      expect(read("none", type)).toEqual(rows.map(() => null));
  });

  it("keeps text codes within a dictionary of distinct texts", () => {
    const { dict } = fromArrow(foreign(), { dict: nullable(utf8()) }).data;
    expect(dict.dictionary).toEqual(["a", "ü", "👍", "neu"]);
  });

  it("refuses timestamps and dates without a zone, unless one is declared", () => {
    for (const name of ["naive", "day"]) {
      expect(() => fromArrow(foreign(), { [name]: nullable(timestamp()) })).toThrow(
        expect.objectContaining({ code: "TIME_ZONE_MISSING" }),
      );
      const declared = fromArrow(
        foreign(),
        { [name]: nullable(timestamp({ zone: "UTC" })) },
        { zone: "-05:00" },
      );
      const first = toRows(declared, { timestamps: "micros" })[0];
      expect(first).toEqual({ [name]: 0n });
    }
  });

  it("refuses a column of nulls without being told its type", () => {
    expect(() => fromArrow(foreign())).toThrow('Column "none" is Null, which tsops has no type for.');
  });
});
