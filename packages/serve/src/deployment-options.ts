import type { Clock, Columns, FittedForecaster, ModelVersion, PredictionLog, Registry } from "@tsops/core";
import type { DeploymentFeatures } from "./feature-source.ts";

/** Something that happened in a deployment besides predicting. */
export type DeploymentEvent =
  | { readonly type: "swapped"; readonly from: number; readonly to: number; readonly at: bigint }
  | { readonly type: "challenger_changed"; readonly to: number | null; readonly at: bigint }
  | { readonly type: "refresh_failed"; readonly error: unknown; readonly at: bigint }
  | { readonly type: "shadow_failed"; readonly error: unknown; readonly at: bigint };

/** What a deployment is made of. */
export interface DeployOptions {
  /** Says which version is champion, and holds its files. */
  readonly registry: Pick<Registry, "resolve" | "readFiles">;
  /** Where served predictions are kept. `predict` resolves once they are durable. */
  readonly log: Pick<PredictionLog, "append">;
  /** Default: the machine's clock. */
  readonly clock?: Clock;
  /** Name in the log. Default: the model's name. */
  readonly deployment?: string;
  /** Restores a version's files. Default: a built-in forecaster saved as `model.tsops`. */
  readonly load?: (files: Readonly<Record<string, Uint8Array>>) => FittedForecaster;
  /**
   * Rows (keys, time, target, covariates) observed after an instant, e.g. a training set's join over newer rows. Called when a
   * version is loaded, to bring it up to date. Without it a new champion starts from the state that it was saved with.
   */
  readonly history?: (since: bigint, signal: AbortSignal) => Promise<Columns>;
  /** Computes the model's known-future columns. Without it `predict` must be given `future`. */
  readonly features?: DeploymentFeatures;
  /** Table whose rows hold the target: what `observe` feeds to the models. */
  readonly targetTable: string;
  /**
   * Central intervals in percent. A version whose model has none is then not served: `deploy` throws, and `refresh` goes on with the last good one. Default: 80 and 95 of
   * models that have intervals, and none of others; `conformal` gives a forecaster some.
   */
  readonly levels?: readonly number[];
  /**
   * Let the alias `challenger` predict in the background; its predictions are logged, never returned. One that fails is told to
   * `onEvent` and never touches the champion. Default false.
   */
  readonly shadow?: boolean;
  /** How often the aliases are looked up, e.g. `"10s"`. Default: only when `refresh` is called. */
  readonly refreshEvery?: string;
  /** Told about swaps, and about what failed in the background. Must not throw. Default: nobody is told. */
  readonly onEvent?: (event: DeploymentEvent) => void;
  /** Stops loading the first champion; `close` stops everything later. */
  readonly signal?: AbortSignal;
  /** Makes request and prediction ids. Default: random UUIDs. */
  readonly newId?: () => string;
}

/** What to predict. */
export interface DeploymentPredictOptions {
  /** Instant up to which features count as known. Default: now. */
  readonly at?: bigint;
  /** Steps after each series' last observed instant. Default: the model's horizon. */
  readonly horizon?: number;
  /** Only these series; features and future rows are needed for no others. Default: all that the model knows. */
  readonly keys?: readonly Readonly<Record<string, string | bigint | boolean>>[];
  /** Known-future columns given by the caller instead of the deployment's features. */
  readonly future?: Columns;
  readonly signal?: AbortSignal;
}

/** A look at a deployment. */
export interface DeploymentStatus {
  readonly champion: ModelVersion;
  readonly challenger: ModelVersion | null;
  /** The least recent last observation over all series. */
  readonly observedUntil: bigint;
  /** The error of the last refresh, null when it went well: the deployment goes on with the last good model. */
  readonly refreshError: unknown;
}
