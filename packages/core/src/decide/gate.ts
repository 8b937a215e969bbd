import { TsopsError } from "../errors.ts";
import { checkList, checkOptions, checkWord, type OptionNames } from "../options.ts";
import type { Clock } from "../ports/clock.ts";
import type { DecisionRecord } from "../ports/decision-log.ts";
import { formatInstant } from "../time/instant.ts";
import { withCode } from "../with-code.ts";
import { decisionRecord } from "./decision-record.ts";
import { comparedBy, type DieboldMariano, dieboldMariano, type VarianceKernel } from "./diebold-mariano.ts";
import { type Guard, type GuardResult, judgeGuard, rounded } from "./guards.ts";
import { checkUnit, type GateLoss, type GateUnit, groupLosses, meanOf, rowLosses } from "./losses.ts";
import { pairRows, type ScoredForecasts } from "./scored-forecasts.ts";

/** One side of the comparison. */
export interface GateModel {
  /** For people and for the record, e.g. `"bikes v4"`. */
  readonly name: string;
  readonly backtest: ScoredForecasts;
  /** Figures that `measure` guards look at, e.g. `{ sizeBytes: 210_000, latencyMs: 1.2 }`. */
  readonly measures?: Readonly<Record<string, number>>;
}

/** What is compared, and what it takes to be promoted. */
export interface GateOptions {
  /** Model or deployment name that the decision is about. */
  readonly subject: string;
  readonly candidate: GateModel;
  /** The model in use; null when there is none yet, and `baseline` takes its place. */
  readonly champion: GateModel | null;
  /** What a first model must beat, e.g. seasonal naive. Used only without a champion. */
  readonly baseline?: GateModel;
  readonly guards?: readonly Guard[];
  /** Largest share of promotions that chance alone may cause when the candidate is no better. Default 0.05. */
  readonly alpha?: number;
  /** Default `"absolute"`. */
  readonly loss?: GateLoss;
  /**
   * The margin, as a share of the reference's loss: positive, the candidate must be better by more than that (superiority); negative, it
   * must be proven to be no more than that much worse (non-inferiority). Default 0.
   */
  readonly minImprovement?: number;
  /**
   * What counts as one observation: the mean loss of a `fold` (default), of a predicted instant (`time`), or of all folds within a stretch
   * (`"28d"`): models may take turns at being the better one for that long, which folds of few such stretches do not show.
   */
  readonly unit?: GateUnit;
  /** How autocorrelation of the losses is allowed for; see `dieboldMariano`. Default `{ kernel: "prewhitened" }`. */
  readonly variance?: { readonly kernel: VarianceKernel; readonly lag?: number };
  readonly clock: Pick<Clock, "now">;
  /** Who or what asked: a pipeline run, a person, a policy. */
  readonly requestedBy: string;
}

/** Every number behind a gate's verdict. Instants are ISO 8601 text. */
export type GateEvidence = {
  readonly candidate: {
    readonly name: string;
    readonly loss: number;
    readonly measures: Readonly<Record<string, number>>;
  };
  readonly reference: {
    readonly role: "champion" | "baseline";
    readonly name: string;
    readonly loss: number;
  };
  readonly loss: GateLoss;
  readonly unit: GateUnit;
  readonly minImprovement: number;
  readonly alpha: number;
  /** On candidate loss - (1 - minImprovement) x reference loss; null when the candidate's predictions are not all numbers. */
  readonly test: DieboldMariano | null;
  readonly folds: { readonly count: number; readonly firstCutoff: string; readonly lastCutoff: string };
  /** Rows compared. */
  readonly rows: number;
  /** Rows left out because their outcome is missing. */
  readonly rowsWithoutOutcome: number;
  /** Rows left out of a pinball comparison because neither backtest has quantiles there, as in its first folds. */
  readonly rowsWithoutQuantiles: number;
  readonly guards: readonly GuardResult[];
};

/** A gate's verdict as a decision record. */
export interface GateDecision extends DecisionRecord {
  readonly kind: "gate";
  readonly verdict: "promote" | "reject";
  readonly evidence: GateEvidence;
}

/** Every option of a gate. */
export const gateOptionNames: OptionNames<GateOptions> = {
  subject: true,
  candidate: true,
  champion: true,
  baseline: true,
  guards: true,
  alpha: true,
  loss: true,
  minImprovement: true,
  unit: true,
  variance: true,
  clock: true,
  requestedBy: true,
};

