/** What a quality check looks at. */
export type QualityCheck =
  | "empty"
  | "missing"
  | "non_finite"
  | "range"
  | "duplicates"
  | "unsorted"
  | "gaps"
  | "staleness"
  | "future";

/** How bad a finding is: `error` makes results wrong, `warning` may, `info` is worth knowing. */
export type QualitySeverity = "error" | "warning" | "info";

/** One thing that is wrong with data. */
export interface QualityFinding {
  readonly check: QualityCheck;
  /** Null when it concerns the table as a whole. */
  readonly column: string | null;
  readonly severity: QualitySeverity;
  /** How many rows (or missing steps, for gaps) are concerned. */
  readonly count: number;
  /** The first few of these rows. */
  readonly rows: readonly number[];
  /** For people, with the numbers. */
  readonly sentence: string;
}
