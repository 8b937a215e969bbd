import type { InstantInput } from "../time/instant.ts";

/** The five logical column types. `timestamp` is int64 microseconds UTC; `int64` is never a float. */
export type ColumnKind = "float64" | "int64" | "utf8" | "bool" | "timestamp";

/** A column's logical type: run-time value and TypeScript type at once. */
export interface ColumnType<Kind extends ColumnKind = ColumnKind, Nullable extends boolean = boolean> {
  readonly kind: Kind;
  readonly nullable: Nullable;
  /** Physical unit for humans and monitors, e.g. `"MW"`, `"°C"`. */
  readonly unit?: string;
  /** Timestamps only: zone (`"Europe/Berlin"`) or offset (`"-05:00"`) of zone-less text. Without it such text is an error. */
  readonly zone?: string;
}

/** Column name to type, in order. */
export type ColumnTypes = Readonly<Record<string, ColumnType>>;

interface ValueByKind {
  float64: number;
  int64: bigint;
  utf8: string;
  bool: boolean;
  timestamp: Date;
}

interface InputByKind {
  float64: number;
  /** A `number` is taken when it is a safe integer. */
  int64: bigint | number;
  utf8: string;
  bool: boolean;
  timestamp: InstantInput;
}

type OrNull<C, T> = C extends ColumnType<ColumnKind, infer N> ? (N extends true ? T | null : T) : never;

/** The JavaScript value that a row object shows for a column. */
export type ValueOf<C> = C extends ColumnType<infer Kind, boolean> ? OrNull<C, ValueByKind[Kind]> : never;

/** What a row object may hold when it is given to tsops. */
export type InputOf<C> = C extends ColumnType<infer Kind, boolean> ? OrNull<C, InputByKind[Kind]> : never;

type NullableNames<S extends ColumnTypes> = {
  [K in keyof S]: S[K] extends ColumnType<ColumnKind, infer N> ? (N extends true ? K : never) : never;
}[keyof S];

type Simplify<T> = { [K in keyof T]: T[K] } & {};

/** The row object described by a set of columns. */
export type RowOf<S extends ColumnTypes> = { -readonly [K in keyof S]: ValueOf<S[K]> };

/** A row object as input: nullable columns may be left out. */
export type InputRowOf<S extends ColumnTypes> = Simplify<
  { readonly [K in Exclude<keyof S, NullableNames<S>>]: InputOf<S[K]> } & {
    readonly [K in NullableNames<S>]?: InputOf<S[K]> | undefined;
  }
>;

/** Names of the columns of one kind; any text where the columns are not known to the type checker. */
export type NamesOfKind<S extends ColumnTypes, Kind extends ColumnKind> = string extends keyof S
  ? string
  : {
      [K in keyof S & string]: S[K] extends ColumnType<infer Found>
        ? Found extends Kind
          ? K
          : never
        : never;
    }[keyof S & string];

/** Options of a column. */
export interface ColumnOptions {
  readonly unit?: string;
}

/** 64-bit floating point; NaN and infinities are values, null is missing. */
export function float64(options: ColumnOptions = {}): ColumnType<"float64", false> {
  return { kind: "float64", nullable: false, ...options };
}

/** 64-bit integer, a `bigint` in rows and a `BigInt64Array` in columns: exact beyond 2^53. */
export function int64(options: ColumnOptions = {}): ColumnType<"int64", false> {
  return { kind: "int64", nullable: false, ...options };
}

/** Text, dictionary-encoded in columns and Arrow. */
export function utf8(options: ColumnOptions = {}): ColumnType<"utf8", false> {
  return { kind: "utf8", nullable: false, ...options };
}

/** True or false. */
export function bool(options: ColumnOptions = {}): ColumnType<"bool", false> {
  return { kind: "bool", nullable: false, ...options };
}

/**
 * An instant in microseconds UTC. `zone` says how to read text without an offset; it is not stored with the values.
 */
export function timestamp(
  options: ColumnOptions & { readonly zone?: string } = {},
): ColumnType<"timestamp", false> {
  return { kind: "timestamp", nullable: false, ...options };
}

/** Marks a column as nullable. */
export function nullable<Kind extends ColumnKind>(type: ColumnType<Kind, boolean>): ColumnType<Kind, true> {
  return { ...type, nullable: true };
}
