import type { ColumnTypes, NamesOfKind } from "./column-type.ts";

/**
 * A table's definition: its columns, what a row belongs to (keys), when it happened (event time) and, if it says so,
 * when it became known (available at).
 */
export interface Table<
  Name extends string = string,
  S extends ColumnTypes = ColumnTypes,
  Key extends keyof S & string = keyof S & string,
> {
  readonly name: Name;
  readonly columns: S;
  /** Entity key columns, most significant first. May be empty: the table then describes one entity. */
  readonly keys: readonly Key[];
  readonly eventTime: NamesOfKind<S, "timestamp">;
  readonly availableAt?: NamesOfKind<S, "timestamp">;
}
