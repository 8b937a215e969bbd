import { type Command, Option } from "commander";
import { type DecisionsCommandOptions, decisionKinds, decisionsCommand } from "./decisions.ts";
import type { CommandIo } from "./session.ts";
import { wholeNumber } from "./whole-number.ts";

/** Adds `tsops decisions` to the program. */
export function addDecisions(program: Command, io: CommandIo, exit: (code: number) => void): void {
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
    .option("--home <folder>", "the home to read (default: that of the configuration, else .tsops)")
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
      exit(await decisionsCommand(io, id, command.optsWithGlobals<DecisionsCommandOptions>()));
    });
}
