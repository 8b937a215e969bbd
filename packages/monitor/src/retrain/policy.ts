import {
  checkList,
  checkOptions,
  checkWord,
  parseFrequency,
  resolveZone,
  shown,
  TsopsError,
} from "@tsops/core";

/** The figures of a window that a policy can watch. */
export type RetrainMetric = "mae" | "rmse" | "mase";

/** k of the last n. */
export interface KOfN {
  readonly k: number;
  readonly of: number;
}

/** When to ask for a retraining, as plain data: it goes into every decision. */
export interface RetrainPolicy {
  readonly metric: RetrainMetric;
  /** Length of one window of the history, also the time between two checks. */
  readonly every: string;
  readonly zone: string;
  /** Windows whose metric is averaged at a check. */
  readonly window: number;
  /** A check breaches when the average is above `ratio` times the error that the champion's own backtest had. */
  readonly ratio: number;
  /** How many of the latest checks must breach. */
  readonly breaches: KOfN;
  /** Least time between two attempts, promoted or not. */
  readonly coolDown: string;
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
}

/** A policy with what was not said filled in. */
export type RetrainPolicyOptions = { readonly [K in keyof RetrainPolicy]?: RetrainPolicy[K] | undefined };

/**
 * Describes when to retrain. Defaults: the mean absolute error of the last 14 days is above 1.15 times the champion's backtest error
 * at 5 of 7 daily checks, at most every 56 days; no holdout, no trigger by coverage, drift or age.
 * @throws TsopsError MONITOR_INVALID, FREQUENCY_INVALID, TIME_INVALID
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
  });
  const policy: RetrainPolicy = {
    metric: options.metric ?? "mae",
    every: options.every ?? "1d",
    zone: options.zone ?? "UTC",
    window: options.window ?? 14,
    ratio: options.ratio ?? 1.15,
    breaches: options.breaches ?? { k: 5, of: 7 },
    coolDown: options.coolDown ?? "56d",
    holdout: options.holdout ?? 0,
    coverage: options.coverage ?? null,
    drift: options.drift ?? null,
    maxAge: options.maxAge ?? null,
  };
  resolveZone(policy.zone);
  checkWord("MONITOR_INVALID", "metric", policy.metric, ["mae", "rmse", "mase"]);
  parseFrequency(policy.every);
  requireLength("coolDown", policy.coolDown);
  if (policy.maxAge !== null) requireLength("maxAge", policy.maxAge);
  requireWhole("window", policy.window, 1);
  requireWhole("holdout", policy.holdout, 0);
  requireKOfN("breaches", policy.breaches);
  if (policy.drift !== null) {
    const { columns, ...kOfN } = policy.drift;
    requireKOfN("drift", kOfN);
    checkList("MONITOR_INVALID", "drift.columns", columns);
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
  return policy;
}

function requireWhole(name: string, value: number, least: number): void {
  if (!Number.isInteger(value) || value < least)
    throw invalid(`${name} is ${shown(value)}.`, `Give a whole number of windows from ${least} on.`);
}

/** A length of time on the calendar: what a frequency can say. */
function requireLength(name: string, text: string): void {
  try {
    parseFrequency(text);
  } catch (cause) {
    if (!TsopsError.is(cause)) throw cause;
    throw new TsopsError("MONITOR_INVALID", `${name} is ${shown(text)}, which is no length of time.`, {
      hint: 'Write a whole number and a unit: "56d", "8w", "2mo".',
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
