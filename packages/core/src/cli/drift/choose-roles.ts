import { TsopsError } from "../../errors.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import { quoted } from "../quoted.ts";
import { formatOfTimes, guessTime, refuseNoTable } from "../table-file/choose-time.ts";
import { findColumn } from "../table-file/find-column.ts";
import { guessKeys } from "../table-file/guess-keys.ts";
import type { Guesses } from "../table-file/guessed.ts";
import type { FileColumn, FileColumnKind, TableFile } from "../table-file/table-files.ts";
import type { DriftCommandOptions } from "./options.ts";

/** A file with the name that it was given by. */
export interface InputFile {
  readonly path: string;
  readonly file: TableFile;
}

/** What is compared of a column. */
export type ComparedKind = "number" | "bool" | "text";

/** A column that is not tested, and why. */
export interface Untested {
  readonly column: string;
  readonly reason: string;
}

/** Which columns of the files are what. */
export interface Roles {
  readonly time: string;
  /** Form of the times of each file; null for ISO 8601 and steps. */
  readonly timeFormats: readonly (string | null)[];
  readonly keys: readonly string[];
  readonly columns: readonly { readonly name: string; readonly kind: ComparedKind }[];
  readonly untested: readonly Untested[];
  /** Those of them that the reference has and the other file does not. */
  readonly lost: readonly string[];
}

/** Different texts of a column, at most: more are names of rows, and no categories. */
const mostCategories = 500;
/** Share of rows that repeat a time from which on they are taken for those of several series, and not for mistakes. */
const fewestRepeated = 0.05;

/**
 * Finds time, keys and the columns to compare in one file or two.
 * @throws TsopsError CONFIG_INVALID (a column that is not there or cannot be compared; several series and no key: the likely one named), PANEL_INVALID (no rows),
 * SCHEMA_MISMATCH (numbers in one file and text in the other)
 */
export async function chooseRoles(
  inputs: readonly InputFile[],
  options: Pick<DriftCommandOptions, "time" | "timeFormat" | "key" | "columns">,
  guesses: Guesses,
): Promise<Roles> {
  for (const { path, file } of inputs) refuseNoTable(path, file, options.time !== undefined);
  const [first] = inputs as [InputFile];
  const { key: keys = [], columns: asked } = options;
  const time = options.time ?? (await guessTime(first.path, first.file, keys, guesses)).name;
  for (const { path, file } of inputs) {
    findColumn(path, file.columns, "--time", time);
    for (const key of keys) findColumn(path, file.columns, "--key", key);
  }
  refuseTwice(time, keys, asked ?? []);
  const timeFormats = await formatsOf(inputs, time, options.timeFormat, guesses);
  if (keys.length === 0) for (const input of inputs) await refuseSeveralSeries(input, time);
  return { time, timeFormats, keys, ...comparable(inputs, [time, ...keys], asked) };
}

function refuseTwice(time: string, keys: readonly string[], asked: readonly string[]): void {
  const all = [time, ...keys, ...asked];
  const twice = all.find((name, i) => all.indexOf(name) !== i);
  if (twice !== undefined)
    throw new TsopsError("CONFIG_INVALID", `Column "${twice}" is named twice.`, {
      hint: "Name each column once, as --time, --key or in --columns.",
    });
}

/** The form of each file's times; where one can be read in several ways, as the other. */
async function formatsOf(
  inputs: readonly InputFile[],
  time: string,
  asked: string | undefined,
  guesses: Guesses,
): Promise<readonly (string | null)[]> {
  const columns = inputs.map(({ path, file }) => findColumn(path, file.columns, "--time", time));
  if (asked === undefined && inputs.length > 1 && columns.every(({ kind }) => kind === "text")) {
    const forms = await Promise.all(inputs.map(({ file }) => file.timeFormatsOf(time)));
    const common = (forms[0] ?? []).filter((form) => forms.every((list) => list.includes(form)));
    const [only] = common;
    if (only !== undefined && common.length === 1) {
      guesses.add("form of the times", only, "the only one that all of them have", "--time-format");
      return inputs.map(() => only);
    }
  }
  const found: (string | null)[] = [];
  for (const [i, { path, file }] of inputs.entries())
    found.push(await formatOfTimes(path, file, columns[i] as FileColumn, asked, guesses));
  return found;
}

/** @throws TsopsError CONFIG_INVALID where so many times are repeated that there must be several series */
async function refuseSeveralSeries({ path, file }: InputFile, time: string): Promise<void> {
  const times = await file.distinctRows([time]);
  if (file.rows - times <= fewestRepeated * file.rows) return;
  const column = findColumn(path, file.columns, "--time", time);
  const free = file.columns.filter(({ name }) => name !== time && !name.startsWith("__"));
  const silent: Guesses = { list: [], add: () => {} };
  const guessed = (await guessKeys(file, column, free, silent)).map(({ name }) => name);
  const likely = guessed.length > 0 ? guessed : await numbersThatTell(file, time, free);
  if (likely.length === 0) return;
  throw new TsopsError(
    "CONFIG_INVALID",
    `${path} has ${file.rows.toLocaleString("en-US")} rows and only ${times.toLocaleString("en-US")} different times: it seems to hold several series, told apart by ${listSome(likely.map((name) => `"${name}"`))}.`,
    {
      hint: `Have each series tested by itself with --key ${likely.map(quoted).join(",")}, or give a file of one series.`,
      details: { path, rows: file.rows, times, likely },
    },
  );
}

