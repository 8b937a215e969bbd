import { TsopsError } from "../../errors.ts";
import { checkOptions, checkWord, type OptionNames, shown } from "../../options.ts";
import { durationMicros } from "../../time/duration.ts";
import { type Frequency, parseFrequency } from "../../time/frequency.ts";
import type { GateLoss } from "../losses.ts";

/** What an experiment is about, and what it takes to end it. */
export interface ExperimentOptions {
  /** Model or deployment name that the decision will be about. */
  readonly subject: string;
  /** Name of the version in use, for people and for the record, e.g. `"bikes v3"`. */
  readonly champion: string;
  /** Name of the version that may replace it. */
  readonly challenger: string;
  /** What the losses are, for the record; `pairedOutcomes` computes them. Default `"absolute"`. */
  readonly loss?: GateLoss;
  /** Largest probability of promoting a challenger that is no better, over the whole experiment however often one looks. Default 0.05. */
  readonly alpha?: number;
  /**
   * The margin, as a share of the champion's loss: positive, the challenger must be better by more than that; negative, it must be
   * proven to be no more than that much worse. Default 0.
   */
  readonly minImprovement?: number;
  /** Length of a block on the calendar of `zone`: outcomes of the cutoffs of one block are one observation. Default `"1d"`. */
  readonly block?: string;
  /** Default `"UTC"`. */
  readonly zone?: string;
  /** Blocks after which the losses repeat: the experiment is looked at after whole seasons only. Default 7 for blocks of a day, else 1. */
  readonly seasonLength?: number;
  /** How much later than those of other series outcomes may come and still count, e.g. `"2d"`. Default `"1d"`. */
  readonly lateness?: string;
  /** Blocks before the first look. Default 14, at least 8. */
  readonly warmUp?: number;
  /** Blocks after which the champion is kept if nothing is decided. Default 364. */
  readonly deadline?: number;
}

/** An outcome with the losses that both versions had on it. */
export interface PairedOutcome {
  /** Names the outcome: of two with the same id the later one holds. `pairedOutcomes` makes it of series, cutoff and step. */
  readonly id: string;
  /** Last instant that the forecasts depend on, microseconds UTC: it says which block the outcome belongs to. */
  readonly cutoff: bigint;
  /** The predicted instant, microseconds UTC. */
  readonly time: bigint;
  readonly championLoss: number;
  /** NaN or infinite when the challenger predicted no number: it is not promoted then. */
  readonly challengerLoss: number;
}

/** A block whose outcomes are all there: its mean losses. */
export interface ExperimentBlock {
  /** Number of the block on its calendar. */
  readonly index: number;
  readonly outcomes: number;
  readonly championLoss: number;
  readonly challengerLoss: number;
}

/** A block that may still get outcomes. */
export interface OpenBlock {
  readonly index: number;
  /** Id, loss of the champion, loss of the challenger. */
  readonly outcomes: readonly (readonly [id: string, champion: number, challenger: number])[];
}

/** What was seen, in outcomes. */
export interface ExperimentCounts {
  /** Outcomes that count, in closed and open blocks. */
  readonly outcomes: number;
  /** Outcomes that came again, with the same losses or others: the later one counts. */
  readonly repeated: number;
  /** Outcomes that came after their block was closed, or after the verdict; they are left out. */
  readonly late: number;
  /** Outcomes of instants that lie after the clock's, which nobody can know; they are left out. */
  readonly early: number;
  /** Outcomes left out because the champion predicted no finite number. */
  readonly championNotFinite: number;
  /** Outcomes left out because the challenger predicted no finite number; with any of them it is not promoted. */
  readonly challengerNotFinite: number;
}

/** Bounds of the expected loss difference that hold at all looks so far, each at a confidence of 1 - alpha. */
export interface ExperimentLook {
  /** Closed blocks at the look. */
  readonly blocks: number;
  /** Mean of challenger loss - (1 - minImprovement) x champion loss over the blocks: negative when the challenger is better. */
  readonly meanDifference: number;
  /** Square root of the long-run variance of a block's difference. */
  readonly deviation: number;
  /** Cosine transforms that the variance is made of: its degrees of freedom. */
  readonly degrees: number;
  /** The greatest lower and the least upper bound of all looks. */
  readonly lower: number;
  readonly upper: number;
}

/** How an experiment ended. */
export interface ExperimentEnd {
  readonly verdict: "promote" | "keep";
  /** `better`, `worse`: proven. `deadline`: not decided in time. `futile`: will not be decided in time. `stopped`: by `endExperiment`. */
  readonly because: "better" | "worse" | "deadline" | "futile" | "stopped";
  /** What `endExperiment` was told. */
  readonly why?: string;
}

/**
 * All that an experiment knows: plain data, which `canonicalJson` writes and `parseCanonicalJson` reads back exactly.
 */
