import { closest } from "../../did-you-mean.ts";
import { TsopsError } from "../../errors.ts";
import { quoted } from "../quoted.ts";
import type { FileColumn, TableFile } from "./companions.ts";
import type { Guesses } from "./guessed.ts";

/** Which column of a file is what. */
export interface ChosenColumns {
  readonly time: FileColumn;
  /** Form of the times, where they are not ISO 8601; null where they are, or count steps. */
  readonly timeFormat: string | null;
  readonly target: FileColumn;
  readonly keys: readonly FileColumn[];
}

/** What was said about columns on the command line. */
export interface ColumnOptions {
  readonly time?: string;
  readonly target?: string;
  readonly key?: readonly string[];
  readonly timeFormat?: string;
}

const timeNames = ["ds", "date", "datetime", "date_time", "timestamp", "time", "at", "day", "month", "week"];
const stepNames = ["step", "t", "ds", "time", "index", "period", "year", "date", "month"];
const targetNames = ["y", "target", "value"];
const namesSeries =
  /(^|[_ ])(id|key|code|number|no|nr|series|item|sku|product|store|shop|station|sensor|region)$/i;
const keyNames = ["unique_id", "series_id", "series", "item_id", "id", "key"];

/**
 * Finds the columns of time, target and key: those that were named, else by name and type.
 * @param known - Columns that are known for the future, so they are no target.
 * @throws TsopsError CONFIG_INVALID (a column that is not there; several that could be meant: candidates named), PANEL_INVALID (no rows)
 */
