import {
  type ColumnKind,
  type Columns,
  type ColumnTypes,
  countNulls,
  formatInstant,
  isValid,
  type Table,
  toMicros,
  type Utf8Column,
} from "@tsops/core";
import type { AddAction } from "./actions.ts";

/** Statistics of a data file in Delta's JSON form. */
export interface FileStats {
  readonly numRecords?: number;
  readonly minValues?: Readonly<Record<string, unknown>>;
  readonly maxValues?: Readonly<Record<string, unknown>>;
  readonly nullCount?: Readonly<Record<string, unknown>>;
}

/** Longest text that is recorded as a minimum or maximum. */
const longestText = 64;
/** Instants that Delta's statistics can express: years 0001 to 9999. */
const [earliest, latest] = [-62_135_596_800_000_000n, 253_402_300_799_999_999n];

/** Statistics of the key and time columns of rows that become one file. */
export function statsOf(columns: Columns, definition: Table | null): FileStats {
  const names = definition === null ? Object.keys(columns.types) : indexedNames(definition);
  const minValues: Record<string, unknown> = {};
  const maxValues: Record<string, unknown> = {};
  const nullCount: Record<string, number> = {};
  for (const name of names) {
    const column = columns.data[name];
    if (column === undefined) continue;
    nullCount[name] = countNulls(column.valid, columns.length);
    const bounds =
      column.kind === "utf8"
        ? textBounds(column, columns.length)
        : column.kind === "int64" || column.kind === "timestamp"
          ? integerBounds(column.values, column.valid, columns.length)
          : null;
    if (bounds === null) continue;
    const [min, max] = bounds.map((bound) => statOf(bound, column.kind));
    if (min === null || max === null) continue;
    minValues[name] = min;
    maxValues[name] = max;
  }
  return { numRecords: columns.length, minValues, maxValues, nullCount };
}

/** Columns whose bounds are kept: keys, event time and available-at. */
function indexedNames(definition: Table): string[] {
  const { keys, eventTime, availableAt } = definition;
  return [...keys, eventTime, ...(availableAt === undefined ? [] : [availableAt])];
}

/** A bound as JSON; null when JSON or Delta could not hold it exactly. */
function statOf(bound: bigint | string | undefined, kind: string): number | string | null {
  if (bound === undefined) return null;
  if (typeof bound === "string") return bound.length <= longestText ? bound : null;
  if (kind === "timestamp") return bound >= earliest && bound <= latest ? instantText(bound) : null;
  const number = Number(bound);
  return Number.isSafeInteger(number) ? number : null;
}

/** Always six decimals, so that texts compare like instants. */
function instantText(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const seconds = formatInstant(micros - fraction).slice(0, -1);
  return `${seconds}.${String(fraction).padStart(6, "0")}Z`;
}

function integerBounds(
  values: BigInt64Array,
  valid: Uint8Array | null,
  length: number,
): [bigint, bigint] | null {
  let min: bigint | null = null;
  let max: bigint | null = null;
  for (let i = 0; i < length; i++) {
    if (valid !== null && !isValid(valid, i)) continue;
    const value = values[i] as bigint;
    if (min === null || value < min) min = value;
    if (max === null || value > max) max = value;
  }
  return min === null || max === null ? null : [min, max];
}

function textBounds(column: Utf8Column, length: number): [string, string] | null {
  const used = new Uint8Array(column.dictionary.length);
  for (let i = 0; i < length; i++) if (isValid(column.valid, i)) used[column.codes[i] as number] = 1;
  let min: string | null = null;
  let max: string | null = null;
  for (let code = 0; code < used.length; code++) {
    if (used[code] === 0) continue;
    const text = column.dictionary[code] as string;
    if (min === null || compareText(text, min) < 0) min = text;
    if (max === null || compareText(text, max) > 0) max = text;
  }
  return min === null || max === null ? null : [min, max];
}

/** Order of UTF-8 bytes, which is what Parquet and Delta compare; UTF-16 order differs beyond U+FFFF. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const [isHighX, isHighY] = [x >= 0xd800 && x <= 0xdfff, y >= 0xd800 && y <= 0xdfff];
    return isHighX === isHighY ? x - y : isHighX ? 1 : -1;
  }
  return a.length - b.length;
}

/** Whether values never decrease. */
export function isAscending(values: BigInt64Array, length: number): boolean {
  for (let i = 1; i < length; i++) if ((values[i] as bigint) < (values[i - 1] as bigint)) return false;
  return true;
}

/** The statistics of an add action; empty when it has none or they cannot be read (they only save work). */
export function parseStats(add: AddAction): FileStats {
  if (typeof add.stats !== "string") return {};
  try {
    const stats = JSON.parse(add.stats) as unknown;
    return typeof stats === "object" && stats !== null ? (stats as FileStats) : {};
  } catch {
    return {};
  }
}

/** Statistics of rows that were spread over several files. */
export function mergeStats(parts: readonly FileStats[], types: ColumnTypes): FileStats {
  const first = parts[0] ?? {};
  const names = (field: "minValues" | "maxValues" | "nullCount") => Object.keys(first[field] ?? {});
  const combine = (field: "minValues" | "maxValues", sign: 1 | -1) => {
    const merged: Record<string, unknown> = {};
    for (const name of names(field)) {
      const values = parts.map((part) => part[field]?.[name]);
      // Files whose rows are all null have no bounds: without each file's, the whole has none either.
      if (values.some((value) => value === undefined || value === null)) continue;
      merged[name] = values.reduce((a, b) => (sign * compareStats(a, b, types[name]?.kind) <= 0 ? a : b));
    }
    return merged;
  };
  const nullCount: Record<string, number> = {};
  for (const name of names("nullCount")) {
    const counts = parts.map((part) => part.nullCount?.[name]);
    if (counts.every((value): value is number => typeof value === "number"))
      nullCount[name] = counts.reduce((a, b) => a + b, 0);
  }
  const records = parts.map((part) => part.numRecords);
  return {
    ...(records.every((value): value is number => typeof value === "number")
      ? { numRecords: records.reduce((a, b) => a + b, 0) }
      : {}),
    minValues: combine("minValues", 1),
    maxValues: combine("maxValues", -1),
    nullCount,
  };
}

function compareStats(a: unknown, b: unknown, kind: ColumnKind | undefined): number {
  if (typeof a === "number" && typeof b === "number") return a - b;
  if (kind !== "timestamp") return compareText(String(a), String(b));
  const [x, y] = [toMicros(String(a), { zone: "UTC" }), toMicros(String(b), { zone: "UTC" })];
  return x < y ? -1 : x > y ? 1 : 0;
}

/** Bounds of a timestamp column in a file, in microseconds; null when unknown. */
export function timeBounds(stats: FileStats, column: string): { min: bigint; max: bigint } | null {
  const [min, max] = [stats.minValues?.[column], stats.maxValues?.[column]];
  if (typeof min !== "string" || typeof max !== "string") return null;
  // Some tools cut instants to milliseconds, the largest one too.
  const cut = /\.\d{4,}/.test(max) ? 0n : 999n;
  try {
    return { min: toMicros(min, { zone: "UTC" }), max: toMicros(max, { zone: "UTC" }) + cut };
  } catch {
    return null;
  }
}
