import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { TsopsError } from "../../errors.ts";
import { toMicros } from "../../time/instant.ts";
import { writeWhole } from "../../write-whole.ts";
import { exitCodes } from "../exit-codes.ts";
import { loadCompanion } from "../load-companion.ts";
import { type CommandIo, writeResult } from "../session.ts";
import { checkTargets } from "../table-file/check-targets.ts";
import { collectGuesses, type Guesses } from "../table-file/guessed.ts";
import type { TableFiles } from "../table-file/table-files.ts";
import type { CheckQuality, FoundQuality, LearnQuality, LearntRules } from "./companions.ts";
import type { QualityCommandOptions } from "./options.ts";
import { type QualityReport, qualityData, qualityText } from "./quality-report.ts";
import { type FileRows, type KnownRoles, readRows } from "./read-rows.ts";

/** What the command works with. */
interface Work {
  readonly io: CommandIo;
  readonly options: QualityCommandOptions;
  readonly tableFiles: TableFiles;
  readonly learnQuality: LearnQuality;
  readonly checkQuality: CheckQuality;
  readonly guesses: Guesses;
  at(name: string): string;
}

/** `tsops quality <file>`: what is wrong with the rows of a file. */
export async function qualityCommand(
  io: CommandIo,
  path: string,
  options: QualityCommandOptions,
): Promise<number> {
  checkUse(options);
  // Messages name files as they were given.
  const at = (name: string) => (io.cwd === process.cwd() ? name : resolve(io.cwd, name));
  const inputs = [path, ...[options.reference, options.rules].filter((name) => name !== undefined)];
  const { writeRules } = options;
  await checkTargets(
    io.cwd,
    inputs,
    writeRules === undefined ? [] : [{ option: "--write-rules", name: writeRules, extensions: [".json"] }],
  );
  const notes: string[] = [];
  const tell = (line: string) => {
    io.stderr.write(`${line}\n`);
  };
  const { tableFiles } = await loadCompanion("tsops quality", "@tsops/store/files", io.cwd);
  const { learnQuality, checkQuality } = await loadCompanion("tsops quality", "@tsops/monitor", io.cwd);
  const work: Work = {
    io,
    options,
    tableFiles,
    learnQuality,
    checkQuality,
    guesses: collectGuesses(tell),
    at,
  };
  const rules = await rulesOf(work);
  const rows = await read(work, path, rules);
  if (rows.unread.length > 0)
    notes.push(`columns that hold no plain values are left out: ${rows.unread.join(", ")}`);
  for (const note of notes) tell(note);
  const own = learn(work, rows);
  const findings = check(work, rows, rules, own);
  if (writeRules !== undefined)
    await writeWhole(at(writeRules), `${JSON.stringify(rules ?? own, null, 2)}\n`);
  const report: QualityReport = {
    file: path,
    reference: options.reference ?? null,
    rules: options.rules ?? null,
    wroteRules: writeRules ?? null,
    rows: rows.columns.length,
    series: own.reference.series,
    findings,
    guessed: work.guesses.list,
    notes,
    placeOf: rows.placeOf,
  };
  writeResult(io, options, options.json === true ? qualityData(report) : null, qualityText(report));
  return isFailure(findings, options) ? exitCodes.drift : exitCodes.done;
}

/** @throws TsopsError CONFIG_INVALID for options that do not go together */
function checkUse({ reference, rules, maxAge, now }: QualityCommandOptions): void {
  if (reference !== undefined && rules !== undefined)
    throw new TsopsError("CONFIG_INVALID", "--reference and --rules both say what is expected.", {
      hint: "Give one: --reference learns rules of a file, --rules reads those that --write-rules wrote.",
    });
  if (maxAge !== undefined && now === undefined)
    throw new TsopsError("CONFIG_INVALID", "--max-age needs to know the present.", {
      hint: "Say --now, e.g. --now 2024-03-01T06:00Z, or --now now for the clock of this machine.",
    });
}

async function read(
  { io, options, tableFiles, guesses, at }: Work,
  path: string,
  known: KnownRoles | null,
): Promise<FileRows> {
  await using file = await tableFiles.open(at(path), { signal: io.signal, decimal: options.decimal });
  return await readRows(path, file, options, known, guesses, io.signal);
}

function learn({ options, learnQuality }: Work, { columns, table, zone }: FileRows): LearntRules {
  return learnQuality(columns, {
    table,
    zone,
    ...(options.freq === "auto" ? {} : { frequency: options.freq }),
  });
}

/** Rules of the reference, or of a file of rules; null where there is none. */
async function rulesOf(work: Work): Promise<LearntRules | null> {
  const { options, at } = work;
  if (options.reference !== undefined) return learn(work, await read(work, options.reference, null));
  if (options.rules === undefined) return null;
  let text: string;
  try {
    text = await readFile(at(options.rules), "utf8");
  } catch (cause) {
    throw new TsopsError("STORE_NOT_FOUND", `There is no file ${options.rules} of rules.`, {
      hint: "Write one with tsops quality <file> --write-rules rules.json.",
      cause,
    });
  }
  try {
    const rules = JSON.parse(text) as LearntRules;
    if (
      typeof rules?.eventTime === "string" &&
      Array.isArray(rules.keys) &&
      typeof rules.columns === "object"
    )
      return rules;
  } catch (cause) {
    throw new TsopsError("CONFIG_INVALID", `${options.rules} is no JSON.`, {
      hint: "Look at the place that the cause names.",
      cause,
    });
  }
  throw new TsopsError("CONFIG_INVALID", `${options.rules} holds no rules.`, {
    hint: "Write one with tsops quality <file> --write-rules rules.json.",
  });
}

function check(
  { options, checkQuality, guesses }: Work,
  { columns, table, zone }: FileRows,
  rules: LearntRules | null,
  own: LearntRules,
): FoundQuality[] {
  const { freq, now, maxAge } = options;
  // A grid that begins beside whole steps would make every row one beside the grid.
  const guessed = rules === null && own.origin === null ? own.frequency : null;
  if (freq === "auto" && guessed !== null)
    guesses.add("frequency", guessed, "most rows are so far apart", "--freq");
  const frequency = freq === "auto" ? guessed : freq;
  return checkQuality(columns, {
    table,
    zone,
    ...(rules === null ? {} : { rules }),
    ...(frequency === null ? {} : { frequency }),
    ...(now === undefined
      ? {}
      : { now: now === "now" ? BigInt(Date.now()) * 1000n : toMicros(now, { zone }) }),
    ...(maxAge === undefined ? {} : { maxAge }),
    optionNames: { maxAge: "--max-age" },
  });
}

function isFailure(findings: readonly FoundQuality[], { failOn }: QualityCommandOptions): boolean {
  if (failOn === undefined) return false;
  return findings.some(
    ({ severity }) => severity === "error" || (failOn === "warning" && severity === "warning"),
  );
}
