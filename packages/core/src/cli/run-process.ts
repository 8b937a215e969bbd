import type { TsopsConfig } from "./config.ts";
import { exitCodes } from "./exit-codes.ts";
import { runProgram } from "./program.ts";

/**
 * Runs the `tsops` command with this process's arguments, and ends the process with its exit code.
 * @param config - A configuration that is part of the program, as in a bundle; the command then works in the working directory.
 */
export async function runProcess(config?: TsopsConfig): Promise<never> {
  // A reader that has seen enough (head, less) is no failure.
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code === "EPIPE") process.exit(exitCodes.done);
    throw error;
  });

  const controller = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const)
    process.on(signal, () => {
      // The first asks the work to stop and lets it record where it was; the second does not ask.
      if (controller.signal.aborted) process.exit(exitCodes.failed);
      controller.abort(new Error(`The process was asked to stop by ${signal}.`));
    });

  // A step that is cut short may still fail somewhere; how the command ends is decided already.
  process.on("unhandledRejection", (error) => {
    if (!controller.signal.aborted) throw error;
  });

  const code = await runProgram(process.argv.slice(2), {
    cwd: process.cwd(),
    enter: (directory) => process.chdir(directory),
    stdout: process.stdout,
    stderr: process.stderr,
    signal: controller.signal,
    ...(config === undefined ? {} : { config }),
  });

  // Whatever a configuration left open must not keep the command alive; output that is still on its way must get out.
  for (const stream of [process.stdout, process.stderr])
    await new Promise<void>((resolve) => {
      stream.write("", () => resolve());
    });
  return process.exit(code);
}
