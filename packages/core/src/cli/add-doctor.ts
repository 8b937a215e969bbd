import type { Command } from "commander";
import { doctorCommand } from "./doctor.ts";
import type { CommandIo, GlobalOptions } from "./session.ts";

/** Adds `tsops doctor` to the program. */
export function addDoctor(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("doctor")
    .summary("look whether everything is in place")
    .description("Looks at Node.js, the packages, the configuration, and whether all that it wires answers.")
    .addHelpText("after", "\nExits with 1 when something is wrong, and says what to do about it.")
    .action(async (_: unknown, command: Command) => {
      exit(await doctorCommand(io, command.optsWithGlobals<GlobalOptions>()));
    });
}
