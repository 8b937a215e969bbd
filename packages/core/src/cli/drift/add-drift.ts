import { type Command, InvalidArgumentError, Option } from "commander";
import type { CommandIo } from "../session.ts";
import { decimalOption, frequencyOption, names, seasons } from "../table-file/option-values.ts";
import { driftCommand } from "./command.ts";
import type { DriftCommandOptions } from "./options.ts";

/** Adds `tsops drift` to the program. */
export function addDrift(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("drift")
    .summary("test whether the rows of a file differ from those of another")
    .description(
      "Tests whether the columns of a file differ from those of a reference, beyond what season and autocorrelation explain; or those of one file, window by window. What is not said is guessed, and told on stderr. Needs @tsops/store to read files, and @tsops/monitor to test.",
    )
    .argument("<reference>", "reference, as .csv, .tsv (also .gz) or .parquet; with --windows the only file")
    .argument("[current]", "what is compared with it")
    .option("--time <column>", "column of times, or of whole numbers that count steps")
    .option(
      "--time-format <form>",
      "form of times that are not ISO 8601: %d.%m.%Y, or unix, unix-ms, quarter (2024-Q1), step",
    )
    .option("--key <columns>", "columns that tell several series apart, with commas between", names)
    .option("--columns <columns>", "columns to test, with commas between (default: all)", names)
    .addOption(frequencyOption())
    .option("--zone <zone>", "zone or offset of times without one, and whose clocks days follow")
    .addOption(decimalOption())
    .option(
      "--season <steps>",
      "seasons in steps, e.g. 24,168; 1 or none for no season",
      seasonsOrAuto,
      "auto",
    )
    .option("--alpha <share>", "false discoveries among the columns that are flagged", share, 0.05)
    .option("--windows <duration>", "test one file in windows of this length, e.g. 7d")
    .option("--reference <duration>", "length of the reference of a window (default: 4 windows)")
    .addOption(
      new Option(
        "--against <which>",
        "a window's reference: the rows right before it, or the first ones of the file",
      )
        .choices(["before", "first"])
        .default("before"),
    )
    .addOption(
      new Option(
        "--fail-on <what>",
        "exit with 2 on drift in any column or a column or series that is lost, or on that of the last window",
      ).choices(["drift", "last-window"]),
    )
    .option("--html <file>", "write a report as .html, which needs no network")
    .addHelpText(
      "after",
      `
Exits with 2 when --fail-on finds drift, with 64 when the command line is wrong, with 1 when a file is.

Examples:
  $ tsops drift january.csv february.csv --fail-on drift
  $ tsops drift train.parquet live.parquet --time ts --key shop --columns price,sold --html drift.html
  $ tsops drift rides.parquet --windows 7d --reference 28d --html drift.html
  $ tsops drift january.csv february.csv --json | jq '.columns[] | select(.drift)'`,
    )
    .action(async (reference: string, current: string | undefined, _: unknown, command: Command) => {
      const paths = current === undefined ? [reference] : [reference, current];
      exit(await driftCommand(io, paths, command.optsWithGlobals<DriftCommandOptions>()));
    });
}

function seasonsOrAuto(text: string): "auto" | readonly number[] {
  return text === "auto" ? "auto" : seasons(text);
}

function share(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (value > 0 && value < 1) return value;
  throw new InvalidArgumentError("It must lie between 0 and 1: 0.05.");
}
