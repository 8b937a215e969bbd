import {
  checkList,
  checkOptions,
  checkWord,
  type GateOptions,
  parseFrequency,
  parseSchedule,
  resolveZone,
  type Schedule,
  shown,
  TsopsError,
  toMicros,
} from "@tsops/core";
import { checkTexts } from "../alerts/matcher.ts";

/** The figures of a window that a policy can watch. */
export type RetrainMetric = "mae" | "rmse" | "mase";

/** k of the last n. */
export interface KOfN {
  readonly k: number;
  readonly of: number;
}

/** What is trained, and on which rows. */
export interface RetrainTraining {
  /** The rows of that long before the present, on the calendar: `"52w"`; `"all"` for all there are. */
  readonly window: string;
  /** Never rows before this instant, ISO 8601 with an offset; null for no such limit. */
  readonly from: string | null;
  /** Names of the models to train, for the app to look up; empty for the one in use. */
  readonly models: readonly string[];
}

/** What retraining may cost within a length of time that ends now. At least one of the two limits is there. */
export interface RetrainBudget {
  /** Default `"1w"`. */
  readonly per: string;
  /** Attempts, promoted or not; null for no limit. */
  readonly attempts: number | null;
  /** Seconds that attempts took; a further one is asked for while less than that is spent. Null for no limit. */
  readonly seconds: number | null;
}

/** How the candidate is judged: options of `gate`, as data. */
export type RetrainGate = Pick<
  GateOptions,
  "guards" | "alpha" | "loss" | "minImprovement" | "unit" | "variance"
>;

/** When to ask for a retraining, of what, and what follows, as plain data: it goes into every decision. */
export interface RetrainPolicy {
  readonly metric: RetrainMetric;
  /** Length of one window of the history, also the time between two checks. */
  readonly every: string;
  readonly zone: string;
  /** Windows whose metric is averaged at a check. */
  readonly window: number;
  /** A check breaches when the average is above `ratio` times the error that the champion's own backtest had. */
  readonly ratio: number;
  /** How many of the latest checks must breach, once there are that many. */
  readonly breaches: KOfN;
  /** Least time between two attempts, promoted or not; null for none. */
  readonly coolDown: string | null;
  /**
   * Windows that the following comparison will replay. The champion must have served that long, or it would be judged on rows that
   * it was fitted on.
   */
  readonly holdout: number;
  /** Also ask when intervals of a level (percent) cover less than this share, averaged and counted like the error. */
  readonly coverage: { readonly level: number; readonly atLeast: number } | null;
  /** Also ask when k of the last n drift reports flag one of these columns (any column when empty). */
  readonly drift: (KOfN & { readonly columns: readonly string[] }) | null;
  /** Also ask when the champion has served that long. */
  readonly maxAge: string | null;
  /** Also ask at these times: the first look after each, counted from when the champion began to serve or the policy last asked. */
  readonly calendar: Schedule | null;
  /** Also ask when that many rows came since the champion's training. */
  readonly dataVolume: { readonly rows: number } | null;
  /** For whoever trains: it is in the evidence with its instants. */
  readonly train: RetrainTraining;
  readonly budget: RetrainBudget | null;
  /** For whoever judges: `gate({ ...policy.gate, subject, candidate, champion, ... })`. Null: as `gate` does by default. */
  readonly gate: RetrainGate | null;
}

/** A policy with what was not said filled in. */
export type RetrainPolicyOptions = {
  readonly [K in Exclude<keyof RetrainPolicy, "train" | "budget">]?: RetrainPolicy[K] | undefined;
} & {
  readonly train?: Partial<RetrainTraining> | undefined;
  readonly budget?: Partial<RetrainBudget> | null | undefined;
};

/**
 * Describes when to retrain. Defaults: the mean absolute error of the last 14 days is above 1.15 times the champion's backtest error
 * at 5 of 7 daily checks, at most every 56 days; no holdout, no trigger by coverage, drift, age, calendar or volume, no budget; on all
 * rows. Plain JSON in and out.
 * @throws TsopsError MONITOR_INVALID, FREQUENCY_INVALID, TIME_INVALID, PIPELINE_INVALID (a calendar that is none)
 * @example retrainPolicy({ window: 14, ratio: 1.15, breaches: { k: 5, of: 7 }, coolDown: "56d", holdout: 28 });
 */
