import type { Columns } from "@tsops/core";

/**
 * Features of rows that are in no table yet, by the same rules as the offline join: `onlineFeatures` of `@tsops/core`, or an
 * `OnlineStore`, which has them on a server. Rows brought again change nothing.
 */
export interface FeatureSource {
  /** Table that each view reads: says what `observe` takes, and is kept with predictions, so that lineage can name it. */
  readonly viewTables: Readonly<Record<string, string>>;
  /** Takes in rows of one of these tables, all or none. */
  observe(table: string, rows: Columns, options: { readonly signal?: AbortSignal }): unknown;
  /** Joins the views to spine rows: the spine's columns, then `view__feature`, its feature time and status. */
  lookup(
    spine: Columns,
    options: {
      readonly time: string;
      readonly knownAt: { readonly column: string };
      readonly signal?: AbortSignal;
    },
  ): Columns | Promise<Columns>;
}

/** How a deployment computes its model's known-future columns. */
export interface DeploymentFeatures {
  readonly source: FeatureSource;
  /**
   * Spine column that holds the instant up to which rows count as known, named as in the training set. The deployment fills
   * it with the instant of the prediction.
   */
  readonly knownAt: string;
}