export interface ExperimentState {
  readonly format: 1;
  readonly subject: string;
  readonly champion: string;
  readonly challenger: string;
  readonly loss: GateLoss;
  readonly alpha: number;
  readonly minImprovement: number;
  readonly block: string;
  readonly zone: string;
  readonly seasonLength: number;
  /** Microseconds. */
  readonly lateness: bigint;
  readonly warmUp: number;
  readonly deadline: number;
  /** The latest predicted instant that has an outcome; null before the first. */
  readonly latest: bigint | null;
  /** The longest time from a cutoff to the predicted instant, microseconds. */
  readonly reach: bigint;
  /** Blocks up to this one are closed; null before the first. */
  readonly closedThrough: number | null;
  readonly closed: readonly ExperimentBlock[];
  readonly open: readonly OpenBlock[];
  readonly counts: ExperimentCounts;
  /** The last look; null before the first. */
  readonly look: ExperimentLook | null;
  /** Null while undecided. */
  readonly end: ExperimentEnd | null;
}

const optionNames: OptionNames<ExperimentOptions> = {
  subject: true,
  champion: true,
  challenger: true,
  loss: true,
  alpha: true,
  minImprovement: true,
  block: true,
  zone: true,
  seasonLength: true,
  lateness: true,
  warmUp: true,
  deadline: true,
};

/**
 * Begins a comparison of a live champion and a challenger on the same outcomes, which may be looked at after every one of them: give them to
 * `addOutcomes` as they come, and ask `experimentDecision` for the verdict.
 * @throws TsopsError EXPERIMENT_INVALID, FREQUENCY_INVALID, DURATION_INVALID, TIME_INVALID (unknown zone)
 */
export function experiment(options: ExperimentOptions): ExperimentState {
  checkOptions("EXPERIMENT_INVALID", "experiment()", options, optionNames);
  const { subject, champion, challenger, loss = "absolute", alpha = 0.05, minImprovement = 0 } = options;
  const { block = "1d", zone = "UTC", lateness = "1d", warmUp = 14, deadline = 364 } = options;
  const { seasonLength = block === "1d" ? 7 : 1 } = options;
  for (const [name, value] of [
    ["subject", subject],
    ["champion", champion],
    ["challenger", challenger],
  ] as const)
    if (typeof value !== "string" || value === "")
      throw invalid(`${name} is a name, got ${shown(value)}.`, `Write ${name}: "bikes v4".`);
  if (champion === challenger)
    throw invalid(
      `Champion and challenger are both called ${JSON.stringify(champion)}.`,
      "Name each version.",
    );
  checkWord("EXPERIMENT_INVALID", "loss", loss, ["absolute", "squared", "pinball"]);
  if (!(alpha > 0 && alpha < 0.5)) throw invalid(`alpha must lie between 0 and 0.5, got ${shown(alpha)}.`);
  if (!(Number.isFinite(minImprovement) && minImprovement < 1))
    throw invalid(`minImprovement is a share below 1, got ${shown(minImprovement)}.`);
  const grid = parseFrequency(block, { zone });
  checkCount("seasonLength", seasonLength, 1);
  checkCount("warmUp", warmUp, 8);
  checkCount("deadline", deadline, warmUp);
  return {
    format: 1,
    subject,
    champion,
    challenger,
    loss,
    alpha,
    minImprovement,
    block,
    zone: grid.zone,
    seasonLength,
    lateness: durationMicros(lateness),
    warmUp,
    deadline,
    latest: null,
    reach: 0n,
    closedThrough: null,
    closed: [],
    open: [],
    counts: { outcomes: 0, repeated: 0, late: 0, early: 0, championNotFinite: 0, challengerNotFinite: 0 },
    look: null,
    end: null,
  };
}

/** The calendar that an experiment's blocks are counted on. */
export function blocksOf({ block, zone }: Pick<ExperimentState, "block" | "zone">): Frequency {
  return parseFrequency(block, { zone });
}

/** @throws TsopsError EXPERIMENT_INVALID when it is no state of an experiment of this version. */
export function checkState(state: unknown): asserts state is ExperimentState {
  const found = state as Partial<ExperimentState> | null | undefined;
  if (found?.format === 1 && Array.isArray(found.closed) && Array.isArray(found.open)) return;
  throw invalid(
    `This is no state of an experiment: ${shown(state)}.`,
    "Begin with experiment(options), and read a saved one back with parseCanonicalJson.",
  );
}

function checkCount(name: string, value: unknown, least: number): void {
  if (Number.isInteger(value) && (value as number) >= least) return;
  throw invalid(`${name} is a whole number of blocks, at least ${least}, got ${shown(value)}.`);
}

/** What cannot be made an experiment of. */
export function invalid(message: string, hint?: string, details?: Record<string, unknown>): TsopsError {
  return new TsopsError("EXPERIMENT_INVALID", message, {
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  });
}
