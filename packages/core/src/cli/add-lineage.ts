import type { Command } from "commander";
import { type LineageCommandOptions, lineageCommand } from "./lineage.ts";
import type { CommandIo } from "./session.ts";

/** Adds `tsops lineage` to the program. */
export function addLineage(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("lineage")
    .summary("walk from a served forecast back to its rows")
    .description(
      "Shows where a served forecast came from: model version, run, training set, versions of its tables.",
    )
    .argument("<prediction id>", "as returned with the forecast, or found in the prediction log")
    .option("--home <folder>", "the home to read (default: that of the configuration, else .tsops)")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops lineage 0197c1f0-7e3a
  $ tsops lineage 0197c1f0-7e3a --json`,
    )
    .action(async (predictionId: string, _: unknown, command: Command) => {
      exit(await lineageCommand(io, predictionId, command.optsWithGlobals<LineageCommandOptions>()));
    });
}
