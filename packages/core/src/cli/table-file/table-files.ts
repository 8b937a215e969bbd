import type { ColumnTypes } from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";

/**
 * What the values of a file's column are, found by looking at all of them: text that is a number in every row is a number. A
 * `localTime` has no zone, an `instant` has one.
 */
export type FileColumnKind =
  | "number"
  | "integer"
  | "bool"
  | "text"
  | "instant"
  | "localTime"
  | "empty"
  | "other";

/** A column of a file. */
export interface FileColumn {
  readonly name: string;
  readonly kind: FileColumnKind;
  /** Rows without a value. */
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
  /** Rows that hold a number, or what people write for one: `1,5`, `12 %`. Of text that is mostly such, the other rows are mistakes. */
  readonly numberLike: number;
  /** Local times only: whether all are dates without a time of day. */
  readonly isDate: boolean;
  /** Instants only: the one offset that all are written with, `"+02:00"`; null where they differ or have none of their own. */
  readonly offset: string | null;
}

/** How a column of a file is to be read. */
export interface ReadFileOptions {
  /**
   * Forms of time columns, as `strptime` has them: `{ day: "%d.%m.%Y" }`; or `unix` and `unix-ms`, seconds and milliseconds since 1970, and `quarter`, `2024-Q1`.
   * Default: ISO 8601.
   */
  readonly timeFormats?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal | undefined;
}

/** A file of rows that has been looked at. */
export interface TableFile extends AsyncDisposable {
  readonly rows: number;
  readonly columns: readonly FileColumn[];
  /** How rows are counted in messages: lines of text with a head, or rows from 1. */
  readonly place: "line" | "row";
  /** Reads columns, rows in the order of the file. Times without a zone are read in the one that their type declares. */
  read(types: ColumnTypes, options?: ReadFileOptions): Promise<Columns>;
  /** The forms under which every value of a column is a time; `unix` and `unix-ms` where all are in the years from 2000 to 2100. */
  timeFormatsOf(column: string): Promise<readonly string[]>;
  /** Number of different rows, as far as these columns go. */
  distinctRows(columns: readonly string[]): Promise<number>;
}

/** How the times of a written file look. */
export type TimeStyle = "instant" | "localTime" | "date";

/** Reads and writes tables in files: what `@tsops/store/files` gives to the `tsops` command. */
export interface TableFiles {
  /**
   * @throws TsopsError STORE_NOT_FOUND, STORE_CORRUPT (no such format in the file), SCHEMA_MISMATCH (a line with another number of fields), VALUE_INVALID (not in
   * UTF-8), CONFIG_INVALID (an extension that is not known)
   */
  open(
    path: string,
    options?: {
      readonly signal?: AbortSignal | undefined;
      /** How decimals are written in text. With a comma, points are between thousands. Default a point. */
      readonly decimal?: "." | ",";
    },
  ): Promise<TableFile>;
  /** Writes columns as CSV or Parquet, by the extension. Whoever reads finds the old file or the new one, whole. */
  write(
    path: string,
    columns: Columns,
    options?: {
      /** Of all timestamp columns; local times are given as if they were in UTC. Default `"instant"`. */
      readonly timeStyle?: TimeStyle;
      readonly signal?: AbortSignal | undefined;
    },
  ): Promise<void>;
}
