import { TsopsError } from "../errors.ts";
import { checkList, checkOptions, type OptionNames, shown } from "../options.ts";
import type { DecisionRecord } from "../ports/decision-log.ts";
import { withCode } from "../with-code.ts";
import { decisionRecord } from "./decision-record.ts";
import {
  comparableRows,
  type GateEvidence,
  type GateModel,
  type GateOptions,
  gate,
  gateOptionNames,
  referenceOf,
} from "./gate.ts";
import { rounded } from "./guards.ts";
import { groupLosses, rowLosses } from "./losses.ts";
import { type ModelConfidenceSet, modelConfidenceSet } from "./model-confidence-set.ts";

/** Several candidates, what they are compared with, and what it takes to be promoted. */
export interface GateCandidatesOptions extends Omit<GateOptions, "candidate"> {
  /** One or more, of different names. */
  readonly candidates: readonly GateModel[];
  /**
   * Which of several candidates that may be promoted is taken: the one whose figure of this name in `measures` is least, e.g.
   * `"latencyMs"`. Default: the one of least loss.
   */
  readonly prefer?: string;
}

/** A candidate's numbers. */
export type CandidateEvidence = GateEvidence & {
  /** In the model confidence set: no other model is proven better. */
  readonly inSet: boolean;
  /** In the set, better than the reference at the shared alpha, and every guard passed. */
  readonly isPromotable: boolean;
};

/** Every number behind a verdict on several candidates. */
export type GateCandidatesEvidence = {
  /** Name of the candidate to promote. */
  readonly chosen: string | null;
  readonly reference: { readonly role: "champion" | "baseline"; readonly name: string };
  readonly alpha: number;
  /** What each candidate's own test is held to: alpha divided by the number of candidates. */
  readonly alphaEach: number;
  /** Of the reference and the candidates; the reference's losses are reduced by `minImprovement`. Null when no candidate's predictions are all numbers. */
  readonly modelConfidenceSet: ModelConfidenceSet | null;
  readonly prefer: string | null;
  /** In the order given. */
  readonly candidates: readonly CandidateEvidence[];
};

/** A verdict on several candidates as a decision record. */
export interface GateCandidatesDecision extends DecisionRecord {
  readonly kind: "gate";
  readonly verdict: "promote" | "reject";
  readonly evidence: GateCandidatesEvidence;
}

const optionNames: OptionNames<GateCandidatesOptions> = (() => {
  const { candidate: _, ...shared } = gateOptionNames;
  return { ...shared, candidates: true, prefer: true };
})();

/**
 * Decides whether one of several candidates may replace the champion, and which. The champion stays unless it falls out of the model
 * confidence set of all of them (`modelConfidenceSet`); then a candidate is taken that is in the set, is better than the champion by the
 * gate's own test at alpha divided by the number of candidates, and passes every guard: the one of least loss, or of the least figure
 * that `prefer` names. So trying many models that are no better does not promote one of them by luck.
 * @throws TsopsError GATE_INVALID as `gate` does, and when names repeat or a figure to `prefer` is missing.
 */
export function gateCandidates(options: GateCandidatesOptions): GateCandidatesDecision {
  checkOptions("GATE_INVALID", "gateCandidates()", options, optionNames);
  checkList("GATE_INVALID", "candidates", options.candidates);
  const { candidates, prefer = null, alpha = 0.05, ...shared } = options;
  const { role, model: reference } = referenceOf(shared);
  refuseNoModels(candidates);
  refuseRepeatedNames([reference, ...candidates]);
  if (prefer !== null) refuseWithout(prefer, candidates);
  const alphaEach = alpha / candidates.length;
  const judged = candidates.map((candidate) => gate({ ...shared, candidate, alpha: alphaEach }));
  const sound = candidates.filter((_, i) => judged[i]?.evidence.test !== null);
  const set = sound.length === 0 ? null : confidenceSetOf(reference, sound, { ...shared, alpha });
  const isIn = (name: string): boolean => set?.included.includes(name) === true;
  const isReferenceOut = set !== null && !isIn(reference.name);
  const evidences = judged.map(({ verdict, evidence }): CandidateEvidence => {
    const inSet = isIn(evidence.candidate.name);
    return { ...evidence, inSet, isPromotable: isReferenceOut && inSet && verdict === "promote" };
  });
  const rank = ({ candidate }: CandidateEvidence): number =>
    prefer === null ? candidate.loss : (candidate.measures[prefer] as number);
  const [best] = evidences
    .filter(({ isPromotable }) => isPromotable)
    .sort((a, b) => rank(a) - rank(b) || a.candidate.loss - b.candidate.loss);
  const chosen = best?.candidate.name ?? null;
  const reasonOfOwn = judged.find(({ evidence }) => evidence.candidate.name === chosen)?.reason ?? null;
  return decisionRecord({
    kind: "gate",
    subject: options.subject,
    time: options.clock.now(),
    verdict: chosen === null ? "reject" : "promote",
    reason:
      reasonOfOwn === null
        ? `Reject all of ${named(candidates)}: ${whyNone(evidences, set, { role, name: reference.name })}.`
        : `${reasonOfOwn.slice(0, -1)}; ${whyThis(evidences, set, { role, name: reference.name }, prefer)}.`,
    requestedBy: options.requestedBy,
    evidence: {
      chosen,
      reference: { role, name: reference.name },
      alpha,
      alphaEach,
      modelConfidenceSet: set,
      prefer,
      candidates: evidences,
    },
  });
}

