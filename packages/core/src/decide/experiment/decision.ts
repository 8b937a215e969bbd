import { checkList, checkOptions, type OptionNames } from "../../options.ts";
import type { Clock } from "../../ports/clock.ts";
import type { DecisionRecord } from "../../ports/decision-log.ts";
import { formatInstant } from "../../time/instant.ts";
import { decisionRecord } from "../decision-record.ts";
import { type Guard, type GuardResult, judgeGuard, rounded } from "../guards.ts";
import { type GateLoss, rowLosses } from "../losses.ts";
import { pairRows, type ScoredForecasts } from "../scored-forecasts.ts";
import { blocksToDecide } from "./look.ts";
import {
  blocksOf,
  checkState,
  type ExperimentCounts,
  type ExperimentEnd,
  type ExperimentLook,
  type ExperimentState,
  invalid,
} from "./state.ts";

/** What guards judge a version by. */
export interface ExperimentSide {
  /** Its predictions beside the outcomes, of the same steps as the other side's: one side of `pairVersions`. Measure guards do without. */
  readonly backtest?: ScoredForecasts;
  /** Figures that `measure` guards look at, e.g. `{ latencyMs: 1.2 }`. */
  readonly measures?: Readonly<Record<string, number>>;
}

/** Who asks for a verdict, and what else the challenger has to meet. */
export interface ExperimentDecisionOptions {
  readonly clock: Pick<Clock, "now">;
  /** Who or what asked: a pipeline run, a person, a policy. */
  readonly requestedBy: string;
  /** Judged when the challenger is proven better; one that fails keeps the champion. */
  readonly guards?: readonly Guard[];
  readonly champion?: ExperimentSide;
  readonly challenger?: ExperimentSide;
}

/** When a verdict is to be expected if losses go on as they are. */
export interface ExperimentForecast {
  /** Blocks still to come; null when that is after the deadline. */
  readonly blocks: number | null;
  /** e.g. `"about 9 days at this rate"`. */
  readonly text: string;
}

/** Every number behind an experiment's verdict. Instants are ISO 8601 text. */
export type ExperimentEvidence = {
  readonly champion: { readonly name: string; readonly loss: number };
  readonly challenger: { readonly name: string; readonly loss: number };
  readonly loss: GateLoss;
  readonly alpha: number;
  readonly minImprovement: number;
  /** Closed blocks, with their outcomes and the start of the first and the end of the last (null without any). */
  readonly blocks: {
    readonly count: number;
    readonly length: string;
    readonly outcomes: number;
    readonly from: string | null;
    readonly to: string | null;
  };
  readonly seasonLength: number;
  readonly deadline: number;
  readonly counts: ExperimentCounts;
  readonly look: ExperimentLook | null;
  readonly because: ExperimentEnd["because"] | "guards" | "not finite" | null;
  /** Null when it is decided, and before the first look. */
  readonly expected: ExperimentForecast | null;
  readonly guards: readonly GuardResult[];
};

/** An experiment's verdict as a decision record. */
export interface ExperimentDecision extends DecisionRecord {
  readonly kind: "experiment";
  readonly verdict: "promote" | "keep" | "undecided";
  readonly evidence: ExperimentEvidence;
}

const optionNames: OptionNames<ExperimentDecisionOptions> = {
  clock: true,
  requestedBy: true,
  guards: true,
  champion: true,
  challenger: true,
};

/**
 * The verdict of an experiment as it stands: `promote` when the challenger is proven better and every guard passes, `keep` when it is proven worse, a
 * guard fails, it predicted no number, it will not be proven better before the deadline, or it was stopped (`endExperiment`), else `undecided` with the time that it will take at
 * this rate. Nothing is stored: append it to a `DecisionLog`, and give one that promotes to `promote` as its reason.
 * @throws TsopsError EXPERIMENT_INVALID (no state, no rows for a guard), GATE_INVALID (a guard cannot be judged, or the sides' rows do not match)
 */