/** A column of whole numbers with which each time is there once; that with the fewest values. */
async function numbersThatTell(
  file: TableFile,
  time: string,
  free: readonly FileColumn[],
): Promise<readonly string[]> {
  const candidates = free
    .filter(({ kind, distinct }) => kind === "integer" && distinct > 1 && 2 * distinct <= file.rows)
    .sort((a, b) => a.distinct - b.distinct);
  for (const { name } of candidates) if ((await file.distinctRows([name, time])) === file.rows) return [name];
  return [];
}

type Group = ComparedKind | "times" | "empty" | "other";

const groups: Readonly<Record<FileColumnKind, Group>> = {
  number: "number",
  integer: "number",
  bool: "bool",
  text: "text",
  instant: "times",
  localTime: "times",
  empty: "empty",
  other: "other",
};
/** Numbers as people write them are numbers; those that can be read in several ways are refused when they are read. */
function groupOf({ kind, numberForm }: FileColumn): Group {
  return numberForm === null ? groups[kind] : "number";
}

const words: Readonly<Record<Group, string>> = {
  number: "numbers",
  bool: "true and false",
  text: "text",
  times: "times",
  empty: "nothing",
  other: "no plain values",
};

/** The columns that all files have in the same kind; those on one side only are left out unless they were named. */
function comparable(
  inputs: readonly InputFile[],
  taken: readonly string[],
  asked: readonly string[] | undefined,
): Pick<Roles, "columns" | "untested" | "lost"> {
  const all = [...new Set(inputs.flatMap(({ file }) => file.columns.map(({ name }) => name)))];
  const names = asked ?? all.filter((name) => !taken.includes(name) && !name.startsWith("__"));
  const columns: { name: string; kind: ComparedKind }[] = [];
  const untested: Untested[] = [];
  const lost: string[] = [];
  for (const name of names) {
    if (asked !== undefined)
      for (const { path, file } of inputs) findColumn(path, file.columns, "--columns", name);
    const found = inputs.flatMap(({ path, file }) => {
      const column = file.columns.find((one) => one.name === name);
      return column === undefined ? [] : [{ path, rows: file.rows, column, group: groupOf(column) }];
    });
    if (found.length < inputs.length) {
      untested.push({ column: name, reason: `Only ${found[0]?.path} has this column.` });
      if (found[0]?.path === inputs[0]?.path) lost.push(name);
      continue;
    }
    const filled = found.filter(({ group }) => group !== "empty");
    const [one, other] = filled;
    if (one === undefined) {
      untested.push({
        column: name,
        reason: inputs.length > 1 ? "Neither file has a value." : "The file has no value.",
      });
      continue;
    }
    if (other !== undefined && one.group !== other.group) throw mixed(name, one, other);
    const { group } = one;
    const most = Math.max(...filled.map(({ column }) => column.distinct));
    if (group === "number" || group === "bool" || (group === "text" && most <= mostCategories))
      columns.push({ name, kind: group });
    else
      untested.push({
        column: name,
        reason:
          group === "text"
            ? `It has ${most.toLocaleString("en-US")} different texts, which are no categories (at most ${mostCategories} are).`
            : `It holds ${words[group]}.`,
      });
  }
  if (columns.length > 0) return { columns, untested, lost };
  throw new TsopsError(
    asked === undefined ? "PANEL_INVALID" : "CONFIG_INVALID",
    "There is no column that could be tested.",
    {
      hint:
        untested.length === 0
          ? "A file needs columns beside the time and the keys."
          : `Columns of numbers, of true and false, or of up to ${mostCategories} different texts can be.`,
      details: { untested: untested.slice(0, 20), count: untested.length },
    },
  );
}

interface Found {
  readonly path: string;
  readonly rows: number;
  readonly column: FileColumn;
  readonly group: Group;
}

function mixed(name: string, one: Found, other: Found): TsopsError {
  const texts = [one, other].find(({ group }) => group === "text");
  const others = texts === undefined ? 0 : texts.rows - texts.column.missing - texts.column.numberLike;
  const few =
    texts !== undefined && texts.column.numberLike > others
      ? ` Of its ${(texts.rows - texts.column.missing).toLocaleString("en-US")} texts, ${others.toLocaleString("en-US")} are nothing like numbers.`
      : "";
  return new TsopsError(
    "SCHEMA_MISMATCH",
    `Column "${name}" holds ${words[one.group]} in ${one.path} and ${words[other.group]} in ${other.path}, which cannot be compared.${few}`,
    {
      hint: "Correct the file, or name the other columns with --columns.",
      details: { column: name, kinds: { [one.path]: one.column.kind, [other.path]: other.column.kind } },
    },
  );
}
