import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { closest } from "../../did-you-mean.ts";
import { TsopsError } from "../../errors.ts";
import { listSome } from "../../forecast/panel/rows.ts";
import type { ModelVersion } from "../../ports/registry.ts";
import type { Table } from "../../schema/table.ts";
import type { Guesses } from "../table-file/guessed.ts";
import type { OpenStoredTable, StoredTable } from "./companions.ts";
import type { ReportOptions } from "./options.ts";
import type { Served } from "./served.ts";

/** Where the outcomes of a deployment are. */
export interface Outcomes {
  readonly table: StoredTable;
  readonly definition: Table;
  readonly target: string;
  readonly unit: string | undefined;
  /** The zone that the table's times are written in. */
  readonly zone: string | undefined;
}

interface Candidate {
  readonly table: StoredTable;
  readonly definition: Table;
}

/**
 * Finds the table that outcomes come into, and the column that is predicted. Not said, it is the table that the model learned from and no feature does, and its only column of
 * numbers.
 * @throws TsopsError STORE_NOT_FOUND (no table), CONFIG_INVALID (several that it may be, or one with other keys), COLUMN_NOT_FOUND
 */
export async function openOutcomes(
  tablesPath: string,
  openTable: OpenStoredTable,
  { deployment, keys, featureTables }: Served,
  champion: ModelVersion | undefined,
  options: Pick<ReportOptions, "table" | "target">,
  guesses: Guesses,
): Promise<Outcomes> {
  const names = await tableNames(tablesPath);
  if (options.table !== undefined && !names.includes(options.table))
    throw noTable(options.table, names, tablesPath);
  const learned = champion?.lineage?.trainingSet?.tables.map(({ table }) => table) ?? [];
  const likely = learned.filter((name) => names.includes(name) && !featureTables.has(name));
  const asked = options.table === undefined ? (likely.length > 0 ? likely : names) : [options.table];
  const candidates = await openCandidates(tablesPath, openTable, asked);
  try {
    const fitting = candidates.filter(
      ({ definition }) =>
        sameNames(definition.keys, keys) &&
        (options.target === undefined || Object.hasOwn(definition.columns, options.target)),
    );
    const [chosen] = fitting;
    if (chosen === undefined) throw noneFits(candidates, keys, options, tablesPath);
    if (fitting.length > 1) throw severalFit(deployment, fitting);
    if (options.table === undefined)
      guesses.add(
        "table of outcomes",
        chosen.definition.name,
        likely.length > 0 ? "the model learned from it, and no feature does" : "the only one with these keys",
        "--table",
      );
    const target = chooseTarget(chosen.definition, options.target, guesses);
    for (const one of candidates) if (one !== chosen) await one.table.close();
    const { columns, eventTime } = chosen.definition;
    return { ...chosen, target, unit: columns[target]?.unit, zone: columns[eventTime]?.zone };
  } catch (error) {
    for (const { table } of candidates) await table.close();
    throw error;
  }
}

async function tableNames(tablesPath: string): Promise<readonly string[]> {
  const entries = await readdir(tablesPath, { withFileTypes: true }).catch(() => []);
  return entries
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort();
}

/** Tables with a definition. Folders that hold none, and tables of other tools that cannot be read, are passed over unless one is all that was asked for. */
async function openCandidates(
  tablesPath: string,
  openTable: OpenStoredTable,
  names: readonly string[],
): Promise<readonly Candidate[]> {
  const found: Candidate[] = [];
  try {
    for (const name of names) {
      const table = await openTable(join(tablesPath, name)).catch((error: unknown) => {
        const isNone = TsopsError.is(error, "STORE_NOT_FOUND") || TsopsError.is(error, "STORE_UNSUPPORTED");
        if (isNone && names.length > 1) return null;
        throw error;
      });
      const definition = (await table?.snapshot())?.definition ?? null;
      if (table !== null && definition !== null) found.push({ table, definition });
      else await table?.close();
    }
    return found;
  } catch (error) {
    for (const { table } of found) await table.close();
    throw error;
  }
}

function sameNames(left: readonly string[], right: readonly string[]): boolean {
  return left.length === right.length && left.every((name) => right.includes(name));
}

function chooseTarget({ name, columns }: Table, asked: string | undefined, guesses: Guesses): string {
  const numbers = Object.entries(columns)
    .filter(
      ([column, { kind }]) => (kind === "float64" || kind === "int64") && !column.startsWith("_ingest_"),
    )
    .map(([column]) => column);
  if (asked !== undefined) {
    if (columns[asked] !== undefined && ["float64", "int64", "bool"].includes(columns[asked].kind))
      return asked;
    throw new TsopsError("COLUMN_NOT_FOUND", `Column "${asked}" of table "${name}" holds no numbers.`, {
      hint: `Name one of ${listSome(numbers)} with --target.`,
    });
  }
  const [only] = numbers;
  if (only === undefined || numbers.length > 1)
    throw new TsopsError(
      "CONFIG_INVALID",
      only === undefined
        ? `Table "${name}" has no column of numbers that could be predicted.`
        : `Table "${name}" has ${numbers.length} columns of numbers, and one of them is predicted: ${listSome(numbers)}.`,
      {
        hint: only === undefined ? "Name another table with --table." : "Name it: --target <column>.",
        details: { numbers },
      },
    );
  guesses.add("target", only, "the only column of numbers", "--target");
  return only;
}

function noTable(asked: string, names: readonly string[], tablesPath: string): TsopsError {
  const near = closest(asked, names);
  return new TsopsError("STORE_NOT_FOUND", `There is no table "${asked}" in ${tablesPath}.`, {
    hint:
      near === null ? `It has ${names.length === 0 ? "none" : listSome(names)}.` : `Did you mean "${near}"?`,
    details: { tables: names },
  });
}

function noneFits(
  candidates: readonly Candidate[],
  keys: readonly string[],
  { table, target }: Pick<ReportOptions, "table" | "target">,
  tablesPath: string,
): TsopsError {
  const series = keys.length === 0 ? "no key" : `the key ${listSome(keys)}`;
  const [only] = candidates;
  if (table !== undefined && only !== undefined && !sameNames(only.definition.keys, keys))
    return new TsopsError(
      "CONFIG_INVALID",
      `Table "${table}" has ${only.definition.keys.length === 0 ? "no key" : `the key ${listSome(only.definition.keys)}`}, and the forecasts have ${series}.`,
      { hint: "Name the table that the outcomes come into." },
    );
  return new TsopsError(
    target === undefined ? "STORE_NOT_FOUND" : "COLUMN_NOT_FOUND",
    `No table in ${tablesPath} has ${series}${target === undefined ? "" : ` and a column "${target}"`}, so there are no outcomes to hold the forecasts against.`,
    {
      hint: "Append outcomes to a table of the home whose keys are those of the forecasts, or name it with --table.",
      details: { tables: candidates.map(({ definition }) => definition.name) },
    },
  );
}

function severalFit(deployment: string, fitting: readonly Candidate[]): TsopsError {
  const names = fitting.map(({ definition }) => definition.name);
  return new TsopsError(
    "CONFIG_INVALID",
    `The outcomes of "${deployment}" may be in ${names.length} tables: ${listSome(names)}.`,
    { hint: "Name it: --table <name>, and the column with --target.", details: { tables: names } },
  );
}
