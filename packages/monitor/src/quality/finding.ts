import { type KeyValues, keyValues } from "./key-values.ts";
import type { TimedRows } from "./series.ts";

/** What a quality check looks at. */
export type QualityCheck =
  /** No rows at all. */
  | "empty"
  /** Columns that are not there, that are new, or of another type or unit than in the reference. */
  | "schema"
  /** Nulls. */
  | "missing"
  /** NaN and infinities. */
  | "non_finite"
  /** Values outside what the caller said they can be, or far outside what the reference leads to expect. */
  | "range"
  /** Changes from one row to the next that are far greater than those of the reference. */
  | "rate"
  /** Numbers that stand for "no value", as -999. */
  | "sentinel"
  /** Values with the other sign. */
  | "sign"
  /** Values in another unit: times 1000, 3.6, degrees Fahrenheit for Celsius. */
  | "unit"
  /** Values that pile up at the greatest or the least, as a sensor at the end of its scale. */
  | "saturation"
  /** Values with fewer decimals than before. */
  | "rounding"
  /** One value again and again, as from a sensor or a feed that hangs. */
  | "frozen"
  /** Texts that the reference does not have. */
  | "category"
  /** Series that the reference does not have. */
  | "new_key"
  /** Series of the reference that are not there. */
  | "vanished_key"
  /** Keys that are written in another way: case, spaces, leading zeros. */
  | "key_format"
  /** Series that end before the others. */
  | "stopped_key"
  /** Several rows for one key and time. */
  | "duplicates"
  /** Rows that come before an earlier one of the same series. */
  | "unsorted"
  /** Times between the steps of the frequency. */
  | "off_grid"
  /** Steps without a row. */
  | "gaps"
  /** Rows that come more or less often than they should. */
  | "frequency"
  /** Times that are moved by a constant from one row on. */
  | "clock_jump"
  /** The pattern of a day is moved by whole hours from one day on. */
  | "zone_jump"
  /** An hour that is missing or there twice on a day on which clocks change. */
  | "daylight_saving"
  /** Nothing new for too long. */
  | "staleness"
  /** Times after now. */
  | "future";

/** How bad a finding is: `error` makes results wrong, `warning` may, `info` is worth knowing. */
export type QualitySeverity = "error" | "warning" | "info";

/** One thing that is wrong with data: plain JSON. */
export interface QualityFinding {
  readonly check: QualityCheck;
  /** Null when it concerns the table as a whole. */
  readonly column: string | null;
  /** The series, when there are several and this concerns one of them: a value for each key column, `{ site: "A1" }`. */
  readonly key: KeyValues | null;
  readonly severity: QualitySeverity;
  /** Why it is of this severity. */
  readonly reason: string;
  /** Rows concerned; steps for `gaps`, series for `staleness` and the checks of keys, columns for `schema`. */
  readonly count: number;
  /** The first few rows; those before a gap, the latest of a stale series, the first of a frozen stretch. */
  readonly rows: readonly number[];
  /** From the earliest to the latest time of the rows concerned, in the zone's clock; null where no row is. */
  readonly from: string | null;
  readonly to: string | null;
  /** For people, with the numbers. */
  readonly sentence: string;
  /** What most often makes it. */
  readonly cause: string;
  /** What to do next. */
  readonly hint: string;
}

/** Rows that a check has found: all are counted, the first few and the span of their times kept. */
export interface FoundRows {
  readonly rows: number[];
  count: number;
  /** Microseconds UTC; null before a row with a time was added. */
  first: bigint | null;
  last: bigint | null;
  /** Series that rows were found in, as far as they were told. */
  readonly series: Set<string>;
  /** `time` is null for a row without one. */
  add(row: number, time: bigint | null, series?: string): void;
  /** Adds the row at a place of a series. */
  addAt(series: Pick<TimedRows, "rows" | "times" | "key">, place: number): void;
}

/** How many rows a finding shows. */
export const shownRows = 5;

/** Collects the rows of a finding. */
export function rowCounter(): FoundRows {
  return {
    rows: [],
    count: 0,
    first: null,
    last: null,
    series: new Set(),
    add(row, time, series) {
      this.count++;
      if (this.rows.length < shownRows) this.rows.push(row);
      if (series !== undefined) this.series.add(series);
      if (time === null) return;
      if (this.first === null || time < this.first) this.first = time;
      if (this.last === null || time > this.last) this.last = time;
    },
    addAt({ rows, times, key }, place) {
      this.add(rows[place] as number, times[place] as bigint, key);
    },
  };
}

/** How instants are written in findings. */
export type WriteInstant = (micros: bigint) => string;

/** What a check says of the rows that it found. */
export type Told = Pick<
  QualityFinding,
  "check" | "column" | "severity" | "reason" | "sentence" | "cause" | "hint"
> & {
  readonly count?: number;
  /** Text of the series; default the one that all rows are of. */
  readonly key?: string | null;
};

/** A finding about rows. */
export function findingOf(found: FoundRows, write: WriteInstant, told: Told): QualityFinding {
  const [only] = found.series;
  const key = told.key ?? (found.series.size === 1 && only !== "" ? (only as string) : null);
  return {
    check: told.check,
    column: told.column,
    key: key === null ? null : keyValues(key),
    severity: told.severity,
    reason: told.reason,
    count: told.count ?? found.count,
    rows: found.rows,
    from: found.first === null ? null : write(found.first),
    to: found.last === null ? null : write(found.last),
    sentence: told.sentence,
    cause: told.cause,
    hint: told.hint,
  };
}

const order = { error: 0, warning: 1, info: 2 } as const;

/** Errors first; those of one severity in the order of the checks and of the columns. */
export function sortFindings(findings: readonly (QualityFinding | null)[]): QualityFinding[] {
  return findings.filter((finding) => finding !== null).sort((a, b) => order[a.severity] - order[b.severity]);
}

/** A share for people: `12.5 %`. */
export function percent(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** A number for people: at most five digits, all those of whole numbers. */
export function plain(value: number): string {
  return Number.isInteger(value) && Math.abs(value) < 1e15
    ? String(value)
    : String(Number(value.toPrecision(5)));
}

/** `1 row`, `2 rows`. */
export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : noun.endsWith("s") ? "" : "s"}`;
}

/** The first few of a list, for people. */
export function some(names: readonly string[], most = 5): string {
  return names.length > most
    ? `${names.slice(0, most).join(", ")} and ${names.length - most} more`
    : names.join(", ");
}
