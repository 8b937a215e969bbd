import { TsopsError } from "../../errors.ts";
import {
  bool,
  type ColumnKind,
  type ColumnType,
  float64,
  int64,
  nullable,
  timestamp,
  utf8,
} from "../../schema/column-type.ts";
import type { Columns } from "../../schema/columns.ts";
import { formatOfTimes, guessTime, refuseNoTable } from "../table-file/choose-time.ts";
import { findColumn } from "../table-file/find-column.ts";
import { guessKeys } from "../table-file/guess-keys.ts";
import type { Guesses } from "../table-file/guessed.ts";
import { keyType } from "../table-file/key-type.ts";
import { placeIn } from "../table-file/places.ts";
import type { FileColumn, TableFile } from "../table-file/table-files.ts";
import { styleOf, zoneOf } from "../table-file/time-style.ts";
import { instantsOfWallClock } from "../table-file/wall-clock.ts";
import type { FileTable, LearntRules } from "./companions.ts";
import type { QualityCommandOptions } from "./options.ts";

/** The rows of a file, whatever is wrong with them. */
export interface FileRows {
  readonly columns: Columns;
  readonly table: FileTable;
  readonly zone: string;
  /** Columns that hold no plain values. */
  readonly unread: readonly string[];
  placeOf(row: number): string;
}

/** What is known of a file before it is read: roles from rules or from another file. */
export interface KnownRoles extends FileTable {
  readonly zone: string;
  readonly columns: LearntRules["columns"];
}

/**
 * Reads all columns of a file with what they hold; a column that a reference has in another type is read as what it is here.
 * @throws TsopsError CONFIG_INVALID (a column that is not there, times that count steps), PANEL_INVALID (no rows), VALUE_INVALID, TIME_INVALID
 */
export async function readRows(
  path: string,
  file: TableFile,
  options: Pick<QualityCommandOptions, "time" | "timeFormat" | "key" | "zone">,
  known: KnownRoles | null,
  guesses: Guesses,
  signal: AbortSignal,
): Promise<FileRows> {
  refuseNoTable(path, file, options.time !== undefined);
  const asked = options.time ?? known?.eventTime;
  const time =
    asked === undefined
      ? await guessTime(path, file, options.key ?? [], guesses)
      : findColumn(path, file.columns, "--time", asked);
  const format = await formatOfTimes(path, file, time, options.timeFormat, guesses);
  const style = styleOf(time, format);
  if (style === "steps")
    throw new TsopsError(
      "CONFIG_INVALID",
      `"${time.name}" of ${path} holds whole numbers that are no times.`,
      {
        hint: "Name a column of times with --time; --time-format unix says that they are seconds since 1970.",
      },
    );
  const zone = zoneOf(time, style, options.zone ?? (known === null ? undefined : known.zone), guesses);
  const keys = await keysOf(path, file, time, options.key ?? known?.keys, guesses);
  const hasWallClock = style === "localTime" || style === "date";
  const types = typesOf(file, time, keys, known, zone);
  const found = await file.read(
    { ...types.read, [time.name]: nullable(timestamp({ zone: hasWallClock ? "UTC" : zone })) },
    { timeFormats: format === null ? {} : { [time.name]: format }, signal },
  );
  const placeOf = placeIn(file);
  const names = keys.map(({ name }) => name);
  return {
    columns:
      hasWallClock && zone !== "UTC" ? instantsOfWallClock(found, time.name, names, zone, placeOf) : found,
    table: { keys: names, eventTime: time.name },
    zone,
    unread: types.unread,
    placeOf,
  };
}

async function keysOf(
  path: string,
  file: TableFile,
  time: FileColumn,
  asked: readonly string[] | undefined,
  guesses: Guesses,
): Promise<readonly FileColumn[]> {
  if (asked !== undefined) return asked.map((name) => findColumn(path, file.columns, "--key", name));
  const free = file.columns.filter(({ name }) => name !== time.name && !name.startsWith("__"));
  return guessKeys(file, time, free, guesses);
}

const typeOfKind: Readonly<Record<ColumnKind, () => ColumnType>> = { float64, int64, utf8, bool, timestamp };

function typesOf(
  file: TableFile,
  time: FileColumn,
  keys: readonly FileColumn[],
  known: KnownRoles | null,
  zone: string,
): { readonly read: Record<string, ColumnType>; readonly unread: readonly string[] } {
  const read: Record<string, ColumnType> = {};
  const unread: string[] = [];
  for (const column of file.columns) {
    const { name } = column;
    if (name === time.name) continue;
    if (keys.includes(column)) {
      // A7 in the reference and 7 here: both are names.
      read[name] = known?.columns[name]?.kind === "utf8" ? nullable(utf8()) : keyType(column);
      continue;
    }
    const type = typeOf(column, file.rows, known?.columns[name]?.kind ?? null, zone);
    if (type === null) unread.push(name);
    else read[name] = nullable(type);
  }
  return { read, unread };
}

/** @returns Null for values that are no plain ones. */
function typeOf(
  { kind, numberForm, numberLike, missing }: FileColumn,
  rows: number,
  before: ColumnKind | null,
  zone: string,
): ColumnType | null {
  switch (kind) {
    case "number":
      return float64();
    case "integer":
      // Whole numbers where there were decimals are no other type in a file of text.
      return before === "float64" ? float64() : int64();
    case "bool":
      return bool();
    case "text":
      // A text among numbers makes text of all of them: the check tells which it is.
      return numberForm !== null && numberForm !== "ambiguous" && numberLike + missing === rows
        ? float64()
        : utf8();
    case "instant":
    case "localTime":
      return timestamp({ zone });
    case "empty":
      return before === null ? utf8() : before === "timestamp" ? timestamp({ zone }) : typeOfKind[before]();
    case "other":
      return null;
  }
}
