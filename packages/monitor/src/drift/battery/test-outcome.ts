/** The tests of the battery. */
export type DriftTestName =
  | "level"
  | "season"
  | "scale"
  | "shape"
  | "autocorrelation"
  | "missingness"
  | "categories"
  | "constant";

/** The outcome of one test of one column, before it is put into words. */
export interface TestOutcome {
  readonly test: DriftTestName;
  readonly statistic: number;
  readonly pValue: number;
  /** Size of the change; what it measures is `meaning`. */
  readonly effect: number;
  readonly meaning:
    | "shift"
    | "pattern"
    | "ratio of spreads"
    | "distance of distributions"
    | "change of persistence"
    | "change of share";
  /** The category whose share changed most; of missing values what else counts as one. */
  readonly category?: string | undefined;
}
