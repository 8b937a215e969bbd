import { Argument, type Command, Option } from "commander";
import type { CommandIo } from "../session.ts";
import { wholeNumber } from "../whole-number.ts";
import {
  type AlertAction,
  type AlertsCommandOptions,
  alertActions,
  alertStatuses,
  alertsCommand,
} from "./command.ts";

/** Adds `tsops alerts` to the program. */
export function addAlerts(program: Command, io: CommandIo, exit: (code: number) => void): void {
  program
    .command("alerts")
    .summary("show alert messages that could not be delivered, send them again or drop them")
    .description(
      "Lists messages of the outbox that were given up (parked), sends them again or drops them. Sending is done by deliverAlerts() of the app, which knows the channels: the command puts them back in the queue.",
    )
    .addArgument(new Argument("[action]", "what to do").choices(alertActions).default("list"))
    .argument("[ids...]", "which messages; the beginning of an id is enough")
    .option("--all", "send or drop all parked messages")
    .option("--channel <name>", "only of this channel")
    .addOption(new Option("--status <status>", "list these").choices(alertStatuses).default("parked"))
    .option("--limit <count>", "list how many at most", wholeNumber, 20)
    .addOption(new Option("--fail-on <what>", "exit with 2 when a message is parked").choices(["parked"]))
    .option("--home <folder>", "home of the outbox (default: that of the configuration, or .tsops here)")
    .addHelpText(
      "after",
      `
Examples:
  $ tsops alerts                              what is parked, and why
  $ tsops alerts --status all --channel on-call
  $ tsops alerts send alert-5f0c              try it again
  $ tsops alerts drop --all --channel old     nobody reads that channel any more
  $ tsops alerts --fail-on parked --json      for a check in a pipeline`,
    )
    .action(async (action: AlertAction, ids: readonly string[], _: unknown, command: Command) => {
      exit(await alertsCommand(io, action, ids, command.optsWithGlobals<AlertsCommandOptions>()));
    });
}
