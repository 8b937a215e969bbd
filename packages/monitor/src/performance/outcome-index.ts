import { type Column, type Columns, isValid, type SeriesKey, seriesKeyText, TsopsError } from "@tsops/core";
import { keyReader } from "../key-reader.ts";

/** Where outcomes lie in a table of columns. */
export interface OutcomeColumns {
  /** Key columns; empty for one series. */
  readonly keys: readonly string[];
  readonly time: string;
  readonly target: string;
  /** When an outcome became known. Without it the row order says what is newer. */
  readonly availableAt?: string;
}

/** Which of several outcomes of one series and time counts. */
export type OutcomeRevision = "latest" | "first";

/** The outcome that holds at an instant of a series. */
export interface OutcomeIndex {
  /** A reader for one series: the row that holds at an instant, or -1. Fast for instants in ascending order. */
  rowsOf(key: SeriesKey): (time: bigint) => number;
  /** The target of each row; NaN when missing or not finite. */
  readonly values: Float64Array;
  /** The time of the newest row of a series that has a value; null when there is none. */
  newestOf(key: SeriesKey): bigint | null;
  /** Rows that another row of the same series and time replaces. */
  readonly revised: number;
  /** Those of them that say the same as the row that counts. */
  readonly repeated: number;
  /** Rows without key or time, or not known yet. */
  readonly ignored: number;
}

/**
 * Orders outcomes by series and time. Of several rows with one series and time the one with the greatest
 * (available at with null lowest, row) holds; with revision `first`, of those with a value, the one with the least (available at with null
 * highest, row).
 * @param asOf - Only rows known at that instant count; needs `availableAt`.
 * @throws TsopsError COLUMN_NOT_FOUND, SCHEMA_MISMATCH
 */
export function indexOutcomes(
  outcomes: Columns,
  names: OutcomeColumns,
  {
    asOf,
    revision = "latest",
  }: { readonly asOf?: bigint | undefined; readonly revision?: OutcomeRevision } = {},
): OutcomeIndex {
  const time = columnOf(outcomes, names.time, ["timestamp"], "time");
  const target = columnOf(outcomes, names.target, ["float64", "int64", "bool"], "target");
  const keys = names.keys.map((name) => columnOf(outcomes, name, ["utf8", "int64", "bool"], "key"));
  const known =
    names.availableAt === undefined
      ? null
      : columnOf(outcomes, names.availableAt, ["timestamp"], "available-at");
  if (asOf !== undefined && known === null)
    throw new TsopsError(
      "MONITOR_INVALID",
      "asOf was given, but no column says when outcomes became known.",
      {
        hint: "Name it: availableAt.",
      },
    );

  const knownAt = (row: number): bigint | null =>
    known !== null && isValid(known.valid, row) ? (known.values[row] as bigint) : null;
  const textOf = keyReader(names.keys, keys);
  const bySeries = new Map<string, number[]>();
  let ignored = 0;
  for (let row = 0; row < outcomes.length; row++) {
    const at = asOf === undefined ? null : knownAt(row);
    const isHidden = asOf !== undefined && (at === null || at > asOf);
    if (isHidden || !isValid(time.valid, row) || keys.some((key) => !isValid(key.valid, row))) {
      ignored++;
      continue;
    }
    const text = textOf(row);
    const rows = bySeries.get(text);
    if (rows === undefined) bySeries.set(text, [row]);
    else rows.push(row);
  }

  const values = Float64Array.from({ length: outcomes.length }, (_, row) => {
    const value = isValid(target.valid, row) ? Number(target.values[row]) : Number.NaN;
    return Number.isFinite(value) ? value : Number.NaN;
  });
  // The row that counts comes last among those of one time.
  const later = (a: number, b: number): number => compare(knownAt(a), knownAt(b)) || a - b;
  const earlier = (a: number, b: number): number =>
    Number(!Number.isNaN(values[a])) - Number(!Number.isNaN(values[b])) ||
    Number(knownAt(a) !== null) - Number(knownAt(b) !== null) ||
    compare(knownAt(b), knownAt(a)) ||
    b - a;
  const within = revision === "latest" ? later : earlier;

  let revised = 0;
  let repeated = 0;
  const held = new Map<string, { readonly rows: Int32Array; readonly times: BigInt64Array }>();
  for (const [text, rows] of bySeries) {
    const isAscending = rows.every(
      (row, i) => i === 0 || (time.values[rows[i - 1] as number] as bigint) < (time.values[row] as bigint),
    );
    if (!isAscending) rows.sort((a, b) => compare(time.values[a], time.values[b]) || within(a, b));
    const last = rows.filter((row, i) => time.values[row] !== time.values[rows[i + 1] as number]);
    revised += rows.length - last.length;
    if (last.length < rows.length) repeated += repeatsOf(rows, last, time.values, values);
    held.set(text, {
      rows: Int32Array.from(last),
      times: BigInt64Array.from(last, (row) => time.values[row] as bigint),
    });
  }
  return {
    values,
    revised,
    repeated,
    ignored,
    newestOf(key) {
      const series = held.get(seriesKeyText(key));
      const last = series?.rows.findLastIndex((row) => !Number.isNaN(values[row])) ?? -1;
      return last < 0 ? null : (series?.times[last] as bigint);
    },
    rowsOf(key) {
      const series = held.get(seriesKeyText(key));
      return series === undefined ? () => -1 : ascendingLookup(series.times, series.rows);
    },
  };
}

/** How many of the rows, ordered by time, say the same as the row of their time that counts, which is the last. */
function repeatsOf(
  rows: readonly number[],
  last: readonly number[],
  times: BigInt64Array,
  values: Float64Array,
): number {
  let repeats = -last.length;
  let at = 0;
  for (const row of rows) {
    if (times[row] !== times[last[at] as number]) at++;
    if (Object.is(values[row], values[last[at] as number])) repeats++;
  }
  return repeats;
}

/** Binary search, begun at the slot after the last one found. */
function ascendingLookup(times: BigInt64Array, rows: Int32Array): (time: bigint) => number {
  let next = 0;
  return (time) => {
    if (times[next] !== time) {
      let low = 0;
      let high = times.length;
      while (low < high) {
        const middle = (low + high) >>> 1;
        if ((times[middle] as bigint) < time) low = middle + 1;
        else high = middle;
      }
      next = low;
      if (times[next] !== time) return -1;
    }
    return rows[next++] as number;
  };
}

function compare(a: bigint | null | undefined, b: bigint | null | undefined): number {
  if (a === b) return 0;
  if (a === null || a === undefined) return -1;
  if (b === null || b === undefined) return 1;
  return a < b ? -1 : 1;
}

function columnOf<Kind extends Column["kind"]>(
  columns: Columns,
  name: string,
  kinds: readonly Kind[],
  role: string,
): Extract<Column, { kind: Kind }> {
  const column = Object.hasOwn(columns.data, name) ? columns.data[name] : undefined;
  if (column === undefined)
    throw new TsopsError("COLUMN_NOT_FOUND", `The outcomes have no ${role} column "${name}".`, {
      hint: `Their columns are ${Object.keys(columns.types).join(", ")}.`,
    });
  if (!(kinds as readonly string[]).includes(column.kind))
    throw new TsopsError(
      "SCHEMA_MISMATCH",
      `The ${role} column "${name}" of the outcomes is ${column.kind}.`,
      {
        hint: `A ${role} is ${kinds.join(", ")}.`,
      },
    );
  return column as Extract<Column, { kind: Kind }>;
}
