import { TsopsError } from "../errors.ts";
import { checkMethods, checkOptions, type OptionNames, shown } from "../options.ts";
import type { CallOptions } from "../ports/call-options.ts";
import type { Clock } from "../ports/clock.ts";
import type { DecisionLog, DecisionRecord } from "../ports/decision-log.ts";
import type { Registry } from "../ports/registry.ts";
import { decisionRecord } from "./decision-record.ts";
import type { ExperimentDecision } from "./experiment/decision.ts";
import type { GateDecision } from "./gate.ts";
import type { GateCandidatesDecision } from "./gate-candidates.ts";

/** Where champions are kept, and where it is written down who became one. A home has both. */
export interface PromotionOptions extends CallOptions {
  readonly registry: Pick<Registry, "resolve" | "getVersion" | "setAlias">;
  readonly decisions: Pick<DecisionLog, "append" | "list">;
  readonly clock: Pick<Clock, "now">;
  /** Who or what asked: a pipeline run, a person, a policy. */
  readonly requestedBy: string;
}

/** A decision that lets a version be promoted. */
type Because = GateDecision | GateCandidatesDecision | ExperimentDecision;

const promotionOptionNames: OptionNames<PromotionOptions> = {
  registry: true,
  decisions: true,
  clock: true,
  requestedBy: true,
  signal: true,
};

/**
 * Makes a version of a model the champion, and records it. The record is durable before the alias moves: no champion is without
 * its reason, and what was recorded without taking effect (a crash in between) is done by promoting again.
 * @param asked - Where and why; `because` is the decision of a gate or an experiment, or a person's reason in a sentence.
 * @returns The record, of kind "promotion"; its evidence has the versions `from` (null for the first champion) and `to`, and, as `gate`, the id of the gate's or experiment's decision.
 * @throws TsopsError MODEL_NOT_FOUND, ABORTED, GATE_INVALID (the decision is not to promote, or is about another model); the alias stays then.
 */
export async function promote(
  model: string,
  version: number,
  asked: PromotionOptions & { readonly because: Because | string },
): Promise<DecisionRecord> {
  checkOptions("GATE_INVALID", "promote()", asked, { ...promotionOptionNames, because: true });
  checkBecause("promote()", asked.because);
  const { because, ...options } = asked;
  checkLogs("promote()", options);
  if (typeof because !== "string") refuseOther(model, because);
  await options.registry.getVersion(model, version, { signal: options.signal });
  const from = await championOf(model, options);
  const reason = typeof because === "string" ? because : because.reason;
  const gateId = typeof because === "string" ? null : because.id;
  return moveChampion("promotion", { model, from, to: version, reason, gate: gateId }, options);
}

/**
 * Puts the champion back to the version before it, as the last promotion recorded it, or to one that is named; records that, too.
 * Deployments take it up at their next `refresh`.
 * @param asked - Where and why: `because` says it in a sentence, `to` names a version to go back to.
 * @returns The record, of kind "rollback", with the versions `from` and `to` in its evidence.
 * @throws TsopsError ALIAS_NOT_FOUND (no champion), MODEL_NOT_FOUND, GATE_INVALID (no recorded promotion made this champion: name a version)
 */
export async function rollback(
  model: string,
  asked: PromotionOptions & { readonly because: string; readonly to?: number },
): Promise<DecisionRecord> {
  checkOptions("GATE_INVALID", "rollback()", asked, { ...promotionOptionNames, because: true, to: true });
  checkBecause("rollback()", asked.because);
  const { because, to, ...options } = asked;
  checkLogs("rollback()", options);
  const { version: from } = await options.registry.resolve(model, "champion", { signal: options.signal });
  const target = to ?? (await championBefore(model, from, options));
  await options.registry.getVersion(model, target, { signal: options.signal });
  return moveChampion("rollback", { model, from, to: target, reason: because, gate: null }, options);
}

function checkLogs(call: string, { registry, decisions, clock }: PromotionOptions): void {
  const check = (name: string, value: unknown, methods: readonly string[], hint: string) =>
    checkMethods("GATE_INVALID", `The ${name} of ${call}`, value, methods, hint);
  check("registry", registry, ["resolve", "getVersion", "setAlias"], "Give home.registry.");
  check("decisions", decisions, ["append", "list"], "Give home.decisions.");
  check("clock", clock, ["now"], "Give systemClock().");
}

function checkBecause(call: string, because: unknown): void {
  const isReason = typeof because === "string" && because.trim() !== "";
  if (isReason || (typeof because === "object" && because !== null)) return;
  throw new TsopsError("GATE_INVALID", `${call} was given ${shown(because)} as because.`, {
    hint: "Say why in a sentence, or give the decision of a gate or an experiment: it is recorded.",
  });
}

function refuseOther(model: string, { kind, verdict, subject, reason }: Because): void {
  if (verdict !== "promote")
    throw new TsopsError("GATE_INVALID", `The ${kind} did not let "${model}" be promoted: ${reason}`, {
      hint: `To overrule the ${kind}, give a sentence of your own as \`because\`: it is recorded.`,
    });
  if (subject !== model)
    throw new TsopsError("GATE_INVALID", `The ${kind}'s decision is about "${subject}", not "${model}".`, {
      hint: "Promote the model that was judged, or give a sentence of your own as `because`.",
    });
}

interface Move {
  readonly model: string;
  readonly from: number | null;
  readonly to: number;
  readonly reason: string;
  readonly gate: string | null;
}

async function moveChampion(
  kind: "promotion" | "rollback",
  { model, from, to, reason, gate }: Move,
  { registry, decisions, clock, requestedBy, signal }: PromotionOptions,
): Promise<DecisionRecord> {
  const record = decisionRecord({
    kind,
    subject: model,
    time: clock.now(),
    verdict: kind === "promotion" ? "promoted" : "rolled_back",
    reason: `Version ${to} is champion${from === null ? "" : ` after version ${from}`}: ${reason}`,
    requestedBy,
    evidence: { from, to, gate },
  });
  await decisions.append(record, { signal });
  await registry.setAlias(model, "champion", to, { signal });
  return record;
}

async function championOf(model: string, { registry, signal }: PromotionOptions): Promise<number | null> {
  try {
    return (await registry.resolve(model, "champion", { signal })).version;
  } catch (error) {
    if (TsopsError.is(error, "ALIAS_NOT_FOUND")) return null;
    throw error;
  }
}

async function championBefore(
  model: string,
  version: number,
  { decisions, signal }: PromotionOptions,
): Promise<number> {
  const promotions = await decisions.list({ kind: "promotion", subject: model, signal });
  // A promotion that was asked for again when the alias had moved has the version on both sides: it says nothing of the one before.
  const before = promotions.findLast(
    ({ evidence }) => evidence["to"] === version && evidence["from"] !== version,
  )?.evidence["from"];
  if (typeof before === "number") return before;
  throw new TsopsError(
    "GATE_INVALID",
    `No recorded promotion says which version was champion of "${model}" before version ${version}.`,
    { hint: "Name the version to go back to: rollback(model, { to: 3, ... })." },
  );
}
