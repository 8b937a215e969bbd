import type { ColumnType, ColumnTypes } from "../schema/column-type.ts";
import type { Table } from "../schema/table.ts";

/** Status of the row that a view contributes to a spine row. */
export type FeatureStatus = "present" | "expired" | "not_yet_known" | "missing";

/** Aggregates over a window of eligible rows. */
export type WindowAggregate = "sum" | "count" | "mean" | "min" | "max" | "std" | "first" | "last";

/** A plain column of the latest eligible row, or an aggregate over a window. `type` is what the joined column holds. */
export type Feature<Type extends ColumnType = ColumnType> =
  | { readonly from: "row"; readonly column: string; readonly lastNonNull: boolean; readonly type: Type }
  | {
      readonly from: "window";
      readonly aggregate: WindowAggregate;
      readonly column: string;
      /** e.g. `"24h"`. */
      readonly window: string;
      readonly type: Type;
    };

/** Named features of one entity from one table. */
export interface FeatureView<
  Name extends string = string,
  T extends Table = Table,
  F extends Readonly<Record<string, Feature>> = Readonly<Record<string, Feature>>,
> {
  readonly name: Name;
  readonly table: T;
  readonly features: F;
  /** Longest age of a row, counted back from the spine time, inclusive. Absent: no limit. */
  readonly ttl?: string;
  /** A row counts only if it is at least this much older than the spine time. */
  readonly lag?: string;
  /** Whether a row exactly at (spine time - lag) counts. Default "inclusive". */
  readonly boundary?: "inclusive" | "exclusive";
  /** View key column -> spine column, where the names differ. */
  readonly keyMap?: Readonly<Record<string, string>>;
}

/** Columns added by features: every joined value may be missing. */
export type FeatureTypes<F extends Readonly<Record<string, Feature>>> = {
  readonly [K in keyof F]: F[K] extends Feature<infer C> ? C : never;
} & ColumnTypes;
