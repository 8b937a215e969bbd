import { closest } from "../../did-you-mean.ts";
import { TsopsError } from "../../errors.ts";
import { type Column, type Columns, isValid } from "../../schema/columns.ts";
import type { SeriesKey } from "./panel.ts";
import { seriesKeyText } from "./series-key.ts";

/**
 * The column of a name, of one of the kinds.
 * @throws TsopsError COLUMN_NOT_FOUND, SCHEMA_MISMATCH.
 */
export function columnOfKind<Kind extends Column["kind"]>(
  columns: Columns,
  name: string,
  kinds: readonly Kind[],
  role: string,
): Extract<Column, { kind: Kind }> {
  const column = Object.hasOwn(columns.data, name) ? columns.data[name] : undefined;
  if (column === undefined) {
    const names = Object.keys(columns.types);
    const near = closest(name, names);
    throw new TsopsError("COLUMN_NOT_FOUND", `The ${role} column "${name}" is not among the columns.`, {
      hint: `${near === null ? "" : `Did you mean "${near}"? `}There are ${names.join(", ") || "no columns"}.`,
      details: { column: name },
    });
  }
  if (!(kinds as readonly string[]).includes(column.kind))
    throw new TsopsError("SCHEMA_MISMATCH", `The ${role} column "${name}" is ${column.kind}.`, {
      hint: `Give ${kinds.join(", ")}.`,
      details: { column: name },
    });
  return column as Extract<Column, { kind: Kind }>;
}

/** Rows by the series they belong to. */
export interface GroupedRows {
  /** Sorted by key, column by column. */
  readonly series: readonly SeriesKey[];
  /** Index into `series`, one per row. */
  readonly seriesOf: Int32Array;
}

/**
 * Numbers the distinct keys of rows in ascending order.
 * @throws TsopsError PANEL_INVALID when a key is null (rows listed), COLUMN_NOT_FOUND, SCHEMA_MISMATCH.
 */
export function groupByKey(columns: Columns, keys: readonly string[]): GroupedRows {
  const { length } = columns;
  let codes: Int32Array = new Int32Array(length);
  let count = length === 0 ? 0 : 1;
  const parts = keys.map((name) => columnOfKind(columns, name, ["utf8", "int64", "bool"], "key"));
  parts.forEach((column, index) => {
    refuseNulls(column, length, `The key column "${keys[index]}"`);
    const values = codesOf(column, length);
    const seen = new Map<number, number>();
    const next = new Int32Array(length);
    for (let row = 0; row < length; row++) {
      const combined = (values.codes[row] as number) * count + (codes[row] as number);
      let code = seen.get(combined);
      if (code === undefined) {
        code = seen.size;
        seen.set(combined, code);
      }
      next[row] = code;
    }
    codes = next;
    count = seen.size;
  });
  const firstRow = new Int32Array(count).fill(-1);
  for (let row = 0; row < length; row++) {
    const code = codes[row] as number;
    if ((firstRow[code] as number) < 0) firstRow[code] = row;
  }
  const found = Array.from(firstRow, (row) =>
    parts.map((column): SeriesKey[string] => {
      if (column.kind === "utf8") return column.dictionary[column.codes[row] as number] as string;
      return column.kind === "bool" ? column.values[row] === 1 : (column.values[row] as bigint);
    }),
  );
  const order = found.map((_, code) => code).sort((a, b) => compareParts(found[a] ?? [], found[b] ?? []));
  const rank = new Int32Array(count);
  order.forEach((code, position) => {
    rank[code] = position;
  });
  return {
    series: order.map((code) =>
      Object.fromEntries(keys.map((name, index) => [name, found[code]?.[index] as string])),
    ),
    seriesOf: codes.map((code) => rank[code] as number),
  };
}

function compareParts(a: readonly SeriesKey[string][], b: readonly SeriesKey[string][]): number {
  for (let i = 0; i < a.length; i++) {
    const [left, right] = [a[i] as string, b[i] as string];
    if (left !== right) return left < right ? -1 : 1;
  }
  return 0;
}

function codesOf(
  column: Extract<Column, { kind: "utf8" | "int64" | "bool" }>,
  length: number,
): { codes: Int32Array | Uint8Array } {
  if (column.kind === "utf8") return { codes: column.codes };
  if (column.kind === "bool") return { codes: column.values };
  const seen = new Map<bigint, number>();
  const codes = new Int32Array(length);
  for (let row = 0; row < length; row++) {
    const value = column.values[row] as bigint;
    let code = seen.get(value);
    if (code === undefined) {
      code = seen.size;
      seen.set(value, code);
    }
    codes[row] = code;
  }
  return { codes };
}

/** @throws TsopsError PANEL_INVALID listing the rows that are null. */
export function refuseNulls(column: Column, length: number, what: string): void {
  if (column.valid === null) return;
  const rows: number[] = [];
  for (let row = 0; row < length; row++) if (!isValid(column.valid, row)) rows.push(row);
  if (rows.length > 0)
    throw rowsError(`${what} is null`, rows, "Drop these rows, or fill the column before.");
}

/** PANEL_INVALID that names the first few of the offending rows and counts all. */
export function rowsError(what: string, rows: readonly number[], hint: string): TsopsError {
  return new TsopsError("PANEL_INVALID", `${what} in ${listRows(rows)}.`, {
    hint,
    details: { rows: rows.slice(0, 20), count: rows.length },
  });
}

/** `row 3`, `rows 3, 11 and 14`, `rows 3, 11, 14, 15, 16 and 7 more`. */
export function listRows(rows: readonly number[]): string {
  return `${rows.length === 1 ? "row" : "rows"} ${listSome(rows.map(String))}`;
}

/** The first few of a list in words. */
export function listSome(items: readonly string[], most = 5): string {
  if (items.length > most) return `${items.slice(0, most).join(", ")} and ${items.length - most} more`;
  if (items.length < 2) return items.join("");
  return `${items.slice(0, -1).join(", ")} and ${items[items.length - 1]}`;
}

/** The same words at the beginning of a sentence. */
export function capital(words: string): string {
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/**
 * Numbers of a column with NaN for nulls (copies).
 * @throws TsopsError VALUE_INVALID when an int64 is beyond 2^53 and a float would change it (rows listed).
 */
export function numbersOf(
  column: Extract<Column, { kind: "float64" | "int64" | "bool" }>,
  name: string,
  length: number,
): Float64Array {
  const values = new Float64Array(length);
  const inexact: number[] = [];
  for (let row = 0; row < length; row++) {
    if (!isValid(column.valid, row)) {
      values[row] = Number.NaN;
      continue;
    }
    const value = Number(column.values[row]);
    values[row] = value;
    if (column.kind === "int64" && !Number.isSafeInteger(value)) inexact.push(row);
  }
  if (inexact.length > 0)
    throw new TsopsError(
      "VALUE_INVALID",
      `Column "${name}" holds integers beyond 2^53 in ${listRows(inexact)}; models calculate in floats, which would change them.`,
      {
        hint: "Subtract a constant or change the unit first.",
        details: { column: name, rows: inexact.slice(0, 20) },
      },
    );
  return values;
}

/** The text by which a series is called in messages. */
export function seriesName(key: SeriesKey): string {
  return Object.keys(key).length === 0 ? "the series" : `series ${seriesKeyText(key)}`;
}
