import { Command, CommanderError, Option } from "commander";
import type { DecisionKind } from "../ports/decision-log.ts";
import { coreVersion } from "../version.ts";
import { type AirflowExportOptions, airflowExportCommand } from "./airflow.ts";
import { addAlerts } from "./alerts/add-alerts.ts";
import { decisionKinds, decisionsCommand } from "./decisions.ts";
import { errorData, errorText } from "./describe-error.ts";
import { doctorCommand } from "./doctor.ts";
import { addDrift } from "./drift/add-drift.ts";
import { exitCodeOf, exitCodes } from "./exit-codes.ts";
import { addForecast } from "./forecast/add-forecast.ts";
import { lineageCommand } from "./lineage.ts";
import { addQuality } from "./quality/add-quality.ts";
import { addReport } from "./report/add-report.ts";
import { requireOption } from "./require-option.ts";
import { type RunCommandOptions, runCommand } from "./run.ts";
import { type CommandIo, type GlobalOptions, writeResult } from "./session.ts";
import { type SyncCommandOptions, syncCommand } from "./sync.ts";
import { wholeNumber } from "./whole-number.ts";

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

function addRun(program: Command, io: CommandIo, exit: (code: number) => void): void {
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

function addLineage(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("lineage")
    .summary("walk from a served forecast back to its rows")
    .description(
      "Shows where a served forecast came from: model version, run, training set, versions of its tables.",
    )
    .argument("<prediction id>", "as returned with the forecast, or found in the prediction log")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops lineage 0197c1f0-7e3a
  $ tsops lineage 0197c1f0-7e3a --json`,
    )
    .action(async (predictionId: string, _: unknown, command: Command) => {
      exit(await lineageCommand(io, predictionId, command.optsWithGlobals<GlobalOptions>()));
    });
}

interface DecisionOptions extends GlobalOptions {
  readonly kind?: DecisionKind;
  readonly subject?: string;
  readonly verdict?: string;
  readonly limit: number;
  readonly since?: string;
}

function addDecisions(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("decisions")
    .summary("show what was decided, and why")
    .description(
      "Shows the newest automatic decisions, oldest first; with an id, explains that one from its evidence. --json gives every number behind them.",
    )
    .argument("[id]", "explain this decision; the beginning of its id is enough")
    .addOption(new Option("--kind <kind>", "only of this kind").choices(decisionKinds))
    .option("--subject <name>", "only about this model or deployment")
    .option("--verdict <verdict>", "only with this verdict: promote, reject, retrain, drift, alert, ...")
    .option("--limit <count>", "how many at most", wholeNumber, 20)
    .option("--since <when>", "not older than an instant (2012-06-01T00:00Z) or a time ago (7d)")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops decisions --since 30d
  $ tsops decisions --kind gate --subject bikes --limit 5
  $ tsops decisions --kind retrain --verdict retrain
  $ tsops decisions gate-3f2a91c             why, with the numbers
  $ tsops decisions --json | jq '.decisions[].evidence'`,
    )
    .action(async (id: string | undefined, _: unknown, command: Command) => {
      exit(await decisionsCommand(io, id, command.optsWithGlobals<DecisionOptions>()));
    });
}

function addAirflow(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("airflow")
    .summary("hand pipelines to Airflow")
    .description("Hands pipelines to Airflow.")
    .command("export")
    .summary("write a DAG file for each pipeline")
    .description(
      "Writes a Python file for each pipeline of the configurations, and the bundle that its tasks run. Equal definitions give equal files.",
    )
    .argument("[configurations...]", "files that export a configuration (default: the one in use)")
    .option("--out <folder>", "Airflow's folder of DAG files (required)")
    .option("--check", "write nothing; exit with 1 when a file is missing or differs")
    .option("--node <program>", "Node.js as the worker finds it (default: node on its PATH)")
    .option("--external <package...>", "packages with native parts, left outside the bundle")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops airflow export --out dags
  $ tsops airflow export pipelines/*.ts --out dags --check`,
    )
    .action(async (configurations: string[], _: unknown, command: Command) => {
      requireOption(command, "out");
      exit(await airflowExportCommand(io, configurations, command.optsWithGlobals<AirflowExportOptions>()));
    });
}

function addSync(program: Command, io: CommandIo, exit: (code: number) => void): void {
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

function addDoctor(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("doctor")
    .summary("look whether everything is in place")
    .description("Looks at Node.js, the packages, the configuration, and whether all that it wires answers.")
    .addHelpText("after", "\nExits with 1 when something is wrong, and says what to do about it.")
    .action(async (_: unknown, command: Command) => {
      exit(await doctorCommand(io, command.optsWithGlobals<GlobalOptions>()));
    });
}