function refuseNoModels(candidates: readonly unknown[]): void {
  const hint = "Give candidates: [{ name, backtest }].";
  if (candidates.length === 0)
    throw invalid("gateCandidates() needs at least one candidate, got none.", hint);
  candidates.forEach((candidate, i) => {
    if (typeof (candidate as GateModel | null)?.name !== "string")
      throw invalid(`Candidate ${i} is ${shown(candidate)} without a name.`, hint);
  });
}

function refuseRepeatedNames(models: readonly GateModel[]): void {
  const seen = new Set<string>();
  for (const { name } of models) {
    if (seen.has(name))
      throw invalid(
        `Two models are called ${JSON.stringify(name)}.`,
        "Name each version: bikes v4, bikes v5.",
      );
    seen.add(name);
  }
}

function refuseWithout(measure: string, candidates: readonly GateModel[]): void {
  for (const { name, measures = {} } of candidates)
    if (!(Object.hasOwn(measures, measure) && Number.isFinite(measures[measure])))
      throw invalid(
        `The candidate ${name} has no number ${measure} to prefer by: it came with [${Object.keys(measures).join(", ")}].`,
        `Measure it and pass it as measures.${measure} of each candidate.`,
      );
}

type SetOptions = Pick<GateOptions, "loss" | "unit" | "minImprovement"> & { readonly alpha: number };

function confidenceSetOf(
  reference: GateModel,
  candidates: readonly GateModel[],
  { loss = "absolute", unit = "fold", minImprovement = 0, alpha }: SetOptions,
): ModelConfidenceSet {
  const losses = new Map<string, Float64Array>();
  for (const { name, backtest } of candidates) {
    const rows = comparableRows(backtest, reference.backtest, loss);
    const grouped = groupLosses(
      backtest,
      rows.candidate,
      rowLosses(backtest, rows.candidate, loss),
      rowLosses(reference.backtest, rows.reference, loss),
      unit,
    );
    losses.set(
      reference.name,
      grouped.reference.map((value) => value * (1 - minImprovement)),
    );
    losses.set(name, grouped.candidate);
  }
  return withCode("GATE_INVALID", "COMPARISON_INVALID", () =>
    modelConfidenceSet(Object.fromEntries(losses), { alpha }),
  );
}

interface Reference {
  readonly role: "champion" | "baseline";
  readonly name: string;
}

function whyNone(
  evidences: readonly CandidateEvidence[],
  set: ModelConfidenceSet | null,
  reference: Reference,
): string {
  if (set === null) return "none of them predicts a finite number in every row";
  const own = set.models.find(({ name }) => name === reference.name);
  const level = `${rounded(100 * (1 - set.alpha))} % model confidence set`;
  if (own?.included === true)
    return `the ${reference.role} ${reference.name} is in the ${level} (p = ${rounded(own.pValue)} > ${set.alpha})`;
  const each = evidences.map(({ candidate, test, alpha, guards, inSet }) => {
    const failed = guards.filter(({ passed }) => !passed).map(({ finding }) => finding);
    const p = test === null ? "predicts no finite number in some rows" : `p = ${rounded(test.pValue)}`;
    const own = test === null || test.pValue > alpha ? [`${p}, at most ${rounded(alpha)} asked`] : failed;
    return `${candidate.name} ${inSet ? "" : "is not in the set, "}${own.join(", ")}`.trim();
  });
  return `the ${reference.role} ${reference.name} is not in the ${level}, but of the candidates ${each.join("; ")}`;
}

function whyThis(
  evidences: readonly CandidateEvidence[],
  set: ModelConfidenceSet | null,
  { role, name }: Reference,
  prefer: string | null,
): string {
  const inSet = evidences.filter((evidence) => evidence.inSet).length;
  const promotable = evidences.filter(({ isPromotable }) => isPromotable).length;
  const p = set?.models.find((model) => model.name === name)?.pValue as number;
  return (
    `${inSet} of ${evidences.length} candidates are in the ${rounded(100 * (1 - (set?.alpha as number)))} % model confidence set, the ${role} ${name} is not (p = ${rounded(p)})` +
    `${promotable > 1 ? `, and of the ${promotable} that may be promoted it has the least ${prefer ?? "loss"}` : ""}`
  );
}

function named(candidates: readonly GateModel[]): string {
  return candidates.length === 1
    ? (candidates[0] as GateModel).name
    : `${candidates.length} candidates (${candidates.map(({ name }) => name).join(", ")})`;
}

function invalid(message: string, hint?: string): TsopsError {
  return new TsopsError("GATE_INVALID", message, hint === undefined ? {} : { hint });
}
