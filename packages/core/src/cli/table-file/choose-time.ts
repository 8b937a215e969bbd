import { TsopsError } from "../../errors.ts";
import { ambiguous, byName } from "./find-column.ts";
import type { Guesses } from "./guessed.ts";
import type { FileColumn, TableFile } from "./table-files.ts";

const timeNames = ["ds", "date", "datetime", "date_time", "timestamp", "time", "at", "day", "month", "week"];
const stepNames = ["step", "t", "ds", "time", "index", "period", "year", "date", "month"];

/** @throws TsopsError PANEL_INVALID where a file has no rows, or no line of names. */
export function refuseNoTable(path: string, file: TableFile, isTimeNamed: boolean): void {
  if (file.columns.length === 0 || file.rows === 0)
    throw new TsopsError(
      "PANEL_INVALID",
      file.columns.length === 0 ? `${path} is empty.` : `${path} has column names and no rows.`,
      { hint: "Give a file with one line of names and a line for each time." },
    );
  if (!isTimeNamed && looksHeadless(file))
    throw new TsopsError(
      "PANEL_INVALID",
      `The first line of ${path} holds values and no names: ${file.columns.map(({ name }) => name).join(", ")}.`,
      { hint: "Write a line of names above it, e.g. ds,y." },
    );
}

const isTime = ({ kind }: FileColumn): boolean => kind === "instant" || kind === "localTime";

/** The column of times by name and type. @throws TsopsError CONFIG_INVALID (none, or several that could be meant) */
export async function guessTime(
  path: string,
  file: TableFile,
  taken: readonly string[],
  guesses: Guesses,
): Promise<FileColumn> {
  const columns = file.columns.filter(({ name }) => !taken.includes(name));
  const told = (column: FileColumn, because: string): FileColumn => {
    guesses.add("time column", column.name, because, "--time");
    return column;
  };
  const times = columns.filter(isTime);
  const named = byName(times, timeNames);
  if (named !== undefined) return told(named, "by its name");
  const [only, ...others] = times;
  if (only !== undefined && others.length === 0) return told(only, "the only column of times");
  if (only !== undefined) throw ambiguous(path, "the time", times, "--time");
  const texts = columns.filter(({ kind }) => kind === "text");
  const textual = byName(texts, timeNames);
  // Also where some of its values are no times: they are then listed.
  if (textual !== undefined) return told(textual, "by its name");
  const steps = byName(
    columns.filter(({ kind }) => kind === "integer"),
    stepNames,
  );
  if (steps !== undefined) return told(steps, "by its name; whole numbers");
  const since1970: FileColumn[] = [];
  for (const column of columns.filter(({ kind }) => kind === "integer"))
    if ((await file.timeFormatsOf(column.name)).some((form) => form === "unix" || form === "unix-ms"))
      since1970.push(column);
  const instants = byName(since1970, timeNames);
  const since = "whole numbers that are times since 1970 by their size";
  if (instants !== undefined) return told(instants, `by its name; ${since}`);
  const formatted: FileColumn[] = [];
  for (const column of texts) if ((await file.timeFormatsOf(column.name)).length > 0) formatted.push(column);
  const [one] = formatted;
  if (one !== undefined && formatted.length === 1) return told(one, "the only column whose text is a time");
  if (formatted.length > 1) throw ambiguous(path, "the time", formatted, "--time");
  const [counted] = since1970;
  if (counted !== undefined && since1970.length === 1) return told(counted, `the only column of ${since}`);
  if (since1970.length > 1) throw ambiguous(path, "the time", since1970, "--time");
  const nearly = await nearlyTimes(file, texts);
  const [near] = nearly;
  // Reading it says which of its values are no times, and where.
  if (near !== undefined && nearly.length === 1) return told(near, "most of its texts are times");
  if (nearly.length > 1) throw ambiguous(path, "the time", nearly, "--time");
  const elsewhere = file.columns.find((column) => isTime(column) && taken.includes(column.name));
  if (elsewhere !== undefined)
    throw new TsopsError(
      "CONFIG_INVALID",
      `The only column of times in ${path}, "${elsewhere.name}", is named as a key or the target.`,
      { hint: "Name another column there: each column has one role." },
    );
  throw new TsopsError("CONFIG_INVALID", `No column of ${path} could be found that holds times.`, {
    hint: `Name it with --time. The file has ${file.columns.map(({ name, kind }) => `${name} (${kind})`).join(", ")}.`,
  });
}

/** The columns of text, but for those of numbers, in which most values are times of some form. */
async function nearlyTimes(file: TableFile, texts: readonly FileColumn[]): Promise<FileColumn[]> {
  const found: FileColumn[] = [];
  for (const column of texts) {
    const half = (file.rows - column.missing) / 2;
    if (column.numberLike > half) continue;
    if (column.timeLike > half || (await file.nearTimeFormatsOf(column.name)).length > 0) found.push(column);
  }
  return found;
}

function looksHeadless(file: TableFile): boolean {
  return file.columns.every(({ name }) => /^[-0-9.:/ T]+(_\d+)?$/.test(name));
}

/** The form that most texts of a column have, where not all do; null where none is, or where most are of ISO 8601. */
async function nearFormat(file: TableFile, time: FileColumn, guesses: Guesses): Promise<string | null> {
  if (2 * time.timeLike > file.rows - time.missing) return null;
  const [format] = await file.nearTimeFormatsOf(time.name);
  if (format === undefined) return null;
  guesses.add("form of the times", format, "most of them have it", "--time-format");
  return format;
}

/**
 * The form of times that are not ISO 8601; null where they are, or count steps.
 * @throws TsopsError CONFIG_INVALID where they can be read in several ways
 */
export async function formatOfTimes(
  path: string,
  file: TableFile,
  time: FileColumn,
  asked: string | undefined,
  guesses: Guesses,
): Promise<string | null> {
  if (asked !== undefined) return asked === "step" ? null : asked;
  if (isTime(time)) return null;
  if (time.kind !== "text" && time.kind !== "integer") return null;
  const formats = await file.timeFormatsOf(time.name);
  const [format, ...others] = formats;
  if (format === undefined) return time.kind === "text" ? nearFormat(file, time, guesses) : null;
  if (time.kind === "integer" && (format === "unix" || format === "unix-ms")) {
    const unit = format === "unix" ? "seconds" : "milliseconds";
    guesses.add(
      "form of the times",
      format,
      `all are ${unit} since 1970, in years from 2000 to 2100`,
      "--time-format",
    );
    return format;
  }
  if (time.kind === "integer") {
    // 20240301 is a day, and not the step after 20240300; a few like 202403 may be either, unless their name tells: of more than twelve steps some end on 13.
    const areMonths =
      formats.includes("%Y%m") && (time.distinct > 12 || byName([time], timeNames) !== undefined);
    if (!formats.includes("%Y%m%d") && !areMonths) return null;
    const found = formats.includes("%Y%m%d") ? "%Y%m%d" : "%Y%m";
    guesses.add("form of the times", found, "all of them have it", "--time-format");
    return found;
  }
  if (others.length > 0)
    throw new TsopsError(
      "CONFIG_INVALID",
      `The times in column "${time.name}" of ${path} can be read in several ways: ${formats.join(", ")}.`,
      { hint: `Say which, e.g. --time-format "${format}".`, details: { column: time.name, formats } },
    );
  guesses.add("form of the times", format, "the only one that all of them have", "--time-format");
  return format;
}