/**
 * Decides whether a candidate may replace the champion: only if its loss on the same folds is lower beyond chance
 * (one-sided Diebold-Mariano test at `alpha`) and every guard passes. Nothing is stored: append the decision to a
 * `DecisionLog`, and move the alias when the verdict is `promote`.
 * @throws TsopsError GATE_INVALID when the backtests do not match in folds, series, steps or outcomes, the reference's
 * predictions are not all numbers, there are fewer than 3 observations, or a guard cannot be judged.
 */
export function gate(options: GateOptions): GateDecision {
  checkOptions("GATE_INVALID", "gate()", options, gateOptionNames);
  const {
    candidate,
    guards = [],
    alpha = 0.05,
    loss = "absolute",
    minImprovement = 0,
    unit = "fold",
  } = options;
  if (options.guards !== undefined) checkList("GATE_INVALID", "guards", options.guards);
  if (!(alpha > 0 && alpha < 1)) throw invalid(`alpha must lie between 0 and 1, got ${alpha}.`);
  if (!(minImprovement < 1)) throw invalid(`minImprovement is a share below 1, got ${minImprovement}.`);
  checkWord("GATE_INVALID", "loss", loss, ["absolute", "squared", "pinball"]);
  checkUnit("GATE_INVALID", unit);
  if (options.variance !== undefined)
    checkOptions("GATE_INVALID", "variance", options.variance, { kernel: true, lag: true });
  const { role, model } = referenceOf(options);
  for (const [name, given] of [
    ["candidate", candidate],
    [role, model],
  ] as const)
    if (!Array.isArray(given?.backtest?.series))
      throw invalid(
        `The ${name} has no backtest to compare.`,
        `Write ${name}: { name: "bikes v4", backtest: await backtest(...) }.`,
      );
  const pairs = comparableRows(candidate.backtest, model.backtest, loss);
  const candidateLosses = rowLosses(candidate.backtest, pairs.candidate, loss);
  const referenceLosses = rowLosses(model.backtest, pairs.reference, loss);
  const badReference = referenceLosses.filter((value) => !Number.isFinite(value)).length;
  if (badReference > 0)
    throw invalid(
      `The ${role} ${model.name} predicts no finite number in ${badReference} of ${referenceLosses.length} rows.`,
      "Repair or roll back the champion first, or pass champion: null with a baseline.",
    );
  const measures = candidate.measures ?? {};
  const subject = {
    scored: candidate.backtest,
    rows: pairs.candidate,
    candidateLosses,
    referenceLosses,
    measures,
    referenceMeasures: model.measures ?? {},
  };
  const badCandidate = candidateLosses.filter((value) => !Number.isFinite(value)).length;
  const test =
    badCandidate > 0
      ? null
      : compare(
          groupLosses(candidate.backtest, pairs.candidate, candidateLosses, referenceLosses, unit),
          options,
        );
  const results = test === null ? [] : guards.map((guard) => judgeGuard(guard, subject));
  const failed = results.filter((result) => !result.passed);
  const isBetter = test !== null && test.pValue <= alpha;
  const verdict = isBetter && failed.length === 0 ? "promote" : "reject";
  const evidence: GateEvidence = {
    candidate: { name: candidate.name, loss: meanOf(candidateLosses), measures },
    reference: { role, name: model.name, loss: meanOf(referenceLosses) },
    loss,
    unit,
    minImprovement,
    alpha,
    test,
    folds: foldsOf(candidate.backtest, pairs.candidate),
    rows: pairs.candidate.length,
    rowsWithoutOutcome: pairs.missing,
    rowsWithoutQuantiles: pairs.unscored,
    guards: results,
  };
  const why =
    test === null
      ? `${candidate.name} predicts no finite number in ${badCandidate} of ${candidateLosses.length} rows`
      : [comparison(evidence, test, isBetter), ...failed.map((result) => result.finding)].join("; ");
  const passed =
    results.length > 0 && failed.length === 0 ? `; ${results.length} of ${results.length} guards passed` : "";
  return decisionRecord({
    kind: "gate",
    subject: options.subject,
    time: options.clock.now(),
    verdict,
    reason: `${verdict === "promote" ? "Promote" : "Reject"}: ${why}${passed}.`,
    requestedBy: options.requestedBy,
    evidence,
  });
}

/** What candidates are compared with. */
export function referenceOf(options: Omit<GateOptions, "candidate">): {
  role: "champion" | "baseline";
  model: GateModel;
} {
  if (options.champion !== null) return { role: "champion", model: options.champion };
  if (options.baseline !== undefined) return { role: "baseline", model: options.baseline };
  throw invalid(
    `There is no champion of ${options.subject} yet, and no baseline to compare with.`,
    "Pass the backtest of a simple forecaster as baseline, e.g. seasonalNaive on the same folds.",
  );
}