export function retrainPolicy(options: RetrainPolicyOptions = {}): RetrainPolicy {
  checkOptions("MONITOR_INVALID", "retrainPolicy()", options, {
    metric: true,
    every: true,
    zone: true,
    window: true,
    ratio: true,
    breaches: true,
    coolDown: true,
    holdout: true,
    coverage: true,
    drift: true,
    maxAge: true,
    calendar: true,
    dataVolume: true,
    train: true,
    budget: true,
    gate: true,
  });
  const policy: RetrainPolicy = {
    metric: options.metric ?? "mae",
    every: options.every ?? "1d",
    zone: options.zone ?? "UTC",
    window: options.window ?? 14,
    ratio: options.ratio ?? 1.15,
    breaches: options.breaches ?? { k: 5, of: 7 },
    coolDown: options.coolDown === undefined ? "56d" : options.coolDown,
    holdout: options.holdout ?? 0,
    coverage: options.coverage ?? null,
    drift: options.drift ?? null,
    maxAge: options.maxAge ?? null,
    calendar: options.calendar ?? null,
    dataVolume: options.dataVolume ?? null,
    train: readTraining(options.train),
    budget: readBudget(options.budget),
    gate: options.gate ?? null,
  };
  resolveZone(policy.zone);
  checkWord("MONITOR_INVALID", "metric", policy.metric, ["mae", "rmse", "mase"]);
  parseFrequency(policy.every);
  if (policy.coolDown !== null) requireLength("coolDown", policy.coolDown, "null for none");
  if (policy.maxAge !== null) requireLength("maxAge", policy.maxAge, "null for no limit");
  requireWhole("window", policy.window, 1);
  requireWhole("holdout", policy.holdout, 0);
  requireKOfN("breaches", policy.breaches);
  if (policy.drift !== null) {
    const { columns, ...kOfN } = policy.drift;
    requireKOfN("drift", kOfN);
    checkTexts("drift.columns", columns);
  }
  if (!(typeof policy.ratio === "number" && policy.ratio > 1 && Number.isFinite(policy.ratio)))
    throw invalid(
      `ratio is ${shown(policy.ratio)}, it must be above 1: a champion that does as well as expected would breach.`,
      "1.15 means 15 % worse than expected.",
    );
  const { coverage } = policy;
  if (coverage !== null)
    checkOptions("MONITOR_INVALID", "coverage", coverage, { level: true, atLeast: true });
  if (coverage !== null && !(coverage.atLeast > 0 && coverage.atLeast <= 1))
    throw invalid(
      `coverage.atLeast is ${coverage.atLeast}, it must lie above 0 and at most at 1.`,
      "Write 0.9 for 90 %.",
    );
  if (policy.calendar !== null) parseSchedule(policy.calendar);
  const { dataVolume } = policy;
  if (dataVolume !== null) {
    checkOptions("MONITOR_INVALID", "dataVolume", dataVolume, { rows: true });
    if (!(Number.isInteger(dataVolume.rows) && dataVolume.rows >= 1))
      throw invalid(
        `dataVolume.rows is ${shown(dataVolume.rows)}.`,
        "Give a whole number of rows from 1 on.",
      );
  }
  if (policy.gate !== null) checkGate(policy.gate);
  return policy;
}

function readTraining(given: Partial<RetrainTraining> = {}): RetrainTraining {
  checkOptions("MONITOR_INVALID", "train", given, { window: true, from: true, models: true });
  const train = { window: given.window ?? "all", from: given.from ?? null, models: given.models ?? [] };
  if (train.window !== "all") requireLength("train.window", train.window, '"all" for all rows');
  if (train.from !== null) toMicros(train.from);
  checkTexts("train.models", train.models);
  return train;
}

function readBudget(given: Partial<RetrainBudget> | null = null): RetrainBudget | null {
  if (given === null) return null;
  checkOptions("MONITOR_INVALID", "budget", given, { per: true, attempts: true, seconds: true });
  const budget = {
    per: given.per ?? "1w",
    attempts: given.attempts ?? null,
    seconds: given.seconds ?? null,
  };
  requireLength("budget.per", budget.per);
  if (budget.attempts === null && budget.seconds === null)
    throw invalid("The budget limits nothing.", "Give attempts, seconds or both.");
  if (budget.attempts !== null && !(Number.isInteger(budget.attempts) && budget.attempts >= 1))
    throw invalid(`budget.attempts is ${shown(budget.attempts)}.`, "Give a whole number from 1 on.");
  if (budget.seconds !== null && !(budget.seconds > 0 && Number.isFinite(budget.seconds)))
    throw invalid(`budget.seconds is ${shown(budget.seconds)}.`, "Give a number of seconds above 0.");
  return budget;
}

/** What can be said before there is anything to compare; `gate` checks the rest. */
function checkGate(given: RetrainGate): void {
  checkOptions("MONITOR_INVALID", "gate", given, {
    guards: true,
    alpha: true,
    loss: true,
    minImprovement: true,
    unit: true,
    variance: true,
  });
  if (given.guards !== undefined) {
    checkList("MONITOR_INVALID", "gate.guards", given.guards);
    given.guards.forEach((guard: { readonly kind: string } | null | undefined, i) => {
      checkWord("MONITOR_INVALID", `gate.guards[${i}].kind`, guard?.kind, [
        "coverage",
        "bias",
        "worst",
        "measure",
      ]);
    });
  }
  const { alpha } = given;
  if (alpha !== undefined && !(typeof alpha === "number" && alpha > 0 && alpha < 1))
    throw invalid(`gate.alpha is ${shown(alpha)}, it must lie between 0 and 1.`, "Write 0.05 for 5 %.");
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw invalid(`${name} is ${shown(value)}.`, `Give a whole number of windows from ${least} on.`);
}

/**
 * A length of time on the calendar: what a frequency can say.
 * @param otherwise - What else may be written.
 */
function requireLength(name: string, text: string, otherwise?: string): void {
  try {
    parseFrequency(text);
  } catch (cause) {
    if (!TsopsError.is(cause)) throw cause;
    throw new TsopsError("MONITOR_INVALID", `${name} is ${shown(text)}, which is no length of time.`, {
      hint: `Write a whole number from 1 on and a unit, as in "56d", "8w", "2mo"${otherwise === undefined ? "" : `, or ${otherwise}`}.`,
      details: { option: name },
      cause,
    });
  }
}

function requireKOfN(name: string, value: KOfN): void {
  checkOptions("MONITOR_INVALID", name, value, { k: true, of: true });
  const { k, of } = value;
  if (!Number.isInteger(k) || !Number.isInteger(of) || k < 1 || k > of)
    throw invalid(`${name} asks for ${k} of ${of}.`, "Give whole numbers with 1 <= k <= of.");
}

function invalid(message: string, hint: string): TsopsError {
  return new TsopsError("MONITOR_INVALID", message, { hint });
}
