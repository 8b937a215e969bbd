import type { TsopsErrorCode } from "../../errors.ts";

/** The values of the key columns that name one series, e.g. `{ city: "washington" }`. Empty for a panel of one series. */
export type SeriesKey = Readonly<Record<string, string | bigint | boolean>>;

/** How a table of columns is read as a panel. */
export interface PanelSpec<Known extends string = string> {
  /** Key columns; empty for one series. */
  readonly keys: readonly string[];
  readonly time: string;
  readonly target: string;
  /** e.g. `"1h"`, `"1d"`, `"1mo"`. */
  readonly frequency: string;
  /** Zone or offset in which hours, days and months are counted. `"UTC"` unless told. */
  readonly zone: string;
  /** Columns known for the whole horizon at forecast time (calendar, plans, weather forecasts). */
  readonly knownFuture: readonly Known[];
  /** Columns known only up to the cutoff. */
  readonly pastOnly: readonly string[];
  /** Columns with one value per series, that time does not change. */
  readonly static: readonly string[];
}

/** A numeric or categorical covariate aligned with the panel's rows, or with its series where it is static. Categories are codes into `categories`. */
export interface Covariate {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  /** NaN is missing. */
  readonly values: Float64Array;
  /** Text of code 0, 1, ...; absent for numeric covariates. */
  readonly categories?: readonly string[];
}

/** A stretch of the grid without a row in the data. */
export interface PanelGap {
  /** Index into the panel's series. */
  readonly series: number;
  /** First instant without a row, microseconds UTC. */
  readonly from: bigint;
  /** Number of rows that were added, with everything missing. */
  readonly steps: number;
}

/** A series that a fit could do nothing with, and why. */
export interface SeriesFailure {
  readonly key: SeriesKey;
  /** The code of the error that the fit would have thrown. */
  readonly code: TsopsErrorCode;
  /** One sentence about this series. */
  readonly message: string;
}

/**
 * Many regular series, one after another. Series i occupies rows `offsets[i] .. offsets[i + 1]`; its times are strictly
 * increasing on the frequency's grid without gaps (a gap in the data is a row with `y` NaN).
 */
export interface Panel<Known extends string = string> {
  readonly spec: PanelSpec<Known>;
  readonly series: readonly SeriesKey[];
  /** Length series + 1. */
  readonly offsets: Int32Array;
  /** Microseconds UTC. */
  readonly times: BigInt64Array;
  /** The target; NaN is missing. */
  readonly y: Float64Array;
  readonly known: readonly Covariate[];
  readonly past: readonly Covariate[];
  /** Static columns: one value per series, none missing. */
  readonly static: readonly Covariate[];
  /** Where rows were added because the data had none. A row with a missing target is no gap. */
  readonly gaps: readonly PanelGap[];
  /** Series that a fit left out of the panel; see `FitOptions.failures`. */
  readonly failures?: readonly SeriesFailure[];
}
