import type { ColumnKind, ColumnType, ColumnTypes } from "./column-type.ts";

/**
 * Validity of a column: bit i (least significant first, Arrow's layout) is 1 when row i holds a value.
 * `null` means that every row does.
 */
export type Validity = Uint8Array | null;

/** One float64 column; entries of null rows are unspecified. */
export interface Float64Column {
  readonly kind: "float64";
  readonly values: Float64Array;
  readonly valid: Validity;
}
/** One int64 column. */
export interface Int64Column {
  readonly kind: "int64";
  readonly values: BigInt64Array;
  readonly valid: Validity;
}
/** One timestamp column in microseconds UTC. */
export interface TimestampColumn {
  readonly kind: "timestamp";
  readonly values: BigInt64Array;
  readonly valid: Validity;
}
/** One boolean column, a byte (0 or 1) a row. */
export interface BoolColumn {
  readonly kind: "bool";
  readonly values: Uint8Array;
  readonly valid: Validity;
}
/** One text column: row i holds `dictionary[codes[i]]`. Dictionary entries are distinct. */
export interface Utf8Column {
  readonly kind: "utf8";
  readonly codes: Int32Array;
  readonly dictionary: readonly string[];
  readonly valid: Validity;
}

interface ColumnByKind {
  float64: Float64Column;
  int64: Int64Column;
  utf8: Utf8Column;
  bool: BoolColumn;
  timestamp: TimestampColumn;
}

/** Any column of numbers, text or instants. */
export type Column = ColumnByKind[ColumnKind];

/** The column that holds values of a column type. */
export type ColumnOf<C> = C extends ColumnType<infer Kind> ? ColumnByKind[Kind] : never;

/** A table of equally long columns on typed arrays: what moves between tsops functions inside a process. */
export interface Columns<S extends ColumnTypes = ColumnTypes> {
  readonly length: number;
  readonly types: S;
  readonly data: { readonly [K in keyof S]: ColumnOf<S[K]> };
}

/** Whether row `index` holds a value. */
export function isValid(valid: Validity, index: number): boolean {
  return valid === null || ((valid[index >> 3] as number) & (1 << (index & 7))) !== 0;
}
