import { TsopsError } from "../errors.ts";
import { formatInstant } from "../time/instant.ts";
import type { ColumnTypes, NamesOfKind, RowOf } from "./column-type.ts";
import { type Column, type Columns, isValid } from "./columns.ts";

/** The row object with timestamps as `bigint` microseconds. */
export type MicrosRowOf<S extends ColumnTypes> = {
  [K in keyof RowOf<S>]: K extends NamesOfKind<S, "timestamp">
    ? bigint | (null extends RowOf<S>[K] ? null : never)
    : RowOf<S>[K];
};

/**
 * Row objects of columns (copies; for people and small results). Timestamps become `Date`.
 * @throws TsopsError VALUE_INVALID when a timestamp has microseconds that a `Date` would cut: ask for `"micros"` then.
 */
export function toRows<S extends ColumnTypes>(
  columns: Columns<S>,
  options?: { readonly timestamps?: "date" },
): RowOf<S>[];
/** Row objects with timestamps as `bigint` microseconds since 1970 UTC: exact. */
export function toRows<S extends ColumnTypes>(
  columns: Columns<S>,
  options: { readonly timestamps: "micros" },
): MicrosRowOf<S>[];
export function toRows(
  columns: Columns,
  options: { readonly timestamps?: "date" | "micros" } = {},
): Record<string, unknown>[] {
  const readers = Object.keys(columns.types).map((name) => {
    const column = columns.data[name] as Column;
    if (column.kind === "timestamp" && options.timestamps !== "micros")
      assertDates(name, column.values, column.valid, columns.length);
    return [name, readerOf(column, options.timestamps !== "micros")] as const;
  });
  const rows: Record<string, unknown>[] = new Array(columns.length);
  for (let row = 0; row < columns.length; row++) {
    const result: Record<string, unknown> = {};
    for (const [name, read] of readers) {
      // Assigning it would set the prototype, and the value would be lost.
      if (name === "__proto__")
        Object.defineProperty(result, name, {
          value: read(row),
          enumerable: true,
          writable: true,
          configurable: true,
        });
      else result[name] = read(row);
    }
    rows[row] = result;
  }
  return rows;
}

function readerOf(column: Column, dates: boolean): (row: number) => unknown {
  const { valid } = column;
  switch (column.kind) {
    case "utf8":
      return (row) => (isValid(valid, row) ? column.dictionary[column.codes[row] as number] : null);
    case "bool":
      return (row) => (isValid(valid, row) ? column.values[row] === 1 : null);
    case "timestamp":
      if (dates) return (row) => (isValid(valid, row) ? dateOf(column.values[row] as bigint) : null);
      return (row) => (isValid(valid, row) ? column.values[row] : null);
    default:
      return (row) => (isValid(valid, row) ? column.values[row] : null);
  }
}

function dateOf(micros: bigint): Date {
  const approximate = Number(micros);
  return new Date(Number.isSafeInteger(approximate) ? approximate / 1000 : Number(micros / 1000n));
}

/** Whether a Date holds an instant exactly; plain numbers decide where they are exact, as BigInt division is slow. */
function fitsDate(micros: bigint): boolean {
  const approximate = Number(micros);
  if (Number.isSafeInteger(approximate)) return approximate % 1000 === 0;
  return micros % 1000n === 0n && micros >= -maxMicros && micros <= maxMicros;
}

const maxMicros = 8_640_000_000_000_000_000n;

function assertDates(name: string, values: BigInt64Array, valid: Uint8Array | null, length: number): void {
  let count = 0;
  let first = -1;
  for (let row = 0; row < length; row++) {
    if (fitsDate(values[row] as bigint) || !isValid(valid, row)) continue;
    if (first < 0) first = row;
    count++;
  }
  if (first < 0) return;
  const value = values[first] as bigint;
  const shown = value >= -maxMicros && value <= maxMicros ? formatInstant(value) : `${value} µs`;
  throw new TsopsError(
    "VALUE_INVALID",
    `Column "${name}" holds ${count} instants that a Date cannot hold exactly, the first in row ${first}: ${shown}.`,
    {
      hint: 'Ask for toRows(columns, { timestamps: "micros" }).',
      details: { column: name, count, row: first },
    },
  );
}
