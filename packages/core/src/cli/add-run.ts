import { type Command, Option } from "commander";
import { type RunCommandOptions, runCommand } from "./run.ts";
import type { CommandIo } from "./session.ts";

/** Adds `tsops run` to the program. */
export function addRun(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("run")
    .summary("run a pipeline for one data interval")
    .description(
      "Runs a pipeline for one data interval: by default the last one that is due. An interval that succeeded before is not run again; one that was interrupted goes on after its last finished step.",
    )
    .argument("<pipeline>", "name of the pipeline")
    .argument("[step]", "run this step (or hook) only; those before it must have finished")
    .addOption(
      new Option("--interval <start/end>", "data interval, e.g. 2011-07-01T00:00Z/1d").conflicts("at"),
    )
    .option("--at <instant>", "the last interval that was due at this instant")
    .option("--partition <name>", "partition of a partitioned pipeline")
    .addOption(
      new Option(
        "--force",
        "run it again from the first step although it has finished, or although the schedule has no such interval",
      ).conflicts("resume"),
    )
    .option("--resume", "go on with a failed run from the step that failed")
    .option(
      "--events <json>",
      "what started the run: a list of { asset, at, extra }; by default the ledger's events since the run before",
    )
    .option("--no-wait", "do not wait for retries or for another process: exit with 75")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops run daily                                          the last interval that is due
  $ tsops run daily --at 2011-07-02T06:00Z                   the last one that was due then
  $ tsops run daily --interval 2011-07-01T00:00Z/1d          this one
  $ tsops run daily train --interval 2011-07-01T00:00Z/1d    one step of it, as a task of Airflow does
  $ tsops run daily --interval 2011-07-01T00:00Z/1d --force  again, from the first step
  $ tsops run daily --json | tail -1                         the outcome as JSON`,
    )
    .action(async (pipeline: string, step: string | undefined, _: unknown, command: Command) => {
      exit(await runCommand(io, pipeline, step, command.optsWithGlobals<RunCommandOptions>()));
    });
}
