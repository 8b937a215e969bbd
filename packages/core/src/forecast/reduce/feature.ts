import { TsopsError } from "../../errors.ts";
import type { PanelSpec, SeriesKey } from "../panel/panel.ts";
import type { ReduceStrategy } from "./options.ts";
import type { Level, LocalTarget } from "./target.ts";

/** All that the features of one series are made from: history and, after it, the rows to predict. */
export interface SeriesWork {
  readonly key: SeriesKey;
  /** Rows of history. */
  readonly observed: number;
  /** Cell of the panel's grid that the first row lies in. */
  readonly firstCell: number;
  /** The transformed target; NaN where missing or not yet predicted. */
  readonly g: Float64Array;
  /** Its differences, centred and scaled. */
  readonly w: Float64Array;
  /** Calendar fields and holiday features by name. */
  readonly calendar: ReadonlyMap<string, Float64Array>;
  /** Known-future and past-only columns by name. */
  readonly covariates: ReadonlyMap<string, Float64Array>;
  /** Static columns by name. */
  readonly statics: ReadonlyMap<string, number>;
  /** How the series was transformed and scaled. */
  readonly local: LocalTarget;
  /** Stands in where the level cannot be told. */
  readonly levelFallback: number;
  /** Stands in for values that undoing differences needs and does not find. */
  readonly valueFallback: number;
}

/** The value of a feature for row `t` when rows up to `cutoff` are known. */
export type RowValue = (t: number, cutoff: number) => number;

/** One column of the model's input. */
export interface ReduceFeature {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  /** Rows before the predicted one that a complete value needs. */
  readonly complete: number;
  /** Rows before the predicted one that may matter at all. */
  readonly reach: number;
  /** Binds the feature to a series. `level` changes from row to row. */
  bind(work: SeriesWork, level: Level): RowValue;
}

/** What the features may draw on besides the options. */
export interface FeatureContext {
  readonly spec: PanelSpec;
  readonly horizon: number;
  readonly strategy: ReduceStrategy;
  /** Whether lags that are shorter than the horizon count back from the cutoff. */
  readonly isNearAllowed: boolean;
  /** Whether a row lies within one day. */
  readonly isWithinDay: boolean;
  /** Of covariates and static columns. */
  readonly isCategorical: (column: string) => boolean;
  /** Values by key column, sorted: the codes of key features. */
  readonly keyValues: ReadonlyMap<string, readonly string[]>;
}

/** Where the value of a lag is: so many rows before the predicted row, or with 1 at the cutoff and others before it. */
export interface LagPlace {
  readonly isFromCutoff: boolean;
  /** Its name in those of features. */
  readonly name: string;
  /** Rows before the predicted one that it may lie. */
  readonly reach: number;
  readonly of: RowValue;
}

/** The place of a lag: a direct model that is asked for lags nearer than its horizon finds them before the cutoff. */
export function placeOfLag(lag: number, { horizon, isNearAllowed }: FeatureContext): LagPlace {
  if (isNearAllowed && lag > 0 && lag < horizon)
    return {
      isFromCutoff: true,
      name: `cutoff_lag_${lag}`,
      reach: horizon + lag - 1,
      of: (_, cutoff) => cutoff + 1 - lag,
    };
  return { isFromCutoff: false, name: `lag_${lag}`, reach: lag, of: (t) => t - lag };
}

/** A covariate of a series. */
export function columnOf(work: SeriesWork, name: string): Float64Array {
  return work.covariates.get(name) as Float64Array;
}

/** @throws TsopsError MODEL_PARAMETER_INVALID when the panel has no such covariate. */
export function requireCovariate(name: string, { spec }: FeatureContext, what: string): void {
  if (!spec.knownFuture.includes(name) && !spec.pastOnly.includes(name))
    throw invalid(
      `${what} names "${name}", which is not a covariate of the panel.`,
      `Its covariates are ${[...spec.knownFuture, ...spec.pastOnly].join(", ") || "none"}.`,
    );
}

/**
 * A past-only value nearer than the horizon would be known in training and unknown when it counts, unless it is counted from the cutoff.
 * @throws TsopsError MODEL_PARAMETER_INVALID.
 */
export function requireHorizon(
  name: string,
  lag: number | undefined,
  { horizon, isNearAllowed }: FeatureContext,
  what: string,
): void {
  if (lag !== undefined && lag < (isNearAllowed ? 1 : horizon))
    throw invalid(
      `${what} is not known for a horizon of ${horizon} steps, because "${name}" is past-only.`,
      isNearAllowed
        ? `Use a lag of at least 1 (the last value at the cutoff), or list "${name}" under knownFuture.`
        : `Use a lag of at least ${horizon}, a window without a lag (it ends at the cutoff), strategy: "direct" (nearer lags count back from the cutoff), or list "${name}" under knownFuture.`,
    );
}

/** MODEL_PARAMETER_INVALID. */
export function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MODEL_PARAMETER_INVALID", message, { hint });
}
