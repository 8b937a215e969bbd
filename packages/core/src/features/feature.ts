import { checkOptions } from "../options.ts";
import type { ColumnKind, ColumnType, ColumnTypes } from "../schema/column-type.ts";
import type { Table } from "../schema/table.ts";

/** Aggregates over a window of eligible rows. */
export type WindowAggregate = "sum" | "count" | "mean" | "min" | "max" | "std" | "first" | "last";

/** What a row feature is made of: a column of the latest eligible row. Made by `column`. */
export interface RowFeatureSpec<Column extends string = string> {
  readonly from: "row";
  readonly column: Column;
  /** Takes the latest eligible value that is not null instead of the latest row's value. */
  readonly lastNonNull: boolean;
}

/** What a window feature is made of. Made by `sum`, `count`, `mean`, `min`, `max`, `std`, `first`, `last`. */
export interface WindowFeatureSpec<
  Aggregate extends WindowAggregate = WindowAggregate,
  Column extends string = string,
> {
  readonly from: "window";
  readonly aggregate: Aggregate;
  readonly column: Column;
  /** A fixed duration, e.g. `"24h"`. */
  readonly window: string;
}

/** What a feature is made of, before it meets a table. */
export type FeatureSpec = RowFeatureSpec | WindowFeatureSpec;

/** A feature of a table: what it is made of and the type of the joined column, which is always nullable. */
export type Feature<Type extends ColumnType = ColumnType> = FeatureSpec & { readonly type: Type };

/** A column of the latest eligible row; with `lastNonNull`, the latest eligible value that is not null. NaN is a value. */
export function column<const Column extends string>(
  name: Column,
  options: { readonly lastNonNull?: boolean } = {},
): RowFeatureSpec<Column> {
  checkOptions("FEATURE_INVALID", "column()", options, { lastNonNull: true });
  return { from: "row", column: name, lastNonNull: options.lastNonNull ?? false };
}

function over<const A extends WindowAggregate, const C extends string>(
  aggregate: A,
  column: C,
  window: string,
): WindowFeatureSpec<A, C> {
  return { from: "window", aggregate, column, window };
}

/**
 * Sum of the non-null values in the window: exact, then rounded once to float64 (int64 columns too), so it does not
 * depend on the order of rows. Any NaN gives NaN. Null when there is none.
 */
export function sum<const C extends string>(column: C, window: string): WindowFeatureSpec<"sum", C> {
  return over("sum", column, window);
}

/** Number of non-null values in the window, of any column; 0 when there is none. NaN counts. */
export function count<const C extends string>(column: C, window: string): WindowFeatureSpec<"count", C> {
  return over("count", column, window);
}

/** `sum` divided by `count`. Null when there is no non-null value. */
export function mean<const C extends string>(column: C, window: string): WindowFeatureSpec<"mean", C> {
  return over("mean", column, window);
}

/** Least non-null value in the window, of the column's own type. Any NaN gives NaN; -0 is less than 0. */
export function min<const C extends string>(column: C, window: string): WindowFeatureSpec<"min", C> {
  return over("min", column, window);
}

/** Greatest non-null value in the window, of the column's own type. Any NaN gives NaN; -0 is less than 0. */
export function max<const C extends string>(column: C, window: string): WindowFeatureSpec<"max", C> {
  return over("max", column, window);
}

/**
 * Sample standard deviation (divisor n - 1) of the non-null values in the window, from the exact variance. Null with
 * fewer than two values; NaN when one of them is NaN or infinite.
 */
export function std<const C extends string>(column: C, window: string): WindowFeatureSpec<"std", C> {
  return over("std", column, window);
}

/** Earliest non-null value in the window, of any column. Among rows of one time, the first by (available at, ingest). */
export function first<const C extends string>(column: C, window: string): WindowFeatureSpec<"first", C> {
  return over("first", column, window);
}

/** Latest non-null value in the window, of any column. Among rows of one time, the last by (available at, ingest). */
export function last<const C extends string>(column: C, window: string): WindowFeatureSpec<"last", C> {
  return over("last", column, window);
}

/** Column kinds that an aggregate takes; absent: all kinds. */
export const aggregateKinds = {
  sum: ["float64", "int64"],
  mean: ["float64", "int64"],
  std: ["float64", "int64"],
  min: ["float64", "int64", "timestamp"],
  max: ["float64", "int64", "timestamp"],
} as const satisfies Partial<Record<WindowAggregate, readonly ColumnKind[]>>;

type KindsOf<A> = A extends keyof typeof aggregateKinds ? (typeof aggregateKinds)[A][number] : ColumnKind;

type KindsText<A> = A extends "min" | "max" ? "float64, int64 or timestamp" : "float64 or int64";

type KindOf<C> = C extends ColumnType<infer Kind> ? Kind : never;

type WindowKind<A, Kind extends ColumnKind> = A extends "count"
  ? "int64"
  : A extends "sum" | "mean" | "std"
    ? "float64"
    : Kind;

/** The feature that a spec makes of a table's columns. */
export type FeatureOf<S extends ColumnTypes, Spec> = Spec extends { readonly column: infer C extends keyof S }
  ? Spec extends { readonly from: "window"; readonly aggregate: infer A }
    ? Feature<ColumnType<WindowKind<A, KindOf<S[C]>>, true>>
    : Feature<ColumnType<KindOf<S[C]>, true>>
  : Feature;

/** The spec itself when it fits the table; else a sentence that says why not, which it cannot be assigned to. */
export type CheckedSpec<T extends Table, Spec> = string extends keyof T["columns"]
  ? Spec
  : Spec extends { readonly column: infer C extends string }
    ? C extends keyof T["columns"]
      ? Spec extends { readonly from: "window"; readonly aggregate: infer A extends string }
        ? KindOf<T["columns"][C]> extends KindsOf<A>
          ? Spec
          : `${A}() takes ${KindsText<A>} columns, and column "${C}" of table "${T["name"]}" is ${KindOf<T["columns"][C]>}.`
        : Spec
      : `Table "${T["name"]}" has no column "${C}".`
    : Spec;
