import type { Command } from "commander";
import { requireOption } from "./require-option.ts";
import type { CommandIo } from "./session.ts";
import { type SyncCommandOptions, syncCommand } from "./sync.ts";

/** Adds `tsops sync` to the program. */
export function addSync(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("sync")
    .summary("copy runs and models to a server")
    .description(
      "Copies the runs that were tracked, with their original times, files and models, and the registered versions with their aliases. Only what is new is copied; after it was stopped, the next call goes on.",
    )
    .option("--to <name>", "one of the places of syncTo in the configuration (required)")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops sync --to mlflow           with syncTo: { mlflow: () => ({ tracker, registry }) } in the configuration
  $ tsops sync --to mlflow --json`,
    )
    .action(async (_: unknown, command: Command) => {
      requireOption(command, "to");
      exit(await syncCommand(io, command.optsWithGlobals<SyncCommandOptions>()));
    });
}
