/** What a quality check looks at. */
export type QualityCheck =
  /** No rows at all. */
  | "empty"
  /** Nulls. */
  | "missing"
  /** NaN and infinities. */
  | "non_finite"
  /** Values outside what the caller said they can be. */
  | "range"
  /** One value again and again, as from a sensor or a feed that hangs. */
  | "frozen"
  /** Several rows for one key and time. */
  | "duplicates"
  /** Rows that come before an earlier one of the same series. */
  | "unsorted"
  /** Times between the steps of the frequency. */
  | "off_grid"
  /** Steps without a row. */
  | "gaps"
  /** Nothing new for too long. */
  | "staleness"
  /** Times after now. */
  | "future";

/** How bad a finding is: `error` makes results wrong, `warning` may, `info` is worth knowing. */
export type QualitySeverity = "error" | "warning" | "info";

/** One thing that is wrong with data. */
export interface QualityFinding {
  readonly check: QualityCheck;
  /** Null when it concerns the table as a whole. */
  readonly column: string | null;
  readonly severity: QualitySeverity;
  /** Rows concerned; steps for `gaps`, series for `staleness`. */
  readonly count: number;
  /** The first few rows; those before a gap, the latest of a stale series, the first of a frozen stretch. */
  readonly rows: readonly number[];
  /** For people, with the numbers. */
  readonly sentence: string;
}

/** Collects the rows of a finding: all are counted, the first few kept. */
export function rowCounter(): { readonly rows: number[]; count: number; add(row: number): void } {
  return {
    rows: [],
    count: 0,
    add(row) {
      this.count++;
      if (this.rows.length < 5) this.rows.push(row);
    },
  };
}