/** Pairs of rows that the loss is defined for. */
export function comparableRows(candidate: ScoredForecasts, reference: ScoredForecasts, loss: GateLoss) {
  const pairs = pairRows(candidate, reference);
  if (loss !== "pinball") return { ...pairs, unscored: 0 };
  const ours = rowLosses(candidate, pairs.candidate, loss);
  const theirs = rowLosses(reference, pairs.reference, loss);
  const isScored = (_: number, i: number) =>
    !(Number.isNaN(ours[i] as number) && Number.isNaN(theirs[i] as number));
  const kept = pairs.candidate.filter(isScored);
  if (kept.length === 0)
    throw invalid(
      "No row of the two backtests has quantiles, which the pinball loss needs.",
      "Backtest more folds: intervals are made from the errors of earlier ones.",
    );
  return {
    candidate: kept,
    reference: pairs.reference.filter(isScored),
    missing: pairs.missing,
    unscored: pairs.candidate.length - kept.length,
  };
}

function compare(
  losses: { readonly candidate: Float64Array; readonly reference: Float64Array; readonly overlap: number },
  { minImprovement = 0, variance = { kernel: "prewhitened" }, unit = "fold" }: GateOptions,
): DieboldMariano {
  const n = losses.candidate.length;
  if (n < 3 || losses.overlap >= n)
    throw invalid(
      `The backtests have ${n} ${unitNoun(unit)}, of which ${losses.overlap} overlap; the test needs at least ${Math.max(3, losses.overlap + 1)}.`,
      unit === "fold" ? 'Backtest more folds, or compare by unit: "time".' : "Backtest more folds.",
    );
  const target = losses.reference.map((value) => value * (1 - minImprovement));
  // Differences of rounding only are no difference.
  const noise = 1e-12 * meanOf(target);
  const candidate = losses.candidate.map((value, i) =>
    Math.abs(value - (target[i] as number)) <= noise ? (target[i] as number) : value,
  );
  return withCode("GATE_INVALID", "COMPARISON_INVALID", () =>
    dieboldMariano(candidate, target, {
      horizon: losses.overlap,
      alternative: "less",
      ...comparedBy(variance),
    }),
  );
}

function foldsOf({ cutoff }: ScoredForecasts, rows: Int32Array): GateEvidence["folds"] {
  const cutoffs = [...new Set(Array.from(rows, (row) => cutoff[row] as bigint))].sort((a, b) =>
    a < b ? -1 : 1,
  );
  return {
    count: cutoffs.length,
    firstCutoff: formatInstant(cutoffs[0] as bigint),
    lastCutoff: formatInstant(cutoffs.at(-1) as bigint),
  };
}

function comparison(evidence: GateEvidence, test: DieboldMariano, isBetter: boolean): string {
  const { candidate, reference, alpha, unit, minImprovement } = evidence;
  const change = reference.loss === 0 ? "" : ` (${signed(100 * (candidate.loss / reference.loss - 1))} %)`;
  const versus =
    reference.role === "champion"
      ? `the champion ${reference.name}`
      : `the baseline ${reference.name}, as there is no champion yet`;
  return (
    `${candidate.name} has a mean ${evidence.loss} loss of ${rounded(candidate.loss)} against ${rounded(reference.loss)}${change} of ${versus}, ` +
    `${finding(candidate.loss > reference.loss, isBetter, minImprovement)} (p = ${rounded(test.pValue)} ${isBetter ? "<=" : ">"} ${alpha}, ` +
    `t = ${rounded(test.statistic)}, ${rounded(test.degrees)} degrees of freedom, ${test.n} ${unitNoun(unit)})`
  );
}

function unitNoun(unit: GateUnit): string {
  return unit === "fold" ? "folds" : unit === "time" ? "instants" : `stretches of ${unit} or more`;
}

function finding(isWorse: boolean, isProven: boolean, minImprovement: number): string {
  const margin = `${rounded(100 * Math.abs(minImprovement))} %`;
  if (minImprovement < 0)
    return isProven ? `no more than ${margin} worse` : `not proven to be no more than ${margin} worse`;
  const by = minImprovement === 0 ? "" : ` by ${margin}`;
  return isProven ? `better${by}` : isWorse && by === "" ? "worse" : `not proven better${by}`;
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${rounded(value)}`;
}

function invalid(message: string, hint?: string): TsopsError {
  return new TsopsError("GATE_INVALID", message, hint === undefined ? {} : { hint });
}
