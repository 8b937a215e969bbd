import { closest } from "../did-you-mean.ts";
import { TsopsError } from "../errors.ts";
import type { DecisionKind, DecisionLog, DecisionRecord } from "../ports/decision-log.ts";
import { formatInstant } from "../time/instant.ts";
import { exitCodes } from "./exit-codes.ts";
import { explainDecision } from "./explain-decision.ts";
import { type CommandIo, type GlobalOptions, writeResult } from "./session.ts";
import { when } from "./when.ts";
import { withHome } from "./with-home.ts";

/** The verdicts of tsops' own decisions, by kind. */
const verdicts: Readonly<Record<DecisionKind, readonly string[]>> = {
  gate: ["promote", "reject"],
  experiment: ["promote", "keep", "undecided"],
  promotion: ["promoted"],
  rollback: ["rolled_back"],
  drift: ["drift", "no_drift", "untested"],
  retrain: ["retrain", "no_retrain"],
  alert: ["alert", "resolved", "silenced", "held", "undelivered"],
};

/** Kinds that `--kind` takes. */
export const decisionKinds = Object.keys(verdicts) as readonly DecisionKind[];

/** Options of `tsops decisions`. */
export interface DecisionsCommandOptions extends GlobalOptions {
  readonly kind?: DecisionKind;
  readonly subject?: string;
  readonly verdict?: string;
  readonly limit: number;
  readonly since?: string;
  readonly home?: string;
}

/** `tsops decisions`: the newest decisions, oldest first; with an id, one of them and what was behind it. */
export async function decisionsCommand(
  io: CommandIo,
  id: string | undefined,
  options: DecisionsCommandOptions,
): Promise<number> {
  return withHome("tsops decisions", io, options, async (session) => {
    const log = await session.contract("decisions");
    if (id !== undefined) {
      const found = await findDecision(log, id, io.signal);
      const data = { ...found, time: formatInstant(found.time), explanation: explainDecision(found) };
      writeResult(io, options, data, explanationText(found));
      return exitCodes.done;
    }
    const { kind, subject, verdict, since } = options;
    const found = await log.list({
      ...(kind === undefined ? {} : { kind }),
      ...(subject === undefined ? {} : { subject }),
      ...(verdict === undefined ? {} : { verdict }),
      ...(since === undefined ? {} : { from: when("--since", since, session.clock.now()) }),
      signal: io.signal,
    });
    if (found.length === 0 && verdict !== undefined)
      await refuseUnknownVerdict(log, verdict, kind, io.signal);
    const shown = found.slice(-options.limit);
    const data = shown.map((decision) => ({ ...decision, time: formatInstant(decision.time) }));
    writeResult(io, options, { decisions: data, total: found.length }, decisionsText(shown, found.length));
    return exitCodes.done;
  });
}

/** An app may have verdicts of its own, so what the log has is as good as tsops' own. @throws TsopsError CONFIG_INVALID */
async function refuseUnknownVerdict(
  log: DecisionLog,
  verdict: string,
  kind: DecisionKind | undefined,
  signal: AbortSignal,
): Promise<void> {
  const kept = await log.list({ ...(kind === undefined ? {} : { kind }), signal });
  const own = kind === undefined ? Object.values(verdicts).flat() : verdicts[kind];
  const known = [...new Set([...own, ...kept.map((decision) => decision.verdict)])];
  if (known.includes(verdict)) return;
  const near = closest(verdict, known);
  throw new TsopsError(
    "CONFIG_INVALID",
    `${kind === undefined ? "No decision has" : `No decision of the kind ${kind} has`} the verdict "${verdict}".`,
    { hint: `${near === null ? "" : `Did you mean "${near}"? `}There are ${known.join(", ")}.` },
  );
}

/** By its id, or by the beginning of it where that names one decision. @throws TsopsError DECISION_NOT_FOUND */
async function findDecision(log: DecisionLog, id: string, signal: AbortSignal): Promise<DecisionRecord> {
  const exact = (await log.list({ id, signal })).find((decision) => decision.id === id);
  if (exact !== undefined) return exact;
  const begun = (await log.list({ signal })).filter((decision) => decision.id.startsWith(id));
  const [only] = begun;
  if (only !== undefined && begun.length === 1) return only;
  throw new TsopsError(
    "DECISION_NOT_FOUND",
    begun.length === 0
      ? `There is no decision "${id}".`
      : `${begun.length} decisions have ids that begin with "${id}".`,
    {
      hint:
        begun.length === 0
          ? "tsops decisions lists them with their ids."
          : `Give more of it: ${begun
              .slice(0, 5)
              .map((decision) => decision.id)
              .join(", ")}${begun.length > 5 ? ", ..." : "."}`,
      details: { id, matches: begun.length },
    },
  );
}

function decisionsText(shown: readonly DecisionRecord[], total: number): string {
  if (shown.length === 0) return "No decisions.";
  const lines = shown.map(decisionText);
  if (shown.length < total) lines.unshift(`The newest ${shown.length} of ${total} decisions:`);
  return lines.join("\n");
}

function decisionText({ id, time, kind, subject, verdict, reason, requestedBy }: DecisionRecord): string {
  return `${formatInstant(time)}  ${kind}  ${subject}  ${verdict}\n  ${reason}\n  asked by ${requestedBy}, ${id}`;
}

function explanationText(decision: DecisionRecord): string {
  return [decisionText(decision), "", ...explainDecision(decision)].join("\n");
}
