import type { Progress } from "../progress.ts";

/** One model input: `values` has one number per row; NaN is missing. Categorical values are codes 0, 1, 2, ... */
export interface FeatureColumn {
  readonly name: string;
  readonly kind: "numeric" | "categorical";
  readonly values: Float64Array;
}

/** The model inputs of n rows, column by column (all of length `rows`). */
export interface FeatureMatrix {
  readonly rows: number;
  readonly columns: readonly FeatureColumn[];
}

/** What a fit may be given besides the data. */
export interface RegressorFitOptions {
  /** One non-negative weight per row. */
  readonly weights?: Float64Array;
  /** Rows held out for early stopping. Ignored by regressors that do not stop early. */
  readonly validation?: {
    readonly x: FeatureMatrix;
    readonly y: Float64Array;
    readonly weights?: Float64Array | undefined;
  };
  readonly signal?: AbortSignal;
  readonly progress?: Progress;
}

/** Fits a matrix: the part of a global forecaster that learns. Same data and seed give the same bytes. */
export interface Regressor {
  /** Registered kind, e.g. `"gbdt"`: it names the loader of saved bytes. */
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
  /** The least target that it takes, where not all are: `reduce` then says which series have lower ones, and can leave them out. */
  readonly lowest?: number;
  /**
   * @throws TsopsError VALUE_INVALID when `y` holds NaN or infinities (rows listed), SCHEMA_MISMATCH on unequal lengths.
   */
  fit(x: FeatureMatrix, y: Float64Array, options?: RegressorFitOptions): Promise<FittedRegressor>;
  /** Restores what `FittedRegressor.save` wrote. */
  load(bytes: Uint8Array): FittedRegressor;
}

/** A fitted regressor. */
export interface FittedRegressor {
  readonly kind: string;
  /** Names and order of the columns it was fitted on; `predict` refuses others. */
  readonly featureNames: readonly string[];
  /** One prediction per row. */
  predict(x: FeatureMatrix): Float64Array;
  /** Self-describing bytes with a format version. */
  save(): Uint8Array;
}
