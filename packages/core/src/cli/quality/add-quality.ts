import { type Command, Option } from "commander";
import type { CommandIo } from "../session.ts";
import { decimalOption, names } from "../table-file/option-values.ts";
import { qualityCommand } from "./command.ts";
import type { QualityCommandOptions } from "./options.ts";

/** Adds `tsops quality` to the program. */
export function addQuality(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("quality")
    .summary("look for what is wrong with the rows of a file")
    .description(
      "Looks for gaps, duplicates, frozen values, other units, clocks that jumped and more in a file; with a reference also for what differs from it: columns, keys, ranges, rates of change. What is not said is guessed, and told on stderr. Needs @tsops/store to read files, and @tsops/monitor to check.",
    )
    .argument("<file>", "rows, as .csv, .tsv (also .gz) or .parquet")
    .option("--reference <file>", "rows that are taken for sound: rules are learnt of them")
    .option("--rules <file>", "rules as --write-rules wrote them, in .json")
    .option("--write-rules <file>", "write the rules of the reference, else of the file itself, as .json")
    .option("--time <column>", "column of times")
    .option("--time-format <form>", "form of times that are not ISO 8601: %d.%m.%Y, or unix, unix-ms")
    .option("--key <columns>", "columns that tell several series apart, with commas between", names)
    .option("--freq <frequency>", "how often each series has a row: 15m, 1h, 1d, 1mo", "auto")
    .option("--zone <zone>", "zone or offset of times without one, and whose clocks days follow")
    .addOption(decimalOption())
    .option("--now <instant>", "the present, or the word now: finds stale series and rows from the future")
    .option("--max-age <duration>", "a series whose latest row is older is stale, e.g. 25h")
    .addOption(
      new Option("--fail-on <severity>", "exit with 2 on an error, or on a warning too").choices([
        "error",
        "warning",
      ]),
    )
    .addHelpText(
      "after",
      `
Exits with 2 when --fail-on finds something, with 64 when the command line is wrong, with 1 when the file cannot be read.

Examples:
  $ tsops quality sales.csv
  $ tsops quality today.parquet --reference last-month.parquet --fail-on error
  $ tsops quality last-month.parquet --write-rules rules.json
  $ tsops quality today.parquet --rules rules.json --now now --json | jq '.findings[].sentence'`,
    )
    .action(async (path: string, _: unknown, command: Command) => {
      exit(await qualityCommand(io, path, command.optsWithGlobals<QualityCommandOptions>()));
    });
}
