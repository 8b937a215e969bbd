import {
  bool,
  type ColumnTypes,
  columnsFromRows,
  float64,
  int64,
  nullable,
  timestamp,
  toRows,
  utf8,
} from "@tsops/core";
import { fromArrow } from "@tsops/core/arrow";
import { Table as ArrowTable, type RecordBatch } from "apache-arrow";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { RelationColumn, ServerType } from "./relation.ts";
import { rowDecoder } from "./row-decoder.ts";
import { copyHeader, copyTrailer, rowEncoder } from "./row-encoder.ts";
import { textCodes } from "./text-codes.ts";

const types = {
  x: nullable(float64()),
  n: nullable(int64()),
  s: nullable(utf8()),
  b: nullable(bool()),
  t: nullable(timestamp()),
} satisfies ColumnTypes;
const serverTypes: Record<keyof typeof types, ServerType> = {
  x: "float8",
  n: "int8",
  s: "text",
  b: "bool",
  t: "timestamptz",
};
const columns: RelationColumn[] = Object.entries(types).map(([name, type]) => ({
  name,
  type,
  serverType: serverTypes[name as keyof typeof types],
  zone: null,
  isByteOrdered: true,
  isByteEqual: true,
}));
const orNull = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: null, freq: 4 });
const row = fc.record({
  x: orNull(fc.oneof(fc.double(), fc.constantFrom(Number.NaN, -0, Number.NEGATIVE_INFINITY))),
  n: orNull(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  s: orNull(
    fc.oneof(
      fc.constantFrom("", "a", "ü", "👍", "\ufeff"),
      fc.string({ unit: "binary" }).map((text) => text.replaceAll("\0", "")),
    ),
  ),
  b: orNull(fc.boolean()),
  // From PostgreSQL's first day to the last instant that a row object may hold.
  t: orNull(fc.bigInt({ min: -210_866_803_200_000_000n, max: 8_640_000_000_000_000_000n })),
});

function encode(rows: readonly object[], bufferSize: number): Buffer {
  const encoder = rowEncoder(columns);
  const parts: Buffer[] = [copyHeader];
  encoder.begin(columnsFromRows(types, rows as never));
  while (!encoder.isDone) {
    const bytes = Buffer.allocUnsafeSlow(Math.max(bufferSize, encoder.needed));
    parts.push(bytes.subarray(0, encoder.write(bytes, new DataView(bytes.buffer), 0)));
  }
  return Buffer.concat([...parts, copyTrailer]);
}

function decode(
  pieces: readonly Uint8Array[],
  batchRows: number,
): { rows: object[]; batches: RecordBatch[] } {
  const decoder = rowDecoder(columns, undefined, batchRows);
  const batches: RecordBatch[] = [];
  for (const piece of pieces) {
    decoder.read(piece, new DataView(piece.buffer, piece.byteOffset, piece.length), 0, piece.length);
    for (let batch = decoder.take(); batch !== null; batch = decoder.take()) batches.push(batch);
  }
  const last = decoder.finish();
  if (last !== null) batches.push(last);
  const rows = batches.flatMap((batch) =>
    toRows(fromArrow(new ArrowTable([batch])), { timestamps: "micros" }),
  );
  expect(decoder.rows).toBe(rows.length);
  return { rows, batches };
}

describe("the binary COPY format", () => {
  it("gives rows back exactly, wherever buffers, messages and batches end", () => {
    fc.assert(
      fc.property(
        fc.array(row, { maxLength: 30 }),
        fc.array(fc.nat(), { maxLength: 12 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 300 }),
        (rows, cuts, batchRows, bufferSize) => {
          const bytes = encode(rows, bufferSize);
          const ends = [0, ...cuts.map((cut) => cut % bytes.length).sort((a, b) => a - b), bytes.length];
          const pieces = ends.slice(1).map((end, i) => bytes.subarray(ends[i], end));
          const { rows: found, batches } = decode(pieces, batchRows);
          expect(found).toEqual(rows);
          for (const batch of batches.slice(0, -1)) expect(batch.numRows).toBe(batchRows);
        },
      ),
      { numRuns: 500 },
    );
  });

  it("is not taken for whole when its end is missing", () => {
    const bytes = encode([{ n: 1n }, { n: 2n }], 1000);
    for (let end = 0; end < bytes.length; end++)
      expect(() => decode([bytes.subarray(0, end)], 10)).toThrow(
        expect.objectContaining({ code: "ADAPTER_UNAVAILABLE" }),
      );
  });

  it.each([
    ["7fffffffffffffff", "infinity"],
    ["8000000000000000", "-infinity"],
    ["7fffeccc00000000", "a time after the year 294246"],
  ])("refuses the timestamp %s (%s), with column and row", (hex, what) => {
    const decoder = rowDecoder([{ name: "t", type: timestamp(), zone: null }], undefined, 10);
    const good = Buffer.from("0001000000080000000000000000", "hex");
    const bytes = Buffer.concat([copyHeader, good, Buffer.from(`000100000008${hex}`, "hex"), copyTrailer]);
    const read = () =>
      decoder.read(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
    expect(read).toThrow(
      expect.objectContaining({
        code: "TIME_INVALID",
        message: `Column "t" holds ${what} in row 1, which is no instant.`,
        details: { column: "t", row: 1 },
      }),
    );
  });

  it("takes the last instant of 64-bit microseconds, and no later one", () => {
    const last = 2n ** 63n - 1n - 946_684_800_000_000n;
    const read = (micros: bigint): unknown => {
      const decoder = rowDecoder([{ name: "t", type: timestamp(), zone: null }], undefined, 10);
      const value = Buffer.alloc(8);
      value.writeBigInt64BE(micros);
      const bytes = Buffer.concat([copyHeader, Buffer.from("000100000008", "hex"), value, copyTrailer]);
      decoder.read(bytes, new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, bytes.length);
      return fromArrow(new ArrowTable([decoder.finish() as RecordBatch])).data["t"];
    };
    expect(read(last)).toMatchObject({ values: BigInt64Array.of(2n ** 63n - 1n) });
    expect(() => read(last + 1n)).toThrow("after the year 294246");
  });

  it.each([
    ["float4", { x: 0.1 }, 'Column "x" holds 0.1 in row 1, which real cannot hold.'],
    ["int4", { n: 2n ** 31n }, 'Column "n" holds 2147483648 in row 1, which integer cannot hold.'],
    ["int2", { n: -32_769n }, 'Column "n" holds -32769 in row 1, which smallint cannot hold.'],
    [
      "timestamptz",
      { t: -210_866_803_200_000_001n },
      'Column "t" holds -210866803200000001 µs in row 1, which timestamptz cannot hold.',
    ],
    ["text", { s: "a\0" }, 'Column "s" holds NUL in row 1, which PostgreSQL cannot store.'],
    ["text", { s: "\ud800" }, 'Column "s" holds half a character (a lone surrogate) in row 1'],
  ] as const)("refuses what %s cannot hold: %o", (serverType, bad, message) => {
    const [name] = Object.keys(bad) as (keyof typeof types)[];
    const chosen = columns
      .filter((column) => column.name === name)
      .map((column) => ({ ...column, serverType }));
    const fits = { x: 0.5, n: 1n, s: "a", t: 0n };
    const encoder = rowEncoder(chosen);
    expect(() => encoder.begin(columnsFromRows(types, [fits, bad] as never))).toThrow(message);
  });
});

describe("text codes", () => {
  it("tell texts apart by their bytes, through growth and renewal", () => {
    const codes = textCodes();
    const texts = Array.from({ length: 70_000 }, (_, i) => `text ${i % 66_000}`);
    const seen = texts.map((text) => {
      const bytes = Buffer.from(`<${text}>`);
      return codes.codeOf(bytes, 1, bytes.length - 1);
    });
    expect(seen.map((code) => codes.dictionary[code])).toEqual(texts);
    expect(codes.dictionary.length).toBe(66_000);
    const old = codes.dictionary;
    codes.renewIfLarge();
    expect(codes.codeOf(Buffer.from("new"), 0, 3)).toBe(0);
    expect(codes.dictionary).toEqual(["new"]);
    expect(old.length).toBe(66_000);
  });
});
