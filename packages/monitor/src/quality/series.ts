import { type Column, type Columns, isValid, type TimestampColumn } from "@tsops/core";
import { type KeyColumn, keyReader } from "../key-reader.ts";

/** The rows of one series, by time; equal times in the order of the table. */
export interface TimedRows {
  /** Text of its key; "" when there is only one series. */
  readonly key: string;
  /** The key in a sentence; "" when there is only one series. */
  readonly name: string;
  readonly rows: Int32Array;
  readonly times: BigInt64Array;
  /** Whether the rows are in the order of the table. */
  readonly isSorted: boolean;
  /** Revision of each row, where the table has one: rows that differ in it are no duplicates. */
  readonly revision: (row: number) => bigint | null;
}

/** The rows with key and time, by series and time. Without rows there is one empty series, whose gaps are the interval's. */
export function seriesOf(
  columns: Columns,
  names: readonly string[],
  time: TimestampColumn,
  keys: readonly KeyColumn[],
  known: TimestampColumn | null,
): { readonly series: readonly TimedRows[]; readonly keyTexts: readonly string[] } {
  const { texts, codes, counts } = codesOf(columns.length, names, time, keys);
  const revision = (row: number) =>
    known !== null && isValid(known.valid, row) ? (known.values[row] as bigint) : null;
  const starts = new Int32Array(counts.length + 1);
  for (let code = 0; code < counts.length; code++)
    starts[code + 1] = (starts[code] as number) + (counts[code] as number);
  const all = new Int32Array(starts[counts.length] as number);
  const next = starts.slice();
  for (let row = 0; row < columns.length; row++) {
    const code = codes[row] as number;
    if (code < 0) continue;
    const place = next[code] as number;
    all[place] = row;
    next[code] = place + 1;
  }
  const isOne = texts.length <= 1;
  const series = texts.map((text, code): TimedRows => {
    const rows = all.subarray(starts[code], starts[code + 1]);
    return {
      key: isOne ? "" : text,
      name: isOne ? "" : ` of ${text}`,
      revision,
      ...byTime(rows, time.values),
    };
  });
  if (series.length === 0)
    series.push({
      key: "",
      name: "",
      rows: new Int32Array(),
      times: new BigInt64Array(),
      isSorted: true,
      revision,
    });
  return { series, keyTexts: texts };
}

/** A number for the series of each row, -1 where key or time is missing; series by first appearance. */
function codesOf(
  length: number,
  names: readonly string[],
  time: TimestampColumn,
  keys: readonly KeyColumn[],
): { texts: string[]; codes: Int32Array; counts: number[] } {
  const textOf = keyReader(names, keys);
  const codes = new Int32Array(length);
  const counts: number[] = [];
  const texts: string[] = [];
  const byText = new Map<string, number>();
  for (let row = 0; row < length; row++) {
    if (!isValid(time.valid, row) || keys.some((key) => !isValid(key.valid, row))) {
      codes[row] = -1;
      continue;
    }
    const text = keys.length === 0 ? "{}" : textOf(row);
    let code = byText.get(text);
    if (code === undefined) {
      code = texts.length;
      byText.set(text, code);
      texts.push(text);
      counts.push(0);
    }
    codes[row] = code;
    counts[code] = (counts[code] as number) + 1;
  }
  return { texts, codes, counts };
}

function byTime(rows: Int32Array, all: BigInt64Array): Pick<TimedRows, "rows" | "times" | "isSorted"> {
  const times = new BigInt64Array(rows.length);
  for (let i = 0; i < rows.length; i++) times[i] = all[rows[i] as number] as bigint;
  let isSorted = true;
  for (let i = 1; i < times.length && isSorted; i++)
    isSorted = (times[i] as bigint) >= (times[i - 1] as bigint);
  if (isSorted) return { rows, times, isSorted };
  const timeOf = (row: number) => all[row] as bigint;
  const sorted = Int32Array.from(rows).sort((a, b) =>
    timeOf(a) < timeOf(b) ? -1 : timeOf(a) > timeOf(b) ? 1 : a - b,
  );
  return { rows: sorted, times: BigInt64Array.from(sorted, timeOf), isSorted };
}

/** Whether a column holds numbers. */
export function isNumeric(column: Column): column is Extract<Column, { kind: "float64" | "int64" }> {
  return column.kind === "float64" || column.kind === "int64";
}

/** The values of a column in the order of the rows; NaN for nulls and what is not finite. */
export function numbersOf(
  column: Extract<Column, { kind: "float64" | "int64" }>,
  rows: Int32Array,
): Float64Array {
  const values = new Float64Array(rows.length);
  for (let i = 0; i < rows.length; i++) {
    const row = rows[i] as number;
    const value = isValid(column.valid, row) ? Number(column.values[row]) : Number.NaN;
    values[i] = Number.isFinite(value) ? value : Number.NaN;
  }
  return values;
}

/** Absolute changes from row to row; NaN where one of the two has no value, or where rows are missing between them. */
export function changesOf(values: Float64Array, times: BigInt64Array): Float64Array {
  const changes = new Float64Array(Math.max(0, values.length - 1));
  const most = 1.5 * medianGap(times);
  let before = values.length === 0 ? 0 : Number(times[0]);
  for (let i = 0; i < changes.length; i++) {
    const time = Number(times[i + 1]);
    changes[i] =
      time - before <= most ? Math.abs((values[i + 1] as number) - (values[i] as number)) : Number.NaN;
    before = time;
  }
  return changes;
}

/** Median of the time between rows in microseconds, of a thousand of them at most; 0 for fewer than two rows. */
export function medianGap(times: BigInt64Array): number {
  const stride = Math.max(1, Math.floor(times.length / 1000));
  const gaps: number[] = [];
  for (let i = 1; i < times.length; i += stride)
    gaps.push(Number((times[i] as bigint) - (times[i - 1] as bigint)));
  gaps.sort((a, b) => a - b);
  return gaps[gaps.length >> 1] ?? 0;
}
