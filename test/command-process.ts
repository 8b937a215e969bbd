import { runProgram } from "../packages/core/src/cli/program.ts";

// A process that runs the `tsops` command for its parent, again and again: starting one for each command takes longer than most of them.
process.on("message", async (argv: readonly string[]) => {
  const written = { stdout: "", stderr: "" };
  const stream = (name: "stdout" | "stderr") => ({
    write(text: string) {
      written[name] += text;
      return true;
    },
  });
  const code = await runProgram(argv, {
    cwd: process.cwd(),
    enter: (directory) => process.chdir(directory),
    stdout: stream("stdout") as NodeJS.WriteStream,
    stderr: stream("stderr") as NodeJS.WriteStream,
    signal: new AbortController().signal,
  });
  process.send?.({ code, ...written });
});