export function experimentDecision(
  state: ExperimentState,
  options: ExperimentDecisionOptions,
): ExperimentDecision {
  checkState(state);
  checkOptions("EXPERIMENT_INVALID", "experimentDecision()", options, optionNames);
  if (options.guards !== undefined) checkList("EXPERIMENT_INVALID", "guards", options.guards);
  const isBetter = state.end?.verdict === "promote";
  const guards = isBetter ? judgeGuards(options, state.loss) : [];
  const because = becauseOf(state, guards);
  const verdict = state.end === null ? "undecided" : because === "better" ? "promote" : "keep";
  const evidence = evidenceOf(state, guards, because);
  return decisionRecord({
    kind: "experiment",
    subject: state.subject,
    time: options.clock.now(),
    verdict,
    reason: `${{ promote: "Promote", keep: "Keep", undecided: "Undecided" }[verdict]}: ${reasonOf(state, evidence)}.`,
    requestedBy: options.requestedBy,
    evidence,
  });
}

function becauseOf(state: ExperimentState, guards: readonly GuardResult[]): ExperimentEvidence["because"] {
  if (state.end?.verdict !== "promote") return state.end?.because ?? null;
  if (state.counts.challengerNotFinite > 0) return "not finite";
  return guards.every(({ passed }) => passed) ? "better" : "guards";
}

function judgeGuards(
  { guards = [], champion, challenger }: ExperimentDecisionOptions,
  loss: GateLoss,
): readonly GuardResult[] {
  if (guards.length === 0) return [];
  const measures = challenger?.measures ?? {};
  const referenceMeasures = champion?.measures ?? {};
  const [ours, theirs] = [champion?.backtest, challenger?.backtest];
  if (ours === undefined || theirs === undefined) {
    const needing = guards.find(({ kind }) => kind !== "measure");
    if (needing !== undefined)
      throw invalid(
        `The ${needing.kind} guard needs the predictions of both versions beside their outcomes.`,
        "Give champion: { backtest } and challenger: { backtest }, e.g. of pairVersions() of @tsops/monitor.",
      );
    return guards.map((guard) => judgeGuard(guard, { ...noRows, measures, referenceMeasures }));
  }
  const pairs = pairRows(theirs, ours);
  const subject = {
    scored: theirs,
    rows: pairs.candidate,
    candidateLosses: rowLosses(theirs, pairs.candidate, loss),
    referenceLosses: rowLosses(ours, pairs.reference, loss),
    measures,
    referenceMeasures,
  };
  return guards.map((guard) => judgeGuard(guard, subject));
}

const noRows = {
  scored: {
    series: [],
    seriesIndex: new Int32Array(0),
    step: new Int32Array(0),
    time: new BigInt64Array(0),
    cutoff: new BigInt64Array(0),
    y: new Float64Array(0),
    mean: new Float64Array(0),
    quantiles: [],
  },
  rows: new Int32Array(0),
  candidateLosses: new Float64Array(0),
  referenceLosses: new Float64Array(0),
} as const;

function evidenceOf(
  state: ExperimentState,
  guards: readonly GuardResult[],
  because: ExperimentEvidence["because"],
): ExperimentEvidence {
  const { closed, look } = state;
  const grid = blocksOf(state);
  const [first, last] = [closed[0], closed.at(-1)];
  const mean = (lossOf: (block: (typeof closed)[number]) => number): number =>
    closed.reduce((sum, block) => sum + lossOf(block) / closed.length, 0);
  return {
    champion: { name: state.champion, loss: mean((block) => block.championLoss) },
    challenger: { name: state.challenger, loss: mean((block) => block.challengerLoss) },
    loss: state.loss,
    alpha: state.alpha,
    minImprovement: state.minImprovement,
    blocks: {
      count: closed.length,
      length: state.block,
      outcomes: closed.reduce((sum, { outcomes }) => sum + outcomes, 0),
      from: first === undefined ? null : formatInstant(grid.instantAt(first.index)),
      to: last === undefined ? null : formatInstant(grid.instantAt(last.index + 1)),
    },
    seasonLength: state.seasonLength,
    deadline: state.deadline,
    counts: state.counts,
    look,
    because,
    expected: state.end !== null || look === null ? null : forecastOf(state, look),
    guards,
  };
}