export async function chooseColumns(
  path: string,
  file: TableFile,
  options: ColumnOptions,
  known: readonly string[],
  guesses: Guesses,
): Promise<ChosenColumns> {
  if (file.columns.length === 0 || file.rows === 0)
    throw new TsopsError(
      "PANEL_INVALID",
      file.columns.length === 0 ? `${path} is empty.` : `${path} has column names and no rows.`,
      { hint: "Give a file with one line of names and a line for each time." },
    );
  if (options.time === undefined && looksHeadless(file))
    throw new TsopsError(
      "PANEL_INVALID",
      `The first line of ${path} holds values and no names: ${file.columns.map(({ name }) => name).join(", ")}.`,
      { hint: "Write a line of names above it, e.g. ds,y." },
    );
  const given = (option: string, name: string) => findColumn(path, file.columns, option, name);
  const named = {
    time: options.time === undefined ? null : given("--time", options.time),
    target: options.target === undefined ? null : given("--target", options.target),
    keys: options.key?.map((name) => given("--key", name)),
  };
  const taken = [named.target, ...(named.keys ?? [])].flatMap((column) => column?.name ?? []);
  const time = named.time ?? (await guessTime(path, file, taken, guesses));
  const twice = [time.name, ...taken].find((name, i, all) => all.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TsopsError("CONFIG_INVALID", `Column "${twice}" is named for two roles.`, {
      hint: "Name each column once, as --time, --target or --key.",
    });
  const timeFormat = await formatOfTimes(path, file, time, options.timeFormat, guesses);
  const free = file.columns.filter(
    ({ name }) => name !== time.name && !taken.includes(name) && !name.startsWith("__"),
  );
  const keys = named.keys ?? (await guessKeys(file, time, free, guesses));
  if (named.time === null) refuseAlike(path, file, time, "--time");
  if (named.keys === undefined) for (const key of keys) refuseAlike(path, file, key, "--key");
  const target =
    named.target ??
    guessTarget(
      path,
      file.rows,
      free.filter((column) => !keys.includes(column)),
      known,
      guesses,
    );
  if (named.target === null) refuseAlike(path, file, target, "--target");
  return { time, timeFormat, target, keys };
}

/** @throws TsopsError CONFIG_INVALID where a column that was guessed is one of several with its name */
function refuseAlike(path: string, file: TableFile, { name, alike }: FileColumn, option: string): void {
  if (alike === 1) return;
  const first = name.toLowerCase().replace(/_\d+$/, "");
  const called = file.columns
    .filter((other) => other.alike > 1 && other.name.toLowerCase().replace(/_\d+$/, "") === first)
    .map((other) => other.name);
  throw new TsopsError("CONFIG_INVALID", `${alike} columns of ${path} are named "${name}".`, {
    hint: `Give them names of their own, or say which is meant: in the order of the file they are ${called.join(", ")} here, e.g. ${option} ${quoted(called.at(-1) ?? name)}.`,
    details: { option, columns: called },
  });
}

/** @throws TsopsError CONFIG_INVALID with the name that is nearest. */
export function findColumn(
  path: string,
  columns: readonly FileColumn[],
  option: string,
  name: string,
): FileColumn {
  const found = columns.find((column) => column.name === name);
  if (found !== undefined) return found;
  const names = columns.map((column) => column.name);
  const near = closest(name, names);
  throw new TsopsError("CONFIG_INVALID", `${path} has no column "${name}", which ${option} names.`, {
    hint: `${near === null ? "" : `Did you mean "${near}"? `}It has ${names.join(", ")}.`,
    details: { option, column: name, columns: names },
  });
}

const isTime = ({ kind }: FileColumn): boolean => kind === "instant" || kind === "localTime";

function byName(columns: readonly FileColumn[], names: readonly string[]): FileColumn | undefined {
  for (const name of names) {
    const found = columns.find((column) => column.name.toLowerCase() === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function guessTime(
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

function looksHeadless(file: TableFile): boolean {
  return file.columns.every(({ name }) => /^[-0-9.:/ T]+(_\d+)?$/.test(name));
}

async function formatOfTimes(
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
  if (format === undefined) return null;
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
    // 20240301 is a day, and not the step after 20240300; 202403 may be either, unless its name tells.
    if (!formats.includes("%Y%m%d") && !(formats.includes("%Y%m") && byName([time], timeNames) !== undefined))
      return null;
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

async function guessKeys(
  file: TableFile,
  time: FileColumn,
  free: readonly FileColumn[],
  guesses: Guesses,
): Promise<readonly FileColumn[]> {
  // Numbers are counts, prices or hours of the day more often than names of series: their column has to be called like one.
  const candidates = free.filter(
    ({ name, kind, numberForm }) =>
      (kind === "text" && numberForm === null) ||
      ((kind === "integer" || numberForm !== null) && namesSeries.test(name)),
  );
  const named = byName(candidates, keyNames.slice(0, 2));
  if (named !== undefined) {
    guesses.add("key column", named.name, "by its name", "--key");
    return [named];
  }
  if ((await file.distinctRows([time.name])) === file.rows) return [];
  const telling: FileColumn[] = [];
  // A key names series: each of its values has several rows.
  for (const column of candidates)
    if (2 * column.distinct <= file.rows && (await file.distinctRows([column.name, time.name])) === file.rows)
      telling.push(column);
  const texts = telling.filter(({ kind }) => kind === "text");
  const found =
    byName(telling, keyNames) ??
    (texts.length === 1 ? texts[0] : telling.length === 1 ? telling[0] : undefined);
  if (found !== undefined) {
    guesses.add("key column", found.name, "with it, each time is there once", "--key");
    return [found];
  }
  if (telling.length > 1)
    throw new TsopsError(
      "CONFIG_INVALID",
      `Times are repeated, and several columns could tell the series apart: ${telling.map(({ name }) => name).join(", ")}.`,
      {
        hint: `Say which with --key, e.g. --key ${quoted(telling[0]?.name ?? "")}.`,
        details: { candidates: telling.map(({ name }) => name) },
      },
    );
  const words = candidates.filter(({ kind }) => kind === "text");
  if (words.length > 1 && (await file.distinctRows([...words, time].map(({ name }) => name))) === file.rows) {
    guesses.add(
      "key columns",
      words.map(({ name }) => name).join(", "),
      "with them, each time is there once",
      "--key",
    );
    return words;
  }
  const known = byName(candidates, keyNames);
  if (known === undefined) return [];
  guesses.add("key column", known.name, "by its name", "--key");
  return [known];
}

function guessTarget(
  path: string,
  rows: number,
  free: readonly FileColumn[],
  known: readonly string[],
  guesses: Guesses,
): FileColumn {
  const named = byName(free, targetNames);
  if (named !== undefined) {
    guesses.add("target column", named.name, "by its name", "--target");
    return named;
  }
  const numeric = free.filter(
    ({ name, kind }) => !known.includes(name) && (kind === "number" || kind === "integer" || kind === "bool"),
  );
  const [only, ...others] = numeric;
  // Where all but a few of a text's values are numbers, reading it says which are not, and what to do about them.
  const nearly = free.filter(
    ({ name, kind, numberLike, missing }) =>
      !known.includes(name) && kind === "text" && 2 * numberLike > rows - missing,
  );
  const [textual] = nearly;
  if (only === undefined && textual !== undefined && nearly.length === 1) {
    guesses.add("target column", textual.name, "most of its texts are numbers", "--target");
    return textual;
  }
  if (only === undefined)
    throw new TsopsError(
      "CONFIG_INVALID",
      `No column of ${path} could be found that holds what is to be forecast.`,
      {
        hint: `Name it with --target. There are also ${free.map(({ name, kind }) => `${name} (${kind})`).join(", ") || "no others"}.`,
      },
    );
  if (others.length > 0) throw ambiguous(path, "the target", numeric, "--target");
  guesses.add("target column", only.name, "the only column of numbers that is left", "--target");
  return only;
}

function ambiguous(
  path: string,
  what: string,
  candidates: readonly FileColumn[],
  option: string,
): TsopsError {
  const names = candidates.map(({ name }) => name);
  return new TsopsError(
    "CONFIG_INVALID",
    `Several columns of ${path} could be ${what}: ${names.join(", ")}.`,
    {
      hint: `Say which with ${option}, e.g. ${option} ${quoted(names[0] as string)}.`,
      details: { option, candidates: names },
    },
  );
}
