import { closest } from "../../did-you-mean.ts";
import { TsopsError } from "../../errors.ts";
import { quoted } from "../quoted.ts";
import type { FileColumn } from "./table-files.ts";

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

/** The first column that has one of the names, in whatever case; names that come first count more. */
export function byName(columns: readonly FileColumn[], names: readonly string[]): FileColumn | undefined {
  for (const name of names) {
    const found = columns.find((column) => column.name.toLowerCase() === name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** An error that names the columns that could be meant, and the option that says which. */
export function ambiguous(
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
