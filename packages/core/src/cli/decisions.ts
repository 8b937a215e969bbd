import type { DecisionKind, DecisionRecord } from "../ports/decision-log.ts";
import { formatInstant } from "../time/instant.ts";
import { exitCodes } from "./exit-codes.ts";
import { type CommandIo, type GlobalOptions, withSession, writeResult } from "./session.ts";
import { when } from "./when.ts";

/** Kinds that `--kind` takes. */
export const decisionKinds: readonly DecisionKind[] = [
  "gate",
  "promotion",
  "rollback",
  "drift",
  "retrain",
  "alert",
];

/** Options of `tsops decisions`. */
export interface DecisionsCommandOptions extends GlobalOptions {
  readonly kind?: DecisionKind;
  readonly subject?: string;
  readonly limit: number;
  readonly since?: string;
}

/** `tsops decisions`: the newest decisions, oldest first. */
export async function decisionsCommand(io: CommandIo, options: DecisionsCommandOptions): Promise<number> {
  return withSession(io, options, async (session) => {
    const { kind, subject, since } = options;
    const found = await (await session.contract("decisions")).list({
      ...(kind === undefined ? {} : { kind }),
      ...(subject === undefined ? {} : { subject }),
      ...(since === undefined ? {} : { from: when("--since", since, session.clock.now()) }),
      signal: io.signal,
    });
    const shown = found.slice(-options.limit);
    const data = shown.map((decision) => ({ ...decision, time: formatInstant(decision.time) }));
    writeResult(io, options, { decisions: data, total: found.length }, decisionsText(shown, found.length));
    return exitCodes.done;
  });
}

function decisionsText(shown: readonly DecisionRecord[], total: number): string {
  if (shown.length === 0) return "No decisions.";
  const lines = shown.map(
    ({ time, kind, subject, verdict, reason, requestedBy }) =>
      `${formatInstant(time)}  ${kind}  ${subject}  ${verdict}\n  ${reason}\n  asked by ${requestedBy}`,
  );
  if (shown.length < total) lines.unshift(`The newest ${shown.length} of ${total} decisions:`);
  return lines.join("\n");
}
