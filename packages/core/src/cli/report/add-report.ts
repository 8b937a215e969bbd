import { type Command, InvalidArgumentError } from "commander";
import { durationMicros } from "../../time/duration.ts";
import type { CommandIo } from "../session.ts";
import { reportCommand } from "./command.ts";
import type { ReportCommandOptions, WatchCommandOptions } from "./options.ts";
import { watchCommand } from "./watch.ts";

/** Adds `tsops report` and `tsops watch` to the program. */
export function addReport(program: Command, io: CommandIo, exit: (code: number) => void): void {
  aboutOneDeployment(program.command("report"))
    .summary("show how a deployment does, as one HTML file")
    .description(
      "Writes one HTML file about a deployment: forecasts beside outcomes, error, coverage, calibration, drift, quality, lineage, decisions. It needs no network. What is not said is guessed, and told on stderr. Needs @tsops/store and @tsops/monitor, and @observablehq/plot and linkedom to draw.",
    )
    .option("--out <file>", "the page to write (default: report.html; none with --json)")
    .option("--open", "open it in the browser")
    .addHelpText(
      "after",
      `
With --json the same data are the result; see docs/how-to/report.md for its form.

Examples:
  $ tsops report --open
  $ tsops report --home .tsops --deployment bike-demand --from 90d --out bikes.html
  $ tsops report --json | jq '.report.calibration'`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await reportCommand(io, command.optsWithGlobals<ReportCommandOptions>()));
    });
  aboutOneDeployment(program.command("watch"))
    .summary("show how a deployment does, on a page that follows the data")
    .description(
      "Serves the page of tsops report on this machine only (127.0.0.1), and has it follow what comes in. Ends with Ctrl-C. Needs the same packages.",
    )
    .option("--port <number>", "port to listen on; 0 takes a free one", portNumber, 4321)
    .option("--every <duration>", "how often to look for news", interval, "10s")
    .option("--open", "open it in the browser")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops watch --open
  $ tsops watch --home .tsops --deployment bike-demand --port 0 --every 2s`,
    )
    .action(async (_: unknown, command: Command) => {
      exit(await watchCommand(io, command.optsWithGlobals<WatchCommandOptions>()));
    });
}

function aboutOneDeployment(command: Command): Command {
  return command
    .option("--home <folder>", "the home to read (default: that of the configuration, else .tsops)")
    .option("--deployment <name>", "which deployment (default: the only one)")
    .option(
      "--from <when>",
      "forecasts and decisions from an instant on (2012-06-01T00:00Z), or a time ago (90d)",
    )
    .option("--to <when>", "and before this one")
    .option("--table <name>", "table that the outcomes come into")
    .option("--target <column>", "its column that is predicted")
    .option(
      "--zone <zone>",
      "zone or offset of the clock that people read (default: that of the table's times)",
    );
}

function portNumber(text: string): number {
  const value = text.trim() === "" ? Number.NaN : Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new InvalidArgumentError("It must be a whole number from 0 to 65535.");
}

function interval(text: string): string {
  let micros: bigint;
  try {
    micros = durationMicros(text);
  } catch {
    throw new InvalidArgumentError("It must be a duration: 10s, 5m.");
  }
  if (micros >= 100_000n && micros <= 86_400_000_000n) return text;
  throw new InvalidArgumentError("It must be at least 100ms and at most 1d.");
}