function forecastOf(state: ExperimentState, look: ExperimentLook): ExperimentForecast {
  const { closed, block, deadline } = state;
  const at = blocksToDecide(state, look.meanDifference, look.deviation, closed.length);
  if (at === null)
    return { blocks: null, text: `not before the deadline of ${lengthOf(deadline, block)} at this rate` };
  return { blocks: at - closed.length, text: `about ${lengthOf(at - closed.length, block)} at this rate` };
}

const unitNames: Readonly<Record<string, string>> = {
  s: "second",
  m: "minute",
  h: "hour",
  d: "day",
  w: "week",
  mo: "month",
  y: "year",
};

/** e.g. 9 blocks of "1d" are "9 days". */
function lengthOf(blocks: number, block: string): string {
  const [, size = "1", unit = ""] = /^(\d+)([a-z]+)$/.exec(block) ?? [];
  const name = unitNames[unit];
  if (name === undefined) return `${blocks} blocks of ${block}`;
  const count = blocks * Number(size);
  return `${count} ${name}${count === 1 ? "" : "s"}`;
}

function reasonOf(state: ExperimentState, evidence: ExperimentEvidence): string {
  const seen = seenText(evidence);
  const { because, look, blocks, guards, expected } = evidence;
  if (because === null) {
    if (look !== null) return `${seen}; ${(expected as ExperimentForecast).text}`;
    return blocks.count === 0
      ? `${seen}, the first look comes after ${state.warmUp}`
      : `${seen}; the first look comes after ${lengthOf(state.warmUp, blocks.length)}`;
  }
  const failed = guards.filter(({ passed }) => !passed).map(({ finding }) => finding);
  const passed = `${guards.length} of ${guards.length} guards passed`;
  const deadline = lengthOf(state.deadline, blocks.length);
  const endings: Readonly<Record<NonNullable<ExperimentEvidence["because"]>, readonly string[]>> = {
    better: guards.length === 0 ? [] : [passed],
    worse: [],
    guards: failed,
    "not finite": [`it predicted no finite number ${state.counts.challengerNotFinite} times`],
    deadline: [`nothing is proven by the deadline of ${deadline}`],
    futile: [
      `even the largest improvement that is plausible would not be proven by the deadline of ${deadline}`,
    ],
    stopped: [`stopped, as ${state.end?.why}`],
  };
  return [seen, ...endings[because]].join("; ");
}

/** Losses and bounds, as far as there are any. */
function seenText({ champion, challenger, blocks, look, ...evidence }: ExperimentEvidence): string {
  if (blocks.count === 0) return `no block of ${blocks.length} is closed yet`;
  const change = champion.loss === 0 ? "" : ` (${signed(100 * (challenger.loss / champion.loss - 1))} %)`;
  const losses =
    `${challenger.name} has a mean ${evidence.loss} loss of ${rounded(challenger.loss)} against ${rounded(champion.loss)}${change} of the champion ${champion.name} ` +
    `over ${lengthOf(blocks.count, blocks.length)} and ${blocks.outcomes} outcomes`;
  if (look === null) return losses;
  const margin =
    evidence.minImprovement === 0
      ? ""
      : ` less ${rounded(100 * evidence.minImprovement)} % of the champion's`;
  const bounds = `the expected difference${margin} lies between ${rounded(look.lower)} and ${rounded(look.upper)} (each bound at ${rounded(100 * (1 - evidence.alpha))} %, at all looks)`;
  return `${losses}; ${bounds}`;
}

function signed(value: number): string {
  return `${value > 0 ? "+" : ""}${rounded(value)}`;
}
