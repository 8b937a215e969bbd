import { Command, CommanderError } from "commander";
import { coreVersion } from "../version.ts";
import { addAirflow } from "./add-airflow.ts";
import { addDecisions } from "./add-decisions.ts";
import { addDoctor } from "./add-doctor.ts";
import { addLineage } from "./add-lineage.ts";
import { addRun } from "./add-run.ts";
import { addSync } from "./add-sync.ts";
import { addAlerts } from "./alerts/add-alerts.ts";
import { errorData, errorText } from "./describe-error.ts";
import { addDrift } from "./drift/add-drift.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { addForecast } from "./forecast/add-forecast.ts";
import { addQuality } from "./quality/add-quality.ts";
import { addReport } from "./report/add-report.ts";
import { type CommandIo, type GlobalOptions, writeResult } from "./session.ts";

/**
 * Runs the `tsops` command.
 * @param argv - Arguments without those of Node.
 * @returns The exit code.
 */
export async function runProgram(argv: readonly string[], io: CommandIo): Promise<number> {
  let code: number = exitCodes.done;
  const program = createProgram(io, (found) => {
    code = found;
  });
  try {
    await program.parseAsync(argv, { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.done : exitCodes.usage;
    io.stderr.write(`${errorText(error)}\n`);
    const options: GlobalOptions = program.opts();
    if (options.json === true) writeResult(io, options, { error: errorData(error) }, "");
    return exitCodeOf(error);
  }
}

function createProgram(io: CommandIo, exit: (code: number) => void): Command {
  const program = new Command("tsops")
    .description(
      "Trains, serves and watches time-series models: runs pipelines and reads what they recorded.",
    )
    .version(coreVersion())
    .option("--json", "print the result as one line of JSON, the last of stdout")
    .option("--config <path>", "configuration (default: tsops.config.ts here or in a folder above)")
    .exitOverride()
    .showHelpAfterError("(tsops --help shows examples)")
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text),
    })
    .addHelpText("after", generalHelp);
  // Subcommands inherit how the program exits and writes only when they are made by it.
  addForecast(program, io, exit);
  addDrift(program, io, exit);
  addQuality(program, io, exit);
  addReport(program, io, exit);
  addRun(program, io, exit);
  addLineage(program, io, exit);
  addDecisions(program, io, exit);
  addAlerts(program, io, exit);
  addAirflow(program, io, exit);
  addSync(program, io, exit);
  addDoctor(program, io, exit);
  return program;
}

const generalHelp = `
Begin with:
  $ tsops forecast sales.csv --horizon 12 a file of rows in, a forecast out
  $ tsops drift january.csv february.csv  has anything changed but the season
  $ tsops quality sales.csv               what is wrong with the rows
  $ tsops report --open                   how a deployment does, as a page
  $ tsops doctor                          look whether everything is in place
  $ tsops run daily                       run the last interval of "daily" that is due
  $ tsops decisions --since 7d            what was decided, and why
  $ tsops alerts                          messages that could not be delivered
  $ tsops lineage <prediction id>         from a served forecast back to its rows

Results go to stdout, logs and progress to stderr. Exit codes:
   0  done, now or before
   1  failed
   2  there is drift, a finding or a parked message, and --fail-on asked
  64  the command line or the configuration is wrong
  75  run it again later: someone else is at work, a retry is not due, or it was stopped
  99  the run was left out

The configuration is a TypeScript file; it needs no build:
  import { defineConfig } from "@tsops/core";
  import { openHome } from "@tsops/store";
  export default defineConfig({
    home: () => openHome("./.tsops"),
    pipelines: (home) => [daily(home)],
  });`;
