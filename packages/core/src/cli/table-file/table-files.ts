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

/** How the numbers of a column of text are written, where it is not as programs write them. */
export interface NumberForm {
  readonly decimal: "." | ",";
  /** Between thousands; null where no number shows one. */
  readonly thousands: "." | "," | " " | "'" | null;
  /** Of currency or percent, beside the numbers: left out of their values, so that `12 %` is 12. */
  readonly sign: string | null;
  /** A text of the column, and its value. */
  readonly example: { readonly text: string; readonly value: number };
}

/** A column of a file. */
export interface FileColumn {
  readonly name: string;
  /** Columns that have this name in the file, capitals aside; all but the first are called otherwise here, `y_1`. 1 where there is no other. */
  readonly alike: number;
  readonly kind: FileColumnKind;
  /** Rows without a value. */
  readonly missing: number;
  /** Different values. */
  readonly distinct: number;
  /** Rows of text that hold a time of ISO 8601. Of text that is mostly such, the other rows are mistakes. */
  readonly timeLike: number;
  /** Rows that hold a number, or what people write for one: `1,5`, `12 %`. Of text that is mostly such, the other rows are mistakes. */
  readonly numberLike: number;
  /** How they are written; `"ambiguous"` where they can be read in several ways (`1,234`), null where it is plainly, as `1234.5`, or the column holds none. */
  readonly numberForm: NumberForm | "ambiguous" | null;
  /** Local times only: whether all are dates without a time of day. */
  readonly isDate: boolean;
  /** Instants only: the one offset that all are written with, `"+02:00"`; null where they differ or have none of their own. */
  readonly offset: string | null;
  /** Instants only: how many different offsets they are written with, as where clocks change; 0 where they have none of their own. */
  readonly offsets: number;
}

/** How a column of a file is to be read. */
export interface ReadFileOptions {
  /**
   * Forms of time columns, as `strptime` has them: `{ day: "%d.%m.%Y" }`; or `unix` and `unix-ms`, seconds and milliseconds since 1970, `quarter`, `2024-Q1`, and `week`, `2024-W09`.
   * Default: ISO 8601.
   */
  readonly timeFormats?: Readonly<Record<string, string>>;
  /** Forms of numbers, e.g. as they are in another file with the same columns. Default: what the column's own values say. */
  readonly numberForms?: Readonly<Record<string, NumberForm>>;
  readonly signal?: AbortSignal | undefined;
}

/** A file of rows that has been looked at. */
export interface TableFile extends AsyncDisposable {
  readonly rows: number;
  readonly columns: readonly FileColumn[];
  /** How rows are counted in messages: lines of text with a head, or rows from 1. */
  readonly place: "line" | "row";
  /** The number of the first row: 2 in text whose first line has the names. */
  readonly firstPlace: number;
  /** Reads columns, rows in the order of the file. Times without a zone are read in the one that their type declares. */
  read(types: ColumnTypes, options?: ReadFileOptions): Promise<Columns>;
  /** The forms under which every value of a column is a time; `unix` and `unix-ms` where all are in the years from 2000 to 2100. */
  timeFormatsOf(column: string): Promise<readonly string[]>;
  /** The forms under which more than half of a column's values are times, those of the most first: the others are mistakes. */
  nearTimeFormatsOf(column: string): Promise<readonly string[]>;
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
      /** How decimals are written in text. With a comma points are between thousands, with a point commas. Default: what the values of each column say. */
      readonly decimal?: "." | "," | undefined;
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
