import { TsopsError } from "../../errors.ts";
import { quoted } from "../quoted.ts";
import { formatOfTimes, guessTime, refuseNoTable } from "../table-file/choose-time.ts";
import { ambiguous, byName, findColumn } from "../table-file/find-column.ts";
import { guessKeys } from "../table-file/guess-keys.ts";
import type { Guesses } from "../table-file/guessed.ts";
import type { FileColumn, TableFile } from "../table-file/table-files.ts";

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

const targetNames = ["y", "target", "value"];

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
  refuseNoTable(path, file, options.time !== undefined);
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
