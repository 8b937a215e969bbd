import type { Command } from "commander";
import { type AirflowExportOptions, airflowExportCommand } from "./airflow.ts";
import { requireOption } from "./require-option.ts";
import type { CommandIo } from "./session.ts";

/** Adds `tsops airflow` to the program. */
export function addAirflow(program: Command, io: CommandIo, exit: (code: number) => void): void {
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
